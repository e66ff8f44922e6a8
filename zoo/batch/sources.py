"""From what a user names to the images to read: files, folders with all that is below them, patterns.

Patterns are expanded here, since the shell of Windows leaves that to the program; what a pattern means is what a
POSIX shell would make of it, so a quoted pattern and an expanded one give the same images.
"""

from __future__ import annotations

import glob
import itertools
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from zoo.errors import ConfigError

IMAGE_SUFFIXES = frozenset({".avif", ".bmp", ".gif", ".ico", ".j2k", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg",
                            ".pbm", ".pgm", ".png", ".pnm", ".ppm", ".tif", ".tiff", ".webp"})


@dataclass(frozen=True, slots=True)
class ImageSource:
    """One image to read, or one name that leads to none.

    Args:
        path: as the user named it, or below a folder as the user named that.
        problem: why there is nothing to read, None if there may be.
    """

    path: str
    problem: str | None = None


def find_images(names: Iterable[str | os.PathLike[str]]) -> list[ImageSource]:
    """The images that `names` stand for, in the order of the names; inside a folder in natural order.

    A file is taken whatever its suffix is. Of a folder, and of the folders below it, files with an image suffix are
    taken; hidden ones are not, links to folders are not followed. A file that is named twice is taken once.

    Args:
        names: files, folders, or patterns with ``*``, ``?``, ``[...]`` and ``**`` (any number of folders).

    Returns:
        At least one image without a problem; names that lead to nothing are among them, with their problem.

    Raises:
        ConfigError: no name leads to an image.
    """
    names = [os.fspath(name) for name in names]
    found: dict[str, ImageSource] = {}
    for source in itertools.chain.from_iterable(map(_expand, names)):
        found.setdefault(os.path.normcase(os.path.abspath(source.path)), source)
    sources = list(found.values())
    if all(source.problem for source in sources):
        reasons = "".join(f"\n  {source.path}: {source.problem}" for source in sources)
        raise ConfigError(f"Expected images, found none in {names}. Folders are searched for files with the suffixes "
                          f"{' '.join(sorted(IMAGE_SUFFIXES))}.{reasons}")
    return sources


def natural_key(name: str) -> tuple[list[str | int], str]:
    """Sorts ``img2`` before ``img10``, upper and lower case together."""
    # Text and numbers alternate, so that equal positions always hold comparable parts.
    parts = re.split(r"(\d+)", name.casefold())
    return [int(part) if i % 2 else part for i, part in enumerate(parts)], name


def _expand(name: str) -> Iterator[ImageSource]:
    """What one name stands for; a name that exists is never a pattern, even if it has brackets."""
    if not os.path.lexists(name):
        name = os.path.expanduser(name)
    if os.path.lexists(name) or not glob.has_magic(name):
        yield from _named(name)
        return
    matches = sorted(glob.glob(name, recursive=True), key=natural_key)
    for match in matches:
        yield from _named(match)
    if not matches:
        yield ImageSource(name, "no file or folder matches this pattern")


def _named(path: str) -> Iterator[ImageSource]:
    if os.path.isdir(path):
        yield from _inside(path)
    else:
        yield ImageSource(path, None if os.path.lexists(path) else "there is no such file or folder")


def _inside(top: str) -> Iterator[ImageSource]:
    """The images of a folder, then those of its folders; a folder that cannot be listed is a problem of its own."""
    waiting = [top]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(folder) as listing:
                entries = sorted((entry for entry in listing if not entry.name.startswith(".")),
                                 key=lambda entry: natural_key(entry.name))
        except OSError as error:
            yield ImageSource(folder, f"this folder cannot be listed: {error.strerror}")
            continue
        yield from (ImageSource(entry.path) for entry in entries if _is_image(entry))
        waiting += [entry.path for entry in reversed(entries) if entry.is_dir(follow_symlinks=False)]


def _is_image(entry: os.DirEntry[str]) -> bool:
    # A broken link is kept: it was an image to somebody, and reading it says what is wrong.
    is_candidate = entry.is_file() or (entry.is_symlink() and not entry.is_dir())
    return is_candidate and os.path.splitext(entry.name)[1].lower() in IMAGE_SUFFIXES
