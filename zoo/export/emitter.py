"""Writes the primitives of a graph as ONNX nodes.

A tensor of ONNX holds the elements of a value in some order of its axes. Convolutions of ONNX are channels-first and
ours are channels-last; so a value is *held* in whatever order it was made, a primitive that does not care goes on in
that order, and a transpose is written only where an order is asked for in which the value is not held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from zoo.engine.dtypes import storage
from zoo.engine.eager import run_eagerly
from zoo.engine.graph import Node, Value, consumers
from zoo.export.nodes import FileGraph, OnnxNode
from zoo.export.probes import Dim, Probes, Size

Order = tuple[int, ...]
Rule = Callable[["Emitter", Node, dict[str, Any]], None]

_PLAIN_MOVES = frozenset({"transpose", "reshape", "cast", "slice", "flip"})     # of numbers, none is changed


class Refused(Exception):
    """ONNX has no way to say a node; the message tells what it is."""


def natural(rank: int) -> Order:
    """Axes as they are."""
    return tuple(range(rank))


def channels_first(rank: int) -> Order:
    """Batch, channels, spatial axes of a channels-last tensor."""
    return (0, rank - 1, *range(1, rank - 1))


class Emitter:
    """Writes one graph: the whole model, or the body of a loop.

    Args:
        probes: the graph.
        file: takes nodes and initializers.
        rules: primitive -> how to write it.
        opset: version of ONNX's operators.
        parent: the emitter of the graph around a loop.
        given: inputs of the body of a loop, and the values of the graph around it that they are.

    Attributes:
        node: the node that is being written.
        lacking: what ONNX cannot say, so far.
    """

    def __init__(self, probes: Probes, file: FileGraph, rules: dict[str, Rule], opset: int,
                 parent: Emitter | None = None, given: dict[Value, Value] | None = None):
        self.probes, self.file, self.rules, self.opset = probes, file, rules, opset
        self.parent, self.given = parent, given or {}
        self.readers = consumers(probes.graph)
        self.node: Node | None = None
        self.lacking: list[str] = parent.lacking if parent else []
        self._held: dict[Value, dict[Order, str]] = {}
        self._arrays: dict[Value, np.ndarray] = {}
        self._written: set[Node] = set()
        self._fixed: set[Node] = set()
        for node in probes.graph.nodes:                     # in order, so that no chain of nodes is walked recursively
            sized = _has_sizes(self.attrs(node)) or any(_has_sizes(self.shape(value)) for value in node.outputs)
            if not sized and all(map(self.is_fixed, node.inputs)):
                self._fixed.add(node)
        for value, outer in self.given.items():
            if not parent.is_fixed(outer):
                self._held[value] = parent.held(outer)

    # ---- values

    def hold(self, value: Value, name: str, order: Order | None = None) -> None:
        """Says that tensor `name` has the elements of a value, axis i being axis ``order[i]`` of the value."""
        self._held.setdefault(value, {})[order or natural(value.ndim)] = name

    def held(self, value: Value) -> dict[Order, str]:
        """Names of the tensors that hold a value, by the order of their axes; at least one."""
        if value not in self._held:
            self.name(value)
        return dict(self._held[value])

    def orders(self, value: Value) -> list[Order]:
        """The orders in which a value is held already, the first one first."""
        return list(self._held.get(value, ()))

    def order(self, value: Value) -> Order:
        """An order in which a value can be had for nothing."""
        return next(iter(self._held.get(value, ())), natural(value.ndim))

    def name(self, value: Value, order: Order | None = None) -> str:
        """The name of a tensor that holds a value in an order of axes, the natural one if None."""
        order = order or natural(value.ndim)
        held = self._held.setdefault(value, {})
        if order not in held:
            if not held:
                held[natural(value.ndim) if not self.is_fixed(value) else order] = self._source(value, order)
            if order not in held:
                have, name = next(iter(held.items()))
                held[order] = self.op("Transpose", name, perm=[have.index(axis) for axis in order])
        return held[order]

    def _source(self, value: Value, order: Order) -> str:
        if self.is_fixed(value):
            return self.file.initializer(np.transpose(self.array(value), order), self.title(value))
        if value.constant is not None:
            return self._changing_constant(value)
        raise AssertionError(f"{value!r} is read before it is written")

    def is_fixed(self, value: Value) -> bool:
        """Whether the value is known now: it depends on weights and constants alone."""
        if value.node is not None:
            return value.node in self._fixed
        if value.constant is not None:
            return len(self.probes.constants(value)) == 1
        return self.parent.is_fixed(self.given[value]) if value in self.given else not value.is_input

    def array(self, value: Value) -> np.ndarray:
        """The numbers of a fixed value."""
        if value in self.given:
            return self.parent.array(self.given[value])
        if value.node is None:
            return value.constant if value.constant is not None else np.asarray(value.source.value)
        if value not in self._arrays:
            results = run_eagerly(value.node.op.name, [self.array(source) for source in value.node.inputs],
                                  value.node.attrs)
            self._arrays.update(zip(value.node.outputs, results if isinstance(results, tuple) else (results,)))
        return self._arrays[value].astype(storage(value.dtype), copy=False)

    def title(self, value: Value) -> str:
        """A name for a fixed value: that of the weight that it is, or is made from."""
        if value in self.given:
            return self.parent.title(self.given[value])
        plain, stack, found = True, [value], []
        while stack:
            each = stack.pop()
            if each.node is not None:
                plain &= each.node.op.name in _PLAIN_MOVES
                stack.extend(reversed(each.node.inputs))
            elif each.constant is None and not each.is_input:
                found.append(each.source.path)
        if not found:
            return f"{self.node.scope if self.node else 'graph'}/constant"
        return found[0] if plain else f"{found[0]}/folded"

    def _changing_constant(self, value: Value) -> str:
        """A constant whose form follows the sizes of the inputs: one number everywhere, or numbers in even steps."""
        arrays = self.probes.constants(value)
        first = arrays[0].ravel()[:1]
        if all(array.size and np.all(array == first) for array in arrays):
            number = self.file.initializer(first.reshape(()).astype(storage(value.dtype)), "fill")
            return self.op("Expand", number, self.sizes(self.shape(value)))
        step = arrays[0][1] - arrays[0][0] if value.ndim == 1 else 0
        if value.ndim == 1 and all(np.array_equal(array, first + step * np.arange(len(array))) for array in arrays):
            dtype = arrays[0].dtype
            count = self.op("Squeeze", self.sizes(self.shape(value)), self.integers([0]))
            numbers = self.op("Range", self.scalar(0, "int64"), count, self.scalar(1, "int64"))
            numbers = self.op("Cast", numbers, to=dtype)
            scaled = self.op("Mul", numbers, self.scalar(step, dtype))
            return self.op("Add", scaled, self.scalar(first[0], dtype))
        raise Refused("a table that depends on sizes which are not known; give them with input_signature")

    def shape(self, value: Value) -> tuple[Dim, ...]:
        """The shape of a value."""
        return self.probes.shape(value)

    def attrs(self, node: Node) -> dict[str, Any]:
        """The attributes of a node."""
        return self.probes.attrs(node)

    # ---- nodes

    def op(self, op_type: str, *inputs: str, outputs: int = 1, **attributes: Any) -> Any:
        """Adds an ONNX node; gives the name of its output, or the list of names if there are several."""
        title = f"{self.node.scope}/{op_type}" if self.node and self.node.scope else op_type
        names = [self.file.unique(title) for _ in range(outputs)]
        self.file.nodes.append(OnnxNode(op_type, list(inputs), names, attributes, names[0]))
        return names[0] if outputs == 1 else names

    def scalar(self, number: Any, dtype: Any) -> str:
        """A constant of rank 0."""
        return self.file.initializer(np.asarray(number, storage(dtype) if isinstance(dtype, str) else dtype))

    def integers(self, numbers: Sequence[int]) -> str:
        """A constant list of integers."""
        return self.file.initializer(np.asarray(numbers, "int64"))

    def write(self) -> None:
        """Writes all nodes that are not known now; what cannot be said is added to `lacking`."""
        for node in self.probes.graph.nodes:
            if node in self._written or self.is_fixed(node.output):
                continue
            self.node = node
            try:
                if node.op.name not in self.rules:
                    raise Refused("ONNX has no such operation")
                self.rules[node.op.name](self, node, self.attrs(node))
            except Refused as reason:
                self.lacking.append(f"{node.scope or self.probes.graph.name}: {node.op.name}: {reason}")
                for value in node.outputs:
                    self.hold(value, f"lacking {len(self.lacking)}")
        self.node = None

    def absorb(self, node: Node) -> None:
        """Says that a later node need not be written: its output is held already."""
        self._written.add(node)

    def only_reader(self, value: Value) -> Node | None:
        """The node that reads a value, if nothing else does."""
        readers = self.readers.get(value, [])
        return readers[0] if len(readers) == 1 else None

    # ---- sizes

    def sizes(self, dims: Iterable[Dim]) -> str:
        """A list of integers, some of which depend on the sizes of the inputs.

        Raises:
            Refused: a number is no simple function of sizes that are at hand.
        """
        dims = tuple(dims)
        if None in dims:
            raise Refused("a size that depends on the data")
        if not any(isinstance(dim, Size) for dim in dims):
            return self.integers(dims)
        return self._join([self._size(dim) if isinstance(dim, Size) else self.integers([dim]) for dim in dims])

    def _join(self, parts: list[str]) -> str:
        return parts[0] if len(parts) == 1 else self.op("Concat", *parts, axis=0)

    def _size(self, size: Size) -> str:
        """One number, as a list of length 1."""
        known = dict(self._axes_at_hand())
        for numbers, (value, axis) in known.items():
            if numbers == size.numbers:
                return self._axis(value, axis)
        for numbers, (value, axis) in known.items():
            factor, offset = _line(numbers, size.numbers)
            if factor:
                scaled = self.op("Mul", self._axis(value, axis), self.integers([factor]))
                return self.op("Add", scaled, self.integers([offset])) if offset else scaled
        for a, (value, axis) in known.items():
            for b, (other, axis_b) in known.items():
                factor, offset = _line([m * n for m, n in zip(a, b)], size.numbers)
                if factor and not offset:
                    product = self.op("Mul", self._axis(value, axis), self._axis(other, axis_b))
                    return self.op("Mul", product, self.integers([factor]))
        raise Refused("a size that depends on sizes which are not known; give them with input_signature")

    def _axis(self, value: Value, axis: int) -> str:
        owner = self
        while not owner._held.get(value) and owner.parent:
            owner = owner.parent
        order, name = next(iter(owner._held[value].items()))
        return self.op("Gather", self.op("Shape", name), self.integers([order.index(axis)]), axis=0)

    def _axes_at_hand(self) -> Iterable[tuple[tuple[int, ...], tuple[Value, int]]]:
        """Unknown sizes of the inputs and of what the present node reads; the latter override, but for the batch."""
        if self.parent:
            yield from self.parent._axes_at_hand()
        inputs = self.probes.graph.inputs
        found = [(size.numbers, (value, axis)) for value in (*inputs, *(self.node.inputs if self.node else ()))
                 for axis, size in enumerate(self.shape(value)) if isinstance(size, Size) and self._held.get(value)]
        yield from found
        yield from ((numbers, (value, axis)) for numbers, (value, axis) in found if value in inputs and axis == 0)


def _line(source: Sequence[int], target: Sequence[int]) -> tuple[int, int]:
    """Whole numbers (factor, offset) with ``target = factor * source + offset`` in all places; factor 0 if none."""
    factor, rest = divmod(target[1] - target[0], source[1] - source[0]) if source[1] != source[0] else (0, 1)
    offset = target[0] - factor * source[0]
    fits = not rest and factor > 0 and all(factor * a + offset == b for a, b in zip(source, target))
    return (factor, offset) if fits else (0, 0)


def _has_sizes(attribute: Any) -> bool:
    if isinstance(attribute, dict):
        return any(map(_has_sizes, attribute.values()))
    return isinstance(attribute, Size) or isinstance(attribute, tuple) and any(map(_has_sizes, attribute))


def moved(order: Order, axes: Iterable[int]) -> list[int]:
    """Where axes of a value are in a tensor that holds it in an order."""
    return [order.index(axis) for axis in axes]


