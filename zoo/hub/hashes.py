"""Digests of files, the promise that a file must keep, and what a file is that breaks it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

# Strongest first: of several promised hashes the first is checked.
HEX_LENGTHS = {"sha256": 64, "md5": 32}

_BLOCK = 1 << 20

# What servers send in place of a file, by its first bytes in lower case.
_IMPOSTORS = (
    (b"version https://git-lfs", "a Git LFS pointer (the real file is elsewhere on that server)"),
    (b"<!doctype html", "an HTML page (log-in, consent or error page, perhaps of a proxy)"),
    (b"<html", "an HTML page (log-in, consent or error page, perhaps of a proxy)"),
    (b"<?xml", "an XML document (usually the error message of a storage service)"),
)


@dataclass(frozen=True)
class Digest:
    """A hash in lower-case hex digits and the algorithm that made it."""

    algorithm: str
    value: str

    def __str__(self) -> str:
        return f"{self.algorithm} {self.value}"


@dataclass(frozen=True)
class Promise:
    """What the bytes of a file must be, as far as it is known: None is unknown."""

    digest: Digest | None
    size: int | None

    @property
    def algorithms(self) -> set[str]:
        """The digests to compute: the promised one, and sha256 to hold the file to from now on."""
        return {"sha256"} | ({self.digest.algorithm} if self.digest else set())

    def flaw(self, path: Path, digests: Mapping[str, str]) -> str | None:
        """Say in words how the file at `path`, which has these `digests`, breaks the promise; None if it keeps it."""
        flaws = []
        size = path.stat().st_size
        if self.size not in (None, size):
            flaws.append(f"expected {self.size} bytes, received {size}")
        if self.digest and digests[self.digest.algorithm] != self.digest.value:
            flaws.append(f"expected {self.digest}, received {digests[self.digest.algorithm]}")
        # Without a promised hash, this is all that keeps a log-in page from being trusted on first use.
        if (flaws or not self.digest) and (what := impostor(path)):
            flaws.append(f"the file is {what}")
        return "; ".join(flaws) or None


def hash_file(path: Path, algorithms: Iterable[str]) -> dict[str, str]:
    """Read a file once and return its hex digests by algorithm."""
    # md5 serves for identification where a publisher gives nothing better; FIPS builds of Python ask to be told so.
    hashers = {name: hashlib.new(name, usedforsecurity=False) for name in sorted(algorithms)}
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            for hasher in hashers.values():
                hasher.update(block)
    return {name: hasher.hexdigest() for name, hasher in hashers.items()}


def impostor(path: Path) -> str | None:
    """Say what a file is if it is one of the things that servers send in place of weights, else None."""
    with path.open("rb") as stream:
        head = stream.read(64).lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not head:
        return "empty"
    return next((what for magic, what in _IMPOSTORS if head.startswith(magic)), None)
