"""Changing the learning rate between epochs."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from zoo.callbacks.callback import Callback, Logs
from zoo.callbacks.monitor import MonitorCallback
from zoo.callbacks.progress import say
from zoo.errors import ConfigError
from zoo.spelling import accepts, spellings


def rated(optimizer: Any) -> dict[str, Any]:
    """The optimizers that have a learning rate, by its name in the logs: one, or all inside a `MultiOptimizer`."""
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    parts = getattr(optimizer, "optimizers", None)
    return {"learning_rate": optimizer} if parts is None else {f"learning_rate_{part.name}": part for part in parts}


def rates(optimizer: Any) -> dict[str, float]:
    """The present learning rates, by their names in the logs."""
    return {name: float(np.asarray(part.learning_rate)) for name, part in rated(optimizer).items()}


class LearningRateScheduler(Callback):
    """Sets the learning rate at the start of each epoch.

    Args:
        schedule: takes the number of the epoch, from 0, and (if it has a second parameter) the present learning rate;
            gives the new one.
        verbose: 1 to say so.
    """

    def __init__(self, schedule: Callable[..., float], verbose: int = 0):
        self.schedule, self.verbose = schedule, verbose

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Sets it.

        Raises:
            ConfigError: the schedule does not give a number.
        """
        takes_rate = _takes_two(self.schedule)
        for optimizer in rated(self.model.optimizer).values():
            present = (float(np.asarray(optimizer.learning_rate)),) if takes_rate else ()
            rate = self.schedule(epoch, *present)
            if np.ndim(rate) or not np.issubdtype(np.asarray(rate).dtype, np.floating):
                raise ConfigError(f"LearningRateScheduler: the schedule has to give a float. Received: {rate!r}")
            optimizer.learning_rate = float(rate)
            if self.verbose:
                say(f"\nEpoch {epoch + 1}: learning rate of {optimizer.name} set to {float(rate)}.")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Adds it to the logs."""
        if logs is not None:
            logs.update(rates(self.model.optimizer))


def _takes_two(schedule: Callable[..., float]) -> bool:
    try:
        inspect.signature(schedule).bind(0, 0.0)
    except TypeError:
        return False
    return True


class ReduceLROnPlateau(MonitorCallback):
    """Reduces the learning rate when a figure has not improved for some epochs.

    Args:
        monitor: name of the figure.
        factor: the new learning rate is the old one times this.
        patience: epochs without improvement after which to reduce it.
        verbose: 1 to say so.
        mode: ``min``, ``max`` or ``auto``.
        min_delta: a smaller change is no improvement.
        cooldown: epochs after a reduction that do not count.
        min_lr: where it ends.
    """

    @accepts(spellings({"epsilon": "min_delta"}), title="ReduceLROnPlateau")
    def __init__(self, monitor: str = "val_loss", factor: float = 0.1, patience: int = 10, verbose: int = 0,
                 mode: str = "auto", min_delta: float = 1e-4, cooldown: int = 0, min_lr: float = 0.0):
        super().__init__(monitor, mode, min_delta)
        if factor >= 1:
            raise ConfigError(f"ReduceLROnPlateau: `factor` must be below 1. Received: factor={factor!r}")
        self.factor, self.patience, self.verbose = factor, patience, verbose
        self.cooldown, self.min_lr = cooldown, min_lr
        self._forget()

    def _forget(self) -> None:
        self.best: Any = None
        self.wait = self.cooldown_counter = 0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Starts anew."""
        self._forget()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Adds the learning rate to the logs, and reduces it for the next epoch if that is due."""
        logs = {} if logs is None else logs
        logs.update(rates(self.model.optimizer))
        if self.monitor not in logs:
            warnings.warn(f"ReduceLROnPlateau watches {self.monitor!r}, which is not in the logs. They have: "
                          f"{', '.join(logs)}.", stacklevel=2)
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self.improves(logs[self.monitor], self.best):
            self.best, self.wait = logs[self.monitor], 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience and self._reduce(epoch):
                self.cooldown_counter, self.wait = self.cooldown, 0

    def in_cooldown(self) -> bool:
        """Whether a reduction is so recent that epochs do not count."""
        return self.cooldown_counter > 0

    def _reduce(self, epoch: int) -> bool:
        """Whether some learning rate was still above `min_lr`."""
        reduced = False
        for optimizer in rated(self.model.optimizer).values():
            old = float(np.asarray(optimizer.learning_rate))
            if old > np.float32(self.min_lr):               # rates are float32, so that equal ones compare as equal
                optimizer.learning_rate = max(old * self.factor, self.min_lr)
                reduced = True
                if self.verbose:
                    say(f"\nEpoch {epoch + 1}: learning rate of {optimizer.name} reduced to "
                        f"{max(old * self.factor, self.min_lr)}.")
        return reduced
