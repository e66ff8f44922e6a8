"""Graphs with sizes that depend on data, such as the number of words in the longest text of a batch.

Such a graph is run in two parts. What decides the sizes, functions of the host, is computed first, node by node; the
rest is then a graph whose sizes are known, and is compiled once for each combination of sizes.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

from zoo.engine import dtypes
from zoo.engine.eager import run_eagerly
from zoo.engine.graph import Graph, Node, Value
from zoo.engine.program import Program
from zoo.engine.spec import TensorSpec

Compile = Callable[[Graph], Any]
_CAPACITY = 16                                              # programs that are kept


def is_late(graph: Graph) -> bool:
    """Whether the sizes of all inputs are known, but not those of all nodes."""
    return all(value.spec.is_static for value in graph.inputs) and bool(_sources(graph))


def _sources(graph: Graph) -> list[Node]:
    """The nodes whose results have unknown sizes though those of their inputs are known."""
    return [node for node in graph.nodes if not all(value.spec.is_static for value in node.outputs)
            and all(value.spec.is_static for value in node.inputs)]


class LateProgram:
    """Runs a graph with sizes that depend on data; used like a `Program`.

    Args:
        graph: as traced.
        compile_rest: compiles the part whose sizes have become known.
    """

    def __init__(self, graph: Graph, compile_rest: Compile):
        self.graph, self.compile_rest = graph, compile_rest
        self.head = _ancestors(_sources(graph), graph)
        computed = {value for node in self.head for value in node.outputs}
        rest = [node for node in graph.nodes if node not in self.head]
        wanted = {*graph.outputs, *graph.updates.values(), *(value for node in rest for value in node.inputs)}
        self.boundary = [value for node in self.head for value in node.outputs if value in wanted & computed]
        self.rest = rest
        self._programs: OrderedDict[tuple[TensorSpec, ...], Program | LateProgram] = OrderedDict()

    def run(self, *arrays: Any) -> list[np.ndarray]:
        """Computes the outputs, as `Program.run` does."""
        known: dict[Value, Any] = dict(zip(self.graph.inputs, arrays, strict=True))
        for node in self.head:
            results = run_eagerly(node.op.name, [_array(value, known) for value in node.inputs], node.attrs)
            known.update(zip(node.outputs, results if isinstance(results, tuple) else (results,)))
        found = [known[value] for value in self.boundary]
        specs = tuple(TensorSpec(array.shape, dtypes.standardize(array.dtype)) for array in found)
        return self._program(specs).run(*arrays, *found)

    def _program(self, specs: tuple[TensorSpec, ...]) -> Program | LateProgram:
        if specs not in self._programs:
            self._programs[specs] = self.compile_rest(self._specialized(specs))
            while len(self._programs) > _CAPACITY:
                self._programs.popitem(last=False)
        self._programs.move_to_end(specs)
        return self._programs[specs]

    def _specialized(self, specs: tuple[TensorSpec, ...]) -> Graph:
        """The rest of the graph, traced anew with what the head computed as further inputs."""
        graph = Graph(self.graph.name)
        new = {value: graph.input(value.spec) for value in self.graph.inputs}
        new.update((value, graph.input(spec)) for value, spec in zip(self.boundary, specs))
        for node in self.rest:
            graph.scopes = [node.scope] if node.scope else []
            results = graph.add(node.op, [new.get(value, value) for value in node.inputs], node.attrs)
            new.update(zip(node.outputs, results if isinstance(results, tuple) else (results,)))
        graph.outputs = [new.get(value, value) for value in self.graph.outputs]
        graph.updates = {variable: new.get(value, value) for variable, value in self.graph.updates.items()}
        used = {*graph.outputs, *graph.updates.values(), *(value for node in graph.nodes for value in node.inputs)}
        graph.reads = {value.source: value for value in used if hasattr(value.source, "assign")}
        return graph

    def __str__(self) -> str:
        return f"program {self.graph.name}: {len(self.head)} nodes decide sizes, {len(self.rest)} follow"


def _ancestors(sources: list[Node], graph: Graph) -> list[Node]:
    """The nodes and all that they need, in computable order."""
    needed = set(sources)
    for node in reversed(graph.nodes):
        if node in needed:
            needed.update(value.node for value in node.inputs if value.node is not None)
    return [node for node in graph.nodes if node in needed]


def _array(value: Value, known: dict[Value, Any]) -> Any:
    if value in known:
        return known[value]
    return value.constant if value.constant is not None else value.source.value
