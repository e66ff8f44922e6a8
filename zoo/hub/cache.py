"""Folders of weight files, and what is known of the files in them.

A file that was read as a whole has a *record*: its size, time of change and digests at that moment. The record serves
two purposes. A file that still has that size and time is not read again (hashing VGG16 takes seconds). And where the
publisher promises no hash, the recorded one is the promise from the first download on (trust on first use). Records
of files in the cache lie beside them; files in other folders are only read, and zoo's records of them are in the
folder ``elsewhere`` of the cache.

Environment:
    ZOO_HOME: the cache (see `zoo.config.cache_root`).
    ZOO_WEIGHTS_PATH: more folders with weight files, or caches, in the notation of PATH; they are only read.
    KERAS_HOME: where Keras has its files; its folder ``models`` is read, and so is ``~/.keras/models``.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from zoo.config import cache_root as cache_root
from zoo.errors import HubError
from zoo.hub.hashes import Digest, Promise, hash_file
from zoo.hub.manifest import WeightsEntry

PART, PART_STATE, LOCK, RECORD = ".part", ".part.json", ".lock", ".record.json"

RECORD_DRAFT = re.compile(re.escape(RECORD) + r"\.\d+$")    # left behind if zoo is killed while it writes a record
NOTHING_KNOWN = "it has no record: nothing is known of what it should be"

NO_SPACE = {errno.ENOSPC, errno.EDQUOT}
_NO_ACCESS = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST}


def weights_folder(root: Path | None = None) -> Path:
    """Return the folder that holds the weight files of the cache at `root`, of zoo's own if None."""
    return (cache_root() if root is None else root) / "weights"


def other_folders() -> list[Path]:
    """Return the folders beside the cache that are searched for weight files, in this order."""
    folders = os.environ.get("ZOO_WEIGHTS_PATH", "").split(os.pathsep)
    keras = [os.environ.get("KERAS_HOME"), "~/.keras"]
    named = [Path(folder).expanduser() for folder in folders if folder]
    caches = [weights_folder(folder) for folder in named if weights_folder(folder).is_dir()]
    return named + caches + \
        [Path(home).expanduser() / "models" for home in keras if home]


@dataclass(frozen=True)
class Record:
    """What a file was when it was last read as a whole.

    Args:
        size: bytes.
        mtime_ns: time of its last change.
        digests: hex digests by algorithm; sha256 is always among them.
        origin: where the file came from.
        recorded: when, in UTC.
    """

    size: int
    mtime_ns: int
    digests: dict[str, str]
    origin: str
    recorded: str

    @property
    def digest(self) -> Digest:
        """The digest that the file is held to where none is promised."""
        return Digest("sha256", self.digests["sha256"])

    def is_current(self, path: Path) -> bool:
        """Whether the file still has the recorded size and time."""
        state = path.stat()
        return (self.size, self.mtime_ns) == (state.st_size, state.st_mtime_ns)


def record_beside(path: Path) -> Path:
    """Return the path of the record beside a file."""
    return path.with_name(path.name + RECORD)


def record_path(path: Path) -> Path:
    """Return where zoo writes its record of a file: beside it if it is in the cache, else under ``elsewhere``."""
    if path.parent == weights_folder():
        return record_beside(path)
    key = hashlib.sha256(os.fsencode(path.absolute())).hexdigest()[:16]
    return cache_root() / "elsewhere" / f"{path.name}.{key}{RECORD}"


def read_record(path: Path) -> Record | None:
    """Return the record at `path`, or None if there is no such file.

    Raises:
        HubError: it cannot be read. It may hold the only known hash of a file, so it is never ignored.
    """
    try:
        record = Record(**json.loads(path.read_text(encoding="utf-8")))
        if not isinstance(record.digests, dict) or "sha256" not in record.digests:
            raise ValueError("it holds no sha256")
        return record
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, TypeError) as error:
        raise HubError(f"{path} is not a record of a weight file: {error}. Restore it, or delete it to trust the "
                       f"file beside it anew.") from error


def write_record(path: Path, digests: dict[str, str], origin: str, target: Path | None = None) -> None:
    """Record the present state of the file at `path`, in one step in place of an earlier record.

    Args:
        path: the file.
        digests: its hex digests by algorithm.
        origin: where it came from.
        target: the record; `record_path` if None.
    """
    state, now = path.stat(), time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    target = record_path(path) if target is None else target
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f"{target.name}.{os.getpid()}")
    draft.write_text(json.dumps(asdict(Record(state.st_size, state.st_mtime_ns, digests, origin, now)), indent=1))
    os.replace(draft, target)


def promise(entry: WeightsEntry, path: Path) -> Promise:
    """Return what a copy of `entry` at `path` must be: the manifest's hash, else the one that was recorded first.

    The recorded one is that of the file in the cache, or else that beside `path`: a folder that was copied from a
    cache brings its records along.
    """
    digest = entry.digest
    for beside in (weights_folder() / entry.file, path):
        if digest is None and (record := read_record(record_beside(beside))):
            digest = record.digest
    return Promise(digest, entry.size)


def flaw(path: Path, promised: Promise) -> str | None:
    """Say how the file at `path` breaks what is promised, None if it does not; read it only if its record is stale."""
    record = read_record(record_path(path))
    try:
        known = record is not None and record.is_current(path) and promised.algorithms <= record.digests.keys()
        digests = record.digests if known else hash_file(path, promised.algorithms)
        found = promised.flaw(path, digests)
    except PermissionError as error:
        return f"it cannot be read ({error})"
    if not known and found is None:
        # In a read-only cache the record is not kept: the file is then read again on its next use.
        with contextlib.suppress(OSError):
            write_record(path, digests, record.origin if record else "found in this place")
    return found


def put(part: Path, target: Path, digests: dict[str, str], origin: str) -> None:
    """Make a complete and checked part the weight file `target` in one step, and record it."""
    os.replace(part, target)
    if os.name == "posix":  # the new name must reach the disk, too; Windows has no way to ask for it
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    write_record(target, digests, origin, record_beside(target))


def state_path(part: Path) -> Path:
    """Return where it is noted what an unfinished file is a part of."""
    return part.with_name(part.name.removesuffix(PART) + PART_STATE)


def discard(part: Path) -> None:
    """Remove an unfinished file and what is known of it."""
    state_path(part).unlink(missing_ok=True)
    part.unlink(missing_ok=True)


def cached_files() -> list[Path]:
    """Return the weight files in the cache, sorted by name, without records, locks and unfinished downloads."""
    beside = (PART, PART_STATE, LOCK, RECORD)
    folder = weights_folder()
    return sorted(path for path in folder.iterdir()
                  if path.is_file() and not path.name.endswith(beside) and not RECORD_DRAFT.search(path.name)) \
        if folder.is_dir() else []


def verify(entries: Iterable[WeightsEntry] = ()) -> dict[Path, str | None]:
    """Read every file in the cache as a whole; return what is wrong with each, None where nothing is.

    Args:
        entries: of manifests; what they promise of their files is checked as well as the records.
    """
    promised = {entry.file: Promise(entry.digest, entry.size) for entry in entries if entry.digest}
    return {path: _thorough_flaw(path, promised.get(path.name)) for path in cached_files()}


def _thorough_flaw(path: Path, promised: Promise | None) -> str | None:
    """Say how a file breaks what its manifest promises (None: nothing) or its record says, after reading it all."""
    try:
        record = read_record(record_beside(path))
    except HubError as error:
        return str(error)
    promises = [promised] if promised else []
    promises += [Promise(record.digest, record.size)] if record else []
    if not promises:
        return NOTHING_KNOWN
    digests = hash_file(path, set().union(*(each.algorithms for each in promises)))
    return next(filter(None, (each.flaw(path, digests) for each in promises)), None)


@contextlib.contextmanager
def writing(root: Path | None = None) -> Iterator[None]:
    """Turn the errors of a cache that cannot be written to into a `HubError` that says what to do."""
    root = cache_root() if root is None else root
    try:
        yield
    except OSError as error:
        if error.errno in NO_SPACE:
            raise HubError(f"No space left for the cache {root}: {error}. Free some, or set ZOO_HOME to a "
                           f"folder on another disk.") from error
        if error.errno in _NO_ACCESS:
            raise HubError(f"The cache {root} cannot be written to: {error}. Set ZOO_HOME to a folder that "
                           f"can; a read-only folder with weight files belongs in ZOO_WEIGHTS_PATH.") from error
        raise
