"""The weights of TensorFlow.js models: a manifest in JSON, and the bytes in shards beside it.

Each group of the manifest lists its weights and the files that hold their bytes, joined end to end. Weights may be
quantised: stored as ``uint8`` or ``uint16`` numbers `q`, meaning ``q * scale + min``, or as float16.

Source: https://github.com/tensorflow/tfjs (tfjs-core/src/io/types.ts, tfjs-converter/docs).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from zoo.errors import CannotExpress, CorruptFile, UnsafeFile, UnsupportedFile
from zoo.io.source import Memory, Source
from zoo.io.tensors import TensorRecord

SHARD_BYTES = 4 << 20                           # as the converter of TensorFlow.js cuts them

# Dtypes of the format -> NumPy dtype of the bytes.
_STORED = {"float32": "<f4", "int32": "<i4", "bool": "u1", "complex64": "<c8"}
_QUANTIZED = {"uint8": "u1", "uint16": "<u2"}

# Dtypes of documents that the format has no name for -> what they are stored as, without loss.
_WIDER = {"bfloat16": "float32", "int8": "int32", "uint8": "int32", "int16": "int32", "uint16": "int32"}

Opened = Callable[[str], Source]


@dataclass(frozen=True)
class _Entry:
    """One weight of a manifest."""

    name: str
    shape: tuple[int, ...]
    stored: str
    dtype: str
    scale: float | None = None
    minimum: float = 0.0

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * np.dtype(self.stored).itemsize


def read(manifest: Any, where: str, open_shard: Opened) -> list[TensorRecord]:
    """The weights of all groups, still on disk.

    Args:
        open_shard: opens a file that lies beside the manifest.

    Raises:
        CorruptFile: the manifest contradicts itself or the sizes of the shards.
        UnsafeFile: a shard would lie somewhere else.
        UnsupportedFile: a dtype or a quantisation that zoo does not read.
    """
    if not isinstance(manifest, list):
        raise CorruptFile(f"{where}: expected a list of groups in the manifest of weights, received {manifest!r:.100}")
    found: list[TensorRecord] = []
    for group in manifest:
        match group:
            case {"paths": list(paths), "weights": list(weights)}:
                found += _group([checked_name(path, where) for path in paths], weights, where, open_shard)
            case _:
                raise CorruptFile(f"{where}: expected 'paths' and 'weights' in each group, received {group!r:.200}")
    names = [tensor.name for tensor in found]
    if len(set(names)) < len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise CorruptFile(f"{where}: weights that are there twice: {twice[:10]}")
    return found


def checked_name(path: Any, where: str) -> str:
    """The name of a shard, which has to lie beside its manifest.

    Raises:
        CorruptFile: it is no text.
        UnsafeFile: it would be elsewhere.
    """
    if not isinstance(path, str):
        raise CorruptFile(f"{where}: expected the names of shards, received {path!r:.100}")
    name = path.removeprefix("./")
    if re.search(r"[/\\:\0]", name) or name in ("", ".", ".."):
        raise UnsafeFile(f"{where}: refused the shard {path!r}: shards lie beside their manifest; download them there "
                         "and take the folders or the address out of 'paths'", "shard-path", where)
    return name


def _group(paths: list[str], weights: list[Any], where: str, open_shard: Opened) -> list[TensorRecord]:
    entries = [_entry(weight, where) for weight in weights]
    shards = [open_shard(path) for path in paths]
    needed, available = sum(entry.nbytes for entry in entries), sum(shard.size for shard in shards)
    if needed != available:
        raise CorruptFile(f"{where}: the weights of {paths[:3]} need {needed} bytes, their files have {available}: get "
                          "the files again")
    records, at = [], 0
    for entry in entries:
        records.append(TensorRecord(entry.name, entry.shape, entry.dtype, partial(_load, entry, shards, at, where),
                                    f"{where}: {entry.name}"))
        at += entry.nbytes
    return records


def _entry(weight: Any, where: str) -> _Entry:
    match weight:
        case {"name": str(name), "shape": list(shape), "dtype": str(dtype)} if len(shape) <= 32 and all(
                type(size) is int and size >= 0 for size in shape):
            quantization = weight.get("quantization")
        case _:
            raise CorruptFile(f"{where}: expected 'name', 'shape' and 'dtype' of a weight, received {weight!r:.200}")
    match quantization:
        case None if dtype in _STORED:
            return _Entry(name, tuple(shape), _STORED[dtype], dtype)
        case {"dtype": "float16"} if dtype == "float32":
            return _Entry(name, tuple(shape), "<f2", "float16")
        case {"dtype": "uint8" | "uint16" as stored, "scale": int() | float() as scale, "min": int() | float() as low} \
                if dtype in ("float32", "int32"):
            return _Entry(name, tuple(shape), _QUANTIZED[stored], dtype, float(scale), float(low))
    raise UnsupportedFile(f"{where}: {name}: expected a dtype among {', '.join(_STORED)}, quantised as float16, uint8 "
                          f"or uint16 if at all; received {dtype!r}, {quantization!r:.200}")


def _load(entry: _Entry, shards: list[Source], start: int, where: str) -> np.ndarray:
    array = _bytes_at(shards, start, entry.nbytes, where).array(0, entry.shape, entry.stored)
    if entry.scale is not None:
        return _dequantized(array, entry)
    return array != 0 if entry.dtype == "bool" else array


def _dequantized(array: np.ndarray, entry: _Entry) -> np.ndarray:
    """As TensorFlow.js computes it: in double precision, stored as float32; whole numbers are rounded half up."""
    values = array * np.float64(entry.scale) + np.float64(entry.minimum)
    return np.floor(values + 0.5).astype(np.int32) if entry.dtype == "int32" else values.astype(np.float32)


def _bytes_at(shards: list[Source], start: int, size: int, where: str) -> Source:
    """`size` bytes of the joined shards: in place if one shard has them all, else copied together."""
    pieces, at = [], 0
    for shard in shards:
        first, last = max(start - at, 0), min(start + size - at, shard.size)
        if first < last:
            pieces.append((shard, first, last - first))
        at += shard.size
    if len(pieces) == 1:
        shard, first, count = pieces[0]
        return shard.part(first, count, "weights")
    return Memory(b"".join(shard.read(first, count) for shard, first, count in pieces), where)


# ---- writing

def entry_of(tensor: TensorRecord) -> dict[str, Any]:
    """The manifest's entry of a weight; float16 is float32 quantised as float16, as the converter writes it.

    Raises:
        CannotExpress: the format has no dtype that holds its values.
    """
    entry: dict[str, Any] = {"name": tensor.name, "shape": list(tensor.shape)}
    dtype = _WIDER.get(tensor.dtype, tensor.dtype)
    if dtype == "float16":
        return {**entry, "dtype": "float32", "quantization": {"dtype": "float16", "original_dtype": "float32"}}
    if dtype not in _STORED and dtype not in ("int64", "uint32"):
        raise CannotExpress(f"{tensor.name}: TensorFlow.js has no {tensor.dtype}; it has {', '.join(_STORED)} and "
                            "float16 (--dtype float32 or float16 converts the others)")
    return {**entry, "dtype": dtype if dtype in _STORED else "int32"}


def write(folder: Path, tensors: Iterable[TensorRecord]) -> list[dict[str, Any]]:
    """Writes shards into a folder, one array at a time, and gives their manifest.

    Raises:
        CannotExpress: as `entry_of`; also whole numbers beyond 32 bits.
    """
    records = list(tensors)
    entries = [entry_of(tensor) for tensor in records]
    total = sum(_stored_nbytes(tensor, entry) for tensor, entry in zip(records, entries, strict=True))
    count = max(-(-total // SHARD_BYTES), 1)
    paths = [f"group1-shard{number}of{count}.bin" for number in range(1, count + 1)]
    blocks = (_raw(piece, tensor, entry) for tensor, entry in zip(records, entries, strict=True)
              for piece in tensor.pieces())
    _write_shards([folder / path for path in paths], blocks)
    return [{"paths": paths, "weights": entries}] if records else []


def _stored(entry: dict[str, Any]) -> str:
    return "<f2" if "quantization" in entry else _STORED[entry["dtype"]]


def _stored_nbytes(tensor: TensorRecord, entry: dict[str, Any]) -> int:
    return tensor.size * np.dtype(_stored(entry)).itemsize


def _raw(array: np.ndarray, tensor: TensorRecord, entry: dict[str, Any]) -> memoryview:
    if tensor.dtype in ("int64", "uint32") and array.size and not -2 ** 31 <= array.min() <= array.max() < 2 ** 31:
        raise CannotExpress(f"{tensor.name}: TensorFlow.js has no {tensor.dtype}, and its values need more than 32 "
                            "bits")
    flat = np.ascontiguousarray(array, _stored(entry)).reshape(-1)
    return memoryview(flat.view(np.uint8))


def _write_shards(paths: list[Path], blocks: Iterator[memoryview]) -> None:
    """Fills one file after the other, each but the last with `SHARD_BYTES`."""
    waiting = iter(paths)
    file, room = next(waiting).open("xb"), SHARD_BYTES
    try:
        for block in blocks:
            while block:
                if room == 0:
                    file.close()
                    file, room = next(waiting).open("xb"), SHARD_BYTES
                part, block = block[:room], block[room:]
                room -= file.write(part)
    finally:
        file.close()
