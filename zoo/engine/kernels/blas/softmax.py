"""Softmax and its logarithm on rows that are in the cache: every call of NumPy works in place."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from zoo.engine import dtypes
from zoo.engine.graph import Node
from zoo.engine.kernels import costs
from zoo.engine.kernels.registry import Kernel, register
from zoo.engine.kernels.tiles import CACHE_BYTES, cut
from zoo.engine.threads import Workspace, parallel_for

_PASSES = 6


def _softmax(y: np.ndarray, total: np.ndarray) -> None:
    np.exp(y, out=y)
    np.add.reduce(y, axis=1, keepdims=True, out=total)
    np.divide(y, total, out=y)


def _log_softmax(y: np.ndarray, total: np.ndarray) -> None:
    np.add.reduce(np.exp(y), axis=1, keepdims=True, out=total)
    np.log(total, out=total)
    np.subtract(y, total, out=y)


def _bind(node: Node, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> Callable[[], None]:
    width = node.output.shape[-1]
    x, y = inputs[0].reshape(-1, width), outputs[0].reshape(-1, width)
    tiles = cut(len(y), max(1, CACHE_BYTES // (2 * y.itemsize * width)))
    finish, seconds = {"softmax": _softmax, "log_softmax": _log_softmax}[node.op.name], _cost(node)

    def body(i: int, workspace: Workspace) -> None:
        rows, result = x[tiles[i]], y[tiles[i]]
        edge = workspace.take((len(rows), 1), y.dtype)
        np.maximum.reduce(rows, axis=1, keepdims=True, out=edge)
        np.subtract(rows, edge, out=result)
        finish(result, edge)

    return lambda: parallel_for(len(tiles), body, seconds)


def supports(node: Node) -> str | None:
    """Why the softmax of a node cannot be done row by row, if it cannot."""
    if node.attrs["axis"] % node.output.ndim != node.output.ndim - 1:
        return "needs the last axis"
    if dtypes.storage(node.output.dtype).name not in ("float32", "float64"):
        return f"computes float32 and float64 only, not {node.output.dtype}"
    return None if node.output.spec.size else "there is nothing to compute"


def _cost(node: Node) -> float:
    return _PASSES * node.output.spec.size / costs.PASS


for _name in ("softmax", "log_softmax"):
    register(Kernel(_name, "rows", "blas", supports, _bind, cost=_cost, in_place=lambda node: (0,)))
