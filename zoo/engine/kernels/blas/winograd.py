"""Winograd's convolution with the transforms as matrix products."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from zoo.engine.graph import Node
from zoo.engine.kernels import costs, winograd
from zoo.engine.kernels.epilogue import TileEpilogue, each_axis
from zoo.engine.kernels.registry import Kernel, register
from zoo.engine.kernels.tiles import cut, cut_leading, winograd_tile
from zoo.engine.threads import Workspace, parallel_for


def _bind(tile: int, node: Node, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> Callable[[], None]:
    (x, kernel, *extra), (output,) = inputs, outputs
    transform, sliding = winograd.transform(tile), winograd.sliding_tiles(node, tile)
    into = winograd.twice(transform.inputs).astype(output.dtype)
    back = winograd.twice(transform.outputs).astype(output.dtype)
    epilogue = TileEpilogue(node, extra, output, each_axis(output))
    images, height, width, columns = output.shape
    down, across = sliding.counts
    tall, wide = winograd_tile(images * down, across, x.shape[-1], columns, transform.size ** 2)
    tiles = []
    for index in cut_leading((images, down), tall):
        some, rows = (*index, slice(0, down))[:2]
        for piece in cut(columns, wide):
            place = (some, slice(rows.start * tile, min(rows.stop * tile, height)), slice(None), piece)
            tiles.append((some, rows, kernel[:, :, piece], output[place], epilogue.on(place)))

    def body(i: int, workspace: Workspace) -> None:
        some, rows, weights, result, finish = tiles[i]
        shape = (some.stop - some.start, rows.stop - rows.start, across)
        windows = sliding.view(sliding.piece(x, some, rows, 0, workspace), shape[1])
        pieces = workspace.take((transform.size, transform.size, *shape, x.shape[-1]), x.dtype)
        np.copyto(pieces, windows.transpose(3, 4, 0, 1, 2, 5))
        left = workspace.take((len(into), pieces[0, 0].size), x.dtype)
        np.matmul(into, pieces.reshape(len(into), -1), out=left)
        product = workspace.take((len(into), left.shape[1] // x.shape[-1], weights.shape[-1]), x.dtype)
        np.matmul(left.reshape(len(into), -1, x.shape[-1]), weights, out=product)
        places = workspace.take((len(back), product[0].size), x.dtype)
        np.matmul(back, product.reshape(len(into), -1), out=places)
        whole = workspace.take((shape[0], shape[1], tile, across, tile, weights.shape[-1]), x.dtype)
        np.copyto(whole, places.reshape(tile, tile, *shape, -1).transpose(2, 3, 0, 4, 1, 5))
        whole = whole.reshape(shape[0], shape[1] * tile, across * tile, -1)
        np.copyto(result, whole[:, :result.shape[1], :width])
        finish(workspace)

    seconds = winograd.cost(node, tile)
    return lambda: parallel_for(len(tiles), body, seconds)


for _tile in winograd.TILES:
    register(Kernel("conv", f"winograd_{_tile}x{_tile}", "blas", winograd.refusal, partial(_bind, _tile),
                    packing=winograd.packing(_tile), tolerance=1e-5,
                    cost=lambda node, tile=_tile: winograd.cost(node, tile) + costs.epilogue(node)))
