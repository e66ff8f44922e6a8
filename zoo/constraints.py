"""Limits that weights are brought back to after each training step, as in `keras.constraints`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zoo import ops, serialization
from zoo.config import config as settings

Axes = int | Sequence[int]


class Constraint:
    """A function of a weight to the nearest allowed one. The arguments of ``__init__`` are the config."""

    def __call__(self, w: Any) -> Any:
        """The allowed weight; here `w` itself."""
        return w

    def get_config(self) -> dict[str, Any]:
        """The arguments of its construction, as plain data."""
        return serialization.config_of(self)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Constraint:
        """The constraint with such a config."""
        return cls(**config)


def _norms(w: Any, axis: Axes) -> Any:
    return ops.sqrt(ops.sum(ops.square(w), axis=axis, keepdims=True))


def _with_norms(w: Any, norms: Any, desired: Any) -> Any:
    """w scaled from its norms to the desired ones (short of them by the fuzz that avoids a division by 0)."""
    return ops.multiply(w, ops.divide(desired, ops.add(norms, settings.epsilon)))


class MaxNorm(Constraint):
    """Norms over `axis` of at most `max_value`.

    Args:
        max_value: the largest norm.
        axis: over which norms are taken: 0 for the kernel of `Dense`, ``[0, 1, 2]`` for that of `Conv2D`.
    """

    def __init__(self, max_value: float = 2, axis: Axes = 0):
        self.max_value, self.axis = max_value, axis

    def __call__(self, w: Any) -> Any:
        norms = _norms(w, self.axis)
        return _with_norms(w, norms, ops.minimum(norms, self.max_value))


class MinMaxNorm(Constraint):
    """Norms over `axis` between two values.

    Args:
        min_value, max_value: the smallest and the largest norm.
        rate: share of the way to the nearest allowed norm that is gone: 1 is strict.
        axis: over which norms are taken (see `MaxNorm`).
    """

    def __init__(self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Axes = 0):
        self.min_value, self.max_value, self.rate, self.axis = min_value, max_value, rate, axis

    def __call__(self, w: Any) -> Any:
        norms = _norms(w, self.axis)
        allowed = ops.clip(norms, float(self.min_value), float(self.max_value))
        desired = ops.add(ops.multiply(allowed, self.rate), ops.multiply(norms, 1 - self.rate))
        return _with_norms(w, norms, desired)


class NonNeg(Constraint):
    """No negative weights."""

    def __call__(self, w: Any) -> Any:
        return ops.maximum(w, 0)


class UnitNorm(Constraint):
    """Norms over `axis` of 1.

    Args:
        axis: over which norms are taken (see `MaxNorm`).
    """

    def __init__(self, axis: Axes = 0):
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        return ops.divide(w, ops.add(_norms(w, self.axis), settings.epsilon))


max_norm, min_max_norm, non_neg, unit_norm = MaxNorm, MinMaxNorm, NonNeg, UnitNorm

#: every name, aliases included
ALL: dict[str, type] = {
    "MaxNorm": MaxNorm, "MinMaxNorm": MinMaxNorm, "NonNeg": NonNeg, "UnitNorm": UnitNorm,
    "max_norm": MaxNorm, "min_max_norm": MinMaxNorm, "non_neg": NonNeg, "unit_norm": UnitNorm,
}


def get(identifier: Any) -> Any:
    """A constraint by name, by record, or itself; None stays None.

    Raises:
        UnknownClass: no constraint has that name.
        ConfigError: the identifier is of another sort.
    """
    return serialization.resolve(identifier, ALL, "constraint")


def serialize(constraint: Constraint) -> dict[str, Any]:
    """The record ``{"class_name", "config"}``."""
    return serialization.to_plain(constraint)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The inverse of `serialize`; `custom_objects` give names a meaning of your own."""
    with serialization.custom_object_scope(custom_objects):
        return get(config)
