"""The stream through which HDF5 reads a file that nobody vouches for.

HDF5 walks a global heap collection (where variable-length text lives) without checking that each step leads forward:
a damaged size makes it loop for ever, inside C code that nothing can interrupt. So every collection that is about to
be parsed is walked here first.

Source: HDF5 file format specification, version 3.0, III.E "Disk Format: Level 1E - Global Heap".
"""

from __future__ import annotations

import io
import re
import struct

from zoo.errors import CorruptFile
from zoo.io.source import Source

_COLLECTION = re.compile(rb"GCOL\x01\0\0\0")        # signature, version, three reserved bytes
_HEADER = struct.Struct("<8sQ")                     # and the size of the collection, this header included
_OBJECT = struct.Struct("<HH4xQ")                   # index, references, size
_BORDER = 7                                         # a signature may be split between two reads


class CheckedStream(io.RawIOBase):
    """A seekable stream over a source that refuses to hand out a damaged global heap.

    Attributes:
        problem: why a read failed; h5py replaces exceptions that cross it.
    """

    def __init__(self, source: Source):
        self._source, self._stream, self._at = source, source.open(), 0
        self._checked: set[int] = set()
        self.problem: CorruptFile | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._source.size}[whence]
        self._at = start + offset
        return self._at

    def readinto(self, buffer: memoryview) -> int:
        before = min(self._at, _BORDER)
        self._stream.seek(self._at - before)
        block = self._stream.read(before + len(buffer) + _BORDER)
        for match in _COLLECTION.finditer(block):
            self._check(self._at - before + match.start())
        wanted = block[before:before + len(buffer)]
        buffer[:len(wanted)] = wanted
        buffer[len(wanted):] = bytes(len(buffer) - len(wanted))      # after the end: zeros, as HDF5's own drivers give
        self._at += len(buffer)
        return len(buffer)

    def close(self) -> None:
        self._stream.close()
        super().close()

    def _check(self, address: int) -> None:
        """Walks the objects of the collection at `address`."""
        if address in self._checked:
            return
        self._checked.add(address)
        size = min(_HEADER.unpack(self._source.read(address, _HEADER.size).ljust(_HEADER.size, b"\0"))[1],
                   self._source.size - address)
        heap = self._source.read(address, size)
        at = _HEADER.size
        while at + _OBJECT.size <= len(heap):
            index, _, length = _OBJECT.unpack_from(heap, at)
            step = length if index == 0 else _OBJECT.size + -(-length // 8) * 8       # index 0 is free space
            if step < _OBJECT.size or at + step > len(heap):
                self.problem = CorruptFile(f"{self._source.where}: damaged HDF5 global heap at byte {address + at}; "
                                           "download or copy the file again")
                raise self.problem
            at += step
