"""Manifests of a user's own, beside the one that zoo ships."""

import hashlib
import json
import os
from pathlib import Path

import pytest

from tests.hub.webserver import BODY
from zoo import hub
from zoo.errors import ConfigError, HubError
from zoo.hub import registered
from zoo.hub.manifest import FileSource
from zoo.hub.schema import SCHEMA

ROW = {"model": "OurNet", "variant": {}, "file": "ournet.keras", "sources": [{"kind": "file", "path": "files/a.keras"}],
       "sha256": hashlib.sha256(BODY).hexdigest(), "format": "keras_zip", "preprocess": "tf", "labels": ["cat", "dog"],
       "licence": "LicenseRef-ours", "publisher": "https://example.org/"}
VGG16 = {"model": "VGG16", "variant": {"include_top": True}, "file": "vgg16_ours.h5", "format": "legacy_weights_h5"}


@pytest.fixture(autouse=True)
def nothing_registered(monkeypatch):
    monkeypatch.setattr(registered, "_added", [])
    monkeypatch.delenv(registered.VARIABLE, raising=False)


def document(*rows):
    return {"schema": SCHEMA, "weights": list(rows)}


def written(folder: Path, *rows) -> Path:
    (folder / "files").mkdir(parents=True, exist_ok=True)
    (folder / "files" / "a.keras").write_bytes(BODY)
    path = folder / "manifest.json"
    path.write_text(json.dumps(document(*rows)))
    return path


def test_a_registered_file_is_read_where_it_lies(tmp_path):
    hub.register(written(tmp_path / "ours", ROW))
    entry = hub.weights_manifest().find("ournet")
    assert entry.labels == ("cat", "dog") and hub.fetch(entry) == tmp_path / "ours" / "files" / "a.keras"
    assert not (tmp_path / "cache" / "weights").exists()


def test_a_document_with_a_folder(tmp_path):
    written(tmp_path)
    hub.register(document(ROW), folder=tmp_path)
    assert hub.locate(hub.weights_manifest().find("OurNet")) == tmp_path / "files" / "a.keras"


def test_manifests_of_the_environment(tmp_path, monkeypatch):
    one, two = written(tmp_path / "one", ROW), written(tmp_path / "two", ROW | {"model": "Other", "file": "b.keras"})
    monkeypatch.setenv("ZOO_MANIFESTS", os.pathsep.join([str(one), "", str(two)]))
    manifest = hub.weights_manifest()
    assert manifest.models[:2] == ("OurNet", "Other") and "VGG16" in manifest.models
    monkeypatch.delenv("ZOO_MANIFESTS")
    assert hub.weights_manifest() is registered.shipped_manifest()


def test_a_manifest_of_the_environment_that_is_not_there(tmp_path, monkeypatch):
    monkeypatch.setenv("ZOO_MANIFESTS", str(tmp_path / "none.json"))
    with pytest.raises(ConfigError, match=r"ZOO_MANIFESTS names .*none\.json, where there is no file"):
        hub.weights_manifest()


def test_file_addresses(tmp_path):
    path = tmp_path / "with space.keras"
    source = {"kind": "url", "url": path.as_uri()}
    assert hub.register(document(ROW | {"sources": [source]})).entries[0].sources == (FileSource(path),)


def test_a_shipped_network_with_the_companys_own_file():
    hub.register(document(ROW | VGG16))
    manifest = hub.weights_manifest()
    assert manifest.find("VGG16", include_top=True).file == "vgg16_ours.h5"
    assert manifest.find("VGG16", include_top=False).file.endswith("_notop.h5")
    assert len(manifest.entries) == len(registered.shipped_manifest().entries)


@pytest.mark.parametrize("rows, message", [
    ([{"model": "VGG16", "variant": {"include_top": True, "by": "us"}}], "is no weight file of zoo's VGG16"),
    ([{}, {}], r"weights\[1\]\.variant repeats weights\[0\]"),
    ([{"file": "nasnet_large.h5"}], "already the name of"),
    ([{"labels": []}], r"weights\[0\]\.labels must be 'imagenet', 'file', or a list of names"),
    ([{"preprocess": "ours"}], r"weights\[0\]\.preprocess must be one of caffe, tf"),
    ([{"sources": [{"kind": "file", "path": ""}]}], r"weights\[0\]\.sources\[0\]\.path must be a path"),
    ([{"sources": [{"kind": "url", "url": "ftp://x/y"}]}], "must be an address that begins with"),
])
def test_what_does_not_go_together_is_refused_and_not_kept(rows, message):
    with pytest.raises(ConfigError, match=message):
        hub.register(document(*(ROW | row for row in rows)))
    assert hub.weights_manifest() is registered.shipped_manifest()


@pytest.mark.parametrize("body", [None, b"other"])
def test_a_file_that_is_missing_or_wrong(tmp_path, body):
    hub.register(written(tmp_path, ROW))
    path = tmp_path / "files" / "a.keras"
    path.unlink() if body is None else path.write_bytes(body)
    entry = hub.weights_manifest().find("OurNet")
    if body is None:
        with pytest.raises(HubError, match=r"no good copy at .*a\.keras, and its manifest names no address"):
            hub.fetch(entry)
    else:
        with pytest.warns(UserWarning, match="is passed over"), pytest.raises(HubError, match="no good copy"):
            hub.fetch(entry)


def test_addresses_of_the_shipped_manifest_are_of_the_web():
    urls = [url for entry in registered.shipped_manifest().entries for url in entry.urls]
    assert urls and all(url.startswith("https://") for url in urls)
    assert not any(entry.paths for entry in registered.shipped_manifest().entries)
