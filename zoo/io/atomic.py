"""Writing a file completely or not at all."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(target: str | os.PathLike[str], *, overwrite: bool = True) -> Iterator[Path]:
    """A path to write to, which becomes `target` in one step when the block ends well.

    The file is written beside the target (renaming is only atomic within one file system), flushed to the disk, and
    renamed. After an error, or when the process is killed, `target` is what it was before; after an error nothing
    else remains either.

    Args:
        target: links are followed, so that the file they point at is replaced.
        overwrite: whether an existing file may be replaced.

    Raises:
        FileExistsError: `target` exists and `overwrite` is False.
        IsADirectoryError: `target` is a folder.
    """
    final = Path(os.path.realpath(target))
    _check_target(final, overwrite)
    temporary = final.with_name(f".{final.name[:100]}.{secrets.token_hex(6)}.tmp")
    try:
        yield temporary
        _flush(temporary)
        _check_target(final, overwrite)
        os.replace(temporary, final)
    finally:
        temporary.unlink(missing_ok=True)
    if os.name == "posix":                                          # elsewhere a folder cannot be opened
        _flush(final.parent)


@contextmanager
def replacing_folder(target: str | os.PathLike[str], belongs: str, *, overwrite: bool = True) -> Iterator[Path]:
    """A path to make a folder at, which becomes `target` when the block ends well.

    As `replacing`, but a folder that is there steps aside before it is deleted, so that a process killed in between
    leaves both, and never half of one.

    Args:
        belongs: a pattern of the names of files that such a folder holds; one that holds others is never replaced.
        overwrite: whether an existing folder may be replaced.

    Raises:
        FileExistsError: `target` exists and `overwrite` is False, or it holds something else.
    """
    final = Path(os.path.realpath(target))
    _check_folder(final, belongs, overwrite)
    temporary = final.with_name(f".{final.name[:100]}.{secrets.token_hex(6)}.tmp")
    aside = temporary.with_suffix(".old")
    try:
        yield temporary
        for file in temporary.iterdir():
            _flush(file)
        _check_folder(final, belongs, overwrite)
        if final.exists():
            os.rename(final, aside)
        os.rename(temporary, final)
    finally:
        if aside.exists() and not final.exists():
            os.rename(aside, final)
        for folder in (temporary, aside):
            shutil.rmtree(folder, ignore_errors=True)
    if os.name == "posix":
        _flush(final.parent)


def _check_folder(final: Path, belongs: str, overwrite: bool) -> None:
    if not final.parent.is_dir():
        raise FileNotFoundError(f"the folder {str(final.parent)!r} does not exist; create it first")
    if final.exists() and not final.is_dir():
        raise FileExistsError(f"expected a folder to write, received the file {str(final)!r}")
    if not final.exists() or not any(final.iterdir()):
        return
    if not overwrite:
        raise FileExistsError(f"{str(final)!r} exists; pass overwrite=True to replace it, or choose another name")
    others = [entry.name for entry in final.iterdir() if not (entry.is_file() and re.fullmatch(belongs, entry.name))]
    if others:
        raise FileExistsError(f"{str(final)!r} would be replaced as a whole, and holds other things: {others[:5]}; "
                              "choose another name")


def _check_target(final: Path, overwrite: bool) -> None:
    if final.is_dir():
        raise IsADirectoryError(f"expected a file to write, received the folder {str(final)!r}")
    if not overwrite and final.exists():
        raise FileExistsError(f"{str(final)!r} exists; pass overwrite=True to replace it, or choose another name")
    if not final.parent.is_dir():
        raise FileNotFoundError(f"the folder {str(final.parent)!r} does not exist; create it first")


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
