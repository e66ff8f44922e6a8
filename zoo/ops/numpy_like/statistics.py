"""Moments, order and counts of values along axes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from zoo.engine import dtypes
from zoo.engine import primitives as p
from zoo.engine.spec import normalize_axis
from zoo.errors import ConfigError
from zoo.ops.numpy_like.arithmetic import add, divide, maximum, minimum, mod, multiply, subtract
from zoo.ops.numpy_like.elementwise import floor, isnan, sign
from zoo.ops.numpy_like.elementwise import round as round_
from zoo.ops.numpy_like.manipulation import expand_dims, moveaxis, reshape, slice_axis, squeeze
from zoo.ops.numpy_like.reduction import mean, nanmean
from zoo.ops.numpy_like.reduction import sum as sum_
from zoo.ops.promotion import (
    Axis, Tensor, as_float, as_tensor, axes_of, concrete, constant, dtype_of, known_size, promote, rank_of,
    shape_of,
)

#: where between its two neighbours a quantile lies, as a function of its position in the sorted line
QUANTILE_METHODS: dict[str, Callable[[Tensor], Tensor]] = {
    "linear": lambda position: mod(position, 1),
    "lower": lambda position: multiply(position, 0),
    "higher": lambda position: sign(mod(position, 1)),
    "midpoint": lambda position: divide(sign(mod(position, 1)), 2),
    "nearest": lambda position: subtract(round_(position), floor(position)),
}


def var(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The mean squared distance to the mean."""
    x = as_float(x)
    return mean(p.square_op(p.subtract_op(x, mean(x, axis, keepdims=True))), axis, keepdims)


def std(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The square root of `var`."""
    return p.sqrt_op(var(x, axis, keepdims))


def nanvar(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """`var` of what is not NaN."""
    x = as_float(x)
    return nanmean(p.square_op(p.subtract_op(x, nanmean(x, axis, keepdims=True))), axis, keepdims)


def nanstd(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """`std` of what is not NaN."""
    return p.sqrt_op(nanvar(x, axis, keepdims))


def average(x: Any, axis: Axis = None, weights: Any = None) -> Tensor:
    """The mean, weighted if weights are given: in the shape of x, or one line along `axis`."""
    if weights is None:
        return mean(x, axis)
    x, weights = promote(x, weights, dtype="~float")
    if rank_of(weights) != rank_of(x):
        at = axes_of(axis, rank_of(x))[0]
        weights = reshape(weights, [-1 if i == at else 1 for i in range(rank_of(x))])
    total = sum_(p.broadcast_to_op(weights, shape=shape_of(x)), axis)
    return p.divide_op(sum_(p.multiply_op(x, weights), axis), total)


def argsort(x: Any, axis: int | None = -1) -> Tensor:
    """The positions of the elements in rising order; equal ones keep theirs."""
    x = as_tensor(x)
    if axis is None:
        x, axis = p.reshape_op(x, shape=(None,)), 0
    return p.argsort_op(x, axis=normalize_axis(axis, rank_of(x)))


def sort(x: Any, axis: int | None = -1) -> Tensor:
    """The elements in rising order."""
    x = as_tensor(x)
    if axis is None:
        x, axis = p.reshape_op(x, shape=(None,)), 0
    axis = normalize_axis(axis, rank_of(x))
    return p.take_along_axis_op(x, p.argsort_op(x, axis=axis), axis=axis)


def argpartition(x: Any, kth: int, axis: int = -1) -> Tensor:
    """Positions in an order whose element `kth` is where sorting would put it; here, sorted."""
    return argsort(x, axis)


def _last_line(x: Tensor, axis: Axis) -> tuple[Tensor, tuple[int, ...]]:
    """The reduced axes merged into a last one, and which they were."""
    axes = axes_of(axis, rank_of(x))
    x = moveaxis(x, list(axes), list(range(rank_of(x) - len(axes), rank_of(x))))
    return reshape(x, shape_of(x)[:rank_of(x) - len(axes)] + (-1,)), axes


def quantile(x: Any, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Tensor:
    """The value below which the share q of the elements lies; NaN where one is NaN. For several q, a new first axis.

    Args:
        x: a tensor whose size along `axis` is known.
        q: one number or a line of numbers in [0, 1].
        axis: an axis, several, or None for all.
        method: "linear", "lower", "higher", "midpoint" or "nearest": what to take between two elements.
        keepdims: keep the reduced axes with size 1.
    """
    x = as_float(x)
    line, axes = _last_line(x, axis)
    shares = _shares(q)
    last = known_size("quantile", line, -1) - 1
    positions = reshape(shares.reshape(-1) * last, [1] * (rank_of(line) - 1) + [-1])
    result = _at_positions(sort(line), positions, method)
    undefined = p.any_op(isnan(line), axes=(rank_of(line) - 1,), keepdims=True)
    result = p.select_op(undefined, constant(math.nan, dtype_of(x)), result)
    return _with_share_axis(result, shares.ndim, axes, keepdims)


def nanquantile(x: Any, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Tensor:
    """`quantile` of what is not NaN; NaN where nothing is left."""
    x = as_float(x)
    line, axes = _last_line(x, axis)
    shares = _shares(q)
    count = sum_(as_tensor(p.logical_not_op(isnan(line)), dtype_of(x)), -1, keepdims=True)
    positions = multiply(maximum(subtract(count, 1), 0), constant(shares.reshape(-1), dtype_of(x)))
    return _with_share_axis(_at_positions(sort(line), positions, method), shares.ndim, axes, keepdims)


def _shares(q: Any) -> np.ndarray:
    return np.asarray(concrete("quantile", q) if hasattr(q, "dtype") else q, "float64")


def _at_positions(ordered: Tensor, positions: Tensor, method: str) -> Tensor:
    """Values at fractional positions of sorted lines (in the last axis)."""
    if method not in QUANTILE_METHODS:
        raise ConfigError(f"quantile: expected a method of {tuple(QUANTILE_METHODS)}, received {method!r}.")
    at = rank_of(ordered) - 1
    low = as_tensor(floor(positions), "int32")
    high = minimum(add(low, 1), known_size("quantile", ordered, -1) - 1)
    below, above = (p.take_along_axis_op(ordered, places, axis=at) for places in (low, high))
    fraction = as_tensor(QUANTILE_METHODS[method](positions), dtype_of(ordered))
    inner = p.greater_op(fraction, constant(0, dtype_of(ordered)))              # beyond the last number may be NaN
    return p.select_op(inner, add(multiply(below, subtract(1, fraction)), multiply(above, fraction)), below)


def _with_share_axis(result: Tensor, rank: int, axes: tuple[int, ...], keepdims: bool) -> Tensor:
    """The last axis, of the shares, moved to the front, or dropped if there is one share."""
    result = moveaxis(result, -1, 0) if rank else squeeze(result, -1)
    return expand_dims(result, [axis + rank for axis in axes]) if keepdims else result


def median(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The middle element, or the mean of the two middle ones."""
    return quantile(x, 0.5, axis, keepdims=keepdims)


def nanmedian(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """`median` of what is not NaN."""
    return nanquantile(x, 0.5, axis, keepdims=keepdims)


def percentile(x: Any, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Tensor:
    """`quantile` of q in per cent."""
    return quantile(x, _shares(q) / 100, axis, method, keepdims)


def nanpercentile(x: Any, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Tensor:
    """`nanquantile` of q in per cent."""
    return nanquantile(x, _shares(q) / 100, axis, method, keepdims)


def diff(a: Any, n: int = 1, axis: int = -1) -> Tensor:
    """Differences of neighbours along an axis, n times over."""
    a = as_tensor(a)
    for _ in range(n):
        after, before = slice_axis(a, axis, 1, None), slice_axis(a, axis, 0, -1)
        a = (p.logical_xor_op if dtype_of(a) == "bool" else p.subtract_op)(after, before)
    return a


def trapezoid(y: Any, x: Any = None, dx: float = 1.0, axis: int = -1) -> Tensor:
    """The integral of y along an axis by the trapezoidal rule."""
    y = as_float(y)
    widths = dx if x is None else diff(x, axis=-1 if rank_of(x) == 1 else axis)
    if x is not None and rank_of(x) == 1:
        at = normalize_axis(axis, rank_of(y))
        widths = reshape(widths, [-1 if i == at else 1 for i in range(rank_of(y))])
    heights = p.add_op(slice_axis(y, axis, 1, None), slice_axis(y, axis, 0, -1))
    return divide(sum_(multiply(widths, heights), axis), 2.0)


def searchsorted(sorted_sequence: Any, values: Any, side: str = "left") -> Tensor:
    """Where values would go in a rising line: before equal elements ("left") or after them ("right"); int32."""
    if side not in ("left", "right"):
        raise ConfigError(f"searchsorted: expected side 'left' or 'right', received {side!r}.")
    line, values = promote(sorted_sequence, values)
    compare = p.less_op if side == "left" else p.less_equal_op
    before = compare(line, expand_dims(values, -1))
    return sum_(as_tensor(before, "int32"), -1)


def digitize(x: Any, bins: Any) -> Tensor:
    """The number of rising bounds that are not above x; int32."""
    return searchsorted(bins, x, side="right")


def corrcoef(x: Any) -> Tensor:
    """The correlations of the rows of a matrix."""
    x = as_float(x)
    x = reshape(x, (1, -1)) if rank_of(x) == 1 else x
    centred = p.subtract_op(x, mean(x, -1, keepdims=True))
    covariance = p.matmul_op(centred, p.transpose_op(centred, axes=(1, 0)))
    scale = p.sqrt_op(sum_(p.square_op(centred), -1))
    result = p.divide_op(covariance, p.multiply_op(expand_dims(scale, 1), expand_dims(scale, 0)))
    return p.clip_op(result, min=-1.0, max=1.0)


def correlate(x1: Any, x2: Any, mode: str = "valid") -> Tensor:
    """The sum products of a line with another one at each offset: "valid", "same" or "full" overlap."""
    x1, x2 = promote(x1, x2, dtype="~float")
    if shape_of(x1)[0] < shape_of(x2)[0]:
        return p.flip_op(correlate(x2, x1, mode), axes=(0,))
    width = shape_of(x2)[0]
    if mode not in ("valid", "same", "full"):
        raise ConfigError(f"correlate: expected mode 'valid', 'same' or 'full', received {mode!r}.")
    pads = {"valid": (0, 0), "same": (width // 2, width - 1 - width // 2), "full": (width - 1, width - 1)}[mode]
    result = p.conv_op(reshape(x1, (1, -1, 1)), reshape(x2, (-1, 1, 1)), strides=(1,), padding=(pads,), dilation=(1,),
                       groups=1)
    return reshape(result, (-1,))


def bincount(x: Any, weights: Any = None, minlength: int = 0, sparse: bool = False) -> Any:
    """How often 0, 1, 2, ... occur in each line of x (or the sum of their weights). Only outside of graphs."""
    values = np.asarray(concrete("bincount", x))
    amounts = None if weights is None else np.asarray(concrete("bincount", weights))
    length = int(max(minlength, values.max(initial=-1) + 1))
    dtype = "int32" if amounts is None else dtypes.result_type(dtype_of(values), dtype_of(amounts))
    lines = values.reshape(-1, values.shape[-1])
    shares = [None] * len(lines) if amounts is None else amounts.reshape(lines.shape)
    counts = [np.bincount(line, share, length) for line, share in zip(lines, shares)]
    return np.stack(counts).astype(dtype).reshape(*values.shape[:-1], length)


def histogram(x: Any, bins: int = 10, range: tuple[float, float] | None = None) -> tuple[Any, Any]:  # noqa: A002
    """The counts of values between equidistant bounds, and the bounds. Only outside of graphs."""
    counts, bounds = np.histogram(np.asarray(concrete("histogram", x)), bins, range)
    return counts.astype("int32"), bounds.astype("float32")


def unique(x: Any, sorted: bool = True, return_index: bool = False,  # noqa: A002 - Keras's name
           return_inverse: bool = False, return_counts: bool = False, axis: int | None = None, size: int | None = None,
           fill_value: Any = None) -> Any:
    """The distinct values in rising order, and where asked first positions, inverse, counts. Only outside of graphs."""
    if size is not None:
        raise ConfigError("unique: a fixed `size` is not supported; cut or pad the result.")
    found = np.unique(np.asarray(concrete("unique", x)), return_index, return_inverse, return_counts, axis)
    return found if not isinstance(found, tuple) else (found[0], *(part.astype("int32") for part in found[1:]))
