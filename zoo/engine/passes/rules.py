"""What several passes ask of values, and the small steps that they share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from zoo.engine.graph import Rewriter, Value
from zoo.engine.op import OPS

_SMALL = 4096                                               # larger constants are not looked into


def made_by(value: Value, *names: str) -> bool:
    """Whether a node of one of these primitives, without an epilogue, computes the value."""
    return value.node is not None and value.node.op.name in names and value.node.epilogue is None


def is_constant(value: Value, number: float) -> bool:
    """Whether all elements of the value are known to be `number`."""
    array = value.constant
    return array is not None and 0 < array.size <= _SMALL and array.dtype != object and bool(np.all(array == number))


def reshaped(rewriter: Rewriter, value: Value, shape: Sequence[int]) -> Value:
    """The value in another shape; nothing is added if it has that shape, and no reshape follows another."""
    shape = tuple(shape)
    while made_by(value, "reshape") and value.shape != shape:
        value = value.node.inputs[0]
    return value if value.shape == shape else rewriter.apply(OPS["reshape"], value, shape=shape)


def transposed(rewriter: Rewriter, value: Value, axes: Sequence[int]) -> Value:
    """The value with axes in another order: transposes join or cancel, and one that moves no element is a reshape."""
    axes = tuple(axes)
    if made_by(value, "transpose"):
        inner = value.node.attrs["axes"]
        value, axes = value.node.inputs[0], tuple(inner[axis] for axis in axes)
    if axes == tuple(range(value.ndim)):
        return value
    moved = [axis for axis in axes if value.shape[axis] != 1]
    if moved == sorted(moved):
        return reshaped(rewriter, value, [value.shape[axis] for axis in axes])
    return rewriter.apply(OPS["transpose"], value, axes=axes)


def inverse(axes: Sequence[int]) -> tuple[int, ...]:
    """The permutation that undoes another."""
    return tuple(int(axis) for axis in np.argsort(axes))
