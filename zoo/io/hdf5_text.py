"""Variable-length text of HDF5 files, read without HDF5.

A text is stored as its length, the address of a global heap collection and an index in it. The HDF5 library believes
all three: a damaged length makes it allocate gigabytes, a damaged size inside the collection makes it loop for ever,
in C code that nothing can interrupt, and a thousand references to one long text are a thousand copies. So these few
structures are walked here, with every step checked. The references of an attribute stand in its object's header.

Source: HDF5 file format specification, version 3.0: III.E (global heap), IV.A.1 (object headers), IV.A.2.m
(attribute message).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

from zoo.errors import CorruptFile, UnsafeFile, UnsupportedFile
from zoo.io.limits import Limits

_REFERENCE = struct.Struct("<IQI")              # length, address of the collection, index in it
_COLLECTION = struct.Struct("<4sB3xQ")          # signature, version, size with this header
_OBJECT = struct.Struct("<HH4xQ")               # index, references, size
_HEADER_1 = struct.Struct("<BxHIIxxxx")         # version, messages, references, size
_MESSAGE_1 = struct.Struct("<HHBxxx")           # type, size, flags
_BLOCK = struct.Struct("<QQ")                   # continuation: address, size

REFERENCE_SIZE = _REFERENCE.size

_ATTRIBUTE, _CONTINUATION, _SHARED = 0x0C, 0x10, 0x02
_CREATION_ORDER, _PHASES, _TIMES = 0x04, 0x10, 0x20


class TextReader:
    """Reads the variable-length text of one file, and counts it.

    Args:
        stream: the whole HDF5 file.
        size: its length.
    """

    def __init__(self, stream: BinaryIO, size: int, limits: Limits):
        self._stream, self._size, self.limits = stream, size, limits
        self._collections: dict[int, dict[int, bytes]] = {}
        self._total = 0

    def attribute(self, header: int, name: bytes, count: int, where: str) -> list[str]:
        """The `count` texts of the attribute `name` of the object whose header is at the address `header`.

        Raises:
            CorruptFile: a structure is damaged, or the text is not UTF-8.
            UnsafeFile: there is more text than the file could hold without repeating itself many times.
            UnsupportedFile: the attribute is stored outside of the header.
        """
        for kind, flags, data in self._messages(header, where):
            if kind == _ATTRIBUTE and not flags & _SHARED:
                found, raw = self._split(data, where)
                if found == name:
                    return self.texts(raw[:count * _REFERENCE.size], count, where)
        raise UnsupportedFile(f"{where}: the attribute is kept outside of its object's header, where its text cannot "
                              "be checked; write the file again with h5py's default settings")

    def texts(self, raw: bytes, count: int, where: str) -> list[str]:
        """The texts that `count` stored references point at.

        Raises:
            As `attribute`.
        """
        if len(raw) != count * _REFERENCE.size:
            raise CorruptFile(f"{where}: expected {count} references to text, received {len(raw)} bytes")
        return [self._text(*reference, where) for reference in _REFERENCE.iter_unpack(raw)]

    def _text(self, length: int, address: int, index: int, where: str) -> str:
        if length == 0:
            return ""
        found = self._collection(address, where).get(index, b"")
        if length > len(found):
            raise CorruptFile(f"{where}: a text of {length} bytes is not in the global heap at byte {address}: the "
                              "file is damaged, get it again")
        self._total += length
        if self._total > self.limits.text_bytes:
            raise UnsafeFile(f"{where}: the text of the file is longer than {self.limits.text_bytes} bytes; if that "
                             "is right, pass zoo.io.Limits(text_bytes=...)")
        return decoded(found[:length].rstrip(b"\0"), where)

    def _collection(self, address: int, where: str) -> dict[int, bytes]:
        """The objects of a global heap collection by their index."""
        if address in self._collections:
            return self._collections[address]
        damaged = CorruptFile(f"{where}: damaged global heap at byte {address}; get the file again")
        signature, version, size = _COLLECTION.unpack(self._read(address, _COLLECTION.size, damaged))
        if signature != b"GCOL" or version != 1:
            raise damaged
        heap = self._read(address, size, damaged)
        objects: dict[int, bytes] = {}
        at = _COLLECTION.size
        while at + _OBJECT.size <= size:
            index, _, length = _OBJECT.unpack_from(heap, at)
            if index == 0:                                          # the free space at the end
                break
            at += _OBJECT.size
            objects[index] = heap[at:at + length]
            at += -(-length // 8) * 8
            if at > size:
                raise damaged
        self._collections[address] = objects
        return objects

    def _read(self, address: int, size: int, damaged: CorruptFile) -> bytes:
        if size > self._size - address:
            raise damaged
        self._stream.seek(address)
        return self._stream.read(size)

    def _messages(self, address: int, where: str) -> Iterator[tuple[int, int, bytes]]:
        """Yields ``(type, flags, data)`` of an object header of either version, continuation blocks included."""
        damaged = CorruptFile(f"{where}: damaged object header at byte {address}; get the file again")
        start = self._read(address, _HEADER_1.size, damaged)
        modern, order = start.startswith(b"OHDR"), 0
        if modern:
            order = 2 if start[5] & _CREATION_ORDER else 0
            at = address + 6 + (16 if start[5] & _TIMES else 0) + (4 if start[5] & _PHASES else 0)
            width = 1 << (start[5] & 3)
            blocks = [(at + width, int.from_bytes(self._read(at, width, damaged), "little"))]
        else:
            blocks = [(address + _HEADER_1.size, _HEADER_1.unpack(start)[3])]
        for at, size in blocks:                                     # grows as continuations are found
            block = self._read(at, size, damaged)
            if len(blocks) > self.limits.depth:
                raise damaged
            for kind, flags, data in _split_block(block, modern, order):
                if kind == _CONTINUATION and len(data) >= _BLOCK.size:
                    further, length = _BLOCK.unpack_from(data)
                    # In version 2 a block begins with its signature and ends with a checksum.
                    blocks.append((further + 4, max(length - 8, 0)) if modern else (further, length))
                yield kind, flags, data

    def _split(self, data: bytes, where: str) -> tuple[bytes, bytes]:
        """The name of an attribute message and the raw bytes of its value."""
        if len(data) < 9:
            raise CorruptFile(f"{where}: damaged attribute; get the file again")
        version = data[0]
        sizes = struct.unpack_from("<HHH", data, 2)
        if version == 1:                                            # each part is padded to eight bytes
            at = 8 + sum(-(-size // 8) * 8 for size in sizes)
            return data[8:8 + sizes[0]].rstrip(b"\0"), data[at:]
        begin = 9 if version == 3 else 8
        return data[begin:begin + sizes[0]].rstrip(b"\0"), data[begin + sum(sizes):]


def decoded(raw: bytes, where: str) -> str:
    """Text of UTF-8 bytes.

    Raises:
        CorruptFile: they are none.
    """
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CorruptFile(f"{where}: expected UTF-8 text, received {raw!r:.100} ({error.reason})") from error


def _split_block(block: bytes, modern: bool, order: int) -> Iterator[tuple[int, int, bytes]]:
    """The messages of one block of an object header."""
    head = 4 + order if modern else _MESSAGE_1.size
    at = 0
    while at + head <= len(block):
        if modern:
            kind, size, flags = struct.unpack_from("<BHB", block, at)
        else:
            kind, size, flags = _MESSAGE_1.unpack_from(block, at)
        yield kind, flags, block[at + head:at + head + size]
        at += head + size
