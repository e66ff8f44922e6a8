"""How much training does at most: functions of `keras.config`."""

from __future__ import annotations

from zoo.config import config


def max_epochs() -> int | None:
    """How many epochs `fit` does at most; None for as many as it is told."""
    return config.max_epochs


def set_max_epochs(max_epochs: int | None) -> None:
    """Sets `max_epochs`."""
    config.max_epochs = max_epochs


def max_steps_per_epoch() -> int | None:
    """How many batches an epoch has at most; None for as many as there are."""
    return config.max_steps_per_epoch


def set_max_steps_per_epoch(max_steps_per_epoch: int | None) -> None:
    """Sets `max_steps_per_epoch`."""
    config.max_steps_per_epoch = max_steps_per_epoch
