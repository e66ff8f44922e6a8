"""Files of data sets on this machine: nothing is downloaded, and nothing in them is executed."""

from __future__ import annotations

import gzip
import json
import math
import os
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from zoo.errors import ConfigError, CorruptFile, FileError, UnsafeFile
from zoo.keras_json import keras_home

Split = tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
KERAS_FILES = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"


def locate(path: str | os.PathLike[str], origin: str) -> Path:
    """A file or folder of a data set: as given, or in ``datasets`` of Keras's folder.

    Raises:
        FileError: it is in neither place; the message says where to get it.
    """
    for candidate in (Path(path).expanduser(), keras_home() / "datasets" / path):
        if candidate.exists():
            return candidate
    raise FileError(f"{keras_home() / 'datasets' / path} does not exist, and data sets are not downloaded: get it from "
                    f"{origin} and put it there, or pass its path.")


def arrays(path: str | os.PathLike[str], origin: str, names: Sequence[str]) -> list[Any]:
    """Arrays of an ``.npz`` file by name. Sequences of different lengths are lists of arrays.

    These are stored as ``name``, all one after the other, and ``name_lengths``. Keras's own files hold them as pickles,
    which are programs and are not read.

    Raises:
        FileError: there is no such file, an array is missing, or it is a pickle.
    """
    where = locate(path, origin)
    try:
        with np.load(where, allow_pickle=False) as file:
            missing = sorted(set(names) - set(file.files))
            if missing:
                raise CorruptFile(f"{where}: expected arrays named {list(names)}, {missing} missing.")
            return [_ragged(file[name], file[f"{name}_lengths"]) if f"{name}_lengths" in file.files else file[name]
                    for name in names]
    except (OSError, ValueError, EOFError) as error:
        if "pickle" in str(error).lower():
            raise UnsafeFile(f"{where}: its arrays are pickles, which can run code and are not read. Where you trust "
                             f"the file, write `x` of it anew: np.savez(path, x=np.concatenate(x), x_lengths=[len(s) "
                             f"for s in x], y=y).") from error
        raise CorruptFile(f"{where}: this is no .npz file: {error}") from error


def _ragged(values: np.ndarray, lengths: np.ndarray) -> list[np.ndarray]:
    return np.split(values, np.cumsum(lengths)[:-1])


def idx(path: Path) -> np.ndarray:
    """The array of a (gzipped) file in the format IDX of bytes.

    Source: http://yann.lecun.com/exdb/mnist, "The IDX file format".

    Raises:
        CorruptFile: it is something else.
    """
    try:
        with gzip.open(path, "rb") as file:
            content = file.read()
    except (OSError, EOFError, zlib.error) as error:
        raise CorruptFile(f"{path}: damaged gzip file: {error}") from error
    rank = content[3] if content[:3] == b"\0\0\x08" else 0
    start = 4 + 4 * rank
    shape = struct.unpack_from(f">{rank}I", content, 4) if rank and len(content) >= start else ()
    if not shape or len(content) != start + math.prod(shape):
        raise CorruptFile(f"{path}: expected bytes in the format IDX.")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def records(path: Path, labels: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels (records, labels) and content (records, size) of a file of equally long records of bytes.

    Raises:
        CorruptFile: its length is no multiple of a record's.
    """
    content = np.fromfile(path, np.uint8)
    if not content.size or content.size % (labels + size):
        raise CorruptFile(f"{path}: expected records of {labels + size} bytes, received {content.size} bytes.")
    rows = content.reshape(-1, labels + size)
    return rows[:, :labels], rows[:, labels:]


def text_table(path: str | os.PathLike[str], origin: str) -> dict[str, int]:
    """A JSON file of words and their numbers."""
    where = locate(path, origin)
    try:
        return dict(json.loads(where.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise CorruptFile(f"{where}: expected a JSON object of words and numbers: {error}") from error


def shuffled(parts: Sequence[Any], seed: int) -> list[Any]:
    """All parts in one random order, Keras's for that seed."""
    order = np.arange(len(parts[0]))
    np.random.RandomState(seed).shuffle(order)
    return [[part[i] for i in order] if isinstance(part, list) else part[order] for part in parts]


def divided(x: Any, y: np.ndarray, test_split: float) -> Split:
    """Training and test data, the latter a share at the end.

    Raises:
        ConfigError: the share is not from 0 to below 1.
    """
    if not 0 <= test_split < 1:
        raise ConfigError(f"`test_split` must be from 0 to below 1. Received: test_split={test_split!r}")
    at = int(len(x) * (1 - test_split))
    return (x[:at], y[:at]), (x[at:], y[at:])
