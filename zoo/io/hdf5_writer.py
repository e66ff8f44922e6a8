"""Writing HDF5 as Keras does: contiguous uncompressed datasets, names as fixed-length byte strings.

The lists of names are byte strings because every Keras ever released reads those. What is written can be mapped
again: data begin at aligned offsets.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np

from zoo.errors import CannotExpress
from zoo.io.narrow_floats import NARROW_FLOATS, bits_of
from zoo.io.tensors import TensorRecord

# HDF5 keeps an attribute in an object header of at most 64 KiB; Keras splits lists of names that are longer than this.
ATTRIBUTE_LIMIT = 64512

_ALIGNMENT = {"alignment_threshold": 256, "alignment_interval": 64}


@contextmanager
def create(path: Path) -> Iterator[h5py.File]:
    """A new HDF5 file at `path`, which must not exist."""
    with h5py.File(path, "x", **_ALIGNMENT) as file:
        yield file


def subgroup(parent: h5py.Group, path: str) -> h5py.Group:
    """The group at `path` below `parent`, created if needed; an empty path is `parent` itself.

    Raises:
        CannotExpress: HDF5 cannot name it so.
    """
    if not path:
        return parent
    _check_path(parent, path)
    try:
        return parent.require_group(path)
    except (TypeError, ValueError) as error:
        raise CannotExpress(f"{parent.name}: {path!r} is needed as a group, but an array has that name") from error


def write_text(group: h5py.Group, name: str, value: str) -> None:
    """A text attribute of any length (its characters are stored apart from the header)."""
    group.attrs.create(name, value, dtype=h5py.string_dtype())


def write_texts(group: h5py.Group, name: str, values: Sequence[str]) -> None:
    """A list of names, split into ``name0``, ``name1``, ... where it is too long for one attribute.

    Raises:
        CannotExpress: one name alone is too long.
    """
    encoded = [value.encode() for value in values]
    longest = max(map(len, encoded), default=0)
    if longest > ATTRIBUTE_LIMIT:
        raise CannotExpress(f"{group.name}: a name in {name!r} has {longest} bytes; HDF5 attributes hold "
                            f"{ATTRIBUTE_LIMIT}")
    if not encoded:
        group.attrs[name] = np.zeros(0)                             # as Keras: an empty list has no text type
        return
    array = np.array(encoded)
    if array.nbytes <= ATTRIBUTE_LIMIT:
        group.attrs[name] = array
        return
    rows = ATTRIBUTE_LIMIT // longest
    for index, start in enumerate(range(0, len(array), rows)):
        group.attrs[f"{name}{index}"] = array[start:start + rows]


def write_tensor(group: h5py.Group, key: str, tensor: TensorRecord) -> None:
    """One array at `key` below `group`.

    Raises:
        CannotExpress: HDF5 cannot name it so, or two arrays have one name.
    """
    _check_path(group, key)
    try:
        if tensor.dtype == "bfloat16":
            dataset = _stream(group, key, tensor, "V2")
            write_text(dataset, "dtype", "bfloat16")
        elif tensor.dtype in NARROW_FLOATS:
            raise CannotExpress(f"{group.name}/{key}: Keras has no HDF5 type for {tensor.dtype}; convert with a dtype "
                                "of float32 or float16")
        elif tensor.dtype == "object":
            group.create_dataset(key, data=tensor.read(), dtype=h5py.string_dtype())
        else:
            _stream(group, key, tensor, np.dtype(tensor.dtype))
    except (TypeError, ValueError) as error:
        raise CannotExpress(f"{group.name}/{key}: HDF5 cannot store this array of {tensor.dtype} under this name "
                            f"({error}); two arrays may have the same name") from error


def _stream(group: h5py.Group, key: str, tensor: TensorRecord, stored: np.dtype | str) -> h5py.Dataset:
    """A dataset with the array of a tensor, written piece by piece."""
    dataset = group.create_dataset(key, tensor.shape, stored)
    start = 0
    for piece in tensor.pieces():
        if tensor.dtype in NARROW_FLOATS:
            piece = bits_of(piece, tensor.dtype).view(stored)
        if not tensor.shape:
            dataset[()] = piece
        elif piece.size:
            dataset[start:start + len(piece)] = piece
            start += len(piece)
    return dataset


def _check_path(group: h5py.Group, path: str) -> None:
    if any(part in ("", ".", "..") for part in path.split("/")) or "\0" in path:
        raise CannotExpress(f"{group.name}: HDF5 cannot store an object called {path!r}; rename the layer")
