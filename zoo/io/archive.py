"""Reading and writing zip archives, and folders that hold the same members, behind a guard.

Members are read in memory or mapped in place; nothing is ever extracted, so no member name becomes a path. An archive
with two members of one name, with names that point outside, with links, encryption or bombs is refused as a whole,
before any member is read.
"""

from __future__ import annotations

import os
import shutil
import stat
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from zoo.errors import CorruptFile, UnsafeFile, UnsupportedFile
from zoo.io.limits import DEFAULT_LIMITS, Limits, Refusal, refuse
from zoo.io.source import FileRange, Memory, Source

SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06")

_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
_ASSETS = "assets"
_LOCAL_HEADER_SIZE = 30                         # its last four bytes: lengths of the name and of the extra field
_ALIGNMENT = 64                                 # stored members begin here, so that arrays inside can be mapped
_PADDING_ID = 0xD935                            # the extra field that zip tools use for alignment
_FIXED_DATE = (1980, 1, 1, 0, 0, 0)             # as Keras writes it: equal content gives equal bytes

_ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError, struct.error,
               OSError)


@dataclass(frozen=True)
class Archive:
    """Members by name.

    Args:
        where: path of the archive, for messages.
        members: a stored member, or a file of a folder, as it lies on disk; a compressed one as its zip entry.
    """

    where: str
    source: Source | None
    limits: Limits
    members: dict[str, Source | zipfile.ZipInfo] = field(repr=False)

    def member(self, name: str) -> Source:
        """The bytes of a member: in place where they are stored as they are, else expanded into memory.

        Raises:
            CorruptFile: there is no such member, or its bytes are damaged.
            UnsafeFile: it would expand beyond the limits.
        """
        if name not in self.members:
            raise CorruptFile(f"{self.where}: expected a member {name!r}, received {sorted(self.members)[:20]}")
        found = self.members[name]
        if isinstance(found, zipfile.ZipInfo):
            return Memory(self._expanded(found), f"{self.where}!{name}")
        return found

    def read(self, name: str) -> bytes:
        """All bytes of a member."""
        source = self.member(name)
        if source.size > self.limits.member_bytes:
            raise UnsafeFile(f"{source.where}: {source.size} bytes are more than the limit of "
                             f"{self.limits.member_bytes}")
        return source.read()

    def expand(self, name: str, target: BinaryIO) -> None:
        """Copies a member into `target`, piece by piece.

        Raises:
            As `member`.
        """
        found = self.members[name]
        if not isinstance(found, zipfile.ZipInfo):
            with found.open() as stream:
                shutil.copyfileobj(stream, target, 1 << 20)
            return
        assert self.source is not None
        with _opened(self.source) as archive, archive.open(found) as stream:
            shutil.copyfileobj(stream, target, 1 << 20)

    def size(self, name: str) -> int:
        """Bytes of a member once expanded; -1 if there is no such member."""
        found = self.members.get(name)
        if found is None:
            return -1
        return found.file_size if isinstance(found, zipfile.ZipInfo) else found.size

    def _expanded(self, info: zipfile.ZipInfo) -> bytes:
        assert self.source is not None
        if info.file_size > self.limits.member_bytes:
            raise UnsafeFile(f"{self.where}!{info.filename}: would expand to {info.file_size} bytes; the limit is "
                             f"{self.limits.member_bytes}")
        with _opened(self.source) as archive:
            data = archive.read(info)
        if len(data) != info.file_size:
            raise CorruptFile(f"{self.where}!{info.filename}: declares {info.file_size} bytes, holds {len(data)}")
        return data


def read_zip(source: Source, limits: Limits = DEFAULT_LIMITS, refused: Refusal = refuse) -> Archive:
    """The members of a zip archive.

    Args:
        refused: hears of members that a guard refuses; if it returns, they are left out.

    Raises:
        CorruptFile: not a zip archive, truncated, or contradicting itself.
        UnsafeFile: a guard refused it.
        UnsupportedFile: a compression that zoo does not read.
    """
    with _opened(source) as archive:
        entries = _checked_entries(source, archive.infolist(), limits, refused)
        members = {entry.filename: _member(source, entry) for entry in entries if not entry.is_dir()}
    return Archive(source.where, source, limits, members)


def read_folder(path: Path, limits: Limits = DEFAULT_LIMITS) -> Archive:
    """The files of a folder, and those below its subfolder ``assets``, as members named by their relative path.

    Raises:
        UnsafeFile: it holds links or special files, or too many files.
    """
    members: dict[str, Source | zipfile.ZipInfo] = {}
    for folder, subfolders, files in os.walk(path):
        if Path(folder) == path:
            subfolders[:] = [name for name in subfolders if name == _ASSETS]         # what else is there is no member
        for file in (Path(folder, name) for name in (*subfolders, *files)):
            mode = os.lstat(file).st_mode
            if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                raise UnsafeFile(f"{file}: refused a link or special file in a model folder; if you trust it, copy the "
                                 "folder with the files that the links point at (cp -rL)", "folder-link", str(file))
            if stat.S_ISREG(mode):
                members[file.relative_to(path).as_posix()] = FileRange.whole(file)
        if len(members) > limits.members:
            raise UnsafeFile(f"{path}: holds more than {limits.members} files")
    return Archive(str(path), None, limits, members)


@contextmanager
def _opened(source: Source) -> Iterator[zipfile.ZipFile]:
    with source.open() as stream:
        try:
            with zipfile.ZipFile(stream) as archive:
                yield archive
        except _ZIP_ERRORS as error:
            raise CorruptFile(f"{source.where}: damaged zip archive of {source.size} bytes ({error}); a truncated "
                              "download looks like this: get the file again") from error


def _checked_entries(source: Source, entries: list[zipfile.ZipInfo], limits: Limits,
                     refused: Refusal) -> list[zipfile.ZipInfo]:
    """The entries that no guard refuses."""
    try:
        _check_all(source, entries, limits)
    except UnsafeFile as error:
        refused(error)
    passed = []
    for entry in entries:
        try:
            _check_entry(f"{source.where}!{entry.filename}", entry, limits)
            passed.append(entry)
        except UnsafeFile as error:
            refused(error)
    return passed


def _check_all(source: Source, entries: list[zipfile.ZipInfo], limits: Limits) -> None:
    if len(entries) > limits.members:
        raise UnsafeFile(f"{source.where}: {len(entries)} members, more than {limits.members}")
    twice = [name for name, count in Counter(entry.filename for entry in entries).items() if count > 1]
    if twice:
        raise UnsafeFile(f"{source.where}: refused members that are there twice: {twice[:5]}", "zip-duplicate",
                         source.where)
    stored = sum(entry.compress_size for entry in entries)
    if stored > source.size:
        raise UnsafeFile(f"{source.where}: its members claim {stored} bytes of a file of {source.size}: they overlap",
                         "zip-overlap", source.where)
    expanded = sum(entry.file_size for entry in entries if entry.compress_type != zipfile.ZIP_STORED)
    if expanded > limits.expanded_bytes:
        raise UnsafeFile(f"{source.where}: would expand to {expanded} bytes; the limit is {limits.expanded_bytes}",
                         "zip-bomb", source.where)


def _check_entry(where: str, entry: zipfile.ZipInfo, limits: Limits) -> None:
    parts = entry.orig_filename.replace("\\", "/").split("/")
    if not parts[0] or ".." in parts or ":" in parts[0] or "\0" in entry.orig_filename:
        raise UnsafeFile(f"{where}: refused a member whose name points outside of the archive", "zip-path", where)
    mode = entry.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise UnsafeFile(f"{where}: refused a link or special file", "zip-link", where)
    if entry.flag_bits & _ENCRYPTED:
        raise UnsafeFile(f"{where}: refused an encrypted member", "zip-encrypted", where)
    if entry.compress_type not in _COMPRESSIONS:
        raise UnsupportedFile(f"{where}: zip compression {entry.compress_type} is not supported; "
                              "store the archive uncompressed or with deflate")
    if entry.compress_type == zipfile.ZIP_STORED and entry.compress_size != entry.file_size:
        raise UnsafeFile(f"{where}: stored as it is, but declares {entry.file_size} of {entry.compress_size} bytes",
                         "zip-bomb", where)
    if entry.file_size > limits.ratio * max(entry.compress_size, 1):
        raise UnsafeFile(f"{where}: {entry.compress_size} bytes would expand to {entry.file_size}, more than "
                         f"{limits.ratio} : 1: refused as a decompression bomb", "zip-bomb", where)


def _member(source: Source, entry: zipfile.ZipInfo) -> Source | zipfile.ZipInfo:
    """Where a stored member lies; a compressed member stays a zip entry."""
    if entry.compress_type != zipfile.ZIP_STORED:
        return entry
    header = source.read(entry.header_offset, _LOCAL_HEADER_SIZE)
    if len(header) < _LOCAL_HEADER_SIZE or not header.startswith(SIGNATURES[0]):
        raise CorruptFile(f"{source.where}!{entry.filename}: no member begins at offset {entry.header_offset}")
    start = entry.header_offset + _LOCAL_HEADER_SIZE + sum(struct.unpack_from("<HH", header, 26))
    if start + entry.file_size > source.size:
        raise CorruptFile(f"{source.where}!{entry.filename}: ends after the end of the file: truncated, get it again")
    return source.part(start, entry.file_size, entry.filename)


class ZipWriter:
    """Writes an archive of stored, aligned members, one after the other."""

    def __init__(self, path: Path):
        self._archive = zipfile.ZipFile(path, "x", zipfile.ZIP_STORED)

    def __enter__(self) -> ZipWriter:
        return self

    def __exit__(self, *exception: object) -> None:
        self._archive.close()

    def add(self, name: str, data: bytes) -> None:
        """Adds a member with the content `data`."""
        self._archive.writestr(self._entry(name, len(data)), data)

    def add_parts(self, name: str, size: int, parts: Iterable[bytes | memoryview]) -> None:
        """Adds a member of `size` bytes whose content is the parts in turn."""
        with self._archive.open(self._entry(name, size), "w") as member:
            for part in parts:
                member.write(part)

    def copy(self, name: str, stream: BinaryIO, size: int) -> None:
        """Adds a member of `size` bytes, copied from `stream` piece by piece."""
        with self._archive.open(self._entry(name, size), "w") as member:
            shutil.copyfileobj(stream, member, 1 << 20)

    def _entry(self, name: str, size: int) -> zipfile.ZipInfo:
        """An entry whose data will begin at an aligned offset, thanks to an extra field of zeros."""
        entry = zipfile.ZipInfo(name, _FIXED_DATE)
        entry.external_attr = 0o600 << 16
        entry.file_size = size
        at = self._archive.fp.tell() + _LOCAL_HEADER_SIZE + len(name.encode())
        at += 20 if size * 1.05 > zipfile.ZIP64_LIMIT else 0         # zipfile's own extra field for large members
        padding = -(at + 4) % _ALIGNMENT
        entry.extra = struct.pack("<HH", _PADDING_ID, padding) + bytes(padding)
        return entry
