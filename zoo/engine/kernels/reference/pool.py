"""Definitions of pooling, and the view of a tensor as its sliding windows."""

from __future__ import annotations

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
    return xp.lib.stride_tricks.as_strided(
        x, (x.shape[0], *counts, *window, x.shape[-1]),
        (batch, *(step * s for step, s in zip(steps, strides)), *(step * d for step, d in zip(steps, dilation)), channel))


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
