"""Programs for a GPU: the definitions of primitives, one after another, on arrays of the device."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from zoo.engine.device import on_host, placed
from zoo.engine.eager import run_eagerly
from zoo.engine.graph import Graph, Value


class DeviceProgram:
    """Runs a graph on the device; used like a `Program`.

    Variables move to the device when they are first read, and stay there. Arguments come from, and results go to,
    NumPy's memory.

    Args:
        graph: with inputs of static shapes.
    """

    def __init__(self, graph: Graph):
        self.graph = graph
        self._constants: dict[Value, Any] = {}
        results = (*graph.outputs, *graph.updates.values())
        self._readers = Counter([*(value for node in graph.nodes for value in set(node.inputs)), *results])

    def run(self, *arrays: Any) -> list[np.ndarray]:
        """Computes the outputs; then the variables that the graph updates get their new values."""
        memory: dict[Value, Any] = dict(zip(self.graph.inputs, map(placed, arrays), strict=True))
        left = self._readers.copy()
        for node in self.graph.nodes:
            made = run_eagerly(node.op.name, [self._read(value, memory) for value in node.inputs], node.attrs)
            memory.update(zip(node.outputs, made if isinstance(made, tuple) else (made,)))
            for value in set(node.inputs):
                left[value] -= 1
                if not left[value]:
                    memory.pop(value, None)                 # its memory can be used again
        updates = [self._read(value, memory) for value in self.graph.updates.values()]
        results = [np.array(on_host(self._read(value, memory))) for value in self.graph.outputs]
        for variable, array in zip(self.graph.updates, updates):
            variable.assign(array)
        return results

    def _read(self, value: Value, memory: dict[Value, Any]) -> Any:
        if value in memory:
            return memory[value]
        if value.constant is None:
            return value.source.value
        if value not in self._constants:
            self._constants[value] = placed(value.constant)
        return self._constants[value]

    def __str__(self) -> str:
        return f"program {self.graph.name} for a GPU: {len(self.graph.nodes)} steps"
