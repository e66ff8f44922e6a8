"""The gradient of a convolution by its kernel: windows of the input times the output's cotangent, summed over places.

The places are cut into a few strands. Each strand sums up its tiles in memory of its own, and the strands are added in
their order: the sum is the same for any number of threads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import product
from math import prod

import numpy as np

from zoo.engine import dtypes, windows
from zoo.engine.graph import Node
from zoo.engine.kernels import costs
from zoo.engine.kernels.blas.convolution import windows_cost, windows_of_groups
from zoo.engine.kernels.registry import Kernel, register
from zoo.engine.kernels.sliding import Sliding
from zoo.engine.kernels.tiles import CACHE_BYTES, cut, cut_leading
from zoo.engine.threads import Workspace, parallel_for, scratch

_ROWS = 256                                                 # of a tile at least: then adding it to the sum is cheap
_STRANDS, _TASKS = 8, 8                                     # at most, and at least
_PARTIAL_BYTES = 1 << 25                                    # of the sums of all strands together
_COLUMNS = 64                                               # of a task at least
_LONG = 1536                                                # places that BLAS sums up itself, at its full speed


def _bind(node: Node, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> Callable[[], None]:
    (x, y), (output,) = inputs, outputs
    attrs, groups = node.attrs, node.attrs["groups"]
    sliding = Sliding.over(x.shape[1:-1], attrs["window"], attrs["strides"], attrs["padding"], attrs["dilation"])
    depth, columns = prod(output.shape[:-1]), output.shape[-1] // groups
    row = prod(y.shape[2:-1])
    tall = max(_ROWS, CACHE_BYTES // (x.itemsize * groups * (depth + columns)))
    tiles = [(*index, slice(0, y.shape[1]))[:2] for index in cut_leading(y.shape[:2], max(1, tall // max(1, row)))]
    count = max(1, min(_STRANDS, len(tiles), _PARTIAL_BYTES // max(1, output.nbytes)))
    strands = [tiles[piece] for piece in cut(len(tiles), -(-len(tiles) // count))]
    pieces = cut(columns, max(_COLUMNS, -(-columns * len(strands) // _TASKS)))
    result = output.reshape(depth, groups, columns).swapaxes(0, 1)
    cotangent = y.reshape(*y.shape[:-1], groups, columns)

    def sum_up(sums: list[np.ndarray], i: int, workspace: Workspace) -> None:
        strand, piece = divmod(i, len(pieces))
        total = sums[strand][:, :, pieces[piece]]
        for number, (images, rows) in enumerate(strands[strand]):
            with workspace.frame():
                left = windows_of_groups(sliding, x, images, rows, groups, workspace)
                right = cotangent[images, rows][..., pieces[piece]]
                right = right.reshape(-1, *right.shape[-2:]).swapaxes(0, 1)
                part = workspace.take(total.shape, total.dtype) if number else total
                np.matmul(left.swapaxes(1, 2), right, out=part)
                if number:
                    np.add(total, part, out=total)

    def add(sums: list[np.ndarray], i: int, workspace: Workspace) -> None:
        for other in sums[1:]:
            np.add(result[:, :, pieces[i]], other[:, :, pieces[i]], out=result[:, :, pieces[i]])

    seconds = _cost(node)

    def run() -> None:
        with scratch() as workspace:
            sums = [result, *(workspace.take(result.shape, result.dtype) for _ in strands[1:])]
            parallel_for(len(strands) * len(pieces), partial(sum_up, sums), seconds)
            parallel_for(len(pieces), partial(add, sums), len(strands) * output.size / costs.PASS)
    return run


def _bind_pointwise(node: Node, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> Callable[[], None]:
    """Windows of one place: one product of two matrices, both as they lie in memory unless there are strides."""
    (x, y), (output,) = inputs, outputs
    taken = x[(slice(None), *(slice(None, None, stride) for stride in node.attrs["strides"]))]
    places, result = prod(y.shape[:-1]), output.reshape(output.shape[-2:])
    right = y.reshape(places, y.shape[-1])
    strands = cut(places, max(_LONG, -(-places // _STRANDS), -(-places * output.nbytes // _PARTIAL_BYTES)))
    wanted = -(-_TASKS // len(strands))                     # pieces of the larger side of the product
    tall, wide = (wanted, 1) if result.shape[0] > result.shape[1] else (1, wanted)
    rows, columns = (cut(size, max(_COLUMNS, -(-size // pieces))) for size, pieces in zip(result.shape, (tall, wide)))
    tasks = list(product(range(len(strands)), rows, columns))

    def sum_up(left: np.ndarray, sums: list[np.ndarray], i: int, workspace: Workspace) -> None:
        strand, row, column = tasks[i]
        part = strands[strand]
        np.matmul(left[part, row].T, right[part, column], out=sums[strand][row, column])

    def run() -> None:
        with scratch() as workspace:
            left = taken
            if taken.size < x.size:                         # else it is the whole of x, whose rows are contiguous
                left = workspace.take(taken.shape, x.dtype)
                parallel_for(len(x), lambda i, _: np.copyto(left[i], taken[i]), taken.size / costs.PASS)
            sums = [result, *(workspace.take(result.shape, result.dtype) for _ in strands[1:])]
            parallel_for(len(tasks), partial(sum_up, left.reshape(places, -1), sums), _pointwise_cost(node))
            for other in sums[1:]:
                np.add(result, other, out=result)
    return run


def _pointwise_cost(node: Node) -> float:
    inputs, outputs = node.output.shape[-2:]
    return costs.product(inputs, prod(node.inputs[1].shape[:-1]), outputs)


def _supports_pointwise(node: Node) -> str | None:
    x, attrs = node.inputs[0], node.attrs
    if set(attrs["window"]) != {1} or attrs["groups"] != 1:
        return "needs a window of 1 and a single group"
    if any(map(any, windows.pads(x.shape[1:-1], attrs["window"], attrs["strides"], attrs["padding"],
                                 attrs["dilation"]))):
        return "needs an input without padding"
    return _supports(node)


def _cost(node: Node) -> float:
    places, groups = prod(node.inputs[1].shape[:-1]), node.attrs["groups"]
    *window, inputs, outputs = node.output.shape
    return groups * costs.product(prod(window) * inputs, places, outputs // groups) \
        + 2 * windows_cost(places, node.output.shape, groups)                   # written, and read column by column


def _supports(node: Node) -> str | None:
    dtype = dtypes.storage(node.output.dtype)
    if dtype.name not in ("float32", "float64"):
        return f"BLAS has no product of {dtype}"
    return None if node.output.spec.size and node.inputs[1].spec.size else "there is nothing to sum"


register(Kernel("conv_kernel_gradient", "im2col", "blas", _supports, _bind, cost=_cost))
register(Kernel("conv_kernel_gradient", "pointwise", "blas", _supports_pointwise, _bind_pointwise,
                cost=_pointwise_cost))
