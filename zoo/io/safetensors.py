"""The safetensors format: named arrays behind a JSON header, mapped in place; nothing else can be in such a file.

::

    8 bytes     length of the header, little-endian
    header      {"__metadata__": {"text": "text"}, "name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}
    the rest    the arrays, little-endian, one after the other without gaps

Source: https://github.com/huggingface/safetensors (format).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from zoo.errors import CannotExpress, CorruptFile, UnsafeFile, UnsupportedFile
from zoo.io import json_codec
from zoo.io.limits import Limits
from zoo.io.narrow_floats import NARROW_FLOATS, bits_of, itemsize, widen
from zoo.io.source import Source
from zoo.io.tensors import TensorRecord

METADATA = "__metadata__"

# The format's names of dtypes -> ours.
DTYPES = {
    "BOOL": "bool", "U8": "uint8", "I8": "int8", "U16": "uint16", "I16": "int16", "U32": "uint32", "I32": "int32",
    "U64": "uint64", "I64": "int64", "F16": "float16", "BF16": "bfloat16", "F32": "float32", "F64": "float64",
    "F8_E4M3": "float8_e4m3fn", "F8_E5M2": "float8_e5m2", "C64": "complex64",
}
_NAMES = {dtype: name for name, dtype in DTYPES.items()}

_LENGTH = 8                                     # bytes of the header's length
_ALIGNMENT = 64                                 # where the arrays begin


@dataclass(frozen=True)
class Contents:
    """What a file holds: texts by name, and arrays in the header's order."""

    metadata: dict[str, str]
    tensors: list[TensorRecord]


def looks_like(head: bytes, size: int) -> bool:
    """Whether a file of `size` bytes that begins with `head` can be one."""
    return head[_LENGTH:_LENGTH + 1] == b"{" and 2 <= int.from_bytes(head[:_LENGTH], "little") <= size - _LENGTH


def read(source: Source, limits: Limits) -> Contents:
    """The arrays, still on disk, and the metadata.

    Raises:
        CorruptFile: truncated, or the header contradicts itself or the size of the file.
        UnsafeFile: the header is too large, has a name twice, or two arrays share bytes.
        UnsupportedFile: a dtype that zoo does not read.
    """
    length = int.from_bytes(source.read(0, _LENGTH), "little")
    if length > limits.json_bytes:
        raise UnsafeFile(f"{source.where}: a header of {length} bytes; the limit is {limits.json_bytes}")
    header = json_codec.loads(source.read(_LENGTH, length), f"{source.where}: header", limits)
    if not isinstance(header, dict):
        raise CorruptFile(f"{source.where}: expected a JSON object as the header, received {header!r:.100}")
    metadata = header.pop(METADATA, {})
    if not isinstance(metadata, dict) or not all(isinstance(text, str) for text in metadata.values()):
        raise CorruptFile(f"{source.where}: expected texts by name in {METADATA!r}, received {metadata!r:.100}")
    if len(header) > limits.objects:
        raise UnsafeFile(f"{source.where}: {len(header)} arrays, more than {limits.objects}")
    data = source.part(_LENGTH + length, source.size - _LENGTH - length, "data")
    extents = [_extent(name, entry, f"{source.where}: {name}") for name, entry in header.items()]
    _check_cover(extents, data.size, source.where)
    return Contents(metadata, [_record(extent, data, f"{source.where}:{extent.name}") for extent in extents])


@dataclass(frozen=True)
class _Extent:
    """Where an array lies in the data."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    start: int
    stop: int


def _extent(name: str, entry: Any, where: str) -> _Extent:
    match entry:
        case {"dtype": str(dtype), "shape": list(shape), "data_offsets": [start, stop]} if \
                len(entry) == 3 and all(type(number) is int and number >= 0 for number in (*shape, start, stop)):
            pass
        case _:
            raise CorruptFile(f"{where}: expected 'dtype', 'shape' and 'data_offsets', received {entry!r:.200}")
    if dtype not in DTYPES:
        raise UnsupportedFile(f"{where}: expected a dtype among {', '.join(DTYPES)}, received {dtype!r}")
    if len(shape) > 32:                                              # what NumPy can hold
        raise UnsupportedFile(f"{where}: expected at most 32 dimensions, received {len(shape)}")
    needed = math.prod(shape) * itemsize(DTYPES[dtype])
    if stop - start != needed:
        raise CorruptFile(f"{where}: {shape} of {dtype} needs {needed} bytes, its offsets {[start, stop]} have "
                          f"{stop - start}")
    return _Extent(name, DTYPES[dtype], tuple(shape), start, stop)


def _check_cover(extents: list[_Extent], size: int, where: str) -> None:
    """Refuses arrays that share bytes, and bytes that belong to none: readers would disagree on what the file holds."""
    at = 0
    for extent in sorted(extents, key=lambda extent: (extent.start, extent.stop)):
        if extent.start < at:
            raise UnsafeFile(f"{where}: {extent.name} begins at byte {extent.start}, inside of the array before it",
                             "tensor-overlap", where)
        if extent.start > at:
            raise CorruptFile(f"{where}: {extent.start - at} bytes before {extent.name} belong to no array")
        at = extent.stop
    if at > size:
        raise CorruptFile(f"{where}: the arrays need {at} bytes, there are {size}: the file is truncated, get it again")
    if at < size:
        raise CorruptFile(f"{where}: {size - at} bytes at its end belong to no array")


def _record(extent: _Extent, data: Source, where: str) -> TensorRecord:
    return TensorRecord(extent.name, extent.shape, extent.dtype, partial(_load, extent, data), where)


def _load(extent: _Extent, data: Source) -> np.ndarray:
    if extent.dtype == "bool":                                      # bytes other than 0 and 1 are no NumPy booleans
        return data.array(extent.start, extent.shape, "u1") != 0
    stored = np.dtype(NARROW_FLOATS.get(extent.dtype, extent.dtype)).newbyteorder("<")
    array = data.array(extent.start, extent.shape, stored)
    return widen(array, extent.dtype) if extent.dtype in NARROW_FLOATS else array


def write(path: Path, metadata: dict[str, str], tensors: Iterable[TensorRecord]) -> None:
    """Writes a new file, one array at a time.

    Arrays of larger elements come first, so that all of them are aligned; the header keeps the given order.

    Raises:
        CannotExpress: a dtype that the format does not have, or two arrays of one name.
    """
    records = list(tensors)
    at: dict[str, int] = {}
    position = 0
    for tensor in sorted(records, key=lambda tensor: -_stored_size(tensor, path)):
        if tensor.name in at or tensor.name == METADATA:
            raise CannotExpress(f"{path}: two entries would be called {tensor.name!r}")
        at[tensor.name] = position
        position += tensor.nbytes
    header: dict[str, Any] = {METADATA: metadata} if metadata else {}
    header |= {tensor.name: {"dtype": _NAMES[tensor.dtype], "shape": list(tensor.shape),
                             "data_offsets": [at[tensor.name], at[tensor.name] + tensor.nbytes]} for tensor in records}
    text = json_codec.dumps(header, str(path)).encode()
    text += b" " * (-(len(text) + _LENGTH) % _ALIGNMENT)
    with path.open("xb") as file:
        file.write(len(text).to_bytes(_LENGTH, "little") + text)
        for tensor in sorted(records, key=lambda tensor: at[tensor.name]):
            for piece in tensor.pieces():
                file.write(_raw(piece, tensor.dtype))


def _stored_size(tensor: TensorRecord, path: Path) -> int:
    if tensor.dtype not in _NAMES:
        raise CannotExpress(f"{path}: safetensors has no dtype for {tensor.name} of {tensor.dtype}; it has "
                            f"{', '.join(_NAMES)}")
    return itemsize(tensor.dtype)


def _raw(array: np.ndarray, dtype: str) -> memoryview:
    """The bytes of an array in C order, little-endian."""
    if dtype in NARROW_FLOATS:
        array = bits_of(array, dtype)
    flat = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).reshape(-1)
    return memoryview(flat.view(np.uint8))
