"""Files and folders to findings."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from zoo.errors import FileError, UnsafeFile
from zoo.io.limits import DEFAULT_LIMITS, Limits
from zoo.io.source import FileRange
from zoo.safety import parts
from zoo.safety.rules import Finding, finding

PathLike = str | os.PathLike[str]
_MODEL_FOLDER = {"config.json", "metadata.json"}


@dataclass(frozen=True)
class Scanned:
    """What one file came to.

    Args:
        known: whether it is of a kind that is looked into.
        findings: what was found; a file that could not be read has one of the rule ``unreadable``.
    """

    path: str
    known: bool
    findings: tuple[Finding, ...]


def scan(path: PathLike, limits: Limits = DEFAULT_LIMITS) -> list[Finding]:
    """What is unsafe or suspicious in a file, or in all files below a folder. Nothing is executed, built or followed.

    Args:
        path: any file, whatever it is called; what is of no known kind gives no findings.
        limits: as for `zoo.io.read`.

    Returns:
        The findings, gravest first within a file. A file that could not be looked into has one of the rule
        ``unreadable``.

    Raises:
        OSError: the path does not exist.

    Example:
        >>> [finding.rule for finding in scan("model.keras")]           # doctest: +SKIP
        ['lambda-code']
    """
    return [found for scanned in scan_files([path], limits) for found in scanned.findings]


def scan_files(paths: Iterable[PathLike], limits: Limits = DEFAULT_LIMITS) -> Iterator[Scanned]:
    """Looks into one file after the other, those of folders in the order of their names.

    Raises:
        OSError: one of `paths` does not exist.
    """
    for path in paths:
        os.stat(path)                                       # a name that is not there is a mistake, not a finding
    seen: set[tuple[int, int]] = set()
    for path in paths:
        for file in files_below(Path(path)):
            status = _status(file)
            if status is None or (status.st_dev, status.st_ino) not in seen:
                if status is not None:
                    seen.add((status.st_dev, status.st_ino))
                yield _scanned(file, limits)


def files_below(path: Path) -> Iterator[Path]:
    """The file itself, or all files of a folder and those below it; links to folders are not followed."""
    if not path.is_dir():
        yield path
        return
    for folder, subfolders, names in os.walk(path):
        subfolders.sort()
        yield from (Path(folder, name) for name in sorted(names))


def _status(file: Path) -> os.stat_result | None:
    try:
        return file.stat()
    except OSError:
        return None


def _scanned(file: Path, limits: Limits) -> Scanned:
    found: list[Finding] = []
    known, name = True, str(file)
    try:
        if stat.S_ISLNK(os.lstat(file).st_mode) and _MODEL_FOLDER <= set(os.listdir(file.parent)):
            found.append(finding("folder-link", name, "", "a link in a model folder"))
        source = FileRange.whole(file)
        known = parts.is_known(source)
        for item in parts.examine(parts.Part(source, name, limits=limits)) if known else ():
            found.append(item)
    except UnsafeFile as error:
        found.append(parts.Part(source, name).refusal(error))
    except (FileError, OSError) as error:
        message = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        found.append(finding("unreadable", name, "", message.removeprefix(name).lstrip(":! ")))
    return Scanned(name, known, tuple(_ordered(found)))


def _ordered(found: list[Finding]) -> list[Finding]:
    """Each finding once, the gravest first, otherwise in the order of the file."""
    grave = {severity: -rank for rank, severity in enumerate(("info", "low", "medium", "high", "critical"))}
    return sorted(dict.fromkeys(found), key=lambda item: grave[item.severity])
