"""Mean and variance in one pass over memory: of pieces that stay in the cache, which are then put together.

Pieces with their means m_i, their sums s_i of squared distances to these, and n_i elements have together the mean
``m = sum(n_i m_i) / n`` and the sum ``sum(s_i) + sum(n_i (m_i - m)**2)``. Source: Chan, Golub, LeVeque: Algorithms for
computing the sample variance (1983).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

import numpy as np

from zoo.engine import dtypes
from zoo.engine.graph import Node
from zoo.engine.kernels import costs
from zoo.engine.kernels.registry import Kernel, register
from zoo.engine.kernels.tiles import CACHE_BYTES, cut
from zoo.engine.threads import Workspace, parallel_for

LONGEST = 1024                                              # elements that are added up at a time


def seen(node: Node) -> tuple[int, int, int]:
    """How many elements the axes before, in and after those of the reduction have."""
    shape, axes = node.inputs[0].shape, node.attrs["axes"]
    return prod(shape[:axes[0]]), prod(shape[axes[0]:axes[-1] + 1]), prod(shape[axes[-1] + 1:])


def pieces_of(node: Node) -> list[slice]:
    """Even pieces of the axes that are reduced; half of the cache holds one."""
    _, length, after = seen(node)
    row = after * node.inputs[0].spec.nbytes // node.inputs[0].spec.size
    return cut(length, min(LONGEST, CACHE_BYTES // 2 // row))


def put_together(means: np.ndarray, squares: np.ndarray, pieces: Sequence[slice],
                 outputs: Sequence[np.ndarray]) -> None:
    """Means and sums of squares (pieces, before, after) -> the mean and the variance of all."""
    counts = np.array([piece.stop - piece.start for piece in pieces], np.float64)
    means = means.astype(np.float64)
    mean = np.tensordot(counts, means, 1) / counts.sum()
    np.copyto(outputs[0], mean.reshape(outputs[0].shape), casting="same_kind")
    np.subtract(means, mean, out=means)
    total = np.add.reduce(squares, axis=0, dtype=np.float64) + np.tensordot(counts, np.square(means, out=means), 1)
    np.copyto(outputs[1], (total / counts.sum()).reshape(outputs[1].shape), casting="same_kind")


def _bind(node: Node, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> Callable[[], None]:
    before, length, after = seen(node)
    x, pieces = inputs[0].reshape(before, length, after), pieces_of(node)
    means, squares = (np.empty((len(pieces), before, after), x.dtype) for _ in range(2))
    ones = np.ones(LONGEST, x.dtype)
    rows = cut(before, max(1, CACHE_BYTES // 2 // (x.itemsize * after * min(length, LONGEST))))
    tasks = [(row, i) for row in rows for i in range(len(pieces))]

    def body(i: int, workspace: Workspace) -> None:
        row, k = tasks[i]
        part, mean = x[row, pieces[k]], means[k, row]
        count = part.shape[1]
        np.matmul(ones[:count], part, out=mean)
        np.multiply(mean, x.dtype.type(1 / count), out=mean)
        distance = workspace.take(part.shape, x.dtype)
        np.subtract(part, mean[:, None], out=distance)
        np.square(distance, out=distance)
        np.matmul(ones[:count], distance, out=squares[k, row])

    def run() -> None:
        parallel_for(len(tasks), body, x.nbytes / costs.MEMORY)
        put_together(means, squares, pieces, outputs)
    return run


def supports(node: Node) -> str | None:
    """Neighbouring axes of a tensor that BLAS can add up."""
    axes, x = node.attrs["axes"], node.inputs[0]
    if dtypes.storage(x.dtype).name not in ("float32", "float64"):
        return f"BLAS has no product of {x.dtype}"
    if not axes or not x.spec.size:
        return "there is nothing to reduce"
    if axes != tuple(range(axes[0], axes[-1] + 1)):
        return "needs neighbouring axes"
    return None


register(Kernel("moments", "pieces", "blas", supports, _bind,
                cost=lambda node: 4 * node.inputs[0].spec.size / costs.PASS))
