"""Reading the tensors of PyTorch checkpoints, without PyTorch.

Both forms of `torch.save` are read: the zip archive (``<prefix>/data.pkl`` beside ``<prefix>/data/<key>``) and the
older single stream (magic number, protocol version, system information, pickled object, storage keys, then each
storage as an element count and raw bytes). The pickle is read as data (`zoo.io.pickle_data`): only the names in
`_names` are understood, nothing is imported, and a file that asks for anything else is refused.

Source: https://pytorch.org/docs/stable/notes/serialization.html
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from zoo.errors import CorruptFile, UnsafeFile, UnsupportedFile
from zoo.io import pickle_data
from zoo.io.container import Container, Content
from zoo.io.document import WeightGroup, WeightTree
from zoo.io.narrow_floats import widen
from zoo.io.probe import Probe
from zoo.io.source import Source
from zoo.io.tensors import TensorRecord

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
_SIGNATURE = b"\x80\x02\x8a\x0a" + MAGIC.to_bytes(10, "little") + b"."

# Storage class -> (dtype of the tensors, NumPy code of the stored elements without byte order).
_STORAGES = {
    "DoubleStorage": ("float64", "f8"), "FloatStorage": ("float32", "f4"), "HalfStorage": ("float16", "f2"),
    "BFloat16Storage": ("bfloat16", "u2"), "LongStorage": ("int64", "i8"), "IntStorage": ("int32", "i4"),
    "ShortStorage": ("int16", "i2"), "CharStorage": ("int8", "i1"), "ByteStorage": ("uint8", "u1"),
    "BoolStorage": ("bool", "u1"),
}


@dataclass(frozen=True)
class _Storage:
    key: str
    dtype: str
    code: str
    count: int

    @property
    def nbytes(self) -> int:
        return self.count * np.dtype(self.code).itemsize


@dataclass(frozen=True)
class _Tensor:
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]


# Where a storage's bytes are: called when a tensor is read.
_Locate = Callable[[_Storage], tuple[Source, int]]


def sniff(probe: Probe) -> str | None:
    """Whether the file is a PyTorch checkpoint of either form."""
    if probe.head.startswith(_SIGNATURE):
        return "PyTorch checkpoint (legacy stream)"
    if probe.archive is not None and not probe.is_folder and _prefix(probe) is not None:
        return "PyTorch checkpoint (zip archive)"
    return None


def read(probe: Probe) -> Content:
    """All tensors of a checkpoint, in the order of its dictionaries.

    Raises:
        UnsafeFile: the pickle asks for a name or an operation that tensors do not need.
        CorruptFile: storages and tensors contradict each other or the file.
        UnsupportedFile: TorchScript, or a storage class that zoo does not know.
    """
    value, locate, order = _read_zip(probe) if probe.archive is not None else _read_stream(probe)
    groups: dict[str, WeightGroup] = {}
    others: list[str] = []
    for path, leaf in _leaves(value, (), set(), probe):
        if not isinstance(leaf, _Tensor):
            others.append(".".join(path))
            continue
        group = groups.setdefault(".".join(path[:-1]), WeightGroup(".".join(path[:-1]), []))
        group.tensors.append(TensorRecord(path[-1] if path else "", leaf.shape, leaf.storage.dtype,
                                          partial(_load, locate, leaf, order), f"{probe.where}:{'.'.join(path)}"))
    tree = WeightTree("flat", list(groups.values()), backend="torch")
    return Content(weights=tree, backend="torch", metadata={"not_tensors": others} if others else {})


def _prefix(probe: Probe) -> str | None:
    """The folder inside the archive that holds ``data.pkl``."""
    assert probe.archive is not None
    found = [name.removesuffix("data.pkl") for name in probe.archive.members if name.endswith("/data.pkl")]
    return found[0] if len(found) == 1 and found[0].count("/") == 1 else None


def _read_zip(probe: Probe) -> tuple[Any, _Locate, str]:
    archive, prefix = probe.archive, _prefix(probe)
    assert archive is not None and prefix is not None
    if f"{prefix}constants.pkl" in archive.members:
        raise UnsupportedFile(f"{probe.where}: a TorchScript archive holds code; save the plain state dict instead: "
                              "torch.save(model.state_dict(), path)")
    index = archive.member(f"{prefix}data.pkl")
    storages: dict[str, _Storage] = {}
    with index.open() as stream:
        value = pickle_data.load(stream, index.size, index.where, names=_names(index.where),
                                 persistent=partial(_storage, index.where, storages), limits=probe.limits)
    for storage in storages.values():
        name = f"{prefix}data/{storage.key}"
        _check_size(f"{archive.where}!{name}", storage, archive.size(name))
    order = ">" if f"{prefix}byteorder" in archive.members and archive.read(f"{prefix}byteorder") == b"big" else "<"
    return value, lambda storage: (archive.member(f"{prefix}data/{storage.key}"), 0), order


def _read_stream(probe: Probe) -> tuple[Any, _Locate, str]:
    source, where = probe.source, probe.where
    storages: dict[str, _Storage] = {}
    with source.open() as stream:
        load = partial(pickle_data.load, stream, source.size, where, limits=probe.limits)
        magic, protocol, system = load(), load(), load()
        if (magic, protocol) != (MAGIC, PROTOCOL) or not isinstance(system, dict):
            raise UnsupportedFile(f"{where}: expected a PyTorch checkpoint of protocol {PROTOCOL}, received "
                                  f"{protocol!r:.50}; save it again with a current PyTorch")
        value = load(names=_names(where), persistent=partial(_storage, where, storages))
        keys = load()
        if not isinstance(keys, list) or sorted(map(repr, keys)) != sorted(map(repr, storages)):
            raise CorruptFile(f"{where}: expected the keys of {len(storages)} storages, received {keys!r:.200}")
        positions: dict[str, int] = {}
        at = stream.tell()
        for key in keys:
            storage = storages[key]
            header = source.read(at, 8)
            if len(header) < 8 or struct.unpack("<q", header)[0] != storage.count:
                raise CorruptFile(f"{where}: storage {key!r}: expected {storage.count} elements at byte {at}")
            _check_size(f"{where}: storage {key!r}", storage, source.size - at - 8)
            positions[key] = at + 8
            at += 8 + storage.nbytes
    order = "<" if system.get("little_endian", True) else ">"
    return value, lambda storage: (source, positions[storage.key]), order


def _check_size(where: str, storage: _Storage, available: int) -> None:
    if available < storage.nbytes:
        raise CorruptFile(f"{where}: expected {storage.nbytes} bytes, {available} are there: the file is truncated, "
                          "get it again")


def _names(where: str) -> dict[str, Any]:
    """Every name that a checkpoint's pickle may mention, and what it stands for here."""
    names: dict[str, Any] = {f"torch.{name}": (dtype, code) for name, (dtype, code) in _STORAGES.items()}
    return names | {
        "collections.OrderedDict": _ordered_dict,
        "torch.Size": tuple,
        "torch._utils._rebuild_tensor": partial(_tensor, where),
        "torch._utils._rebuild_tensor_v2": partial(_tensor, where),
        "torch._utils._rebuild_parameter": lambda tensor, *flags: tensor,
    }


def _ordered_dict() -> dict[str, Any]:
    return {}


def _storage(where: str, storages: dict[str, _Storage], identifier: Any) -> _Storage:
    """The storage of a persistent id ``("storage", class, key, device, count[, view])``."""
    if not isinstance(identifier, tuple) or len(identifier) not in (5, 6) or identifier[0] != "storage":
        raise CorruptFile(f"{where}: expected the id of a storage, received {identifier!r:.100}")
    _, kind, key, _, count, *view = identifier
    if any(part is not None for part in view):
        raise UnsupportedFile(f"{where}: storage {key!r} is a view of another one, which PyTorch stopped writing; "
                              "save the checkpoint again with a current PyTorch")
    if not (isinstance(kind, tuple) and len(kind) == 2 and isinstance(key, str) and _is_count(count)):
        raise CorruptFile(f"{where}: expected a storage class, a key and a count, received {identifier!r:.100}")
    storage = _Storage(key, *kind, count)
    if storages.setdefault(key, storage) != storage:
        raise CorruptFile(f"{where}: storage {key!r} is declared twice, differently")
    return storage


def _tensor(where: str, storage: Any, offset: Any, shape: Any, stride: Any, *_: Any) -> _Tensor:
    """A view of a storage, refused where it leaves the storage or is larger than it."""
    if not (isinstance(storage, _Storage) and isinstance(shape, tuple) and isinstance(stride, tuple)
            and len(shape) == len(stride) <= 32 and all(map(_is_count, (offset, *shape, *stride)))):
        raise CorruptFile(f"{where}: expected a storage, an offset, a shape and strides, received "
                          f"{(storage, offset, shape, stride)!r:.200}")
    size = math.prod(shape)
    last = offset + sum((extent - 1) * step for extent, step in zip(shape, stride, strict=True))
    if size and last >= storage.count:
        raise CorruptFile(f"{where}: a tensor {shape} with strides {stride} at {offset} leaves its storage of "
                          f"{storage.count} elements")
    if size > storage.count:
        raise UnsafeFile(f"{where}: a tensor {shape} repeats the {storage.count} elements of its storage; call "
                         ".contiguous() on expanded tensors before saving them", "tensor-overlap", where)
    return _Tensor(storage, offset, shape, stride)


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 1 << 62


def _leaves(value: Any, path: tuple[str, ...], seen: set[int], probe: Probe) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yields ``(path of keys, leaf)`` of nested dictionaries and lists, each container once."""
    if not isinstance(value, (dict, list, tuple)):
        yield path, value
        return
    if id(value) in seen:
        return
    seen.add(id(value))
    if len(path) > probe.limits.depth:
        raise UnsafeFile(f"{probe.where}: dictionaries nested deeper than {probe.limits.depth}")
    items = dict.items(value) if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        yield from _leaves(item, (*path, str(key)), seen, probe)


def _load(locate: _Locate, tensor: _Tensor, order: str) -> np.ndarray:
    source, start = locate(tensor.storage)
    flat = source.array(start, (tensor.storage.count,), order + tensor.storage.code)
    strides = tuple(step * flat.itemsize for step in tensor.stride)
    view = np.lib.stride_tricks.as_strided(flat[tensor.offset:], tensor.shape, strides, writeable=False)
    if tensor.storage.dtype == "bfloat16":
        return widen(view, tensor.storage.dtype)
    if tensor.storage.dtype == "bool":
        return view != 0
    return np.ascontiguousarray(view).reshape(tensor.shape)


FORMAT = Container("torch_checkpoint", "PyTorch checkpoint", (".pth", ".pt"), sniff, read, layouts=("flat",),
                   holds=frozenset({"weights"}))
