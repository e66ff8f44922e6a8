"""Which sizes of a graph depend on unknown sizes of its inputs, found by tracing it for several sizes.

A trace needs concrete sizes, an exported file should serve any batch. So the same function is traced a few times, each
time with other numbers in the place of the unknown sizes. The traces have the same nodes; a number that is the same in
all of them is known, one that differs is a `Size`. Where a size comes from is found by its numbers: the axis of a
tensor that has the same numbers in all traces, or a simple function of such axes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo import tree
from zoo.engine.elementwise import ElementwiseProgram
from zoo.engine.graph import Graph, Node, Value
from zoo.engine.passes import Pipeline
from zoo.engine.passes.eliminate_dead import eliminate_dead
from zoo.engine.passes.fold_batch_norm import fold_batch_norm
from zoo.engine.passes.merge_equal import merge_equal
from zoo.engine.passes.simplify import simplify
from zoo.engine.trace import trace
from zoo.errors import CannotExpress, ShapeError

FOR_FILES: Pipeline = (eliminate_dead, simplify, merge_equal, fold_batch_norm, simplify, eliminate_dead)

# What stands for unknown sizes, trace by trace: the batch, then one row for each other axis. Within a row the numbers
# leave different rests on division by small numbers, so that no rounding looks like an exact division; no row is a
# linear function of another. The second table is for models that have numbers of the first.
_NUMBERS = (
    ((67, 71, 74, 80), (137, 140, 150, 163), (181, 171, 190, 176), (211, 228, 202, 219), (249, 238, 262, 241),
     (283, 270, 277, 294), (311, 330, 305, 322)),
    ((83, 89, 94, 100), (145, 149, 158, 172), (189, 180, 201, 184), (220, 239, 212, 227), (258, 246, 273, 251),
     (291, 281, 286, 304), (319, 341, 314, 331)),
)


@dataclass(frozen=True)
class Size:
    """A size, or another number, that is not the same for all sizes of the inputs.

    Args:
        numbers: what it is in each trace.
    """

    numbers: tuple[int, ...]


Dim = int | Size


class Probes:
    """Traces of one function, seen as one graph.

    Args:
        graphs: the traces.

    Attributes:
        graph: the first trace, whose values and nodes stand for those of all.
        count: how many traces there are.

    Raises:
        CannotExpress: the function does not compute the same way for all sizes.
    """

    def __init__(self, graphs: Sequence[Graph]):
        self.graph, self.count = graphs[0], len(graphs)
        self._others: dict[Value, tuple[Value, ...]] = {}
        self._attrs: dict[Node, dict[str, Any]] = {}
        if len({(len(graph.nodes), len(graph.inputs), len(graph.outputs)) for graph in graphs}) > 1:
            raise _differ(self.graph.name)
        for values in zip(*(graph.inputs for graph in graphs)):
            self._others[values[0]] = values
        for nodes in zip(*(graph.nodes for graph in graphs)):
            self._match(nodes)
        for values in zip(*(graph.outputs for graph in graphs)):
            self._match_value(values, self.graph.name)

    def _match(self, nodes: tuple[Node, ...]) -> None:
        first = nodes[0]
        if len({(node.op.name, len(node.inputs), len(node.outputs)) for node in nodes}) > 1:
            raise _differ(first.scope)
        for values in zip(*(node.inputs for node in nodes)):
            self._match_value(values, first.scope)
        self._attrs[first] = {key: _merged([node.attrs[key] for node in nodes], first.scope) for key in first.attrs}
        self._others.update((values[0], values) for values in zip(*(node.outputs for node in nodes)))

    def _match_value(self, values: tuple[Value, ...], where: str) -> None:
        first = values[0]
        if first in self._others:
            fits = self._others[first] == values
        elif first.constant is not None:
            fits = all(value.constant is not None and value.ndim == first.ndim for value in values)
            self._others[first] = values
        else:
            fits = not first.is_input and all(value.source is first.source for value in values)     # a variable
        if not fits:
            raise _differ(where)

    def attrs(self, node: Node) -> dict[str, Any]:
        """The attributes of a node; `Size` where their numbers differ, `Probes` for graphs."""
        return self._attrs[node]

    def shape(self, value: Value) -> tuple[Dim, ...]:
        """The shape of a value."""
        shapes = [other.shape for other in self._others.get(value, (value,))]
        return tuple(map(_merged_numbers, zip(*shapes)))

    def constants(self, value: Value) -> list[np.ndarray]:
        """The arrays that a constant has in the traces: one if it is the same in all."""
        arrays = [other.constant for other in self._others.get(value, (value,))]
        same = all(array.shape == arrays[0].shape and _equal(array, arrays[0]) for array in arrays[1:])
        return arrays[:1] if same else arrays


def probe(function: Callable[..., Any], nest: Any, name: str) -> Probes:
    """Traces a function of a nest of tensors.

    Args:
        nest: of `TensorSpec`, whose sizes may be None: the first axis is the batch, one for all tensors.

    Raises:
        CannotExpress: the function does not compute the same way for all sizes.
    """
    for i, table in enumerate(_NUMBERS):
        try:
            return Probes([_trace(function, nest, name, numbers) for numbers in zip(*table)])
        except CannotExpress:
            if i + 1 == len(_NUMBERS):
                raise
    raise AssertionError("there is at least one table of numbers")


def _trace(function: Callable[..., Any], nest: Any, name: str, numbers: Sequence[int]) -> Graph:
    """One trace with these numbers in the place of the batch and of other unknown sizes."""
    try:
        traced = trace(function, with_sizes(nest, numbers), name=name)
    except ShapeError:                                      # unknown sizes of two inputs have to be the same
        traced = trace(function, with_sizes(nest, numbers, by_axis=True), name=name)
    graph = traced.graph
    for each in FOR_FILES:
        graph, _ = each(graph)
    return graph


def with_sizes(nest: Any, numbers: Sequence[int], by_axis: bool = False) -> Any:
    """The specs with a number for each unknown size.

    Args:
        numbers: the batch, and then a number for each further unknown size.
        by_axis: whether unknown sizes of the same axis are the same.

    Raises:
        CannotExpress: there are not enough numbers.
    """
    specs, count = [], 0
    for spec in tree.leaves(nest):
        shape = list(spec.shape)
        for axis, size in enumerate(shape):
            if size is None:
                count += axis > 0
                place = axis if by_axis or axis == 0 else count
                if place >= len(numbers):
                    raise CannotExpress(f"More than {len(numbers) - 1} sizes of the inputs are not known. Give some of "
                                        f"them with input_signature.")
                shape[axis] = numbers[place]
        specs.append(spec.with_shape(shape))
    return tree.pack(nest, specs)


def _merged(values: Sequence[Any], where: str) -> Any:
    """One attribute for those of all traces."""
    first = values[0]
    if isinstance(first, Graph):
        return Probes(values)
    if isinstance(first, tuple):
        if len({len(value) for value in values}) > 1:
            raise _differ(where)
        return tuple(_merged(items, where) for items in zip(*values))
    if isinstance(first, int) and not isinstance(first, bool):
        return _merged_numbers(values)
    if isinstance(first, ElementwiseProgram) or any(value != first for value in values[1:]):
        raise _differ(where)
    return first


def _merged_numbers(numbers: Iterable[int]) -> Dim:
    numbers = tuple(numbers)
    return numbers[0] if len(set(numbers)) == 1 else Size(numbers)


def _equal(a: np.ndarray, b: np.ndarray) -> bool:
    return a is b or a.dtype == object or np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")


def _differ(where: str) -> CannotExpress:
    return CannotExpress(f"{where}: what is computed depends on sizes that are not known. Give the sizes of the inputs "
                         f"with input_signature.")
