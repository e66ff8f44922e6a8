"""Features of images as Parquet; needs pyarrow, which nothing else does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow
from pyarrow import parquet

ROWS = 1024                             # rows in memory at once, and in a row group

SCHEMA = pyarrow.schema([("path", pyarrow.string()), ("features", pyarrow.list_(pyarrow.float32()))])


@contextmanager
def rows(path: Path) -> Iterator[Callable[[str, np.ndarray], None]]:
    """A function that adds a row, the path of an image and its features, to a new file."""
    waiting: list[tuple[str, np.ndarray]] = []
    with parquet.ParquetWriter(path, SCHEMA) as writer:
        def flush() -> None:
            # Parquet's texts are UTF-8: a byte of a path that is not becomes a question mark.
            paths = [image.encode("utf-8", "replace").decode() for image, _ in waiting]
            writer.write_table(pyarrow.table([paths, [row for _, row in waiting]], schema=SCHEMA))
            waiting.clear()

        def write(image: str, features: np.ndarray) -> None:
            waiting.append((image, features.reshape(-1)))
            if len(waiting) == ROWS:
                flush()
        yield write
        if waiting:
            flush()
