"""Every advisory about Keras files: a crafted file is refused with its name and found by `scan`, or cannot apply."""

from __future__ import annotations

import json
import pathlib
import pickle
import struct
import zipfile
from collections.abc import Callable

import h5py
import numpy as np
import pytest

import zoo
from tests.security.files import (code, dense_model, keras_archive, layer, legacy, modern_lambda, pickled, sequential,
                                  weights)
from zoo.errors import ZooError
from zoo.safety import RULES

Craft = Callable[[pathlib.Path], pathlib.Path]


def design_lambda(folder: pathlib.Path) -> pathlib.Path:
    function = {"name": "attack", "function": [code(), None, None], "function_type": "lambda", "arguments": {}}
    return legacy(folder / "m.h5", {"class_name": "Sequential", "config": [
        {"class_name": "Dense", "config": {"name": "dense", "units": 2, "batch_input_shape": [None, 4]}},
        {"class_name": "Lambda", "config": function}]})


def merge_lambda(folder: pathlib.Path) -> pathlib.Path:
    merge = {"name": "attack", "mode": [code(), None, None], "mode_type": "lambda", "output_shape_type": "raw"}
    return legacy(folder / "m.h5", {"class_name": "Sequential", "config": [{"class_name": "Merge", "config": merge}]},
                  keras_version="1.2.2")


def yaml_tags(folder: pathlib.Path) -> pathlib.Path:
    path = folder / "m.yaml"
    path.write_text("class_name: Sequential\nconfig: !!python/object/apply:os.system ['true']\nkeras_version: 2.3.1\n")
    return path


def keras3_lambda(folder: pathlib.Path) -> pathlib.Path:
    return keras_archive(folder / "m.keras", sequential(modern_lambda()))


def foreign_function(folder: pathlib.Path) -> pathlib.Path:
    record = {"module": "subprocess", "class_name": "function", "config": "Popen", "registered_name": "function"}
    return keras_archive(folder / "m.keras", sequential(layer("Dense", "attack", units=2, activation=record)))


def gadget_download(folder: pathlib.Path) -> pathlib.Path:
    gadget = {"module": "keras.utils", "class_name": "get_file", "registered_name": None,
              "config": {"fname": "x", "origin": "http://localhost/x", "cache_dir": "."}}
    return keras_archive(folder / "m.keras", sequential(gadget, layer("Dense", "dense", units=2)))


def gadget_switch(folder: pathlib.Path) -> pathlib.Path:
    gadget = {"module": "keras.config", "class_name": "enable_unsafe_deserialization", "config": {},
              "registered_name": None}
    return keras_archive(folder / "m.keras", sequential(gadget, modern_lambda()))


def lambda_in_h5(folder: pathlib.Path) -> pathlib.Path:
    return legacy(folder / "m.h5", sequential(modern_lambda()), keras_version="3.10.0")


def torch_module(folder: pathlib.Path) -> pathlib.Path:
    return keras_archive(folder / "m.keras", sequential(layer("TorchModuleWrapper", module=pickled().hex())))


def vocabulary_path(folder: pathlib.Path) -> pathlib.Path:
    return keras_archive(folder / "m.keras", sequential(layer("StringLookup", vocabulary="/etc/passwd")))


def shape_bomb(folder: pathlib.Path) -> pathlib.Path:
    def fill(file: h5py.File) -> None:
        file.create_dataset("layers/dense/vars/0", (1 << 20, 1 << 20), "f4", chunks=(64, 64), compression="gzip")
    return keras_archive(folder / "m.keras", dense_model(), fill)


def external_storage(folder: pathlib.Path) -> pathlib.Path:
    def fill(file: h5py.File) -> None:
        file.create_dataset("layers/dense/vars/0", (4, 2), "f4", external=[("/etc/passwd", 0, 32)])
    return keras_archive(folder / "m.keras", dense_model(), fill)


def external_link(folder: pathlib.Path) -> pathlib.Path:
    return keras_archive(folder / "m.keras", dense_model(),
                         lambda file: file.__setitem__("layers/dense", h5py.ExternalLink("/other.h5", "/")))


def tfsm_layer(folder: pathlib.Path) -> pathlib.Path:
    return keras_archive(folder / "m.keras", sequential(layer("TFSMLayer", filepath="/tmp/saved", call_endpoint="x")))


def member_outside(folder: pathlib.Path) -> pathlib.Path:
    return keras_archive(folder / "m.keras", dense_model(), extra={"../../outside.txt": b"x"})


def member_bomb(folder: pathlib.Path) -> pathlib.Path:
    """A member that says it expands to sixteen gigabytes."""
    path = keras_archive(folder / "m.keras", dense_model(), extra={"assets/x": bytes(100_000)},
                         compression=zipfile.ZIP_DEFLATED)
    data = bytearray(path.read_bytes())
    at = data.rindex(b"assets/x") - 46 + 24                 # the size in the central directory
    struct.pack_into("<I", data, at, 0xF0000000)
    path.write_bytes(data)
    return path


def npz_bomb(folder: pathlib.Path) -> pathlib.Path:
    path = folder / "weights.npz"
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000,), }"
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("dense/kernel.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + bytes(64))
    return path


def linked_member(folder: pathlib.Path) -> pathlib.Path:
    path = keras_archive(folder / "m.keras", dense_model())
    entry = zipfile.ZipInfo("assets/link")
    entry.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(entry, "/etc/passwd")
    return path


def pickled_array(folder: pathlib.Path) -> pathlib.Path:
    path = folder / "data.npz"
    np.savez(path, x=np.array([[1], [2, 3]], dtype=object))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("evil.pkl", pickled())
    return path


def unset_safe_mode(folder: pathlib.Path) -> pathlib.Path:
    wrapped = layer("TimeDistributed", "outer", layer=modern_lambda())
    return keras_archive(folder / "m.keras", sequential(wrapped, shape=(None, 3, 4)))


def tf_keras_h5(folder: pathlib.Path) -> pathlib.Path:
    function = {"name": "attack", "function": "system", "function_type": "function", "module": "os", "arguments": {}}
    return legacy(folder / "m.h5", {"class_name": "Sequential", "config": {"name": "m", "layers": [
        {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 4], "name": "i"}},
        {"class_name": "Lambda", "config": function}]}}, keras_version="2.15.0")


def hub_tokenizer(folder: pathlib.Path) -> pathlib.Path:
    tokenizer = {"module": "keras_hub.src.models.parseq.parseq_tokenizer", "class_name": "PARSeqTokenizer",
                 "config": {"name": "attack", "vocabulary": "/etc/passwd"},
                 "registered_name": "keras_hub>PARSeqTokenizer"}
    return keras_archive(folder / "m.keras", sequential(tokenizer))


# Advisory -> crafted files, what the error of `load_model` says, the rule by which `scan` finds it.
CRAFTED: dict[str, tuple[tuple[Craft, str, str], ...]] = {
    "(design, no id)": ((design_lambda, "Lambda 'attack'", "lambda-code"),
                        (merge_lambda, "attack|Merge", "lambda-code")),
    "CVE-2021-37678 / GHSA-r6jx-9g48-2r5r": ((yaml_tags, "python/object|YAML", "yaml-tag"),),
    "CVE-2024-3660": ((keras3_lambda, "never runs code", "lambda-code"),),
    "CVE-2025-1550 / GHSA-48g7-3x6r-xfhp": ((foreign_function, "Popen", "unsafe-name"),),
    "CVE-2025-8747 / GHSA-c9rc-mg46-23w3": ((gadget_download, "get_file", "keras-gadget"),),
    "CVE-2025-9906 / GHSA-36fq-jgmw-4r9c": ((gadget_switch, "enable_unsafe_deserialization", "keras-gadget"),),
    "CVE-2025-9905": ((lambda_in_h5, "never runs code", "lambda-code"),),
    "CVE-2025-49655 (id from memory)": ((torch_module, "TorchModuleWrapper", "torch-module"),),
    "CVE-2025-12058": ((vocabulary_path, "vocabulary", "vocabulary-file"),),
    "CVE-2026-0897 / GHSA-xfhx-r7ww-5995": ((shape_bomb, "decompression bomb", "hdf5-bomb"),),
    "CVE-2026-1669 / GHSA-3m4q-jmj6-r34q": ((external_storage, "external storage", "hdf5-external-storage"),
                                            (external_link, "external link", "hdf5-external-link")),
    "CVE-2026-1462 / GHSA-4f3f-g24h-fr8m": ((tfsm_layer, "TFSMLayer", "tfsm-layer"),),
    "GHSA-hqp4-2352-xf5r": ((member_outside, "outside of the archive", "zip-path"),),
    "no id: PR #23010": ((member_bomb, "decompression bomb", "zip-bomb"),),
    "no id: PR #23016": ((npz_bomb, "npy|npz|bytes", "npy-bomb"),),
    "no id: PR #23015 / #22973": ((linked_member, "link or special file", "zip-link"),),
    "no id: PR #23026/#23034/#23047": ((pickled_array, "npz|npy|pickle|object|archive", "pickled-array"),
                                       (pickled_array, "npz|npy|pickle|object|archive", "pickle-code")),
    "no id: PR #23048": ((unset_safe_mode, "attack", "lambda-code"),),
    "no id: tf-keras PR#910": ((tf_keras_h5, "attack", "unsafe-name"),),
    "no id: keras-hub PARSeqTokenizer": ((hub_tokenizer, "PARSeqTokenizer", "file-argument"),),
}

# Advisory -> why no file can do that to zoo.
CANNOT_APPLY = {
    "CVE-2024-55459 / GHSA-cjgq-5qmw-rcj6": "nothing that is downloaded is unpacked; downloads are single files whose "
                                            "SHA-256 is known beforehand",
    "CVE-2025-12060": "no tar archive is opened anywhere in zoo",
}

ADVISORIES = """
(design, no id)
CVE-2021-37678 / GHSA-r6jx-9g48-2r5r
CVE-2024-3660
CVE-2024-55459 / GHSA-cjgq-5qmw-rcj6
CVE-2025-1550 / GHSA-48g7-3x6r-xfhp
CVE-2025-8747 / GHSA-c9rc-mg46-23w3
CVE-2025-9906 / GHSA-36fq-jgmw-4r9c
CVE-2025-9905
CVE-2025-49655 (id from memory)
CVE-2025-12058
CVE-2025-12060
CVE-2026-0897 / GHSA-xfhx-r7ww-5995
CVE-2026-1669 / GHSA-3m4q-jmj6-r34q
CVE-2026-1462 / GHSA-4f3f-g24h-fr8m
GHSA-hqp4-2352-xf5r
no id: PR #23010
no id: PR #23016
no id: PR #23015 / #22973
no id: PR #23026/#23034/#23047
no id: PR #23048
no id: tf-keras PR#910
no id: keras-hub PARSeqTokenizer
""".strip().splitlines()

ALL = [(advisory, *case) for advisory, cases in CRAFTED.items() for case in cases]
IDS = [f"{case[1].__name__}, {case[3]}" for case in ALL]


def test_every_advisory_is_here() -> None:
    assert sorted(ADVISORIES) == sorted([*CRAFTED, *CANNOT_APPLY])
    assert all(rule in RULES for _, _, _, rule in ALL)


@pytest.mark.parametrize(("advisory", "craft", "message", "rule"), ALL, ids=IDS)
def test_refused_and_named(advisory: str, craft: Craft, message: str, rule: str, tmp_path: pathlib.Path,
                           monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("system", "popen"):
        monkeypatch.setattr(f"os.{name}", lambda *args: pytest.fail("a function of the file was called"))
    path = craft(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ZooError, match=message):
        zoo.load_model(path)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(("advisory", "craft", "message", "rule"), ALL, ids=IDS)
def test_found_by_scan(advisory: str, craft: Craft, message: str, rule: str, tmp_path: pathlib.Path) -> None:
    found = zoo.scan(craft(tmp_path))
    assert rule in [finding.rule for finding in found], found


def test_tar_is_opened_nowhere() -> None:
    """What `CANNOT_APPLY` rests on."""
    for path in pathlib.Path(zoo.__file__).parent.rglob("*.py"):
        assert "import tarfile" not in path.read_text() and "unpack_archive" not in path.read_text(), path


def test_a_good_file_is_clean(tmp_path: pathlib.Path) -> None:
    path = keras_archive(tmp_path / "m.keras", dense_model(), weights)
    assert zoo.scan(path) == []
    assert zoo.load_model(path).count_params() == 10


def test_pickles_of_the_test_itself_would_run() -> None:
    """The attack is real: the pickle calls what it names."""
    assert b"print" in pickled() and json.dumps(pickled().hex()) and pickle.loads(pickled()) is None
