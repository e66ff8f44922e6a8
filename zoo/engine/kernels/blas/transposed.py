"""Transposed convolution: every input times the kernel, by BLAS, and the windows that overlap added up.

A tile is some rows of the output. It computes the products of all inputs that reach it, those at its border again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from math import prod

import numpy as np

from zoo.engine import windows
from zoo.engine.graph import Node
from zoo.engine.kernels import costs
from zoo.engine.kernels.blas.product import supports_dtype
from zoo.engine.kernels.epilogue import EpilogueMaker, TileEpilogue, each_axis
from zoo.engine.kernels.registry import Kernel, Packing, register
from zoo.engine.kernels.tiles import CACHE_BYTES, cut_leading
from zoo.engine.threads import Workspace, parallel_for

_ROWS, _PIECES = 512, 4                                      # of a product, at least: BLAS copies the kernel for each


def transposed_packing(node: Node) -> tuple[Packing, ...]:
    """old: (window..., out / groups, in)  new: (groups, in / groups, window x out / groups)"""
    *window, outputs, inputs = node.op_inputs[1].shape
    groups, taps = node.attrs["groups"], prod(window)
    return (Packing(1, "reshape", {"shape": (taps, outputs, groups, inputs // groups)}),
            Packing(1, "transpose", {"axes": (2, 3, 0, 1)}),
            Packing(1, "reshape", {"shape": (groups, inputs // groups, taps * outputs)}))


def bind_transposed(node: Node, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray],
                    make_epilogue: EpilogueMaker = TileEpilogue) -> Callable[[], None]:
    """A transposed convolution whose kernel is packed by `transposed_packing`."""
    (x, kernel, *extra), (output,) = inputs, outputs
    attrs, groups, (*window, channels, _) = node.attrs, node.attrs["groups"], node.op_inputs[1].shape
    strides, dilation = attrs["strides"], attrs["dilation"]
    pieces = windows.transposed(x.shape[1:-1], window, strides, attrs["padding"], attrs["output_padding"], dilation)
    spans = [windows.extent(size, spread) for size, spread in zip(window, dilation)]
    widths = [max((size - 1) * stride + span, drop + length) for size, stride, span, (drop, length)
              in zip(x.shape[2:-1], strides[1:], spans[1:], pieces[1:])]
    crop = tuple(slice(drop, drop + length) for drop, length in pieces[1:])
    apart = all(span <= stride for span, stride in zip(spans, strides))         # windows do not overlap
    epilogue = make_epilogue(node, extra, output, each_axis(output))
    places = x.reshape(*x.shape[:-1], groups, -1)
    row = prod(output.shape[2:]) + len(kernel) * kernel.shape[2] * prod(x.shape[2:-1]) // strides[0]
    across, enough = max(1, prod(x.shape[2:-1])), min(_ROWS, prod(x.shape[:-1]) // _PIECES)
    tall = max(1, 2 * CACHE_BYTES // (output.itemsize * max(1, row)), enough * strides[0] // across)
    tiles = []
    for index in cut_leading(output.shape[:2], tall):
        images, rows = (*index, slice(0, output.shape[1]))[:2]
        first, last = rows.start + pieces[0][0], rows.stop + pieces[0][0]       # on the line of all windows
        begin = max(0, min(-(-(first - spans[0] + 1) // strides[0]), first // strides[0], x.shape[1] - 1))
        reached = slice(begin, max(begin + 1, min(x.shape[1], (last - 1) // strides[0] + 1)))
        tiles.append((images, rows, reached, first - reached.start * strides[0],
                      epilogue.on((images, rows, *[slice(None)] * (output.ndim - 2)))))

    def body(i: int, workspace: Workspace) -> None:
        images, rows, reached, start, finish = tiles[i]
        given = places[images, reached]
        left = workspace.take((groups, prod(given.shape[:-2]), given.shape[-1]), x.dtype)
        np.copyto(left.reshape(groups, *given.shape[:-2], -1), np.moveaxis(given, -2, 0))
        parts = workspace.take((groups, left.shape[1], kernel.shape[2]), x.dtype)
        np.matmul(left, kernel, out=parts)
        parts = np.moveaxis(parts.reshape(groups, *given.shape[:-2], *window, channels), 0, -2)
        stop = start + rows.stop - rows.start
        height = max(stop, (given.shape[1] - 1) * strides[0] + spans[0])
        target = output[images, rows]
        target = target.reshape(*target.shape[:-1], groups, channels)
        whole = (len(given), height, *widths, groups, channels)
        direct = start == 0 and target.shape == whole and not any(piece.start for piece in crop)
        line = target if direct else workspace.take(whole, x.dtype)
        line.fill(0)
        for tap in product(*map(range, window)):
            place = tuple(slice(t * d, t * d + (n - 1) * s + 1, s)
                          for t, d, n, s in zip(tap, dilation, given.shape[1:-2], strides))
            reached, part = line[(slice(None), *place)], parts[(*[slice(None)] * (output.ndim - 1), *tap)]
            np.copyto(reached, part) if apart else np.add(reached, part, out=reached)
        if not direct:
            np.copyto(target, line[(slice(None), slice(start, stop), *crop)])
        finish(workspace)

    seconds = transposed_cost(node)
    return lambda: parallel_for(len(tiles), body, seconds)


def transposed_cost(node: Node) -> float:
    """The products, and adding up their parts."""
    x, kernel = node.op_inputs
    taps = prod(kernel.shape[:-2])
    return costs.product(prod(x.shape[:-1]), x.shape[-1], taps * kernel.shape[-2]) \
        + prod(x.shape[:-1]) * taps * node.output.shape[-1] / costs.PASS


register(Kernel("conv_transpose", "scattered_products", "blas", supports_dtype, bind_transposed,
                packing=transposed_packing, cost=lambda node: transposed_cost(node) + costs.epilogue(node)))
