from __future__ import annotations

import json
import pathlib
import struct
import zipfile

import numpy as np
import pytest

from tests.io.hdf5_files import legacy_weights, make
from zoo import io
from zoo.errors import CorruptFile, UnknownFormat, UnsafeFile, UnsupportedFile

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 553467096\n"
ONNX = b"\x08\x08\x12\x07pytorch\x1a\x052.1.0:\x10"
TFLITE = struct.pack("<I", 28) + b"TFL3" + bytes(20)

# What people hand in: content -> fragment of what it is said to look like.
UNKNOWN = {
    b"": "an empty file",
    POINTER: "Git LFS pointer: the real file has 553467096 bytes .* git lfs pull",
    b"\n<!DOCTYPE html><html><head>": "a web page: the download",
    b"<HTML>": "a web page",
    b"<?xml version='1.0'?><Error><Code>AccessDenied": "XML text",
    b"\x1f\x8b\x08" + bytes(20): "gzip",
    b"BZh91AY": "bzip2",
    b"\xfd7zXZ\0" + bytes(9): "xz-compressed",
    b"x" * 257 + b"ustar\0" + bytes(300): "a tar archive",
    b"\x93NUMPY\x01\0": "one NumPy array",
    b"\x80\x04\x95\x10\0\0\0": "a Python pickle: zoo never unpickles",
    bytes(5000): "nothing but zeros",
    b"Not found\n": "text that begins with 'Not found",
    b"\x01\x02\x03": "3 bytes that begin with 01 02 03",
    b'{"detail": "rate limited"}': "JSON that is no Keras architecture: keys \\['detail'\\]",
}

# Model files that zoo knows but does not read: content -> (format, fragment of the advice).
UNREAD = {
    ONNX: ("onnx", "convert the model"),
    TFLITE: ("tflite", "convert the model"),
    b"\x08\x01\x12\xff": ("saved_model", "save it as .keras"),
    b"GGUF\x03\0\0\0": ("gguf", "convert"),
    b'{"format": "graph-model", "modelTopology": {}, "weightsManifest": []}': ("tfjs_graph", "without layers"),
    b'{"metadata": {}, "weight_map": {"a.weight": "model-1.safetensors"}}': ("sharded_index", "save it as"),
}


@pytest.mark.parametrize("content", UNKNOWN, ids=lambda content: repr(content[:12]))
def test_what_is_no_model(tmp_path: pathlib.Path, content: bytes) -> None:
    path = tmp_path / "model.h5"
    path.write_bytes(content)
    for use in (io.sniff, io.read):
        with pytest.raises(UnknownFormat, match=f"model.h5: expected a model file, received .*{UNKNOWN[content]}"):
            use(path)


@pytest.mark.parametrize("content", UNREAD, ids=lambda content: UNREAD[content][0])
def test_models_that_zoo_does_not_read(tmp_path: pathlib.Path, content: bytes) -> None:
    path = tmp_path / "model.keras"
    path.write_bytes(content)
    name, advice = UNREAD[content]
    found = io.sniff(path)
    assert found.format == name and advice in (found.advice or "")
    with pytest.raises(UnsupportedFile, match=f"this is .* does not read: .*{advice}"):
        io.read(path)


def test_archives_and_folders(tmp_path: pathlib.Path) -> None:
    np.savez(tmp_path / "arrays.bin", w=np.zeros(3))
    assert io.sniff(tmp_path / "arrays.bin.npz").format == "npz"
    with zipfile.ZipFile(tmp_path / "document", "w") as file:
        file.writestr("word/document.xml", "")
    with pytest.raises(UnknownFormat, match="a zip archive with the members \\['word/document.xml'\\]"):
        io.sniff(tmp_path / "document")
    folder = tmp_path / "saved"
    folder.mkdir()
    with pytest.raises(UnknownFormat, match="an empty folder"):
        io.sniff(folder)
    (folder / "saved_model.pb").write_bytes(b"\x08\x01\x12")
    assert io.sniff(folder).format == "saved_model"
    (tmp_path / "checkpoint").mkdir()
    (tmp_path / "checkpoint" / "model.ckpt.data-00000-of-00001").touch()
    assert io.sniff(tmp_path / "checkpoint").format == "tf_checkpoint"


def test_hdf5_of_others(tmp_path: pathlib.Path) -> None:
    path = make(tmp_path / "f", lambda file: file.__setitem__("activations", np.zeros(3)))
    with pytest.raises(UnknownFormat, match="HDF5 that no Keras wrote as a model: members \\['activations'\\]"):
        io.sniff(path)


@pytest.mark.parametrize("suffix", ["", ".keras", ".weights.h5", ".json", ".pth", ".zip"])
def test_the_name_does_not_matter(tmp_path: pathlib.Path, suffix: str) -> None:
    assert io.sniff(make(tmp_path / f"model{suffix}", legacy_weights)).format == "legacy_weights_h5"


def test_damage_is_not_mistaken_for_another_format(tmp_path: pathlib.Path) -> None:
    path = make(tmp_path / "f", legacy_weights)
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(CorruptFile, match="truncated"):
        io.sniff(path)
    path.write_text('{"class_name": "Sequential", "config": [')
    with pytest.raises(CorruptFile, match="line 1"):
        io.sniff(path)
    path.write_text('{"class_name": "Sequential", "config": [], "config": []}')
    with pytest.raises(UnsafeFile, match="keys twice"):
        io.sniff(path)


def test_architectures(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "model"
    for value, detail in (({"class_name": "Sequential", "config": [], "keras_version": "1.2.2"}, "Keras 1.2.2"),
                          ({"module": "keras", "class_name": "Sequential", "config": {}}, "Keras 3"),
                          ({"name": "Sequential", "layers": []}, "Keras 0")):
        path.write_text(json.dumps(value))
        found = io.sniff(path)
        assert found.format == "architecture_json" and detail in found.detail


def test_missing_files_are_missing(tmp_path: pathlib.Path) -> None:
    with pytest.raises(FileNotFoundError):
        io.sniff(tmp_path / "absent")
