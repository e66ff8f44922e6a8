"""Features of images in files, written row by row: NumPy, CSV, Parquet.

Every file appears whole or not at all, and memory does not grow with the number of rows. A row belongs to its image by
the path that stands in the file with it, or beside it.
"""

from __future__ import annotations

import csv
import importlib
import importlib.util
import shutil
import struct
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np

from zoo.errors import ConfigError, MissingDependency
from zoo.io.atomic import replacing

Write = Callable[[str, np.ndarray], None]               # of the path of an image and its features

_HEADER_BYTES = 256                                     # enough for any shape, so that it can be written once more


def opened(path: Path, shape: tuple[int, ...], *, overwrite: bool) -> AbstractContextManager[Write]:
    """A function that writes rows to a file, of the kind that its suffix says.

    Args:
        path: ``.npy`` (with a ``.csv`` beside it: the path of each row), ``.npz`` (arrays ``features`` and ``paths``),
            ``.csv`` (path, then a column for each number) or ``.parquet`` (columns ``path`` and ``features``).
        shape: of the features of one image; only the NumPy formats keep it, in others they are a flat row.
        overwrite: whether existing files may be replaced.

    Raises:
        ConfigError: another suffix.
        FileExistsError: a file exists and `overwrite` is False.
        MissingDependency: the package for the format is not installed.
    """
    if path.suffix not in _KINDS:
        raise ConfigError(f"Expected an output that ends in {', '.join(_KINDS)}, received {str(path)!r}")
    if path.suffix == ".parquet" and importlib.util.find_spec("pyarrow") is None:
        raise MissingDependency("pyarrow", "parquet", f"Writing {path}")
    return _KINDS[path.suffix](path, shape, overwrite)


def written(path: Path) -> list[Path]:
    """The files that `opened` makes for a path."""
    return [path, path.with_suffix(".csv")] if path.suffix == ".npy" else [path]


@contextmanager
def _npy(path: Path, shape: tuple[int, ...], overwrite: bool) -> Iterator[Write]:
    with replacing(path, overwrite=overwrite) as draft, \
            replacing(path.with_suffix(".csv"), overwrite=overwrite) as index:
        with open(draft, "xb") as stream, open(index, "x", newline="", encoding="utf-8",
                                               errors="surrogateescape") as text:
            table = csv.writer(text, lineterminator="\n")
            table.writerow(["row", "path"])
            rows = _Rows(stream, shape)

            def write(image: str, features: np.ndarray) -> None:
                table.writerow([rows.count, image])
                rows.write(features)
            yield write
            rows.finish()


@contextmanager
def _npz(path: Path, shape: tuple[int, ...], overwrite: bool) -> Iterator[Write]:
    with replacing(path, overwrite=overwrite) as draft, tempfile.TemporaryFile(dir=draft.parent) as stream:
        paths: list[str] = []
        rows = _Rows(stream, shape)

        def write(image: str, features: np.ndarray) -> None:
            paths.append(image)
            rows.write(features)
        yield write
        rows.finish()
        stream.seek(0)
        with zipfile.ZipFile(draft, "x") as archive:
            with archive.open("features.npy", "w", force_zip64=True) as member:
                shutil.copyfileobj(stream, member)
            with archive.open("paths.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.array(paths, str), allow_pickle=False)


@contextmanager
def _csv(path: Path, shape: tuple[int, ...], overwrite: bool) -> Iterator[Write]:
    with replacing(path, overwrite=overwrite) as draft:
        with open(draft, "x", newline="", encoding="utf-8", errors="surrogateescape") as text:
            table = csv.writer(text, lineterminator="\n")
            table.writerow(["path", *(f"feature_{i}" for i in range(int(np.prod(shape))))])
            # The text of a float32 is the shortest that gives the same float32 again.
            yield lambda image, features: table.writerow([image, *map(str, features.reshape(-1))])


@contextmanager
def _parquet(path: Path, shape: tuple[int, ...], overwrite: bool) -> Iterator[Write]:
    parquet = importlib.import_module("zoo.batch.parquet")
    with replacing(path, overwrite=overwrite) as draft, parquet.rows(draft) as write:
        yield write


_KINDS = {".npy": _npy, ".npz": _npz, ".csv": _csv, ".parquet": _parquet}


class _Rows:
    """An array in the format of NumPy whose first axis grows; the header is written once more at the end.

    Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html, version 1.0.

    Args:
        stream: can seek.
        shape: of one row.
    """

    def __init__(self, stream: BinaryIO, shape: tuple[int, ...]):
        self.stream, self.shape, self.count = stream, shape, 0
        self._write_header()

    def write(self, row: np.ndarray) -> None:
        """Adds a row."""
        self.stream.write(np.ascontiguousarray(row, "<f4").tobytes())
        self.count += 1

    def finish(self) -> None:
        """Puts the number of rows in place."""
        self.stream.seek(0)
        self._write_header()
        self.stream.flush()

    def _write_header(self) -> None:
        magic = np.lib.format.magic(1, 0)
        text = repr({"descr": "<f4", "fortran_order": False, "shape": (self.count, *self.shape)})
        size = _HEADER_BYTES - len(magic) - 2
        self.stream.write(magic + struct.pack("<H", size) + text.ljust(size - 1).encode("ascii") + b"\n")
