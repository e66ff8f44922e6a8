"""What can be called on symbolic tensors: layers, and functions of `zoo.ops`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from zoo import naming, tree
from zoo.engine.graph import Graph
from zoo.engine.symbolic import CallNode, KerasTensor
from zoo.errors import ConfigError


class Operation:
    """Something that can be called on `KerasTensor`s and remembers its calls.

    Attributes:
        name: unique in its model.
        calls: one `CallNode` for each symbolic call, oldest first.
    """

    name: str
    calls: list[CallNode]

    def compute(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The outputs for tensors that have values, or stand for values of a graph."""
        raise NotImplementedError(f"{type(self).__name__} does not define compute().")

    def call_symbolically(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Extends the topology by a call; returns the nest of its symbolic outputs."""
        call = CallNode(self, args, kwargs)
        call.structure = self.infer(call)
        call.outputs = [KerasTensor(spec, call, i) for i, spec in enumerate(tree.leaves(call.structure))]
        self.calls.append(call)
        return tree.pack(call.structure, call.outputs)

    def infer(self, call: CallNode) -> Any:
        """The nest of specs of the call's outputs, found by tracing it with the specs of its inputs."""
        graph = Graph(self.name)
        values = {tensor: graph.input(tensor.spec) for tensor in dict.fromkeys(call.inputs)}
        args, kwargs = call.fill(values)
        with graph.recording():
            outputs = self.compute(args, dict(kwargs))
        return tree.map(lambda value: graph.as_value(value).spec, outputs)

    @property
    def input(self) -> Any:
        """The symbolic input (or list of inputs) of the only call."""
        args = self._only_call().args
        return args[0] if len(args) == 1 else list(args)

    @property
    def output(self) -> Any:
        """The symbolic output (or nest of outputs) of the only call."""
        call = self._only_call()
        return tree.pack(call.structure, call.outputs)

    def get_input_at(self, node_index: int) -> Any:
        """The symbolic input of one of the calls."""
        return self.calls[node_index].args[0]

    def get_output_at(self, node_index: int) -> Any:
        """The symbolic output of one of the calls."""
        call = self.calls[node_index]
        return tree.pack(call.structure, call.outputs)

    def _only_call(self) -> CallNode:
        if len(self.calls) != 1:
            raise ConfigError(f"{self.name!r} was called {len(self.calls)} times, so its input and output are "
                              f"not defined: use get_input_at(i) and get_output_at(i).")
        return self.calls[0]


class FunctionCall(Operation):
    """A function of `zoo.ops` as a node of a functional model.

    Args:
        function: takes tensors, and options that are plain data.
        options: keyword arguments that belong to the node rather than to one call (Keras keeps them in its config).
        class_name: what Keras calls it in files, as ``GetItem``.
        name: made from the class name if None.
    """

    kind = "operation"

    def __init__(self, function: Callable[..., Any], options: dict[str, Any], class_name: str,
                 name: str | None = None):
        self.function, self.options, self.class_name = function, options, class_name
        self.name = name or naming.unique_name(naming.to_snake_case(class_name))
        self.calls = []

    def compute(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The function's result."""
        return self.function(*args, **{**self.options, **kwargs})

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Computes, or extends the topology."""
        return self.call_symbolically(args, kwargs) if is_symbolic(args, kwargs) else self.compute(args, kwargs)

    def __repr__(self) -> str:
        return f"<{self.class_name} name={self.name}>"


def is_symbolic(args: Any, kwargs: Any = None) -> bool:
    """Whether a `KerasTensor` is among the leaves."""
    return any(isinstance(leaf, KerasTensor) for leaf in tree.leaves((args, kwargs or {})))


def symbolic(function: Callable[..., Any],
             node: Callable[..., tuple[FunctionCall, tuple[Any, ...]]]) -> Callable[..., Any]:
    """The function, made to become a node when it is called on symbolic tensors.

    Args:
        function: computes.
        node: takes the function's arguments; gives the node, and the tensors to call it on.
    """
    @functools.wraps(function)
    def dispatch(*args: Any, **kwargs: Any) -> Any:
        if not is_symbolic(args, kwargs):
            return function(*args, **kwargs)
        operation, tensors = node(*args, **kwargs)
        return operation.call_symbolically(tensors, {})
    return dispatch
