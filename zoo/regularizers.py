"""Penalties on weights and outputs, as in `keras.regularizers`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from zoo import ops, serialization
from zoo.errors import ConfigError, ShapeError


class Regularizer:
    """A function of a tensor to a penalty: a scalar. The arguments of ``__init__`` are the config."""

    def __call__(self, x: Any) -> Any:
        """The penalty of `x`."""
        raise NotImplementedError(f"{type(self).__name__} does not define __call__().")

    def get_config(self) -> dict[str, Any]:
        """The arguments of its construction, as plain data."""
        return serialization.config_of(self)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Regularizer:
        """The regularizer with such a config."""
        return cls(**config)


def _factor(name: str, value: Any, default: float) -> float:
    value = default if value is None else value
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not 0 <= value < math.inf:
        raise ConfigError(f"Expected a non-negative finite number for {name!r}, received {value!r}.")
    return float(value)


def _l1(x: Any, factor: float) -> Any:
    return ops.multiply(ops.sum(ops.absolute(x)), factor)


def _l2(x: Any, factor: float) -> Any:
    return ops.multiply(ops.sum(ops.square(x)), factor)


class L1(Regularizer):
    """``l1 * sum(|x|)``.

    Args:
        l1: the factor; 0.01 if None.
    """

    def __init__(self, l1: float | None = 0.01):
        self.l1 = _factor("l1", l1, 0.01)

    def __call__(self, x: Any) -> Any:
        return _l1(x, self.l1)


class L2(Regularizer):
    """``l2 * sum(x ** 2)``.

    Args:
        l2: the factor; 0.01 if None.
    """

    def __init__(self, l2: float | None = 0.01):
        self.l2 = _factor("l2", l2, 0.01)

    def __call__(self, x: Any) -> Any:
        return _l2(x, self.l2)


class L1L2(Regularizer):
    """``l1 * sum(|x|) + l2 * sum(x ** 2)``.

    Args:
        l1, l2: the factors; 0 if None.
    """

    def __init__(self, l1: float | None = 0.0, l2: float | None = 0.0):
        self.l1, self.l2 = _factor("l1", l1, 0.0), _factor("l2", l2, 0.0)

    def __call__(self, x: Any) -> Any:
        return ops.add(_l1(x, self.l1), _l2(x, self.l2))


class OrthogonalRegularizer(Regularizer):
    """`factor` times the mean size of the products of different rows (or columns) of unit length.

    Args:
        factor: the factor.
        mode: "rows" or "columns".
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows"):
        if mode not in ("rows", "columns"):
            raise ConfigError(f"OrthogonalRegularizer: expected mode 'rows' or 'columns', received {mode!r}.")
        self.factor, self.mode = _factor("factor", factor, 0.01), mode

    def __call__(self, x: Any) -> Any:
        if ops.ndim(x) != 2:
            raise ShapeError(f"OrthogonalRegularizer: expected a matrix, received shape {ops.shape(x)}.")
        rows = x if self.mode == "rows" else ops.transpose(x)
        lengths = ops.norm(rows, axis=1, keepdims=True)
        rows = ops.divide(rows, ops.where(ops.equal(lengths, 0), 1.0, lengths))
        size = ops.shape(rows)[0]
        different = ops.multiply(ops.matmul(rows, ops.transpose(rows)), 1 - ops.eye(size, dtype=ops.dtype(rows)))
        return ops.multiply(ops.sum(ops.absolute(different)), self.factor / max(size * (size - 1), 1))


l1, l2, l1_l2, orthogonal_regularizer = L1, L2, L1L2, OrthogonalRegularizer

#: every name, aliases included
ALL: dict[str, type] = {
    "L1": L1, "L2": L2, "L1L2": L1L2, "OrthogonalRegularizer": OrthogonalRegularizer,
    "l1": L1, "l2": L2, "l1_l2": L1L2, "l1l2": L1L2, "orthogonal_regularizer": OrthogonalRegularizer,
}


def get(identifier: Any) -> Any:
    """A regularizer by name, by record, or itself; None stays None.

    Raises:
        UnknownClass: no regularizer has that name.
        ConfigError: the identifier is of another sort.
    """
    return serialization.resolve(identifier, ALL, "regularizer")


def serialize(regularizer: Regularizer) -> dict[str, Any]:
    """The record ``{"class_name", "config"}``."""
    return serialization.to_plain(regularizer)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The inverse of `serialize`; `custom_objects` give names a meaning of your own."""
    with serialization.custom_object_scope(custom_objects):
        return get(config)
