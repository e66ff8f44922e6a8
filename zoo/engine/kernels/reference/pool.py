"""Definitions of pooling, and the view of a tensor as its sliding windows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from zoo.engine import windows
from zoo.engine.kernels.registry import reference
from zoo.engine.windows import Padding


def sliding_windows(xp: ModuleType, x: Any, window: Sequence[int], strides: Sequence[int], padding: Padding,
                    dilation: Sequence[int], fill: Any) -> Any:
    """A read-only view ``(batch, positions..., window..., channels)`` of x, padded with `fill`."""
    pads = windows.pads(x.shape[1:-1], window, strides, padding, dilation)
    if any(map(any, pads)):
        x = xp.pad(x, ((0, 0), *pads, (0, 0)), constant_values=fill)
    x = xp.ascontiguousarray(x)
    counts = windows.output_sizes(x.shape[1:-1], window, strides, "valid", dilation)
    batch, *steps, channel = x.strides
    to_place = [step * stride for step, stride in zip(steps, strides)]
    to_tap = [step * gap for step, gap in zip(steps, dilation)]
    return xp.lib.stride_tricks.as_strided(x, (x.shape[0], *counts, *window, x.shape[-1]),
                                           (batch, *to_place, *to_tap, channel))


def _reduce(xp: ModuleType, function: str, x: Any, window: Sequence[int], strides: Sequence[int], padding: Padding,
            fill: Any) -> Any:
    spatial = len(window)
    view = sliding_windows(xp, x, window, strides, padding, (1,) * spatial, fill)
    return getattr(xp, function)(view, axis=tuple(range(1 + spatial, 1 + 2 * spatial)))


@reference("max_pool")
def max_pool(xp: ModuleType, x: Any, *, window: tuple[int, ...], strides: tuple[int, ...], padding: Padding) -> Any:
    """The largest element of each window; padding never wins."""
    lowest = -xp.inf if x.dtype.kind == "f" else xp.iinfo(x.dtype).min
    return _reduce(xp, "max", x, window, strides, padding, x.dtype.type(lowest))


@reference("avg_pool")
def avg_pool(xp: ModuleType, x: Any, *, window: tuple[int, ...], strides: tuple[int, ...], padding: Padding) -> Any:
    """The mean of each window, over its elements that are not padding."""
    total = _reduce(xp, "sum", x, window, strides, padding, x.dtype.type(0))
    count = _reduce(xp, "sum", xp.ones((1, *x.shape[1:-1], 1), x.dtype), window, strides, padding, x.dtype.type(0))
    return total / count


def _maxima(xp: ModuleType, x: Any, window: Sequence[int], strides: Sequence[int], padding: Padding) -> Any:
    """For each window the flat position, in the padded x of one image and channel, of its first maximum."""
    spatial = len(window)
    sizes, ones = x.shape[1:-1], (1,) * spatial
    pads = windows.pads(sizes, window, strides, padding, ones)
    padded = tuple(low + n + high for n, (low, high) in zip(sizes, pads))
    view = sliding_windows(xp, x, window, strides, padding, ones, x.dtype.type(-xp.inf))
    flat = xp.moveaxis(view, -1, 1 + spatial).reshape(*view.shape[:1 + spatial], x.shape[-1], -1)
    inside = xp.stack(xp.unravel_index(xp.argmax(flat, axis=-1), tuple(window)))
    position = 0
    for axis in range(spatial):
        corner = xp.arange(view.shape[1 + axis]) * strides[axis]
        place = inside[axis] + corner.reshape([-1 if a == 1 + axis else 1 for a in range(inside[axis].ndim)])
        position = position * padded[axis] + place
    return position, padded, pads


@reference("max_pool_gradient")
def max_pool_gradient(xp: ModuleType, y: Any, x: Any, *, window: tuple[int, ...], strides: tuple[int, ...],
                      padding: Padding) -> Any:
    """y at the places of the maxima, added up where windows share one."""
    position, padded, pads = _maxima(xp, x, window, strides, padding)
    batch, channels = x.shape[0], x.shape[-1]
    total = xp.zeros((batch, math.prod(padded), channels), y.dtype)
    rows = position.reshape(batch, -1, channels)
    xp.add.at(total, (xp.arange(batch)[:, None, None], rows, xp.arange(channels)), y.reshape(rows.shape))
    whole = total.reshape(batch, *padded, channels)
    return whole[(slice(None), *(slice(low, low + n) for n, (low, _) in zip(x.shape[1:-1], pads)))]


@reference("max_pool_pick")
def max_pool_pick(xp: ModuleType, x: Any, at: Any, *, window: tuple[int, ...], strides: tuple[int, ...],
                  padding: Padding) -> Any:
    """x at the places of the maxima of `at`."""
    position, padded, pads = _maxima(xp, at, window, strides, padding)
    batch, channels = x.shape[0], x.shape[-1]
    flat = xp.pad(x, ((0, 0), *pads, (0, 0))).reshape(batch, -1, channels)
    rows = position.reshape(batch, -1, channels)
    return xp.take_along_axis(flat, rows, axis=1).reshape(position.shape)
