"""Machine code on disk: one file a unit, in a folder for each environment that it was made for.

A file is complete or not there: it is written beside its place and renamed. It starts with a hash of the rest, so that
a damaged one is noticed, and is then made anew. The name of the folder has the versions of all that make the code, and
the processor; what other versions left is never read, and `remove` makes room.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import importlib.metadata
import os
import shutil
import sys
import tempfile
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from zoo.config import cache_root
from zoo.engine.cpu import cpu_id
from zoo.engine.machine_code.unit import Unit

FORMAT = 1                                                  # of the files, and of how functions are called
_SUFFIX, _UNFINISHED = ".code", ".part"
_DIGEST = hashlib.sha256().digest_size
_MATTERS = ("NUMBA_CPU", "NUMBA_OPT", "NUMBA_ENABLE_AVX", "NUMBA_LOOP", "NUMBA_SLP", "NUMBA_BOUNDSCHECK", "NUMBA_DEBUG")


@cache
def environment() -> str:
    """All that machine code depends on besides its source, as the name of a folder."""
    settings = [f"{name}={value}" for name, value in sorted(os.environ.items()) if name.startswith(_MATTERS)]
    versions = [f"{package}{_version(package)}" for package in ("numba", "llvmlite")]
    python = f"{sys.implementation.cache_tag}-{sys.version_info.micro}"
    more = f"-{hashlib.sha256(chr(0).join(settings).encode()).hexdigest()[:8]}" if settings else ""
    return f"{FORMAT}-{'-'.join(versions)}-{python}-{sys.platform}-{cpu_id()}{more}"


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "-unknown"


def folder() -> Path | None:
    """The folder of all environments in the user's cache, which need not exist; None if there is no home."""
    try:
        return cache_root() / "jit"
    except RuntimeError:                                    # no home is known
        return None


def read(unit: Unit) -> bytes | None:
    """The machine code of a unit; None if there is none, or if it is damaged."""
    for place in (folder(), _own_folder.get(os.getpid())):
        if place is not None:
            content = _content(place / environment() / (unit.key + _SUFFIX))
            if content is not None:
                return content
    return None


def has(unit: Unit) -> bool:
    """Whether `read` gives machine code."""
    return read(unit) is not None


def _content(path: Path) -> bytes | None:
    try:
        content = path.read_bytes()
    except OSError:
        return None
    whole = memoryview(content)
    return bytes(whole[_DIGEST:]) if hashlib.sha256(whole[_DIGEST:]).digest() == whole[:_DIGEST] else None


def keep(unit: Unit, code: bytes) -> bool:
    """Writes the machine code of a unit; False if that is not possible."""
    place = writable_folder()
    if place is None:
        return False
    target, part = place / environment() / (unit.key + _SUFFIX), None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(dir=target.parent, prefix=unit.name, suffix=_UNFINISHED)
        with os.fdopen(handle, "wb") as file:
            file.write(hashlib.sha256(code).digest() + code)
        os.replace(part, target)
    except OSError as error:
        if part is not None:
            with contextlib.suppress(OSError):
                os.unlink(part)
        _say(f"A compiled kernel could not be kept: {error}. It is compiled again when it is next needed.")
        return False
    return True


def writable_folder() -> Path | None:
    """`folder` if it can be written to, else a temporary one of this process; None if there is neither."""
    own, place = _own_folder.get(os.getpid()), folder()
    if own is not None:
        return own
    problem: Exception | str = "no home folder is known"
    if place is not None:
        try:
            place.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=place):
                return place
        except OSError as error:
            problem = error
    return _make_own_folder(problem)


_own_folder: dict[int, Path] = {}                           # by process: a forked one does not share it


def _make_own_folder(problem: Exception | str) -> Path | None:
    """A folder that only this user can read, and that goes when the process ends."""
    try:
        own = Path(tempfile.mkdtemp(prefix="zoo-jit-"))
    except OSError:
        return None
    _say(f"Compiled kernels are kept for this process only ({problem}). Let ZOO_HOME name a folder that can be "
         f"written to, and they are compiled once.")
    _own_folder[os.getpid()] = own
    atexit.register(_remove_own_folder, os.getpid())
    return own


def _remove_own_folder(process: int) -> None:
    if process == os.getpid():
        shutil.rmtree(_own_folder.pop(process, ""), ignore_errors=True)


@cache
def _say(message: str) -> None:
    """Warns once."""
    warnings.warn(message, RuntimeWarning, stacklevel=2)


@dataclass(frozen=True)
class Kept:
    """The machine code of one environment.

    Attributes:
        path: its folder.
        functions: how many there are.
        size: bytes.
        current: whether this process uses it.
    """

    path: Path
    functions: int
    size: int
    current: bool


def kept() -> list[Kept]:
    """What is kept in the user's cache, by environment."""
    place = folder()
    if place is None or not place.is_dir():
        return []
    found = []
    for path in sorted(place.iterdir()):
        files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
        functions = sum(file.suffix == _SUFFIX for file in files)
        found.append(Kept(path, functions, sum(file.stat().st_size for file in files), path.name == environment()))
    return found


def remove(entry: Kept) -> None:
    """Removes what is kept for one environment; programs that have it in memory do not mind.

    Raises:
        OSError: it cannot be removed.
    """
    if entry.path.is_dir():
        shutil.rmtree(entry.path)
    else:
        entry.path.unlink()
