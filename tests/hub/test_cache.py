"""Where files are looked for, and what is remembered of them."""

import errno
import hashlib
import json
import os
from pathlib import Path

import pytest

from tests.hub.webserver import BODY, FILE, entry_for
from zoo.errors import HubError
from zoo.hub import cache
from zoo.hub.hashes import Digest, Promise, hash_file, impostor

SHA256 = Digest("sha256", hashlib.sha256(BODY).hexdigest())
MD5 = Digest("md5", hashlib.md5(BODY).hexdigest())


@pytest.fixture
def hashed(monkeypatch):
    """The paths that were read as a whole."""
    paths = []
    monkeypatch.setattr("zoo.hub.cache.hash_file", lambda path, names: paths.append(path) or hash_file(path, names))
    return paths


def placed(folder: Path, body: bytes = BODY) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    path.write_bytes(body)
    return path


@pytest.mark.parametrize("platform, environment, expected", [
    ("linux", {"ZOO_HOME": "/data/zoo"}, "/data/zoo"),
    ("linux", {"XDG_CACHE_HOME": "/xdg"}, "/xdg/zoo"),
    ("linux", {}, "~/.cache/zoo"),
    ("darwin", {"XDG_CACHE_HOME": "/xdg"}, "~/Library/Caches/zoo"),
    ("win32", {"LOCALAPPDATA": "/local"}, "/local/zoo"),
    ("win32", {}, "~/AppData/Local/zoo"),
])
def test_cache_root(monkeypatch, platform, environment, expected):
    monkeypatch.setattr("sys.platform", platform)
    for name in ("ZOO_HOME", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert cache.cache_root() == Path(expected).expanduser()


def test_other_folders(monkeypatch):
    monkeypatch.setenv("ZOO_WEIGHTS_PATH", os.pathsep.join(["/shared/one", "", "~/two"]))
    monkeypatch.setenv("KERAS_HOME", "/keras")
    home = Path.home()
    assert cache.other_folders() == [Path("/shared/one"), home / "two", Path("/keras/models"), home / ".keras/models"]


@pytest.mark.parametrize("digest", [SHA256, MD5])
def test_a_file_is_read_once(bare_machine, hashed, digest):
    path = placed(bare_machine)
    assert cache.flaw(path, Promise(digest, None)) is None
    assert cache.flaw(path, Promise(digest, len(BODY))) is None
    assert hashed == [path]


def test_a_changed_file_is_read_again(bare_machine, hashed):
    path = placed(bare_machine)
    cache.flaw(path, Promise(SHA256, None))
    path.write_bytes(BODY[:-1] + b"?")
    os.utime(path, ns=(1, 1))
    assert f"expected {SHA256}, received" in cache.flaw(path, Promise(SHA256, None))
    assert len(hashed) == 2


def test_a_record_without_the_promised_algorithm_does_not_count(bare_machine, hashed):
    path = placed(bare_machine)
    cache.flaw(path, Promise(SHA256, None))
    assert cache.flaw(path, Promise(Digest("md5", "0" * 32), None)) is not None
    assert len(hashed) == 2


def test_a_record_of_the_wrong_digest_is_believed_without_reading(bare_machine, hashed):
    path = placed(bare_machine)
    cache.flaw(path, Promise(SHA256, None))
    assert "expected sha256 0000" in cache.flaw(path, Promise(Digest("sha256", "0" * 64), None))
    assert len(hashed) == 1


def test_records_of_files_elsewhere_stay_in_the_cache(tmp_path, hashed):
    one, two = placed(tmp_path / "one"), placed(tmp_path / "two")
    for path in (one, two, one, two):
        assert cache.flaw(path, Promise(MD5, None)) is None
    assert hashed == [one, two]
    assert os.listdir(one.parent) == os.listdir(two.parent) == [FILE]
    assert len(os.listdir(cache.cache_root() / "elsewhere")) == 2


def test_a_cache_that_cannot_be_written_to_only_costs_time(tmp_path, hashed, monkeypatch):
    path = placed(tmp_path / "shared")
    (tmp_path / "file").touch()
    monkeypatch.setenv("ZOO_HOME", str(tmp_path / "file" / "cache"))
    assert cache.flaw(path, Promise(SHA256, None)) is None
    assert cache.flaw(path, Promise(SHA256, None)) is None
    assert hashed == [path, path]


@pytest.mark.parametrize("size, body, problem", [
    (7, BODY, f"expected 7 bytes, received {len(BODY)}"),
    (None, b"", "the file is empty"),
    (None, b"\n\n<!DOCTYPE HTML><title>Log in</title>", "the file is an HTML page"),
    (None, b"<?xml version='1.0'?><Error/>", "the file is an XML document"),
    (None, b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "the file is a Git LFS pointer"),
])
def test_flaws_that_are_seen_without_a_hash(bare_machine, size, body, problem):
    assert problem in cache.flaw(placed(bare_machine, body), Promise(None, size))


def test_impostor_leaves_weights_alone(bare_machine):
    assert impostor(placed(bare_machine, b"\x89HDF\r\n\x1a\n")) is None


def test_promise_is_the_hash_of_the_manifest_before_the_recorded_one(bare_machine):
    path = placed(bare_machine, b"other")
    cache.write_record(path, hash_file(path, {"sha256"}), "test")
    assert cache.promise(entry_for(), path).digest == MD5
    assert cache.promise(entry_for(body=None), path).digest == Digest("sha256", hashlib.sha256(b"other").hexdigest())


def test_a_folder_copied_from_a_cache_brings_its_promises_along(bare_machine, tmp_path):
    path = placed(bare_machine)
    assert cache.promise(entry_for(body=None), path).digest is None
    cache.write_record(path, hash_file(path, {"sha256"}), "test")
    bare_machine.rename(tmp_path / "copy")
    assert cache.promise(entry_for(body=None), tmp_path / "copy" / FILE).digest == SHA256


def test_record_says_what_was_read_and_where_it_came_from(bare_machine):
    path = placed(bare_machine)
    cache.write_record(path, hash_file(path, {"sha256", "md5"}), "https://example.org/tiny.h5")
    record = cache.read_record(cache.record_beside(path))
    assert record.size == len(BODY) and record.origin == "https://example.org/tiny.h5"
    assert record.digests == {"sha256": SHA256.value, "md5": MD5.value}
    assert sorted(os.listdir(bare_machine)) == [FILE, f"{FILE}.record.json"]


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"size": 1',
                                  '{"size": 1, "mtime_ns": 1, "digests": {}, "origin": "", "recorded": ""}'])
def test_a_broken_record_is_not_ignored(bare_machine, text):
    path = placed(bare_machine)
    cache.record_beside(path).write_text(text)
    with pytest.raises(HubError, match="is not a record of a weight file.*delete it to trust"):
        cache.flaw(path, Promise(SHA256, None))


def test_listing_and_verification(bare_machine):
    assert cache.cached_files() == [] and cache.verify() == {}
    good = placed(bare_machine)
    cache.flaw(good, Promise(SHA256, None))
    changed, unknown = bare_machine / "changed.h5", bare_machine / "unknown.h5"
    for path in (changed, unknown):
        path.write_bytes(b"before")
    cache.flaw(changed, Promise(None, None))
    state = changed.stat()
    changed.write_bytes(b"after.")
    os.utime(changed, ns=(state.st_atime_ns, state.st_mtime_ns))
    for leftover in (".part", ".part.json", ".lock"):
        (bare_machine / f"half.h5{leftover}").touch()
    assert cache.cached_files() == [changed, good, unknown]
    verdicts = cache.verify()
    assert verdicts[good] is None
    assert "expected sha256" in verdicts[changed]
    assert "no record" in verdicts[unknown]


@pytest.mark.parametrize("code, advice", [
    (errno.ENOSPC, "No space left for the cache.*Free some, or set ZOO_HOME"),
    (errno.EDQUOT, "No space left for the cache"),
    (errno.EROFS, "cannot be written to.*Set ZOO_HOME.*ZOO_WEIGHTS_PATH"),
    (errno.EACCES, "cannot be written to"),
])
def test_errors_of_the_disk_say_what_to_do(code, advice):
    with pytest.raises(HubError, match=advice), cache.writing():
        raise OSError(code, os.strerror(code))


def test_other_errors_of_the_system_pass_through():
    with pytest.raises(OSError, match="I/O"), cache.writing():
        raise OSError(errno.EIO, "I/O error")


def test_record_is_plain_json(bare_machine):
    path = placed(bare_machine)
    cache.flaw(path, Promise(SHA256, None))
    assert set(json.loads(cache.record_beside(path).read_text())) == {"size", "mtime_ns", "digests", "origin",
                                                                      "recorded"}
