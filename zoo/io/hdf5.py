"""Reading HDF5 behind a guard.

`read` walks a whole file once, refuses everything that a weight file has no use for, closes it, and returns plain
data: groups, attributes, and datasets that know where their bytes are. Format readers see only that.

Refused, wherever in the file it stands: soft and external links (they point at other places, other files), external
storage and virtual datasets (their bytes are in other files), filters that would load a plug-in, committed datatypes,
objects reachable by two names (cycles), and datasets that declare more than the file stores.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import h5py
import numpy as np
from h5py import h5a, h5d, h5g, h5l, h5o, h5s, h5t, h5z

from zoo.errors import CorruptFile, UnsafeFile, UnsupportedFile
from zoo.io.hdf5_text import REFERENCE_SIZE, TextReader, decoded
from zoo.io.narrow_floats import widen
from zoo.io.limits import DEFAULT_LIMITS, Limits, Refusal, refuse
from zoo.io.source import Source, native
from zoo.io.tensors import TensorRecord

SIGNATURE = b"\x89HDF\r\n\x1a\n"

ALLOWED_FILTERS = (h5z.FILTER_DEFLATE, h5z.FILTER_SHUFFLE, h5z.FILTER_FLETCHER32, h5z.FILTER_LZF)

_LINKS = {h5l.TYPE_SOFT: ("a soft link", "hdf5-soft-link"),
          h5l.TYPE_EXTERNAL: ("an external link", "hdf5-external-link")}

_ATTRIBUTES = (h5t.STRING, h5t.INTEGER, h5t.FLOAT, h5t.ENUM)        # others say nothing about weights

# What h5py raises for content that HDF5 cannot make sense of.
_HDF5_ERRORS = (OSError, RuntimeError, KeyError, ValueError, TypeError, IndexError, NotImplementedError,
                MemoryError, OverflowError)


@dataclass(frozen=True)
class Dataset:
    """An array of the file: what is declared, checked against what is stored.

    Args:
        where: ``file:/key``.
        dtype: NumPy dtype name, ``bfloat16``, or ``object`` for variable-length text.
        load: reads it.
    """

    where: str
    shape: tuple[int, ...]
    dtype: str
    load: Callable[[], np.ndarray] = field(repr=False)
    attributes: dict[str, Any] = field(default_factory=dict)

    def record(self, name: str) -> TensorRecord:
        """The dataset as a tensor called `name`."""
        return TensorRecord(name, self.shape, self.dtype, self.load, self.where)


@dataclass(frozen=True)
class Group:
    """A group of the file: attributes (text, lists of text, numbers) and members by name."""

    where: str
    attributes: dict[str, Any] = field(default_factory=dict)
    members: dict[str, Group | Dataset] = field(default_factory=dict)

    def at(self, path: str) -> Group | Dataset | None:
        """The member at `path`, whose components are separated by slashes; None if there is none."""
        node: Group | Dataset | None = self
        for component in filter(None, path.split("/")):
            node = node.members.get(component) if isinstance(node, Group) else None
        return node

    def text(self, name: str) -> str | None:
        """The attribute `name` as text, None if it is absent."""
        value = self.attributes.get(name)
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if value is None or isinstance(value, str):
            return value
        raise CorruptFile(f"{self.where}: expected text in the attribute {name!r}, received {value!r:.100}")

    def has_texts(self, name: str) -> bool:
        """Whether the list attribute `name` is there, in one piece or in numbered pieces."""
        return name in self.attributes or f"{name}0" in self.attributes

    def texts(self, name: str) -> list[str]:
        """The attribute `name` as a list of texts, joined from ``name0``, ``name1``, ... where Keras had to split it.

        Raises:
            CorruptFile: it is absent, or not a list of texts.
        """
        if name in self.attributes:
            pieces = [self.attributes[name]]
        else:
            count = next(i for i in range(len(self.attributes) + 1) if f"{name}{i}" not in self.attributes)
            pieces = [self.attributes[f"{name}{i}"] for i in range(count)]
        if not pieces:
            raise CorruptFile(f"{self.where}: expected the attribute {name!r} (or {name}0, {name}1, ...), received "
                              f"only {sorted(self.attributes)}")
        return [text for piece in pieces for text in self._list(name, piece)]

    def _list(self, name: str, value: Any) -> list[str]:
        if isinstance(value, str):
            return [value]
        if isinstance(value, list):
            return value
        if value is None or np.size(value) == 0:      # Keras writes an empty list of names as an empty float array
            return []
        raise CorruptFile(f"{self.where}: expected a list of names in the attribute {name!r}, received {value!r:.100}")

    def walk(self, prefix: str = "") -> Iterator[tuple[str, Group]]:
        """Yields ``(path, group)`` for this group and all groups inside."""
        yield prefix, self
        for name, member in self.members.items():
            if isinstance(member, Group):
                yield from member.walk(f"{prefix}/{name}" if prefix else name)


def read(source: Source, limits: Limits = DEFAULT_LIMITS, refused: Refusal = refuse) -> Group:
    """The structure of an HDF5 file; the file is closed again when this returns.

    Args:
        refused: hears of members and attributes that a guard refuses; if it returns, they are left out.

    Raises:
        CorruptFile: it is not HDF5, truncated, or contradicts itself.
        UnsafeFile: a guard refused it.
        UnsupportedFile: it holds a data type that no weight has.
    """
    with _opened(source) as file, source.open() as stream:
        _check_superblock(source)
        return _Walk(source, limits, refused, TextReader(stream, source.size, limits)).group(file.id, "", 0)


@contextmanager
def _opened(source: Source) -> Iterator[h5py.File]:
    """The open file; what HDF5 has to complain about becomes a `CorruptFile`."""
    with source.open() as stream:
        try:
            with h5py.File(stream, "r") as file:
                yield file
        except _HDF5_ERRORS as error:
            raise CorruptFile(f"{source.where}: {_diagnosis(source, error)}") from error


def _check_superblock(source: Source) -> None:
    """Refuses files whose addresses are not plain 64-bit offsets from the beginning."""
    head = source.read(0, 40)
    modern = head[8] >= 2
    sizes = head[9:11] if modern else head[13:15]
    base = int.from_bytes(head[12:20] if modern else head[24:32], "little")
    if sizes != b"\x08\x08" or base:
        raise UnsupportedFile(f"{source.where}: expected HDF5 with 8-byte addresses from the beginning of the file, "
                              f"received sizes {list(sizes)} and base address {base}; write it again with h5py")


def _diagnosis(source: Source, error: Exception) -> str:
    sizes = re.search(r"eof = (\d+).*stored_eof = (\d+)", str(error))
    if sizes and int(sizes[1]) < int(sizes[2]):
        return (f"truncated HDF5 file: it should have {sizes[2]} bytes and has {sizes[1]}; "
                "download or copy it again")
    if source.read(0, len(SIGNATURE)) != SIGNATURE:
        return "not an HDF5 file: the signature at its beginning is missing"
    return f"damaged HDF5 file of {source.size} bytes ({error or type(error).__name__}); download or copy it again"


class _Walk:
    """One pass over all objects of a file, with what has been counted so far."""

    def __init__(self, source: Source, limits: Limits, refused: Refusal, text: TextReader):
        self.source, self.limits, self.refused, self.text = source, limits, refused, text
        self.addresses: set[int] = set()
        self.stored = self.expanded = 0

    def group(self, gid: h5g.GroupID, key: str, depth: int) -> Group:
        where = f"{self.source.where}:{key or '/'}"
        self._count(gid, where)
        if depth > self.limits.depth:
            raise UnsafeFile(f"{where}: groups are nested deeper than {self.limits.depth}", where=where)
        members: dict[str, Group | Dataset] = {}
        for name in gid:
            child = f"{key}/{decoded(name, where)}"
            try:
                members[child[len(key) + 1:]] = self._member(gid, name, child, depth)
            except UnsafeFile as error:
                self.refused(error)
        return Group(where, self._attributes(gid, where), members)

    def _member(self, gid: h5g.GroupID, name: bytes, key: str, depth: int) -> Group | Dataset:
        where = f"{self.source.where}:{key}"
        link = gid.links.get_info(name).type
        if link != h5l.TYPE_HARD:
            kind, rule = _LINKS.get(link, ("a custom link", "hdf5-custom-link"))
            raise UnsafeFile(f"{where}: refused {kind}: weights must be stored where they are named", rule, where)
        oid = h5o.open(gid, name)
        if isinstance(oid, h5g.GroupID):
            return self.group(oid, key, depth + 1)
        if isinstance(oid, h5d.DatasetID):
            return self.dataset(oid, key)
        raise UnsafeFile(f"{where}: refused a committed datatype: weights have plain types", "hdf5-committed-type",
                             where)

    def dataset(self, did: h5d.DatasetID, key: str) -> Dataset:
        where = f"{self.source.where}:{key}"
        self._count(did, where)
        attributes = self._attributes(did, where)
        shape = _shape(did, where)
        tid = did.get_type()
        if tid.committed():
            raise UnsafeFile(f"{where}: refused a committed datatype: weights have plain types", "hdf5-committed-type",
                             where)
        dtype, stored = _dtype(tid, attributes, where)
        layout = self._checked_layout(did, where, shape, stored)
        if math.prod(shape) == 0:
            load: Callable[[], np.ndarray] = partial(np.empty, shape, "float32" if dtype == "bfloat16" else dtype)
        elif dtype == "object":
            if layout != h5d.CONTIGUOUS:
                raise UnsupportedFile(f"{where}: expected variable-length text in one piece; store it without "
                                      "chunks and compression")
            load = partial(_texts, self.source, did.get_offset(), shape, where, self.limits)
        elif layout == h5d.CONTIGUOUS and dtype != "bool":
            load = partial(_mapped, self.source, did.get_offset(), shape, stored, dtype)
        else:
            load = partial(_reopened, self.source, key, dtype)
        return Dataset(where, shape, dtype, load, attributes)

    def _count(self, oid: h5g.GroupID | h5d.DatasetID, where: str) -> None:
        address = h5o.get_info(oid).addr
        if address in self.addresses:
            raise UnsafeFile(f"{where}: refused an object that the file reaches by two names (a cycle or an alias)",
                             "hdf5-alias", where)
        self.addresses.add(address)
        if len(self.addresses) > self.limits.objects:
            raise UnsafeFile(f"{where}: the file has more than {self.limits.objects} objects", where=where)

    def _checked_layout(self, did: h5d.DatasetID, where: str, shape: tuple[int, ...], stored: str) -> int:
        """The layout of a dataset, once its declared size is backed by stored bytes."""
        plist = did.get_create_plist()
        layout = plist.get_layout()
        if layout == h5d.VIRTUAL:
            raise UnsafeFile(f"{where}: refused a virtual dataset: its bytes are in other files",
                             "hdf5-virtual-dataset", where)
        if plist.get_external_count():
            raise UnsafeFile(f"{where}: refused external storage: its bytes are in other files",
                             "hdf5-external-storage", where)
        for code, _, _, name in (plist.get_filter(i) for i in range(plist.get_nfilters())):
            if code not in ALLOWED_FILTERS:
                raise UnsafeFile(f"{where}: refused the filter {code} ({name.decode('ascii', 'replace')}): only gzip, "
                                 "shuffle, fletcher32 and lzf are read; store the weights without it", "hdf5-filter",
                                 where)
        declared = math.prod(shape) * (REFERENCE_SIZE if stored == "object" else np.dtype(stored).itemsize)
        size = did.get_storage_size()
        self.stored += size
        if layout == h5d.CHUNKED and declared:
            self._check_expansion(where, max(declared, math.prod(plist.get_chunk()) * did.get_type().get_size()), size)
        elif declared != size and declared:
            raise UnsafeFile(f"{where}: declares {shape} of {stored}, {declared} bytes, but stores {size}",
                             "hdf5-declared-size", where)
        if self.stored > self.source.size:
            raise UnsafeFile(f"{where}: the datasets claim {self.stored} bytes of a file of {self.source.size}: "
                             "they overlap or lie outside of it", "hdf5-overlap", where)
        offset = did.get_offset()
        if offset is not None and offset + size > self.source.size:
            raise CorruptFile(f"{where}: its {size} bytes at offset {offset} end after the file's {self.source.size}: "
                              "the file is truncated, get it again")
        return layout

    def _check_expansion(self, where: str, declared: int, size: int) -> None:
        if declared > self.limits.ratio * size:
            raise UnsafeFile(f"{where}: declares {declared} bytes but stores {size}, more than "
                             f"{self.limits.ratio} : 1: refused as a decompression bomb", "hdf5-bomb", where)
        self.expanded += declared
        if self.expanded > self.limits.expanded_bytes:
            raise UnsafeFile(f"{where}: the compressed datasets declare more than {self.limits.expanded_bytes} bytes; "
                             "if that is right, pass zoo.io.Limits(expanded_bytes=...)", where=where)

    def _attributes(self, oid: h5g.GroupID | h5d.DatasetID, where: str) -> dict[str, Any]:
        count = h5a.get_num_attrs(oid)
        values: dict[str, Any] = {}
        if not count:
            return values
        manager = h5py.AttributeManager(h5py.Group(oid) if isinstance(oid, h5g.GroupID) else h5py.Dataset(oid))
        for index in range(count):
            attribute = h5a.open(oid, index=index)
            name = decoded(attribute.name, where)
            try:
                if attribute.get_type().get_class() in _ATTRIBUTES:
                    values[name] = self._attribute(oid, attribute, manager, f"{where}, attribute {name!r}")
            except UnsafeFile as error:
                self.refused(error)
        return values

    def _attribute(self, oid: h5g.GroupID | h5d.DatasetID, attribute: h5a.AttrID, manager: h5py.AttributeManager,
                   where: str) -> Any:
        tid, space = attribute.get_type(), attribute.get_space()
        items = space.get_simple_extent_npoints()
        if items * tid.get_size() > self.limits.attribute_bytes:
            raise UnsafeFile(f"{where}: declares {items * tid.get_size()} bytes", where=where)
        if tid.get_class() == h5t.STRING and tid.is_variable_str() and items:
            texts = self.text.attribute(h5o.get_info(oid).addr, attribute.name, items, where)
            return texts[0] if space.get_simple_extent_type() == h5s.SCALAR else texts
        return _plain(manager[attribute.name], where)


def _shape(did: h5d.DatasetID, where: str) -> tuple[int, ...]:
    space = did.get_space()
    if space.get_simple_extent_type() == h5s.NULL:
        raise CorruptFile(f"{where}: the dataset has no data")
    return space.get_simple_extent_dims()


def _dtype(tid: h5t.TypeID, attributes: dict[str, Any], where: str) -> tuple[str, str]:
    """``(dtype, stored)``: the name that the tensor gets, and the NumPy dtype of its raw bytes."""
    kind, size = tid.get_class(), tid.get_size()
    if kind == h5t.STRING:
        return ("object", "object") if tid.is_variable_str() else (f"S{size}", f"S{size}")
    order = ">" if kind in (h5t.FLOAT, h5t.INTEGER) and tid.get_order() == h5t.ORDER_BE else "<"
    if size == 2 and (attributes.get("dtype") == "bfloat16" or kind == h5t.FLOAT and tid.get_fields()[2] == 8):
        return "bfloat16", f"{order}u2"
    dtype = tid.dtype if kind in (h5t.FLOAT, h5t.INTEGER, h5t.ENUM) else None
    if dtype is not None and (kind != h5t.ENUM or dtype.kind == "b"):
        return dtype.name, dtype.str
    raise UnsupportedFile(f"{where}: expected numbers, booleans or text, received the HDF5 type {type(tid).__name__}")


def _mapped(source: Source, offset: int, shape: tuple[int, ...], stored: str, dtype: str) -> np.ndarray:
    array = source.array(offset, shape, stored)
    return widen(array, dtype) if dtype == "bfloat16" else array


def _reopened(source: Source, key: str, dtype: str) -> np.ndarray:
    """A chunked or compact dataset, or one of booleans, read through HDF5."""
    with _opened(source) as file:
        array = np.asarray(file[key][()])
    return widen(array.view(np.uint16), dtype) if dtype == "bfloat16" else native(array)


def _texts(source: Source, offset: int, shape: tuple[int, ...], where: str, limits: Limits) -> np.ndarray:
    count = math.prod(shape)
    with source.open() as stream:
        reader = TextReader(stream, source.size, limits)
        texts = reader.texts(source.read(offset, count * REFERENCE_SIZE), count, where)
    return np.array(texts, dtype=object).reshape(shape)


def _plain(value: Any, where: str) -> Any:
    """An attribute as None, text, a list of texts, or numbers."""
    if isinstance(value, h5py.Empty):
        return None
    if isinstance(value, bytes):
        return decoded(value, where)
    if isinstance(value, np.ndarray) and value.dtype.kind == "S":
        texts = [decoded(item, where) for item in value.ravel().tolist()]
        return texts if value.ndim else texts[0]
    return value
