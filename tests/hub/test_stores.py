"""Files of S3, Google Cloud Storage and the Hugging Face Hub, with a stand-in for fsspec."""

import importlib
import importlib.util
import io
import sys
import types

import pytest

from tests.hub.webserver import BODY, FILE, entry_for
from zoo.errors import DownloadError, HashMismatch, MissingDependency
from zoo.hub import cache, fetch

URLS = [f"s3://bucket/weights/{FILE}", f"gs://bucket/{FILE}", f"hf://owner/name@main/{FILE}"]


@pytest.fixture
def store(monkeypatch):
    """Address -> bytes; every package of stores seems installed."""
    files = {}

    def open_(url, mode):
        def opened():
            if url not in files:
                raise FileNotFoundError(url)
            return io.BytesIO(files[url])
        return types.SimpleNamespace(open=opened)

    packages = {"fsspec", "s3fs", "gcsfs", "huggingface_hub"}
    others = {"botocore", "google", "httpx", "httpx2"}     # which raise errors of their own
    find = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec",
                        lambda name: name in packages or (None if name in others else find(name)))
    monkeypatch.setitem(sys.modules, "fsspec", types.SimpleNamespace(open=open_))
    for module, name in (("gcsfs.retry", "HttpError"), ("huggingface_hub.errors", "HfHubHTTPError")):
        monkeypatch.setitem(sys.modules, module, types.SimpleNamespace(**{name: type(name, (Exception,), {})}))
        monkeypatch.setitem(sys.modules, module.partition(".")[0], types.SimpleNamespace())
    return files


@pytest.mark.parametrize("url", URLS)
def test_a_file_of_a_store(url, store, bare_machine):
    store[url] = BODY
    path = fetch(entry_for(url))
    assert path == bare_machine / FILE and path.read_bytes() == BODY
    assert cache.read_record(cache.record_beside(path)).origin == url


def test_a_file_that_the_store_lacks(store):
    with pytest.raises(DownloadError, match=URLS[0]):
        fetch(entry_for(URLS[0]))


def test_wrong_bytes_of_one_store_and_right_ones_of_another(store, bare_machine):
    store[URLS[0]], store[URLS[1]] = b"other", BODY
    assert fetch(entry_for(*URLS[:2])).read_bytes() == BODY
    (bare_machine / FILE).unlink()
    with pytest.raises(HashMismatch, match=URLS[0]):
        fetch(entry_for(URLS[0]))
    assert not (bare_machine / f"{FILE}.part").exists()


@pytest.mark.parametrize("url, package", [*zip(URLS, ["s3fs", "gcsfs", "huggingface_hub"], strict=True)])
def test_a_package_that_is_missing_is_named(url, package, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == package else object())
    with pytest.raises(MissingDependency, match=rf"{package}.*zoo\[stores\]"):
        fetch(entry_for(url))


def test_the_web_serves_where_a_package_is_missing(server, impatient, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert fetch(entry_for(URLS[0], server.url), settings=impatient).read_bytes() == BODY
