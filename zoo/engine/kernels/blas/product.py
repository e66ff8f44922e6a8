"""Matrix products in tiles of rows and columns, with the epilogue done on each tile while it is in the cache."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

import numpy as np

from zoo.engine import dtypes, windows
from zoo.engine.graph import Node
from zoo.engine.kernels import costs
from zoo.engine.kernels.epilogue import EpilogueMaker, TileEpilogue
from zoo.engine.kernels.registry import Kernel, register
from zoo.engine.kernels.tiles import CACHE_BYTES, coalesce, cut, cut_leading, flat, part, product_tile, regrouped
from zoo.engine.threads import Workspace, parallel_for

_BLAS_DTYPES = ("float32", "float64")

Run = Callable[[], None]


def bind_product(node: Node, x: np.ndarray, y: np.ndarray, extra: Sequence[np.ndarray], output: np.ndarray,
                 make_epilogue: EpilogueMaker) -> Run:
    """``output = epilogue(x @ y)`` for x (..., k), y (k, n) and output (..., n)."""
    depth, columns = y.shape
    groups = coalesce(output.shape, [operand.shape for operand in extra], keep=1)
    epilogue, whole = make_epilogue(node, extra, output, groups), regrouped(output, groups)
    x, matrix = x.reshape(-1, depth), output.reshape(-1, columns)
    tall, wide = product_tile(len(matrix), depth, columns)
    tiles = []
    for index in cut_leading(whole.shape[:-1], tall):
        rows = flat(whole.shape[:-1], index)
        for piece in cut(columns, wide):
            place = (*index, *[slice(None)] * (whole.ndim - 1 - len(index)), piece)
            tiles.append((x[rows], y[:, piece], matrix[rows, piece], epilogue.on(place)))

    def body(i: int, workspace: Workspace) -> None:
        left, right, result, finish = tiles[i]
        np.matmul(left, right, out=result)
        finish(workspace)

    seconds = costs.product(len(matrix), depth, columns)
    return lambda: parallel_for(len(tiles), body, seconds)


def _bind_stack(node: Node, x: np.ndarray, y: np.ndarray, extra: Sequence[np.ndarray], output: np.ndarray,
                make_epilogue: EpilogueMaker) -> Run:
    """The same for stacks of matrices: x (..., m, k), y (..., k, n); a tile is some matrices of one stack."""
    groups = coalesce(output.shape, [x.shape[:-2] + (1, 1), y.shape[:-2] + (1, 1), *(e.shape for e in extra)], keep=2)
    epilogue, whole = make_epilogue(node, extra, output, groups), regrouped(output, groups)
    lead_groups = groups[:-2]
    left = regrouped(x, [*lead_groups, *groups[-2:]])
    right = regrouped(y, [*lead_groups, *groups[-2:]])
    rows, depth, columns = *x.shape[-2:], y.shape[-1]
    largest = CACHE_BYTES // (output.itemsize * max(1, rows * depth + depth * columns + rows * columns))
    tiles = [(part(left, index), part(right, index), whole[index],
              epilogue.on((*index, *[slice(None)] * (whole.ndim - len(index)))))
             for index in cut_leading(whole.shape[:-2], max(1, largest))]

    def body(i: int, workspace: Workspace) -> None:
        a, b, result, finish = tiles[i]
        np.matmul(a, b, out=result)
        finish(workspace)

    seconds = prod(output.shape[:-2]) * costs.product(rows, depth, columns)
    return lambda: parallel_for(len(tiles), body, seconds)


def bind_matmul(node: Node, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray],
                make_epilogue: EpilogueMaker = TileEpilogue) -> Run:
    """Products of matrices, or of stacks of them."""
    x, y, *extra = inputs
    if prod(y.shape[:-2]) == 1 and y.ndim <= outputs[0].ndim:
        return bind_product(node, x, y.reshape(y.shape[-2:]), extra, outputs[0], make_epilogue)
    return _bind_stack(node, x, y, extra, outputs[0], make_epilogue)


def supports_dtype(node: Node) -> str | None:
    """BLAS has products of float32 and float64."""
    dtype = dtypes.storage(node.output.dtype)
    return None if dtype.name in _BLAS_DTYPES else f"BLAS has no product of {dtype}"


def supports_pointwise(node: Node) -> str | None:
    """A convolution whose windows are single places."""
    x, kernel = node.op_inputs
    *window, _, _ = kernel.shape
    attrs = node.attrs
    if set(window) != {1} or set(attrs["strides"]) != {1} or attrs["groups"] != 1:
        return "needs a window and strides of 1 and a single group"
    if any(map(any, windows.pads(x.shape[1:-1], window, attrs["strides"], attrs["padding"], attrs["dilation"]))):
        return "needs an input without padding"
    return supports_dtype(node)


def bind_pointwise(node: Node, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray],
                   make_epilogue: EpilogueMaker = TileEpilogue) -> Run:
    """A convolution with a window of one place: one product."""
    x, kernel, *extra = inputs
    return bind_product(node, x, kernel.reshape(kernel.shape[-2:]), extra, outputs[0], make_epilogue)


def matmul_cost(node: Node) -> float:
    """The product, without its epilogue."""
    x, y = node.op_inputs
    if prod(y.shape[:-2]) == 1:
        return costs.product(prod(x.shape[:-1]), *y.shape[-2:])
    return prod(node.output.shape[:-2]) * costs.product(x.shape[-2], *y.shape[-2:])


register(Kernel("matmul", "tiled_product", "blas", supports_dtype, bind_matmul,
                cost=lambda node: matmul_cost(node) + costs.epilogue(node)))
register(Kernel("conv", "pointwise", "blas", supports_pointwise, bind_pointwise,
                cost=lambda node: costs.convolution(node) + costs.epilogue(node)))
