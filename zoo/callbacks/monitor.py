"""Watching one figure: which way it should go, and whether it went there."""

from __future__ import annotations

from typing import Any

from zoo.callbacks.callback import Callback
from zoo.errors import ConfigError

MODES = ("auto", "min", "max")
_MODE_OF_DIRECTION = {"up": "max", "down": "min"}


class MonitorCallback(Callback):
    """Base of callbacks that act on whether a figure improves.

    Args:
        monitor: its name in the logs, as ``val_loss``.
        mode: ``min`` if it should fall, ``max`` if it should rise, ``auto`` to ask the metric of that name.
        min_delta: a smaller change is no improvement.
    """

    def __init__(self, monitor: str, mode: str = "auto", min_delta: float = 0.0):
        if mode not in MODES:
            raise ConfigError(f"{type(self).__name__}: `mode` must be one of {', '.join(MODES)}. Received: {mode!r}")
        self.monitor, self.mode, self.min_delta = monitor, mode, abs(min_delta)

    def improves(self, value: Any, reference: Any) -> bool:
        """Whether `value` is better than `reference` by more than `min_delta`; anything is better than None.

        Raises:
            ConfigError: nobody says which way the figure should go.
        """
        if reference is None:
            return True
        if self._goal() == "min":
            return bool(value + self.min_delta < reference)
        return bool(value - self.min_delta > reference)

    def _goal(self) -> str:
        if self.mode == "auto":
            found = goal_of(self.monitor, self.model.metrics)
            if found is None:
                raise ConfigError(f"{type(self).__name__}: whether {self.monitor!r} should rise or fall is not known: "
                                  f"give mode='max' or mode='min'.")
            self.mode = found
        return self.mode


def goal_of(monitor: str, metrics: list[Any]) -> str | None:
    """Whether training wants a figure to fall (``min``) or to rise (``max``); None if nothing says so.

    Args:
        monitor: its name in the logs: a loss or a metric, after ``val_`` and the name of an output.
        metrics: of the model.
    """
    name = monitor.removeprefix("val_")
    if name == "loss" or name.endswith("_loss"):
        return "min"
    named = [metric for metric in metrics if name == metric.name or name.endswith(f"_{metric.name}")]
    closest = max(named, key=lambda metric: len(metric.name), default=None)
    return _MODE_OF_DIRECTION.get(getattr(closest, "direction", None))


def frequency(save_freq: Any, where: str) -> str | int:
    """A checked `save_freq`: ``epoch``, or a number of batches.

    Raises:
        ConfigError: it is neither.
    """
    if save_freq != "epoch" and (isinstance(save_freq, bool) or not isinstance(save_freq, int) or save_freq < 1):
        raise ConfigError(f"{where}: `save_freq` must be 'epoch' or a number of batches. Received: {save_freq!r}")
    return save_freq
