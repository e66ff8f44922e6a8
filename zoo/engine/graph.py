"""The graph that runs: primitives in static single assignment.

A `Value` is written once, by its source. Sources are: an input of the graph, a constant, a variable that is read, or
an output of a `Node`. Nodes stand in an order in which they can be computed. Passes never change a graph: they make
a new one with `Rewriter`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo.engine import dtypes
from zoo.engine.device import on_host
from zoo.engine.operators import TensorOperators
from zoo.engine.spec import TensorSpec
from zoo.errors import DtypeError, TooLarge

if TYPE_CHECKING:
    from zoo.engine.elementwise import ElementwiseProgram
    from zoo.engine.op import Op
    from zoo.engine.variable import Variable


class Value(TensorOperators):
    """A tensor of a graph: known by its spec, written by its source.

    Attributes:
        source: "input", a `Node`, a `Variable` (read), or an array (constant).
        index: which output of the node, or which input of the graph.
        mask: for layers: the value that tells which steps of this one are real, or None.
        data: its numbers, in a graph that is computed while it is recorded (see `engine.tape`); else None.
    """

    __slots__ = ("spec", "source", "index", "mask", "data", "__weakref__")

    def __init__(self, spec: TensorSpec, source: Any, index: int = 0):
        self.spec, self.source, self.index = spec, source, index
        self.mask = self.data = None

    @property
    def shape(self) -> tuple[int | None, ...]:
        """Its shape; None where unknown."""
        return self.spec.shape

    @property
    def dtype(self) -> str:
        """Its dtype name."""
        return self.spec.dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self.spec.rank

    @property
    def node(self) -> Node | None:
        """The node that computes it, if one does."""
        return self.source if isinstance(self.source, Node) else None

    @property
    def constant(self) -> np.ndarray | None:
        """Its array, if it is a constant."""
        return self.source if isinstance(self.source, np.ndarray) else None

    @property
    def is_input(self) -> bool:
        """Whether it is an input of the graph."""
        return isinstance(self.source, str)

    def numpy(self) -> np.ndarray:
        """Its numbers.

        Raises:
            DtypeError: it only stands for them: the graph is traced, not computed.
        """
        if self.data is None:
            raise DtypeError(f"{self!r} stands for numbers that are not there yet, because a graph is being traced. "
                             f"Use zoo.ops on it; compile(run_eagerly=True) computes step by step.")
        return np.asarray(on_host(self.data))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self.numpy() if dtype is None else self.numpy().astype(dtype)

    def __float__(self) -> float:
        return float(self.numpy())

    def __int__(self) -> int:
        return int(self.numpy())

    def __bool__(self) -> bool:
        return bool(self.numpy())

    def __repr__(self) -> str:
        return f"<Value {self.spec!r}>" if self.data is None else f"<Value {self.spec!r} {self.data!r}>"


@dataclass(eq=False)
class Node:
    """One primitive applied to values.

    Args:
        op: the primitive.
        inputs: its tensors; the last ones belong to the epilogue.
        attrs: plain data.
        outputs: its results.
        epilogue: elementwise program done on the only output before it is stored; its operands are the output of the
            op and then the last inputs.
        scope: the layer in whose call it arose, for messages and `explain`.
    """

    op: Op
    inputs: tuple[Value, ...]
    attrs: dict[str, Any]
    outputs: tuple[Value, ...] = ()
    epilogue: ElementwiseProgram | None = None
    scope: str = ""

    @property
    def op_inputs(self) -> tuple[Value, ...]:
        """The inputs of the op itself."""
        extra = self.epilogue.operands - 1 if self.epilogue else 0
        return self.inputs[:len(self.inputs) - extra]

    @property
    def epilogue_inputs(self) -> tuple[Value, ...]:
        """The inputs that only the epilogue reads."""
        return self.inputs[len(self.op_inputs):]

    @property
    def output(self) -> Value:
        """The first output."""
        return self.outputs[0]


class Graph:
    """Inputs -> outputs, with the variables read and the updates made on the way.

    Attributes:
        name: for printing.
        inputs: values that a caller gives.
        outputs: values that a caller gets.
        nodes: in computable order.
        reads: for each variable that is read, its value at the start.
        updates: for each variable that is assigned, its value at the end.
    """

    def __init__(self, name: str = "graph"):
        self.name = name
        self.inputs: list[Value] = []
        self.outputs: list[Value] = []
        self.nodes: list[Node] = []
        self.reads: dict[Variable, Value] = {}
        self.updates: dict[Variable, Value] = {}
        self.scopes: list[str] = []

    def input(self, spec: TensorSpec) -> Value:
        """Adds an input."""
        value = Value(spec, "input", len(self.inputs))
        self.inputs.append(value)
        return value

    def constant(self, array: Any, dtype: str | None = None) -> Value:
        """A constant; arrays are not copied."""
        array = np.asarray(array)
        dtype = dtype or dtypes.standardize(array.dtype)
        return Value(TensorSpec(array.shape, dtype), array.astype(dtypes.storage(dtype), copy=False))

    def read(self, variable: Variable) -> Value:
        """The variable's value at this point: what it was at the start, or the update made since."""
        if variable in self.updates:
            return self.updates[variable]
        if variable not in self.reads:
            self.reads[variable] = Value(variable.spec, variable)
        return self.reads[variable]

    def update(self, variable: Variable, value: Value) -> None:
        """Assigns `value` to `variable` when the program ends."""
        self.updates[variable] = value

    def as_value(self, x: Any) -> Value:
        """A value of this graph for a value, a variable, an array or a Python number.

        Raises:
            DtypeError: it is none of these.
        """
        if isinstance(x, Value):
            return x
        if hasattr(x, "assign"):
            return self.read(x)
        if isinstance(x, (bool, int, float, complex)) and not isinstance(x, np.generic):    # as NumPy's float64 is
            return self.constant(x, dtypes.result_type(dtypes.of_scalar(x)))
        x = on_host(x)
        if isinstance(x, (np.ndarray, np.generic)):
            return self.constant(x)
        if isinstance(x, (list, tuple)):
            array = np.asarray(x)
            return self.constant(array.astype("float32") if array.dtype == np.float64 else array)
        raise DtypeError(f"Expected a tensor, received {type(x).__name__}: {x!r}.")

    def add(self, op: Op, inputs: Sequence[Value], attrs: dict[str, Any]) -> Any:
        """Applies `op`; returns its value, or the tuple of its values."""
        specs = op.infer(*(value.spec for value in inputs), **attrs)
        node = self.append(Node(op, tuple(inputs), attrs, scope="/".join(self.scopes)),
                           specs if isinstance(specs, tuple) else (specs,))
        return node.outputs if isinstance(specs, tuple) else node.output

    def append(self, node: Node, specs: Iterable[TensorSpec]) -> Node:
        """Adds a node whose output specs are known.

        Raises:
            TooLarge: there are more of them than a model has: a loop over a size that nobody meant.
        """
        if len(self.nodes) >= _MOST_NODES:
            raise TooLarge(f"{self.name}: more than {_MOST_NODES:,} operations, the last of layer "
                           f"{'/'.join(self.scopes)!r}: one of its sizes asks for that many steps.")
        node.outputs = tuple(Value(spec, node, i) for i, spec in enumerate(specs))
        self.nodes.append(node)
        return node

    @contextmanager
    def scope(self, name: str) -> Iterator[None]:
        """Nodes added inside carry `name` in their scope."""
        self.scopes.append(name)
        try:
            yield
        finally:
            self.scopes.pop()

    @contextmanager
    def recording(self) -> Iterator[Graph]:
        """While active, every op applied in this thread is added to this graph."""
        stack = _stack()
        stack.append(self)
        try:
            yield self
        finally:
            stack.pop()

    def __repr__(self) -> str:
        return f"<graph {self.name}: {len(self.nodes)} nodes>"

    def __str__(self) -> str:
        return text(self)


_MOST_NODES = 100_000
_local = threading.local()


def _stack() -> list[Graph | None]:
    if not hasattr(_local, "stack"):
        _local.stack = []
    return _local.stack


def current() -> Graph | None:
    """The graph being traced in this thread, or None."""
    stack = _stack()
    return stack[-1] if stack else None


@contextmanager
def suspended() -> Iterator[None]:
    """Ops applied inside run at once although a graph is being traced (to make a constant, say)."""
    stack = _stack()
    stack.append(None)
    try:
        yield
    finally:
        stack.pop()


class Rewriter:
    """Copies a graph, node by node, through a rule that may put something else in a node's place.

    Example:
        A pass that drops casts to the same dtype::

            def rule(rewriter, node, inputs):
                if node.op.name == "cast" and inputs[0].dtype == node.attrs["dtype"]:
                    return inputs                           # the node's outputs are replaced by these values
                return None                                 # keep the node
    """

    def __init__(self, graph: Graph):
        self.old, self.new = graph, Graph(graph.name)
        self.mapping: dict[Value, Value] = {}
        self.changes = 0

    def __getitem__(self, value: Value) -> Value:
        """The new graph's value for one of the old graph; constants and reads are shared by both."""
        return self.mapping.get(value, value)

    def run(self, rule: Callable[[Rewriter, Node, tuple[Value, ...]], Sequence[Value] | None]) -> Graph:
        """Applies `rule` to every node in order and returns the new graph, without what has become dead."""
        for value in self.old.inputs:
            self.mapping[value] = self.new.input(value.spec)
        for node in self.old.nodes:
            inputs = tuple(self[value] for value in node.inputs)
            self.new.scopes = [node.scope] if node.scope else []
            outputs = rule(self, node, inputs)
            if outputs is None:
                outputs = self.copy(node, inputs).outputs
            else:
                self.changes += 1
            self.mapping.update(zip(node.outputs, outputs))
        self.new.outputs = [self[value] for value in self.old.outputs]
        self.new.updates = {variable: self[value] for variable, value in self.old.updates.items()}
        return prune(self.new)

    def copy(self, node: Node, inputs: Sequence[Value], **changes: Any) -> Node:
        """Adds a copy of `node` with other inputs, and other fields where given."""
        fields = {"op": node.op, "attrs": node.attrs, "epilogue": node.epilogue, "scope": node.scope, **changes}
        return self.new.append(Node(inputs=tuple(inputs), **fields), [value.spec for value in node.outputs])

    def apply(self, op: Op, *inputs: Value, **attrs: Any) -> Any:
        """Adds a fresh node to the new graph."""
        return self.new.add(op, inputs, attrs)


def prune(graph: Graph) -> Graph:
    """Drops nodes that nothing needs, and renews the table of variables read."""
    needed = {*graph.outputs, *graph.updates.values()}
    kept = []
    for node in reversed(graph.nodes):
        if any(value in needed for value in node.outputs):
            kept.append(node)
            needed.update(node.inputs)
    graph.nodes = kept[::-1]
    graph.reads = {value.source: value for value in needed if hasattr(value.source, "assign")}
    return graph


def consumers(graph: Graph) -> dict[Value, list[Node]]:
    """The nodes that read each value; a graph output or update counts as a reader (None)."""
    table: dict[Value, list[Any]] = {}
    for node in graph.nodes:
        for value in node.inputs:
            table.setdefault(value, []).append(node)
    for value in (*graph.outputs, *graph.updates.values()):
        table.setdefault(value, []).append(None)
    return table


def text(graph: Graph) -> str:
    """The graph for reading: one line a node."""
    names: dict[Value, str] = {value: f"%in{i}" for i, value in enumerate(graph.inputs)}

    def show(value: Value) -> str:
        if value in names:
            return names[value]
        if hasattr(value.source, "assign"):
            return f"@{value.source.path}"
        return f"{value.source}" if value.spec.size <= 1 else f"const {value.spec!r}"

    lines = [f"graph {graph.name}({', '.join(f'{names[v]}: {v.spec!r}' for v in graph.inputs)})"]
    for i, node in enumerate(graph.nodes):
        several = len(node.outputs) > 1
        names.update({value: f"%{i}.{k}" if several else f"%{i}" for k, value in enumerate(node.outputs)})
        attrs = " ".join(f"{k}={v!r}" for k, v in node.attrs.items())
        epilogue = f" + {node.epilogue}" if node.epilogue is not None else ""
        specs = ", ".join(repr(value.spec) for value in node.outputs)
        lines.append(f"  {names[node.output]} = {node.op.name}({', '.join(map(show, node.inputs))})"
                     f"{' {' + attrs + '}' if attrs else ''}{epilogue}: {specs}"
                     f"{'  # ' + node.scope if node.scope else ''}")
    lines += [f"  update @{variable.path} = {show(value)}" for variable, value in graph.updates.items()]
    return "\n".join([*lines, f"  return {', '.join(map(show, graph.outputs))}"])
