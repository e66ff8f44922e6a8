"""Figures as a table in a text file."""

from __future__ import annotations

import csv
import os
from typing import Any

import numpy as np

from zoo.callbacks.callback import Callback, Logs


class CSVLogger(Callback):
    """Writes the figures of each epoch as a line of a CSV file.

    The columns are those of the first epoch; without validation there, columns for it are kept free all the same.

    Args:
        filename: of the file.
        separator: between columns.
        append: whether to go on in a file that exists, instead of replacing it.
    """

    def __init__(self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False):
        self.filename, self.separator, self.append = os.fspath(filename), separator, append
        self.keys: list[str] | None = None
        self._file: Any = None
        self._has_header = False

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Opens the file."""
        self._close()
        self._has_header = self.append and os.path.isfile(self.filename) and os.path.getsize(self.filename) > 0
        self._file = open(self.filename, "a" if self.append else "w", newline="", encoding="utf-8")
        self.keys = None

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Writes a line, through to the system."""
        logs = logs or {}
        writer = csv.writer(self._file, delimiter=self.separator, lineterminator="\r\n")
        if self.keys is None:
            self.keys = sorted(logs)
            if not any(key.startswith("val_") for key in self.keys):
                self.keys += [f"val_{key}" for key in self.keys]
            if not self._has_header:
                writer.writerow(["epoch", *self.keys])
        writer.writerow([epoch, *(_cell(logs.get(key, "NA")) for key in self.keys)])
        self._file.flush()

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Closes the file."""
        self._close()

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _cell(value: Any) -> Any:
    return value if isinstance(value, str) or np.ndim(value) == 0 else f'"[{", ".join(map(str, value))}]"'
