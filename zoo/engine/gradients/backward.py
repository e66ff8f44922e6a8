"""The backward loop: from the end of a graph to its beginning, by the rules.

The backward pass is made of nodes like the forward one: the same passes optimise it, the same plan gives it memory, and
it can be differentiated again. Rules of loops use it themselves, for one turn of the loop.
"""

from __future__ import annotations

from collections.abc import Sequence

from zoo.engine import graph as graphs
from zoo.engine.gradients.registry import RULES, WITHOUT, conjugate, number
from zoo.engine.graph import Graph, Node, Value
from zoo.engine.primitives import add_op, broadcast_to_op, full_like_op
from zoo.errors import ShapeError, Unsupported


def gradients(ys: Sequence[Value], xs: Sequence[Value], cotangents: Sequence[Value | None] | None = None,
              graph: Graph | None = None) -> list[Value | None]:
    """Appends to the graph the gradient of ``sum(sum(y * ct))`` with respect to each x.

    Args:
        ys: results; values of the graph.
        xs: what to differentiate by: inputs, variables read, or any values on the way.
        cotangents: one for each y, in its shape; ones if None.
        graph: where `ys` were made; the graph being traced if None.

    Returns:
        For each x its gradient, or None where no y depends on it.

    Raises:
        Unsupported: a primitive on the way has no gradient rule.
        ShapeError: a cotangent has another shape than its y.
    """
    graph = graph or graphs.current()
    with graph.recording():
        found: dict[Value, Value] = {}
        for y, ct in zip(ys, cotangents or [None] * len(ys), strict=True):
            ct = broadcast_to_op(number(1, y), shape=y.shape) if ct is None else graph.as_value(ct)
            if ct.shape != y.shape:
                raise ShapeError(f"gradients: expected a cotangent of shape {y.shape}, received {ct.shape}.")
            _accumulate(found, y, ct)
        for node in reversed(_between(graph, ys, xs)):
            _differentiate(node, found)
        return [found.get(x) for x in xs]


def _differentiate(node: Node, found: dict[Value, Value]) -> None:
    """Passes the cotangents of a node's outputs on to its inputs."""
    known = [found.get(output) for output in node.outputs]
    if all(ct is None for ct in known) or node.op.name in WITHOUT:
        return
    if node.op.name not in RULES:
        raise Unsupported(f"The primitive {node.op.name!r} has no gradient rule (layer {node.scope or '?'}).")
    filled = [full_like_op(output, value=0.0, dtype=output.dtype) if ct is None else conjugate(ct)
              for ct, output in zip(known, node.outputs)]
    for x, ct in zip(node.inputs, RULES[node.op.name](filled[0] if len(filled) == 1 else filled, node), strict=True):
        if ct is not None:
            _accumulate(found, x, conjugate(ct))


def _accumulate(found: dict[Value, Value], x: Value, ct: Value) -> None:
    found[x] = add_op(found[x], ct) if x in found else ct


def _between(graph: Graph, ys: Sequence[Value], xs: Sequence[Value]) -> list[Node]:
    """The nodes on a way from an x to a y, in order."""
    forward = set(xs)
    reached = []
    for node in graph.nodes:
        if any(value in forward for value in node.inputs):
            forward.update(node.outputs)
            reached.append(node)
    needed, between = set(ys), []
    for node in reversed(reached):
        if any(value in needed for value in node.outputs):
            needed.update(node.inputs)
            between.append(node)
    return between[::-1]
