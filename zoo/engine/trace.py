"""From a Python function to a graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from zoo import tree
from zoo.engine.graph import Graph


@dataclass(frozen=True)
class Traced:
    """A graph and the form of what the function returned.

    Attributes:
        graph: computes the function.
        outputs: what the function returned: a nest whose leaves are the graph's outputs, or None.
    """

    graph: Graph
    outputs: Any

    @property
    def specs(self) -> Any:
        """The nest of the outputs' specs."""
        return tree.map(lambda leaf: leaf if leaf is None else leaf.spec, self.outputs)

    def pack(self, arrays: list[Any]) -> Any:
        """The nest of outputs with arrays, in the order of the graph's outputs, in place of values."""
        given = iter(arrays)
        leaves = [None if leaf is None else next(given) for leaf in tree.leaves(self.outputs)]
        return tree.pack(self.outputs, leaves)


def trace(function: Callable[..., Any], *specs: Any, name: str = "") -> Traced:
    """Calls `function` once, on values without numbers, and records the primitives that it applies.

    Args:
        function: takes nests of tensors and returns one.
        specs: for each argument a nest of `TensorSpec`; a leaf that is None is passed on as None.
        name: of the graph; the function's own name unless given.

    Returns:
        The graph. Variables that the function reads or assigns are its reads and updates.
    """
    graph = Graph(name or getattr(function, "__name__", "graph"))
    leaves = [leaf if leaf is None else graph.input(leaf) for leaf in tree.leaves(specs)]
    arguments = tree.pack(specs, leaves)
    with graph.recording():
        result = function(*arguments)
        outputs = tree.map(lambda leaf: None if leaf is None else graph.as_value(leaf), result)
    graph.outputs = [leaf for leaf in tree.leaves(outputs) if leaf is not None]
    return Traced(graph, outputs)
