"""Arrays alone in NumPy's ``.npz``: a zip archive with one ``.npy`` member an array. Pickled objects are refused.

The header of a member is a Python literal; it is matched against the one form that NumPy writes, and never evaluated.

Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
"""

from __future__ import annotations

import itertools
import math
import re
from functools import partial
from pathlib import Path

import numpy as np

from zoo.errors import CannotExpress, CorruptFile, UnsafeFile, UnsupportedFile
from zoo.io import archive
from zoo.io.container import Container, Content
from zoo.io.document import WeightTree
from zoo.io.layouts.by_name import BY_NAME, grouped
from zoo.io.narrow_floats import NARROW_FLOATS
from zoo.io.probe import Probe
from zoo.io.source import Source
from zoo.io.tensors import TensorRecord, dtype_name

_SUFFIX = ".npy"
_MAGIC = b"\x93NUMPY"
_HEADER = re.compile(r"\{'descr': '([<>|=]?)([biufcSU?O])(\d*)', 'fortran_order': (True|False), "
                     r"'shape': \(((?:\d{1,18}L?, ?)*(?:\d{1,18}L?)?)\),? *\}\s*")
_ALIGNMENT = 64                                 # of an array after its header, as NumPy writes it


def sniff(probe: Probe) -> str | None:
    """Whether the file is a zip archive of arrays only."""
    names = probe.archive.members if probe.archive is not None and not probe.is_folder else {}
    return "NumPy archive of arrays" if names and all(name.endswith(_SUFFIX) for name in names) else None


def read(probe: Probe) -> Content:
    """All arrays, in the archive's order; those that are not compressed stay on disk.

    Raises:
        CorruptFile: a member is no array, or truncated.
        UnsafeFile: a member holds pickled objects.
        UnsupportedFile: an array of records.
    """
    assert probe.archive is not None
    tensors = [_record(probe.archive, name) for name in probe.archive.members]
    return Content(weights=WeightTree(BY_NAME, grouped(tensors)))


def write(content: Content, path: Path) -> None:
    """Writes a new archive, one array at a time.

    Raises:
        CannotExpress: a dtype that NumPy does not have, or no array at all.
    """
    assert content.weights is not None
    if not content.weights.count:
        raise CannotExpress(f"{path}: the model has no weights, and an archive of arrays holds nothing else")
    with archive.ZipWriter(path) as target:
        for _, tensor in content.weights:
            if tensor.dtype in NARROW_FLOATS or tensor.dtype == "object":
                raise CannotExpress(f"{path}: NumPy's own format has no {tensor.dtype}, which {tensor.name} is; write "
                                    "safetensors, or convert with another dtype")
            header = _header(tensor)
            pieces = (memoryview(piece.reshape(-1).view(np.uint8)) for piece in tensor.pieces())
            target.add_parts(f"{tensor.name}{_SUFFIX}", len(header) + tensor.nbytes, itertools.chain([header], pieces))


def _header(tensor: TensorRecord) -> bytes:
    """The beginning of a member, in version 1.0 of the format."""
    text = f"{{'descr': '{np.dtype(tensor.dtype).str}', 'fortran_order': False, 'shape': {tensor.shape}, }}"
    length = -(-(len(text) + 11) // _ALIGNMENT) * _ALIGNMENT - 10
    return _MAGIC + b"\x01\x00" + length.to_bytes(2, "little") + text.ljust(length - 1).encode() + b"\n"


def _record(members: archive.Archive, name: str) -> TensorRecord:
    """The array of a member; compressed members are expanded now for their header, and again when they are read."""
    source = members.member(name)
    version = source.read(0, 8)
    if version[:6] != _MAGIC or version[6:7] not in (b"\x01", b"\x02", b"\x03"):
        raise CorruptFile(f"{source.where}: expected an array in NumPy's format, received {version!r}")
    width = 2 if version[6] == 1 else 4
    length = int.from_bytes(source.read(8, width), "little")
    text = source.read(8 + width, min(length, 10_000)).decode("latin-1")
    found = _HEADER.fullmatch(text)
    if found is None:
        raise UnsupportedFile(f"{source.where}: expected the header of an array of numbers, received {text[:200]!r}")
    order, kind, size, fortran, numbers = found.groups()
    if kind == "O":
        raise UnsafeFile(f"{source.where}: refused pickled objects: reading them runs whatever the file says; save the "
                         "arrays with allow_pickle=False", "pickled-array", source.where)
    shape = tuple(int(number.rstrip("L")) for number in re.findall(r"\d+L?", numbers))
    dtype = _dtype(f"{order}{kind}{size}", source.where)
    start = 8 + width + length
    needed = math.prod(shape) * dtype.itemsize
    if start + needed != source.size or len(shape) > 32:
        raise CorruptFile(f"{source.where}: {shape} of {dtype} needs {needed} bytes, {source.size - start} are there; "
                          "get the file again")
    load = partial(_load, members, name, start, shape, dtype, fortran == "True")
    return TensorRecord(name.removesuffix(_SUFFIX), shape, dtype_name(dtype), load, source.where)


def _dtype(text: str, where: str) -> np.dtype:
    try:
        return np.dtype(text)
    except TypeError as error:
        raise UnsupportedFile(f"{where}: expected a dtype of NumPy, received {text!r}") from error


def _load(members: archive.Archive, name: str, start: int, shape: tuple[int, ...], dtype: np.dtype,
          fortran: bool) -> np.ndarray:
    source: Source = members.member(name)
    stored = np.dtype("u1") if dtype == bool else dtype             # bytes other than 0 and 1 are no NumPy booleans
    array = source.array(start, shape[::-1] if fortran else shape, stored)
    array = array != 0 if dtype == bool else array
    return array.transpose() if fortran else array


FORMAT = Container("npz", "NumPy archive of weights", (".npz",), sniff, read, write, layouts=(BY_NAME,),
                   dialects=("keras3", "tfkeras", "keras2", "keras1", "keras0"), holds=frozenset({"weights"}))
