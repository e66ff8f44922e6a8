"""Mean and variance over the axes before the last ones, in pieces that stay in the cache (see `blas.moments`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from zoo.engine.graph import Node
from zoo.engine.kernels import costs
from zoo.engine.kernels.blas.moments import pieces_of, put_together, seen, supports
from zoo.engine.kernels.jit.compiler import INT, compiled, read, written
from zoo.engine.kernels.jit.epilogue import SMALLEST
from zoo.engine.kernels.registry import Kernel, register
from zoo.engine.threads import Workspace, parallel_for


@cache
def _function() -> Callable[..., Any]:
    """Of rows ``first`` to ``last`` of x: means of the columns, and sums of squared distances to these."""
    body = ["a = U(place)",
            "for j in range(U(columns)):",
            "    means[a + j] = F(0)",
            "    squares[a + j] = F(0)",
            "for i in range(first, last):",
            "    o = U(i * columns)",
            "    for j in range(U(columns)):",
            "        means[a + j] += x[o + j]",
            "share = F(1) / F(last - first)",
            "for j in range(U(columns)):",
            "    means[a + j] *= share",
            "for i in range(first, last):",
            "    o = U(i * columns)",
            "    for j in range(U(columns)):",
            "        distance = x[o + j] - means[a + j]",
            "        squares[a + j] += distance * distance"]
    return compiled("moments", ["means", "squares", "x", "first", "last", "place", "columns"], body,
                    [written(), written(), read(), *[INT] * 4])


def _bind(node: Node, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> Callable[[], None]:
    before, length, after = seen(node)
    pieces, function = pieces_of(node), _function()
    means, squares = (np.empty((len(pieces), before, after), np.float32) for _ in range(2))
    flat = [x.reshape(-1) for x in (means, squares, inputs[0])]
    calls = [(*flat, row * length + piece.start, row * length + piece.stop, (k * before + row) * after, after)
             for row in range(before) for k, piece in enumerate(pieces)]

    def body(i: int, workspace: Workspace) -> None:
        function(*calls[i])

    def run() -> None:
        parallel_for(len(calls), body, inputs[0].size / costs.FUSED)
        put_together(means, squares, pieces, outputs)
    return run


def _supports(node: Node) -> str | None:
    if node.inputs[0].dtype != "float32":
        return f"computes float32 only, not {node.inputs[0].dtype}"
    if supports(node) is not None:
        return supports(node)
    if seen(node)[2] == 1:
        return "needs axes that are not the last ones"
    return None if node.inputs[0].spec.size >= SMALLEST else f"pays from {SMALLEST} elements on"


register(Kernel("moments", "pieces", "jit", _supports, _bind,
                cost=lambda node: node.inputs[0].spec.size / costs.FUSED))
