"""Definitions of convolution and transposed convolution."""

from __future__ import annotations

import math
from itertools import product
from types import ModuleType
from typing import Any

from zoo.engine import windows
from zoo.engine.kernels.reference.pool import sliding_windows
from zoo.engine.kernels.registry import reference
from zoo.engine.windows import Padding


@reference("conv")
def conv(xp: ModuleType, x: Any, kernel: Any, *, strides: tuple[int, ...], padding: Padding, dilation: tuple[int, ...],
         groups: int) -> Any:
    """Each window of x times the kernel, as one matrix product a group."""
    *window, inputs, outputs = kernel.shape
    view = sliding_windows(xp, x, window, strides, padding, dilation, x.dtype.type(0))
    places = view.shape[:1 + len(window)]
    rows = view.reshape(*view.shape[:-1], groups, inputs)
    rows = xp.moveaxis(rows, -2, 0).reshape(groups, -1, kernel[..., 0].size)    # (group, place, window x inputs)
    columns = xp.moveaxis(kernel.reshape(-1, groups, outputs // groups), 1, 0)  # (group, window x inputs, out)
    return xp.moveaxis(xp.matmul(rows, columns), 0, 1).reshape(*places, outputs)


@reference("conv_transpose")
def conv_transpose(xp: ModuleType, x: Any, kernel: Any, *, strides: tuple[int, ...], padding: Padding,
                   output_padding: tuple[int, ...] | None, dilation: tuple[int, ...], groups: int) -> Any:
    """Each element of x times the kernel, added up where the windows overlap."""
    *window, outputs, inputs = kernel.shape
    batch, *sizes, _ = x.shape
    pieces = windows.transposed(sizes, window, strides, padding, output_padding, dilation)
    line = [max((n - 1) * s + windows.extent(w, d), drop + length)
            for n, w, s, d, (drop, length) in zip(sizes, window, strides, dilation, pieces)]
    total = xp.zeros((batch, *line, groups, outputs), x.dtype)
    rows = xp.moveaxis(x.reshape(-1, groups, inputs // groups), 1, 0)           # (group, place, in)
    for tap in product(*map(range, window)):
        weights = xp.transpose(kernel[tap].reshape(outputs, groups, inputs // groups), (1, 2, 0))   # (group, in, out)
        part = xp.moveaxis(xp.matmul(rows, weights), 0, 1).reshape(batch, *sizes, groups, outputs)
        place = tuple(slice(t * d, t * d + (n - 1) * s + 1, s) for t, d, n, s in zip(tap, dilation, sizes, strides))
        total[(slice(None), *place)] += part
    result = total[(slice(None), *(slice(drop, drop + length) for drop, length in pieces))]
    return result.reshape(*result.shape[:-2], groups * outputs)


@reference("conv_kernel_gradient")
def conv_kernel_gradient(xp: ModuleType, x: Any, y: Any, *, window: tuple[int, ...], strides: tuple[int, ...],
                         padding: Padding, dilation: tuple[int, ...], groups: int) -> Any:
    """Each window of x times y at its place, summed over places, as one matrix product a group."""
    inputs, outputs = x.shape[-1] // groups, y.shape[-1] // groups
    view = sliding_windows(xp, x, window, strides, padding, dilation, x.dtype.type(0))
    rows = view.reshape(*view.shape[:-1], groups, inputs)
    rows = xp.moveaxis(rows, -2, 0).reshape(groups, -1, math.prod(window) * inputs)     # (group, place, window x in)
    columns = xp.moveaxis(y.reshape(-1, groups, outputs), 1, 0)                         # (group, place, out)
    table = xp.matmul(xp.swapaxes(rows, 1, 2), columns)                                 # (group, window x in, out)
    return xp.moveaxis(table, 0, 1).reshape(*window, inputs, groups * outputs)
