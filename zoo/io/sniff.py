"""What a file is, by its content; its name is never looked at."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass

from zoo.errors import UnknownFormat, UnsupportedFile
from zoo.io import hdf5
from zoo.io.formats import CONTAINERS
from zoo.io.limits import DEFAULT_LIMITS, Limits
from zoo.io.probe import Probe


@dataclass(frozen=True)
class Sniffed:
    """What a file was recognised as.

    Args:
        format: a name from `zoo.io.formats.CONTAINERS`, or one of a format that zoo knows but does not read.
        detail: for people.
        advice: what to do with a file that zoo does not read; None if it does.
    """

    format: str
    detail: str
    advice: str | None = None


def sniff(path: str | os.PathLike[str], limits: Limits = DEFAULT_LIMITS) -> Sniffed:
    """Recognises a file or folder.

    Raises:
        UnknownFormat: it is not a model file; the message says what it looks like.
        CorruptFile, UnsafeFile: it could not be looked into.
        OSError: it does not exist or may not be read.
    """
    return sniff_probe(Probe(path, limits))


def sniff_probe(probe: Probe) -> Sniffed:
    """`sniff` for a path that is already open for looking."""
    for known in _UNREAD_FIRST:
        if known.test(probe):
            return Sniffed(known.format, known.title, known.advice)
    for container in CONTAINERS.values():
        detail = container.sniff(probe)
        if detail is not None:
            return Sniffed(container.name, detail)
    for known in _UNREAD:
        if known.test(probe):
            return Sniffed(known.format, known.title, known.advice)
    raise UnknownFormat(f"{probe.where}: expected a model file, received {_looks_like(probe)}")


def refuse_unread(probe: Probe, sniffed: Sniffed) -> None:
    """Raises `UnsupportedFile` if `sniffed` is a format that zoo recognises but does not read."""
    if sniffed.advice is not None:
        raise UnsupportedFile(f"{probe.where}: this is {sniffed.detail}, which zoo does not read: {sniffed.advice}")


@dataclass(frozen=True)
class _Unread:
    """A format that is recognised but not read."""

    format: str
    title: str
    advice: str
    test: Callable[[Probe], bool]


def _has_member(probe: Probe, pattern: str) -> bool:
    return probe.archive is not None and any(re.search(pattern, name) for name in probe.archive.members)


def _has_key(probe: Probe, *keys: str) -> bool:
    return probe.json is not None and any(key in probe.json for key in keys)


_SAVE_AGAIN = "load it in the library that wrote it and save it as .keras or .h5"

_WITH_LAYERS = ("load it in the library that wrote it (TensorFlow up to 2.15, tf_keras) and save it as .keras or .h5: "
                "tf.keras.models.load_model(FOLDER).save('model.h5')")
_WITHOUT_LAYERS = ("it holds functions and no layers, which only TensorFlow runs; use the model that it was exported "
                   "from, saved as .keras or .h5")


def _is_saved_model(probe: Probe, *others: str) -> bool:
    return probe.is_folder and all((probe.path / name).is_file() for name in ("saved_model.pb", *others))


# Recognised before the containers are asked: a folder or file of one of these must not be searched as something else.
_UNREAD_FIRST = (
    _Unread("saved_model", "a TensorFlow SavedModel folder written by Keras", _WITH_LAYERS,
            lambda probe: _is_saved_model(probe, "keras_metadata.pb")),
    _Unread("saved_model", "a TensorFlow SavedModel folder", _WITHOUT_LAYERS, _is_saved_model),
)

_UNREAD = (
    _Unread("tfjs_graph", "a TensorFlow.js graph model", "it is a TensorFlow graph without layers; convert the Keras "
            "model that it was made from instead", lambda probe: _has_key(probe, "modelTopology", "weightsManifest")),
    _Unread("sharded_index", "the index of a checkpoint in several files of another library", _SAVE_AGAIN,
            lambda probe: _has_key(probe, "weight_map")),
    _Unread("tflite", "a TensorFlow Lite model", "convert the model that it was made from instead",
            lambda probe: probe.head[4:8] == b"TFL3"),
    _Unread("saved_model", "the graph of a TensorFlow SavedModel; the folder around it is the model", _WITH_LAYERS,
            lambda probe: probe.head.startswith(b"\x08\x01\x12")),
    _Unread("frozen_graph", "a frozen TensorFlow graph (GraphDef)", _WITHOUT_LAYERS,   # nodes: name, kind of operation
            lambda probe: bool(re.match(rb"\x0a.{1,3}?\x0a.[\w./-]+\x12.[A-Z]\w+", probe.head, re.DOTALL))),
    _Unread("onnx", "an ONNX model", "convert the model that it was made from instead",
            lambda probe: bool(re.match(rb"\x08[\x02-\x20][\x12\x1a\x22\x2a\x32\x3a\x42]", probe.head))),
    _Unread("gguf", "a GGUF model", "convert the model that it was made from instead",
            lambda probe: probe.head.startswith(b"GGUF")),
    _Unread("tf_checkpoint", "a TensorFlow checkpoint", _SAVE_AGAIN,
            lambda probe: _has_member(probe, r"\.data-\d{5}-of-\d{5}$")),
)

# What else people hand in, by how it begins, and what to do about it.
_OTHERS: tuple[tuple[re.Pattern[bytes], str], ...] = tuple((re.compile(pattern, re.DOTALL), text) for pattern, text in (
    (rb"(?i)\s*<(!doctype html|html|head)", "a web page: the download was answered by a login or error page; open "
                                             "the address in a browser, or download it again"),
    (rb"\s*<\?xml", "XML text: perhaps the error message of a storage service; download the file again"),
    (rb"\x1f\x8b", "gzip-compressed data: unpack it first (gunzip or tar xzf)"),
    (rb"BZh[1-9]", "bzip2-compressed data: unpack it first (bunzip2)"),
    (rb"\xfd7zXZ\0", "xz-compressed data: unpack it first (unxz)"),
    (rb"\x28\xb5\x2f\xfd", "zstd-compressed data: unpack it first (unzstd)"),
    (rb"7z\xbc\xaf\x27\x1c", "a 7-Zip archive: unpack it first"),
    (rb"Rar!", "a RAR archive: unpack it first"),
    (rb".{257}ustar", "a tar archive: unpack it first (tar xf)"),
    (rb"\x93NUMPY", "one NumPy array (.npy): load it with numpy.load"),
    (rb"\x80[\x00-\x05]", "a Python pickle: zoo never unpickles, since that runs whatever the file says; save the "
                          "weights as .h5 or as a plain PyTorch state dict"),
    (rb"\0+\Z", "nothing but zeros: a download or copy that was not finished"),
))


def _looks_like(probe: Probe) -> str:
    if probe.is_folder:
        names = sorted(os.listdir(probe.path))
        return f"a folder with {names[:10]}" if names else "an empty folder"
    if not probe.head:
        return "an empty file; get it again"
    pointer = re.match(rb"version https://git-lfs\.github\.com/.*?size (\d+)", probe.head, re.DOTALL)
    if pointer:
        return (f"a Git LFS pointer: the real file has {int(pointer[1])} bytes and was not fetched; run git lfs pull "
                "in that repository, or download the file itself")
    for pattern, text in _OTHERS:
        if pattern.match(probe.head):
            return text
    if probe.hdf5 is not None:
        return (f"HDF5 that no Keras wrote as a model: members {sorted(probe.hdf5.members)[:10]}, attributes "
                f"{sorted(probe.hdf5.attributes)[:10]}")
    if probe.archive is not None:
        return f"a zip archive with the members {sorted(probe.archive.members)[:10]}"
    if probe.json is not None:
        return f"JSON that is no Keras architecture: keys {sorted(probe.json)[:10]}"
    if hdf5.SIGNATURE in probe.head:
        return "HDF5 behind a block of other data (MATLAB writes such files); save it without the user block"
    return _text_or_binary(probe)


def _text_or_binary(probe: Probe) -> str:
    printable = sum(byte >= 32 or byte in b"\t\r\n" for byte in probe.head)
    if printable == len(probe.head):
        return f"text that begins with {probe.head[:60].decode('utf-8', 'replace')!r}"
    return f"{probe.source.size} bytes that begin with {probe.head[:16].hex(' ')}"
