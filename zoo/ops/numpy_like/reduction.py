"""Sums, extremes and positions along axes. `axis` is an axis, several, or None for all."""

from __future__ import annotations

import math
from typing import Any

from zoo.engine import primitives as p
from zoo.engine.dtypes import is_float
from zoo.engine.op import Op
from zoo.ops.numpy_like.arithmetic import maximum, minimum
from zoo.ops.numpy_like.elementwise import isnan
from zoo.ops.numpy_like.logic import not_equal
from zoo.ops.promotion import Axis, Tensor, as_float, as_tensor, axes_of, constant, dtype_of, rank_of

#: dtypes in which small integers are added up
ACCUMULATOR = {"bool": "int32", "int8": "int32", "int16": "int32", "uint8": "uint32", "uint16": "uint32"}


def _reduce(op: Op, x: Tensor, axis: Axis, keepdims: bool) -> Tensor:
    return op(x, axes=axes_of(axis, rank_of(x)), keepdims=keepdims)


def _accumulate(op: Op, x: Any, axis: Axis, keepdims: bool) -> Tensor:
    x = as_tensor(x)
    return _reduce(op, as_tensor(x, ACCUMULATOR.get(dtype_of(x))), axis, keepdims)


def sum(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:  # noqa: A001 - NumPy's name
    """The sum; small integers are added up as 32-bit ones."""
    return _accumulate(p.sum_op, x, axis, keepdims)


def prod(x: Any, axis: Axis = None, keepdims: bool = False, dtype: str | None = None) -> Tensor:
    """The product; small integers are multiplied as 32-bit ones."""
    return _accumulate(p.prod_op, as_tensor(x, dtype), axis, keepdims)


def mean(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The arithmetic mean."""
    return _reduce(p.mean_op, as_float(x), axis, keepdims)


def max(x: Any, axis: Axis = None, keepdims: bool = False, initial: Any = None) -> Tensor:  # noqa: A001
    """The largest element, and not less than `initial`."""
    result = _reduce(p.max_op, as_tensor(x), axis, keepdims)
    return result if initial is None else maximum(result, initial)


def min(x: Any, axis: Axis = None, keepdims: bool = False, initial: Any = None) -> Tensor:  # noqa: A001
    """The smallest element, and not more than `initial`."""
    result = _reduce(p.min_op, as_tensor(x), axis, keepdims)
    return result if initial is None else minimum(result, initial)


def amax(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Another name of `max`."""
    return max(x, axis, keepdims)


def amin(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Another name of `min`."""
    return min(x, axis, keepdims)


def ptp(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The distance from the smallest to the largest element."""
    return p.subtract_op(max(x, axis, keepdims), min(x, axis, keepdims))


def all(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:  # noqa: A001
    """Whether all are true; numbers other than 0 are."""
    return _reduce(p.all_op, as_tensor(x, "bool"), axis, keepdims)


def any(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:  # noqa: A001
    """Whether one is true; numbers other than 0 are."""
    return _reduce(p.any_op, as_tensor(x, "bool"), axis, keepdims)


def count_nonzero(x: Any, axis: Axis = None) -> Tensor:
    """How many elements are not 0."""
    return sum(as_tensor(not_equal(x, 0) if dtype_of(x) != "bool" else x, "int32"), axis)


def _position(op: Op, x: Any, axis: int | None, keepdims: bool) -> Tensor:
    x = as_tensor(x)
    if axis is not None:
        return op(x, axis=axes_of(axis, rank_of(x))[0], keepdims=keepdims)
    position = op(p.reshape_op(x, shape=(None,)), axis=0, keepdims=False)
    return p.reshape_op(position, shape=(1,) * rank_of(x)) if keepdims else position


def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The position of the (first) largest element; without an axis, counted through the whole tensor."""
    return _position(p.argmax_op, x, axis, keepdims)


def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The position of the (first) smallest element; without an axis, counted through the whole tensor."""
    return _position(p.argmin_op, x, axis, keepdims)


def _running(op: Op, x: Any, axis: int | None, dtype: str | None) -> Tensor:
    x = as_tensor(x, dtype)
    x = as_tensor(x, "int32") if dtype_of(x) == "bool" else x
    if axis is None:
        x, axis = p.reshape_op(x, shape=(None,)), 0
    return op(x, axis=axes_of(axis, rank_of(x))[0])


def cumsum(x: Any, axis: int | None = None, dtype: str | None = None) -> Tensor:
    """Running sums along an axis, or through the flattened tensor."""
    return _running(p.cumsum_op, x, axis, dtype)


def cumprod(x: Any, axis: int | None = None, dtype: str | None = None) -> Tensor:
    """Running products along an axis, or through the flattened tensor."""
    return _running(p.cumprod_op, x, axis, dtype)


def without_nan(x: Any, value: float) -> Tensor:
    """x with NaN replaced by `value`."""
    x = as_tensor(x)
    return p.select_op(isnan(x), constant(value, dtype_of(x)), x) if is_float(dtype_of(x)) else x


def nansum(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The sum of what is not NaN."""
    return sum(without_nan(x, 0.0), axis, keepdims)


def nanprod(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The product of what is not NaN."""
    return prod(without_nan(x, 1.0), axis, keepdims)


def nanmean(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The mean of what is not NaN; NaN where nothing is left."""
    x = as_float(x)
    count = sum(as_tensor(p.logical_not_op(isnan(x)), dtype_of(x)), axis, keepdims)
    return p.divide_op(nansum(x, axis, keepdims), count)


def _nan_extremum(reduction: Any, limit: float, x: Any, axis: Axis, keepdims: bool) -> Tensor:
    x = as_tensor(x)
    if not is_float(dtype_of(x)):
        return reduction(x, axis, keepdims)
    nothing = all(isnan(x), axis, keepdims)
    return p.select_op(nothing, constant(math.nan, dtype_of(x)), reduction(without_nan(x, limit), axis, keepdims))


def nanmax(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The largest element that is not NaN; NaN where nothing is left."""
    return _nan_extremum(max, -math.inf, x, axis, keepdims)


def nanmin(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The smallest element that is not NaN; NaN where nothing is left."""
    return _nan_extremum(min, math.inf, x, axis, keepdims)


def nanargmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The position of the largest element that is not NaN."""
    return argmax(without_nan(x, -math.inf), axis, keepdims)


def nanargmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The position of the smallest element that is not NaN."""
    return argmin(without_nan(x, math.inf), axis, keepdims)


def nancumsum(x: Any, axis: int | None = None, dtype: str | None = None) -> Tensor:
    """Running sums in which NaN counts as 0."""
    return cumsum(without_nan(x, 0.0), axis, dtype)


def nancumprod(x: Any, axis: int | None = None, dtype: str | None = None) -> Tensor:
    """Running products in which NaN counts as 1."""
    return cumprod(without_nan(x, 1.0), axis, dtype)
