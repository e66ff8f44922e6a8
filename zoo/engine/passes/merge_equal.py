"""Computes equal things once (common subexpression elimination). Every primitive is a function of its inputs."""

from __future__ import annotations

from typing import Any

from zoo.engine.graph import Graph, Node, Rewriter, Value

_SMALL = 64                                                 # constants up to this many elements are compared by content


def merge_equal(graph: Graph) -> tuple[Graph, int]:
    """Replaces a node that repeats an earlier one by the earlier one's results."""
    seen: dict[Any, Node] = {}

    def rule(rewriter: Rewriter, node: Node, inputs: tuple[Value, ...]) -> tuple[Value, ...] | None:
        key = node.op.name, tuple(sorted(node.attrs.items())), node.epilogue, tuple(map(_identity, inputs))
        if key in seen:
            return seen[key].outputs
        seen[key] = rewriter.copy(node, inputs)
        rewriter.changes -= 1                               # keeping a node is no change
        return seen[key].outputs

    rewriter = Rewriter(graph)
    return rewriter.run(rule), rewriter.changes


def _identity(value: Value) -> Any:
    array = value.constant
    if array is None or array.size > _SMALL or array.dtype == object:
        return value
    return value.spec, array.tobytes()
