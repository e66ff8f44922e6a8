"""The base of all learning rate schedules, and schedules by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zoo import ops, serialization
from zoo.config import config as settings
from zoo.errors import ConfigError

Tensor = Any
ALL: dict[str, Any] = {}                                    # filled by zoo/optimizers/schedules/__init__.py


class LearningRateSchedule:
    """A learning rate as a function of the step.

    A subclass keeps its arguments as attributes of the same names (they are its config) and computes in `__call__`,
    written in `zoo.ops`: the step is a tensor.
    """

    def __call__(self, step: Any) -> Tensor:
        """The rate at a step: how many steps were done before."""
        raise NotImplementedError(f"{type(self).__name__} does not define __call__().")

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal schedule: plain data."""
        return serialization.config_of(self)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> LearningRateSchedule:
        """A schedule of that config."""
        return cls(**config)


def as_float(x: Any) -> Tensor:
    """A number or a tensor in the dtype of learning rates."""
    return ops.cast(x, settings.floatx)


def require_positive(name: str, value: Any) -> Any:
    """A number above 0.

    Raises:
        ConfigError: it is not.
    """
    if not value > 0:
        raise ConfigError(f"`{name}` must be greater than 0. Received: {name}={value!r}")
    return value


def get(identifier: Any) -> Any:
    """A schedule given as itself, a class, a name or a config.

    Raises:
        UnknownClass: there is no schedule of that name.
    """
    return serialization.resolve(identifier, ALL, "learning rate schedule")


def serialize(learning_rate_schedule: LearningRateSchedule) -> dict[str, Any]:
    """The record ``{"class_name", "config"}`` of a schedule."""
    return serialization.to_record(learning_rate_schedule)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> LearningRateSchedule:
    """The schedule that a record describes.

    Args:
        config: as `serialize` gives it.
        custom_objects: what names of the user's own classes mean.
    """
    with serialization.custom_object_scope(custom_objects):
        return get(config)
