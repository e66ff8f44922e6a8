"""Convolution as matrix products: the windows of some output rows are written out as rows of a matrix (im2col).

The matrix of a tile lies in scratch memory that stays in the cache; it is multiplied by the kernel, and the epilogue
is done on the result, before the next tile begins.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

import numpy as np

from zoo.engine.graph import Node
from zoo.engine.kernels import costs
from zoo.engine.kernels.blas.product import supports_dtype
from zoo.engine.kernels.epilogue import EpilogueMaker, TileEpilogue, each_axis
from zoo.engine.kernels.registry import Kernel, Packing, register
from zoo.engine.kernels.sliding import Sliding
from zoo.engine.kernels.tiles import cut, cut_leading, product_tile
from zoo.engine.threads import Workspace, parallel_for

_LONG_RUN = 16                                              # elements that are copied as fast as any number


def im2col_packing(node: Node) -> tuple[Packing, ...]:
    """old: (window..., in / groups, out)  new: (groups, window x in / groups, out / groups)"""
    *window, inputs, outputs = node.inputs[1].shape
    groups = node.attrs["groups"]
    if groups == 1:                                         # only another shape: mapped weights stay mapped
        return (Packing(1, "reshape", {"shape": (1, prod(window) * inputs, outputs)}),)
    return (Packing(1, "reshape", {"shape": (prod(window) * inputs, groups, outputs // groups)}),
            Packing(1, "transpose", {"axes": (1, 0, 2)}))


def sliding_of(node: Node) -> Sliding:
    """The windows of a convolution."""
    x, kernel = node.op_inputs
    attrs = node.attrs
    return Sliding.over(x.shape[1:-1], kernel.shape[:-2], attrs["strides"], attrs["padding"], attrs["dilation"])


def bind_im2col(node: Node, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray],
                make_epilogue: EpilogueMaker = TileEpilogue) -> Callable[[], None]:
    """A convolution whose kernel is packed by `im2col_packing`."""
    (x, kernel, *extra), (output,) = inputs, outputs
    sliding, groups = sliding_of(node), node.attrs["groups"]
    depth, columns = kernel.shape[1:]
    epilogue = make_epilogue(node, extra, output, each_axis(output))
    row = prod(output.shape[2:-1])                          # places in one output row
    tall, wide = product_tile(len(output) * output.shape[1] * row, depth * groups, columns)
    tiles = []
    for index in cut_leading(output.shape[:2], max(1, tall // max(1, row))):
        images, rows = (*index, slice(0, output.shape[1]))[:2]
        for piece in cut(columns, wide if groups == 1 else columns):
            place = (images, rows, *[slice(None)] * (output.ndim - 3), piece if groups == 1 else slice(None))
            result = output[place]
            matrix = result.reshape(-1, groups, result.shape[-1] // groups).swapaxes(0, 1)
            tiles.append((images, rows, kernel[:, :, piece], matrix, epilogue.on(place)))

    def body(i: int, workspace: Workspace) -> None:
        images, rows, weights, result, finish = tiles[i]
        left = windows_of_groups(sliding, x, images, rows, groups, workspace)
        np.matmul(left, weights, out=result)
        finish(workspace)

    seconds = im2col_cost(node)
    return lambda: parallel_for(len(tiles), body, seconds)


def windows_of_groups(sliding: Sliding, x: np.ndarray, images: slice, rows: slice, groups: int,
                      workspace: Workspace) -> np.ndarray:
    """The windows of some output rows, written out as a matrix a group: (groups, places, window x in / groups)."""
    piece = sliding.piece(x, images, rows, 0, workspace)
    view = sliding.view(piece.reshape(*piece.shape[:-1], groups, -1), rows.stop - rows.start)
    view = view.transpose(-2 % view.ndim, *range(view.ndim - 2), view.ndim - 1)
    rank = len(sliding.window)
    shape = groups, prod(view.shape[1:2 + rank]), prod(view.shape[2 + rank:])
    if view.flags.c_contiguous:                             # windows of one place are rows already
        return view.reshape(shape)
    matrix = workspace.take(shape, x.dtype)
    np.copyto(matrix.reshape(view.shape), view)
    return matrix


def im2col_cost(node: Node) -> float:
    """Writing out the windows, and the product."""
    return costs.convolution(node) + windows_cost(prod(node.output.shape[:-1]), node.op_inputs[1].shape,
                                                  node.attrs["groups"])


def windows_cost(places: int, kernel: Sequence[int], groups: int) -> float:
    """Writing out the windows of that many places; it is slow in short runs."""
    *window, inputs, _ = kernel
    run = inputs * (window[-1] if groups == 1 else 1)
    return places * prod(window) * inputs * groups / costs.PASS * max(1, _LONG_RUN / run)


register(Kernel("conv", "im2col", "blas", supports_dtype, bind_im2col, packing=im2col_packing,
                cost=lambda node: im2col_cost(node) + costs.epilogue(node)))
