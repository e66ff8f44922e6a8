"""The figures of all epochs."""

from __future__ import annotations

from typing import Any

from zoo.callbacks.callback import Callback, Logs


class History(Callback):
    """Keeps the figures of each epoch.

    Attributes:
        epoch: numbers of the epochs.
        history: lists of figures by name, one an epoch.
    """

    def __init__(self) -> None:
        self.epoch: list[int] = []
        self.history: dict[str, list[Any]] = {}

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Starts anew."""
        self.epoch, self.history = [], {}

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Adds an epoch."""
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
