"""The shipped manifest, its lookups, and the errors of a manifest that does not follow the schema."""

import collections
import copy
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from zoo.errors import ConfigError, NotInManifest
from zoo.hub import PackageSource, read_manifest, weights_manifest
from zoo.hub.registered import FILE_NAME
from zoo.hub.schema import SCHEMA

ROOT = Path(__file__).resolve().parents[2]
ROW = {
    "model": "Tiny", "variant": {"include_top": True}, "file": "tiny.h5",
    "sources": [{"kind": "url", "url": "https://example.org/tiny.h5"},
                {"kind": "package", "distribution": "tiny-weights", "extra": "tiny", "file": "tiny_weights/tiny.h5"}],
    "md5": "0" * 32, "sha256": "1" * 64, "size": 12, "format": "npz", "preprocess": "tf", "labels": "imagenet",
    "licence": "MIT", "publisher": "https://example.org/", "paper": "https://example.org/paper",
    "accuracy": {"top1": 0.5, "top5": 0.75, "source": "https://example.org/table"},
}


def read(tmp_path, *rows, **document):
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({"schema": SCHEMA, "weights": list(rows)} | document))
    return read_manifest(path)


def changed(path, value):
    """A copy of ROW with the value at a path of keys replaced, or removed if it is `...`."""
    row = copy.deepcopy(ROW)
    *outer, last = path
    inner = row
    for key in outer:
        inner = inner[key]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return row


def test_shipped_manifest_has_every_file_that_keras_publishes():
    """160 files of the 40 functions of keras.applications; those of ResNeXt; EfficientNet-Lite 0 to 2."""
    counts = collections.Counter(entry.model for entry in weights_manifest().entries)
    assert sum(counts.values()) == 160 + 4 + 3 and len(counts) == 40 + 2 + 3
    assert (counts["MobileNet"], counts["MobileNetV2"], counts["MobileNetV3Small"], counts["VGG16"]) == (32, 44, 6, 2)
    assert len({entry.file for entry in weights_manifest().entries}) == sum(counts.values())


@pytest.mark.parametrize("entry", weights_manifest().entries, ids=str)
def test_shipped_entry_can_be_fetched_and_used(entry):
    assert weights_manifest().find(entry.model, **entry.variant) is entry
    assert entry.urls or entry.packages
    assert all(url.startswith("https://") for url in entry.urls)
    if not entry.model.startswith("NASNet"):                # cached by Keras under names other than the addresses'
        assert all(url.endswith("/" + entry.file) for url in entry.urls)
    assert all(source.file.endswith("/" + entry.file) for source in entry.packages)
    assert entry.preprocess in ("caffe", "tf", "torch", "lite", "none")
    assert entry.labels == "imagenet" and entry.paper


def test_every_entry_but_mobilenets_has_a_hash():
    assert {entry.model for entry in weights_manifest().entries if entry.digest is None} == \
        {"MobileNet", "MobileNetV2"}


def test_mobilenet_file_names_spell_their_variant():
    for entry in weights_manifest().entries:
        if entry.model == "MobileNet":
            alpha = {1.0: "1_0", 0.75: "7_5", 0.5: "5_0", 0.25: "2_5"}[entry.variant["alpha"]]
            top = "" if entry.variant["include_top"] else "_no_top"
            assert entry.file == f"mobilenet_{alpha}_{entry.variant['size']}_tf{top}.h5"


def test_schema_key_of_the_shipped_file():
    assert json.loads((ROOT / FILE_NAME).read_text())["schema"] == "zoo-weights-manifest/1"


def test_all_fields_are_read(tmp_path):
    entry, = read(tmp_path, ROW).entries
    assert str(entry) == "Tiny(include_top=True)"
    assert entry.urls == ("https://example.org/tiny.h5",)
    assert entry.packages == (PackageSource("tiny-weights", "tiny", "tiny_weights/tiny.h5"),)
    assert str(entry.digest) == "sha256 " + "1" * 64
    assert (entry.size, entry.accuracy.top1, entry.accuracy.top5) == (12, 0.5, 0.75)


def test_optional_fields_may_be_absent(tmp_path):
    row = {key: value for key, value in ROW.items() if key not in ("md5", "sha256", "size", "paper", "accuracy")}
    entry, = read(tmp_path, row).entries
    assert entry.digest is entry.size is entry.paper is entry.accuracy is None


def test_find_ignores_case_and_unneeded_arguments():
    assert weights_manifest().find("efficientnetlite0").packages
    assert weights_manifest().find("vgg16", include_top=False).file.endswith("_notop.h5")
    assert weights_manifest().find("MobileNet", alpha=1, size=224, include_top=True).file == "mobilenet_1_0_224_tf.h5"


@pytest.mark.parametrize("model, variant, fragment", [
    ("VGG_16", {}, r"no model 'VGG_16'\. Did you mean VGG16 or VGG19"),
    ("mobilnet", {}, r"Did you mean MobileNet"),
    ("transformer", {}, "It lists: VGG16, VGG19, MobileNet, .*, EfficientNetLite0"),
    ("VGG16", {"include_top": True, "alpha": 0.5}, r"no VGG16\(include_top=True, alpha=0.5\)"),
    ("MobileNet", {"size": 225}, r"MobileNet\(include_top=True, alpha=1.0, size=224\)"),
])
def test_what_is_not_there(model, variant, fragment):
    with pytest.raises(NotInManifest, match=fragment):
        weights_manifest().find(model, **variant)


def test_ambiguous_lookup_lists_the_candidates():
    with pytest.raises(ConfigError, match=r"2 weight files agree with vgg19\(\).*\n.*include_top=True.*\n.*=False"):
        weights_manifest().find("vgg19")


@pytest.mark.parametrize("path, value, problem", [
    (["model"], ..., r"weights[0].model is missing"),
    (["model"], " ", "weights[0].model must be a name, received ' '"),
    (["variant", "alpha"], [1], "weights[0].variant must be an object of strings, numbers and booleans"),
    (["file"], "../tiny.h5", "weights[0].file must be a plain file name, received '../tiny.h5'"),
    (["file"], ".hidden", "weights[0].file must be a plain file name"),
    (["sources"], [], "weights[0].sources must be a list that is not empty, received []"),
    (["sources", 0], "https://x", "weights[0].sources[0] must be an object, received 'https://x'"),
    (["sources", 0, "kind"], "ftp", "weights[0].sources[0].kind must be one of ['file', 'package', 'url'], received 'ftp'"),
    (["sources", 0, "kind"], ..., "weights[0].sources[0].kind must be one of ['file', 'package', 'url'], received None"),
    (["sources", 0, "kind"], [], "weights[0].sources[0].kind must be one of ['file', 'package', 'url'], received []"),
    (["sources", 0, "url"], "ftp://x/y", "weights[0].sources[0].url must be an address that begins with"),
    (["sources", 1, "file"], "/etc/passwd", "weights[0].sources[1].file must be a relative path without '..'"),
    (["sources", 1, "file"], "a/../../b", "weights[0].sources[1].file must be a relative path without '..'"),
    (["sources", 1, "extra"], ..., "weights[0].sources[1].extra is missing"),
    (["md5"], "0" * 31, "weights[0].md5 must be 32 hex digits in lower case"),
    (["sha256"], "F" * 64, "weights[0].sha256 must be 64 hex digits in lower case"),
    (["sha265"], "1" * 64, "weights[0].sha265 is not a key of schema zoo-weights-manifest/1"),
    (["size"], True, "weights[0].size must be a number of bytes, received True"),
    (["accuracy", "top1"], 71.3, "weights[0].accuracy.top1 must be a fraction between 0 and 1, received 71.3"),
    (["accuracy", "source"], ..., "weights[0].accuracy.source is missing"),
])
def test_problem_is_named_by_entry_and_key(tmp_path, path, value, problem):
    with pytest.raises(ConfigError) as raised:
        read(tmp_path, changed(path, value))
    assert problem in str(raised.value)


def test_all_problems_are_collected(tmp_path):
    with pytest.raises(ConfigError) as raised:
        read(tmp_path, changed(["size"], -1), changed(["licence"], None) | {"file": "other.h5"}, surplus=1)
    assert [line.split()[0] for line in str(raised.value).splitlines()[1:]] == \
        ["surplus", "weights[0].size", "weights[1].licence"]


@pytest.mark.parametrize("second, problem", [
    ({"file": "other.h5"}, r"weights\[1\]\.variant repeats weights\[0\]: Tiny\(include_top=True\)"),
    ({"variant": {}, "sha256": "2" * 64}, r"weights\[1\]\.file 'tiny.h5' is already the name of weights\[0\]"),
    ({"variant": {}, "file": "TINY.h5", "sha256": "2" * 64}, r"weights\[1\]\.file 'TINY.h5' is already"),
])
def test_entries_that_cannot_be_told_apart(tmp_path, second, problem):
    with pytest.raises(ConfigError, match=problem):
        read(tmp_path, ROW, ROW | second)


@pytest.mark.parametrize("text, problem", [
    ("{", "not valid JSON"), ("[]", "the document must be an object"), ("{}", "schema is missing"),
    ('{"schema": "zoo-weights-manifest/2", "weights": []}', r"schema must be 'zoo-weights-manifest/1' .*received"),
    ('{"schema": 1, "schema": 2}', "key 'schema' stands twice"),
])
def test_documents_that_are_no_manifest(tmp_path, text, problem):
    path = tmp_path / "m.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match=problem):
        read_manifest(path)


def test_a_built_package_holds_the_manifest(tmp_path):
    pytest.importorskip("setuptools", minversion="77", reason="pyproject.toml needs it")
    for name in ("setup.py", "pyproject.toml", FILE_NAME):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "README.md").touch()
    (tmp_path / "zoo").mkdir()
    (tmp_path / "zoo" / "__init__.py").touch()
    subprocess.run([sys.executable, "setup.py", "-q", "build_py", "--build-lib", "built"], cwd=tmp_path, check=True)
    assert (tmp_path / "built" / "zoo" / FILE_NAME).read_bytes() == (ROOT / FILE_NAME).read_bytes()
