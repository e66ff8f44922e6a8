"""Bytes to read from: a range of a file on disk, or a block of memory.

All guarded readers take a `Source`. No file stays open between two reads: a `FileRange` remembers which file it saw
and refuses to read when the file has been replaced or changed since, so a tensor loaded late cannot be silently
another file's tensor.
"""

from __future__ import annotations

import io
import math
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeAlias

import numpy as np

from zoo.errors import CorruptFile


@dataclass(frozen=True)
class Memory:
    """A block of bytes in memory; `where` names it in messages."""

    data: bytes
    where: str

    @property
    def size(self) -> int:
        """Number of bytes."""
        return len(self.data)

    def open(self) -> BinaryIO:
        """A binary stream over the bytes."""
        return io.BytesIO(self.data)

    def read(self, start: int = 0, size: int | None = None) -> bytes:
        """At most `size` bytes from `start` (all that remain if None)."""
        return self.data[start:None if size is None else start + size]

    def array(self, start: int, shape: tuple[int, ...], dtype: np.dtype | str) -> np.ndarray:
        """A read-only array over the bytes from `start`, native and aligned.

        Raises:
            CorruptFile: fewer bytes are there than `shape` needs.
        """
        dtype = np.dtype(dtype)
        _check_extent(self, start, shape, dtype)
        flat = np.frombuffer(self.data, dtype, math.prod(shape), start)
        return native(flat.reshape(shape))

    def part(self, start: int, size: int, name: str) -> Memory:
        """The `size` bytes from `start`, called `name` in messages."""
        return Memory(self.data[start:start + size], f"{self.where}!{name}")


@dataclass(frozen=True)
class FileRange:
    """`size` bytes from `offset` of the file at `path`, as the file was when `whole` looked at it.

    Args:
        identity: device, inode, size and modification time of the whole file; reading compares it first.
        where: the file and the member, for messages.
    """

    path: Path
    offset: int
    size: int
    identity: tuple[int, ...]
    where: str

    @classmethod
    def whole(cls, path: str | os.PathLike[str]) -> FileRange:
        """The file at `path`.

        Raises:
            OSError: it does not exist, is no regular file, or may not be read.
        """
        path = Path(path)
        if not stat.S_ISREG(os.stat(path).st_mode):                  # opening a pipe would wait for its other end
            raise OSError(f"{str(path)!r} is not a regular file")
        with open(path, "rb") as stream:
            identity = _identity(stream)
        return cls(path, 0, identity[2], identity, str(path))

    def part(self, start: int, size: int, name: str) -> FileRange:
        """The `size` bytes from `start`, called `name` in messages."""
        return FileRange(self.path, self.offset + start, size, self.identity, f"{self.where}!{name}")

    def open(self) -> BinaryIO:
        """A binary stream over this range alone."""
        return io.BufferedReader(_RangeStream(self._unchanged(), self.offset, self.size))

    def read(self, start: int = 0, size: int | None = None) -> bytes:
        """At most `size` bytes from `start` (all that remain if None)."""
        available = max(self.size - start, 0)
        with io.BufferedReader(self._unchanged()) as stream:
            stream.seek(self.offset + start)
            return stream.read(available if size is None else min(size, available))

    def array(self, start: int, shape: tuple[int, ...], dtype: np.dtype | str) -> np.ndarray:
        """A read-only array over the bytes from `start`: mapped, or copied where it is not native or not aligned.

        Raises:
            CorruptFile: fewer bytes are there than `shape` needs, or the file changed.
        """
        dtype = np.dtype(dtype)
        _check_extent(self, start, shape, dtype)
        if 0 in shape or dtype.itemsize == 0:                       # mmap refuses empty ranges
            return np.empty(shape, dtype.newbyteorder("="))
        with self._unchanged() as stream:
            mapped = np.memmap(stream, dtype, "r", self.offset + start, shape)
        return native(mapped.view(np.ndarray))

    def _unchanged(self) -> io.FileIO:
        """The open file, after the check that it is still the one that was looked at."""
        stream = open(self.path, "rb", buffering=0)
        if _identity(stream) != self.identity:
            stream.close()
            raise CorruptFile(f"{self.where}: the file has been replaced or changed since it was read; "
                              f"read it again with zoo.io.read({str(self.path)!r})")
        return stream


Source: TypeAlias = FileRange | Memory


def _identity(stream: BinaryIO | io.FileIO) -> tuple[int, ...]:
    status = os.fstat(stream.fileno())
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _check_extent(source: Source, start: int, shape: tuple[int, ...], dtype: np.dtype) -> None:
    needed = math.prod(shape) * dtype.itemsize
    if start < 0 or start + needed > source.size:
        raise CorruptFile(f"{source.where}: an array {shape} of {dtype} needs {needed} bytes from offset {start}, "
                          f"but there are {source.size} bytes in all: the file is truncated, get it again")


def native(array: np.ndarray) -> np.ndarray:
    """The array itself if its bytes are native and aligned, else a copy for which they are."""
    if array.dtype.isnative and array.flags.aligned:
        return array
    copy = array.astype(array.dtype.newbyteorder("="))
    copy.flags.writeable = False
    return copy


class _RangeStream(io.RawIOBase):
    """A seekable view of part of an open file; closes it when closed."""

    def __init__(self, stream: io.FileIO, offset: int, size: int):
        self._stream, self._offset, self._size, self._at = stream, offset, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(start + offset, 0)
        return self._at

    def readinto(self, buffer: memoryview) -> int:
        wanted = min(len(buffer), max(self._size - self._at, 0))
        self._stream.seek(self._offset + self._at)
        count = self._stream.readinto(memoryview(buffer)[:wanted]) or 0
        self._at += count
        return count

    def close(self) -> None:
        self._stream.close()
        super().close()
