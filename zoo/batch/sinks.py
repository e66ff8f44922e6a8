"""Where rows go: CSV and JSON lines, written row by row."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, TextIO

from zoo.batch.rows import Row
from zoo.io.atomic import replacing


class Sink(Protocol):
    """Takes rows one after the other."""

    def write(self, row: Row) -> None:
        """Writes one row so that it survives whatever happens next."""


class CsvSink:
    """One line an image: ``path, error, index_1, label_1, score_1, index_2, ...`` after a line with these names.

    Args:
        stream: a text stream that leaves line ends alone.
        top_k: how many classes a row may have.
    """

    def __init__(self, stream: TextIO, top_k: int):
        self._stream, self._top_k = stream, top_k
        self._writer = csv.writer(stream, lineterminator="\n")
        self._has_header = False

    def write(self, row: Row) -> None:
        """Writes one line, the names of the columns before the first."""
        if not self._has_header:
            ranks = range(1, self._top_k + 1)
            self._writer.writerow(["path", "error", *(f"{name}_{rank}" for rank in ranks
                                                      for name in ("index", "label", "score"))])
            self._has_header = True
        cells = [cell for found in row.predictions for cell in (found.index, found.label, found.score)]
        padding = [""] * (3 * self._top_k - len(cells))
        self._writer.writerow([row.path, row.error or "", *cells, *padding])
        self._stream.flush()


class JsonLinesSink:
    """One JSON object an image: ``{"path", "predictions": [{"index", "label", "score"}], "error"}``.

    The text is ASCII; a byte of a path that is no valid UTF-8 is the surrogate by which Python names it.
    """

    def __init__(self, stream: TextIO):
        self._stream = stream

    def write(self, row: Row) -> None:
        """Writes one line."""
        predictions = [{"index": found.index, "label": found.label, "score": found.score} for found in row.predictions]
        self._stream.write(json.dumps({"path": row.path, "predictions": predictions, "error": row.error},
                                      allow_nan=False) + "\n")
        self._stream.flush()


@contextmanager
def output_file(path: str | os.PathLike[str]) -> Iterator[TextIO]:
    """A text stream (UTF-8) whose content becomes the file `path` in one step, at the end.

    What was written before an error or an interruption becomes the file as well, and the error goes on. If nothing
    was written, an earlier file stays as it is.

    Raises:
        OSError: the file cannot be written.
    """
    stopped: BaseException | None = None
    with replacing(path) as draft:
        with open(draft, "x", encoding="utf-8", errors="surrogateescape", newline="") as stream:
            try:
                yield stream
            except BaseException as error:          # hours of rows are not lost to any error; it is raised below
                if stream.tell() == 0:
                    raise
                stopped = error
    if stopped is not None:
        raise stopped
