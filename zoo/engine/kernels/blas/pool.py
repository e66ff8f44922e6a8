"""Pooling by shifted maxima and sums, one axis of the window after the other, on tiles that stay in the cache."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

import numpy as np

from zoo.engine import dtypes
from zoo.engine.graph import Node
from zoo.engine.kernels import costs
from zoo.engine.kernels.epilogue import TileEpilogue, each_axis
from zoo.engine.kernels.registry import Kernel, register
from zoo.engine.kernels.sliding import Sliding
from zoo.engine.kernels.tiles import CACHE_BYTES, cut_leading
from zoo.engine.threads import Workspace, parallel_for


def _binder(combine: np.ufunc, fill: float, mean: bool) -> Callable[..., Callable[[], None]]:
    def bind(node: Node, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> Callable[[], None]:
        (x, *extra), (output,) = inputs, outputs
        attrs = node.attrs
        sliding = Sliding.over(x.shape[1:-1], attrs["window"], attrs["strides"], attrs["padding"])
        epilogue = TileEpilogue(node, extra, output, each_axis(output))
        share = 1 / _elements_in_windows(sliding, x.dtype) if mean else None
        row = prod(sliding.strides) * prod(output.shape[2:])                    # input elements for one output row
        tiles = []
        for index in cut_leading(output.shape[:2], max(1, CACHE_BYTES // (output.itemsize * 2 * row))):
            images, rows = (*index, slice(0, output.shape[1]))[:2]
            result = output[images, rows]
            place = (images, rows, *[slice(None)] * (output.ndim - 2))
            tiles.append((images, rows, result, epilogue.on(place)))

        def body(i: int, workspace: Workspace) -> None:
            images, rows, result, finish = tiles[i]
            piece = sliding.piece(x, images, rows, fill, workspace)
            _reduce(combine, sliding, piece, result, workspace)
            if share is not None:
                np.multiply(result, share[:, rows], out=result)
            finish(workspace)

        seconds = costs.windows(node, costs.PASS)
        return lambda: parallel_for(len(tiles), body, seconds)
    return bind


def _reduce(combine: np.ufunc, sliding: Sliding, piece: np.ndarray, result: np.ndarray, workspace: Workspace) -> None:
    """Combines the elements of each window: along the last axis first, along the rows of the result last."""
    for axis in reversed(range(len(sliding.window))):
        shape = (*piece.shape[:1 + axis], *result.shape[1 + axis:])
        target = workspace.take(shape, result.dtype) if axis else result
        taps = [sliding.along(axis, piece, tap, result.shape[1 + axis]) for tap in range(sliding.window[axis])]
        np.copyto(target, taps[0]) if len(taps) == 1 else combine(taps[0], taps[1], out=target)
        for tap in taps[2:]:
            combine(target, tap, out=target)
        piece = target


def _elements_in_windows(sliding: Sliding, dtype: np.dtype) -> np.ndarray:
    """How many elements of each window are not padding: (1, places..., 1)."""
    total = np.ones((), dtype)
    for n, (before, _), window, stride, count in zip(sliding.sizes, sliding.pads, sliding.window, sliding.strides,
                                                     sliding.counts):
        start = np.arange(count) * stride - before
        total = np.multiply.outer(total, (np.minimum(start + window, n) - np.maximum(start, 0)).astype(dtype))
    return total[None, ..., None]


def _supports(node: Node) -> str | None:
    kind = dtypes.storage(node.output.dtype).kind
    return None if kind == "f" else f"needs a floating dtype, not {node.output.dtype}"


register(Kernel("max_pool", "shifted_maxima", "blas", _supports, _binder(np.maximum, -np.inf, mean=False),
                cost=lambda node: costs.windows(node, costs.PASS) + costs.epilogue(node)))
register(Kernel("avg_pool", "shifted_sums", "blas", _supports, _binder(np.add, 0, mean=True),
                cost=lambda node: costs.windows(node, costs.PASS) + costs.epilogue(node)))
