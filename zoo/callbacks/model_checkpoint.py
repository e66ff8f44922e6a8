"""Saving the model while it is trained."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from zoo.callbacks.callback import Logs
from zoo.callbacks.monitor import MonitorCallback, frequency
from zoo.callbacks.progress import say
from zoo.errors import ConfigError
from zoo.spelling import warn_once

WEIGHTS_SUFFIXES = (".weights.h5", ".h5", ".hdf5")
MODEL_SUFFIXES = (".keras", ".h5", ".hdf5")


class ModelCheckpoint(MonitorCallback):
    """Saves the model, or its weights, again and again; each file appears whole or not at all.

    Args:
        filepath: where; a template of ``epoch`` (from 1), ``batch`` (from 1) and the names in the logs:
            ``"{epoch:02d}-{val_loss:.2f}.keras"``. The suffix says the format: ``.keras``, ``.h5``, ``.weights.h5``.
        monitor: name of the figure that says what is best.
        verbose: 1 to tell of each file.
        save_best_only: whether to save only when the figure improves.
        save_weights_only: whether to save the weights without the architecture.
        mode: ``min``, ``max`` or ``auto``.
        save_freq: ``epoch``, or after how many batches to save.
        initial_value_threshold: a value to improve on from the start.
        period: older Keras's: after how many epochs to save, with a warning.
    """

    def __init__(self, filepath: str | os.PathLike[str], monitor: str = "val_loss", verbose: int = 0,
                 save_best_only: bool = False, save_weights_only: bool = False, mode: str = "auto",
                 save_freq: str | int = "epoch", initial_value_threshold: float | None = None,
                 period: int | None = None):
        super().__init__(monitor, mode)
        self.filepath, self.verbose = os.fspath(filepath), verbose
        self.save_best_only, self.save_weights_only = save_best_only, save_weights_only
        self.save_freq = frequency(save_freq, "ModelCheckpoint")
        self.best: Any = initial_value_threshold
        if period is not None:
            warn_once("ModelCheckpoint: period: say save_freq")
        self.period = period or 1
        suffixes = WEIGHTS_SUFFIXES if save_weights_only else MODEL_SUFFIXES
        if not self.filepath.endswith(suffixes):
            raise ConfigError(f"ModelCheckpoint(save_weights_only={save_weights_only}): `filepath` must end with one "
                              f"of {', '.join(suffixes)}. Received: {self.filepath!r}")
        self._epoch = self._batches = 0

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Notes the epoch."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Saves if so many batches are done."""
        self._batches += 1
        if self.save_freq != "epoch" and self._batches % self.save_freq == 0:
            self._save_if_best(self._epoch, batch, logs or {})

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Saves if epochs count."""
        if self.save_freq == "epoch" and (epoch + 1) % self.period == 0:
            self._save_if_best(epoch, None, logs or {})

    def _save_if_best(self, epoch: int, batch: int | None, logs: Logs) -> None:
        path = self._path(epoch, batch, logs)
        reason = self._reason(logs)
        if self.verbose:
            say(f"\nEpoch {epoch + 1}: {reason or f'{self.monitor} did not improve from {self.best:.5f}'}"
                + (f", saving {path}" if reason else ""))
        if reason is None:
            return
        if path.parent != Path(""):
            path.parent.mkdir(parents=True, exist_ok=True)
        if self.save_best_only and np.ndim(logs.get(self.monitor, np.zeros(1))) == 0:
            self.best = logs[self.monitor]
        save = self.model.save_weights if self.save_weights_only else self.model.save
        save(path, overwrite=True)

    def _reason(self, logs: Logs) -> str | None:
        """Why to save now; None if there is no reason to."""
        if not self.save_best_only:
            return "end of epoch" if self.save_freq == "epoch" else f"batch {self._batches}"
        current = logs.get(self.monitor)
        if current is None or np.ndim(current):
            warnings.warn(f"ModelCheckpoint: {self.monitor!r} is {'not' if current is None else 'no single number'} in "
                          f"the logs, so that nothing is best: saving anyway. They have: {', '.join(logs)}.",
                          stacklevel=4)
            return f"{self.monitor} is not known"
        before = "nothing" if self.best is None else f"{self.best:.5f}"
        return f"{self.monitor} improved from {before} to {current:.5f}" if self.improves(current, self.best) else None

    def _path(self, epoch: int, batch: int | None, logs: Logs) -> Path:
        values = {**logs, "epoch": epoch + 1} | ({} if batch is None else {"batch": batch + 1})
        try:
            return Path(self.filepath.format(**values))
        except KeyError as error:
            raise ConfigError(f"ModelCheckpoint: {self.filepath!r} needs {error}, which the logs do not have. They "
                              f"have: {', '.join(values)}.") from error
