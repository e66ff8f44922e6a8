"""What lies in the cache, and what of it can go."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import filelock

from zoo.hub import cache
from zoo.hub.manifest import WeightsEntry

_DAY = 24 * 60 * 60


@dataclass(frozen=True)
class Removal:
    """A file that can go, and why.

    Args:
        path: the file.
        size: bytes of it and of what goes with it.
        reason: in words.
        companions: files beside it that mean nothing without it.
    """

    path: Path
    size: int
    reason: str
    companions: tuple[Path, ...] = ()


def removals(entries: Iterable[WeightsEntry], *, older_than: float | None = None,
             everything: bool = False) -> list[Removal]:
    """What `prune` would remove: unfinished downloads, files with wrong content, and what the arguments add.

    Args:
        entries: of manifests; they say what is wrong.
        older_than: days; also files that were brought longer ago.
        everything: also all other files, and records of files that are gone.
    """
    entries = list(entries)
    promised = {entry.file for entry in entries if entry.digest}
    found = list(_unfinished())
    flaws = {} if everything else cache.verify(entries)
    for path in cache.cached_files():
        reason = _reason(path, flaws.get(path), older_than, everything)
        if reason is not None:
            # The record of a file without a promised hash is all that a later copy can be held to.
            record = cache.record_beside(path)
            keeps = path.name not in promised and not everything
            found.append(_removal(path, reason, () if keeps else (record,)))
    return found + (list(_lone_records()) if everything else [])


def prune(found: Iterable[Removal]) -> Iterator[Removal]:
    """Remove files one by one and yield each that is gone; what another process is working on stays.

    Raises:
        HubError: the cache cannot be written to.
    """
    for removal in found:
        lock = filelock.FileLock(_weight_file(removal.path) + cache.LOCK)
        with cache.writing(), contextlib.suppress(filelock.Timeout), lock.acquire(timeout=0):
            for path in (removal.path, *removal.companions):
                path.unlink(missing_ok=True)
            yield removal


def _weight_file(path: Path) -> str:
    """Path of the weight file that a file of the cache belongs to; its lock has that name."""
    beside = "|".join(map(re.escape, (cache.PART_STATE, cache.PART, cache.RECORD)))
    return re.sub(rf"({beside})(\.\d+)?$", "", str(path))


def _unfinished() -> Iterator[Removal]:
    folder = cache.weights_folder()
    paths = sorted(folder.iterdir()) if folder.is_dir() else []
    for path in paths:
        if path.name.endswith(cache.PART):
            yield _removal(path, "unfinished download", (cache.state_path(path),))
        elif path.name.endswith(cache.PART_STATE) and not _weight_part(path).exists():
            yield _removal(path, "notes of a download that is gone")
        elif cache.RECORD_DRAFT.search(path.name):
            yield _removal(path, "unfinished record")


def _weight_part(state: Path) -> Path:
    return Path(_weight_file(state) + cache.PART)


def _lone_records() -> Iterator[Removal]:
    """Records in the cache whose files are gone, and those of files in other folders."""
    root = cache.cache_root()
    for path in sorted([*root.glob(f"weights/*{cache.RECORD}"), *root.glob(f"elsewhere/*{cache.RECORD}")]):
        if path.parent != cache.weights_folder() or not Path(_weight_file(path)).exists():
            yield _removal(path, "record of a file that is not in the cache")


def _reason(path: Path, flaw: str | None, older_than: float | None, everything: bool) -> str | None:
    if flaw is not None and flaw != cache.NOTHING_KNOWN:
        return f"wrong: {flaw}"
    if older_than is not None and time.time() - path.stat().st_mtime > older_than * _DAY:
        return f"older than {older_than:g} days"
    return "everything was asked for" if everything else None


def _removal(path: Path, reason: str, companions: tuple[Path, ...] = ()) -> Removal:
    there = tuple(each for each in companions if each.exists())
    return Removal(path, sum(each.stat().st_size for each in (path, *there)), reason, there)
