"""Which values of a graph no run changes: constants, variables that the graph only reads, and what follows from them.

They are computed once, in the prologue of a program. A pass may therefore put any amount of work on them: folding a
batch normalisation into a kernel is a plain rewrite whose cost is paid once.
"""

from __future__ import annotations

from zoo.engine.graph import Graph, Node, Value


class FixedValues:
    """Tells for values of a graph, and of graphs rewritten from it, whether they are fixed.

    Args:
        graph: the graph; what it updates is not fixed.
    """

    def __init__(self, graph: Graph):
        self._updates = graph.updates
        self._nodes: dict[Node, bool] = {}
        for node in graph.nodes:                            # in order, so that no chain of nodes is walked recursively
            self._is_fixed(node)

    def __contains__(self, value: Value) -> bool:
        if value.node is not None:
            return self._is_fixed(value.node)
        return value.constant is not None or not value.is_input and value.source not in self._updates

    def _is_fixed(self, node: Node) -> bool:
        if node not in self._nodes:
            self._nodes[node] = all(value in self for value in node.inputs)
        return self._nodes[node]
