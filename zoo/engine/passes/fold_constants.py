"""Computes now what depends on constants only, so that other passes see its value.

Results that are large and could be made again from little are left to the prologue of the program.
"""

from __future__ import annotations

import numpy as np

from zoo.engine.graph import Graph, Node, Rewriter, Value
from zoo.engine.kernels.registry import REFERENCE

_LIMIT = 4096                                               # elements of a result that no input is as large as


def fold_constants(graph: Graph) -> tuple[Graph, int]:
    """Replaces nodes whose inputs are all constants by constants."""
    rewriter = Rewriter(graph)
    return rewriter.run(_fold), rewriter.changes


def _fold(rewriter: Rewriter, node: Node, inputs: tuple[Value, ...]) -> tuple[Value, ...] | None:
    arrays = [value.constant for value in inputs]
    largest = max((value.spec.size for value in node.outputs), default=0)
    if any(array is None for array in arrays) or largest > max(_LIMIT, *(array.size for array in arrays)):
        return None
    with np.errstate(all="ignore"):
        results = REFERENCE[node.op.name](np, *arrays, **node.attrs)
    results = results if isinstance(results, tuple) else (results,)
    return tuple(rewriter.new.constant(result, value.dtype) for value, result in zip(node.outputs, results))
