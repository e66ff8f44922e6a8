"""A folder of weight files for a machine without a network."""

import os
from pathlib import Path

import pytest

from tests.hub.webserver import BODY, FILE, content, entry_for
from zoo import hub
from zoo.errors import HashMismatch, Offline
from zoo.hub import PackageSource, cache
from zoo.hub.hashes import hash_file


def offline(monkeypatch, **variables: Path) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.setenv("ZOO_OFFLINE", "1")


@pytest.mark.parametrize("variable", ["ZOO_HOME", "ZOO_WEIGHTS_PATH"])
def test_the_folder_serves_as_a_cache(server, impatient, tmp_path, bare_machine, monkeypatch, variable):
    entry = entry_for(server.url)
    path = hub.collect(entry, tmp_path / "usb", settings=impatient)
    assert path == tmp_path / "usb" / "weights" / FILE and not bare_machine.exists()
    offline(monkeypatch, **{variable: tmp_path / "usb"})
    assert hub.fetch(entry) == path


def test_what_is_here_is_copied_with_a_record(server, impatient, tmp_path):
    entry = entry_for(server.url, body=None)
    hub.fetch(entry, settings=impatient)
    path = hub.collect(entry, tmp_path / "usb")
    assert len(server.requests) == 1 and path.read_bytes() == BODY
    assert cache.read_record(cache.record_beside(path)).digests == hash_file(path, ["sha256"])
    stamp = path.stat().st_mtime_ns
    assert hub.collect(entry, tmp_path / "usb") == path and path.stat().st_mtime_ns == stamp


def test_files_of_packages_are_copied(tmp_path, monkeypatch):
    (tmp_path / "installed.h5").write_bytes(BODY)
    monkeypatch.setattr("zoo.hub.retrieve._installed", lambda source: tmp_path / "installed.h5")
    entry = entry_for()
    entry = type(entry)(**vars(entry) | {"sources": (PackageSource("a", "b", "installed.h5"),)})
    assert hub.collect(entry, tmp_path / "usb").read_bytes() == BODY


def test_a_wrong_file_in_the_folder_is_replaced(server, impatient, tmp_path):
    (tmp_path / "usb" / "weights").mkdir(parents=True)
    (tmp_path / "usb" / "weights" / FILE).write_bytes(b"other")
    assert hub.collect(entry_for(server.url), tmp_path / "usb", settings=impatient).read_bytes() == BODY


def test_wrong_bytes_do_not_stay(server, impatient, tmp_path):
    server.script += [content(b"wrong")] * 9
    with pytest.raises(HashMismatch):
        hub.collect(entry_for(server.url), tmp_path / "usb", settings=impatient)
    assert not [path for path in (tmp_path / "usb" / "weights").iterdir() if path.suffix != ".lock"]


def test_offline_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("ZOO_OFFLINE", "1")
    with pytest.raises(Offline):
        hub.collect(entry_for("https://example.org/a"), tmp_path / "usb")


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_a_read_only_cache_serves(server, impatient, tmp_path, monkeypatch):
    entry = entry_for(server.url)
    path = hub.collect(entry, tmp_path / "usb", settings=impatient)
    os.utime(path, ns=(1, 1))                               # as after a copy: the record no longer fits
    monkeypatch.setattr("zoo.hub.cache.write_record", refuse)
    offline(monkeypatch, ZOO_HOME=tmp_path / "usb")
    assert hub.fetch(entry) == path


def refuse(*arguments):
    raise PermissionError(30, "Read-only file system")
