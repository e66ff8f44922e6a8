"""Slices added up by integers, compiled: one after the other, in the order in which they come."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from zoo.engine.graph import Node
from zoo.engine.kernels.blas.indexing import bind_scatter, scatter_cost, supports_scatter
from zoo.engine.kernels.jit.compiler import INT, compiled, read, written
from zoo.engine.kernels.registry import Kernel, register

_WIDEST = 64                                                # columns of a task
_ADD = ["for i in range(count):", "    o, a = U(places[i] * width + start), U(i * width + start)",
        "    for j in range(U(stop - start)):", "        out[o + j] += x[a + j]"]


def _supports(node: Node) -> str | None:
    dtype = node.output.dtype
    if dtype != "float32" or node.inputs[0].shape[0] >= 2 ** 31:
        return f"computes float32 only, with places of 32 bits, not {dtype}"
    return supports_scatter(node)


def _bind(node: Node, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> Callable[[], None]:
    function = compiled("add_rows", ["out", "places", "x", "count", "width", "start", "stop"], _ADD,
                        [written(), read("int32"), read(), *[INT] * 4])

    def add(rows: np.ndarray, places: np.ndarray, updates: np.ndarray, columns: slice) -> None:
        function(rows.reshape(-1), places, updates.reshape(-1), len(places), rows.shape[1], columns.start, columns.stop)

    return bind_scatter(node, inputs, outputs, add, _WIDEST)


register(Kernel("scatter", "added_rows", "jit", _supports, _bind, cost=lambda node: scatter_cost(node) / 4,
                in_place=lambda node: (0,)))
