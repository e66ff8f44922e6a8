"""Depthwise convolution: one product and one sum for each position in the window, on tiles that stay in the cache."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

import numpy as np

from zoo.engine.graph import Node
from zoo.engine.kernels import costs
from zoo.engine.kernels.blas.convolution import sliding_of
from zoo.engine.kernels.epilogue import TileEpilogue, each_axis
from zoo.engine.kernels.registry import Kernel, Packing, register
from zoo.engine.kernels.tiles import CACHE_BYTES, cut_leading
from zoo.engine.threads import Workspace, parallel_for

_PER_SECOND = 1e9                                           # multiplications, with their additions


def supports_depthwise(node: Node) -> str | None:
    """Every channel is a group of its own."""
    inputs, _ = node.op_inputs[1].shape[-2:]
    return None if inputs == 1 and node.attrs["groups"] > 1 else "needs one input channel a group"


def _bind(node: Node, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> Callable[[], None]:
    (x, weights, *extra), (output,) = inputs, outputs
    sliding, channels = sliding_of(node), x.shape[-1]
    epilogue = TileEpilogue(node, extra, output, each_axis(output))
    touched = prod(output.shape[2:]) + prod(sliding.strides) * prod(output.shape[2:])       # elements for one row
    tiles = []
    for index in cut_leading(output.shape[:2], max(1, CACHE_BYTES // (output.itemsize * 2 * touched))):
        images, rows = (*index, slice(0, output.shape[1]))[:2]
        result = output[images, rows]
        place = (images, rows, *[slice(None)] * (output.ndim - 2))
        tiles.append((images, rows, result.reshape(*result.shape[:-1], channels, -1), epilogue.on(place)))

    def body(i: int, workspace: Workspace) -> None:
        images, rows, result, finish = tiles[i]
        piece = sliding.piece(x, images, rows, 0, workspace)[..., None]
        product = workspace.take(result.shape, result.dtype)
        for number, (tap, elements) in enumerate(sliding.taps(piece, rows.stop - rows.start)):
            np.multiply(elements, weights[tap], out=product if number else result)
            if number:
                np.add(result, product, out=result)
        finish(workspace)

    seconds = costs.windows(node, _PER_SECOND)
    return lambda: parallel_for(len(tiles), body, seconds)


def _packing(node: Node) -> tuple[Packing, ...]:
    """old: (window..., 1, channels x m)  new: (window..., width, channels, m): whole rows at once."""
    *window, _, outputs = node.op_inputs[1].shape
    channels, width = node.attrs["groups"], sliding_of(node).counts[-1]
    return (Packing(1, "reshape", {"shape": (*window, 1, channels, outputs // channels)}),
            Packing(1, "broadcast_to", {"shape": (*window, width, channels, outputs // channels)}))


register(Kernel("conv", "depthwise", "blas", supports_depthwise, _bind, packing=_packing,
                cost=lambda node: costs.windows(node, _PER_SECOND) + costs.epilogue(node)))
