"""Stopping when training no longer helps."""

from __future__ import annotations

import warnings
from typing import Any

from zoo.callbacks.callback import Logs
from zoo.callbacks.monitor import MonitorCallback
from zoo.callbacks.progress import say


class EarlyStopping(MonitorCallback):
    """Stops training when a figure has not improved for some epochs.

    Args:
        monitor: name of the figure.
        min_delta: a smaller change is no improvement.
        patience: epochs without improvement after which to stop.
        verbose: 1 to say so.
        mode: ``min``, ``max`` or ``auto``.
        baseline: a value to improve on; until then every epoch counts as one without improvement.
        restore_best_weights: whether the model gets the weights of its best epoch at the end.
        start_from_epoch: epochs before it do not count.
    """

    def __init__(self, monitor: str = "val_loss", min_delta: float = 0, patience: int = 0, verbose: int = 0,
                 mode: str = "auto", baseline: float | None = None, restore_best_weights: bool = False,
                 start_from_epoch: int = 0):
        super().__init__(monitor, mode, min_delta)
        self.patience, self.verbose, self.baseline = patience, verbose, baseline
        self.restore_best_weights, self.start_from_epoch = restore_best_weights, start_from_epoch
        self._forget()

    def _forget(self) -> None:
        self.wait = self.stopped_epoch = self.best_epoch = 0
        self.best: Any = None
        self.best_weights: list[Any] | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Starts anew."""
        self._forget()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Judges the epoch."""
        current = self.get_monitor_value(logs)
        if current is None or epoch < self.start_from_epoch:
            return
        self.wait += 1
        if self.improves(current, self.best):
            self._keep(epoch, current)
            if self.baseline is None or self.improves(current, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def _keep(self, epoch: int, current: Any) -> None:
        self.best, self.best_epoch = current, epoch
        if self.restore_best_weights:
            self.best_weights = self.model.get_weights()

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Puts the best weights back if asked to."""
        if self.stopped_epoch and self.verbose:
            say(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.best_weights is not None:
            if self.verbose:
                say(f"Weights are those of the best epoch, {self.best_epoch + 1}.")
            self.model.set_weights(self.best_weights)

    def get_monitor_value(self, logs: Logs | None) -> Any:
        """The figure; None, with a warning, if the logs do not have it."""
        if self.monitor not in (logs or {}):
            warnings.warn(f"EarlyStopping watches {self.monitor!r}, which is not in the logs. They have: "
                          f"{', '.join(logs or ())}.", stacklevel=2)
        return (logs or {}).get(self.monitor)
