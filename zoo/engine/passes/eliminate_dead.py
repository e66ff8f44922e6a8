"""Drops nodes whose results nothing needs."""

from __future__ import annotations

from zoo.engine.graph import Graph, Rewriter


def eliminate_dead(graph: Graph) -> tuple[Graph, int]:
    """Copies the graph without dead nodes."""
    result = Rewriter(graph).run(lambda rewriter, node, inputs: None)
    return result, len(graph.nodes) - len(result.nodes)
