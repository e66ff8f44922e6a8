"""Graphs that are computed while they are recorded, and gradients of what ran under a tape."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from zoo import tree
from zoo.engine import dtypes
from zoo.engine import graph as graphs
from zoo.engine.autodiff import gradients
from zoo.engine.eager import as_array, run_eagerly
from zoo.engine.graph import Graph, Node, Value
from zoo.engine.op import Op
from zoo.engine.spec import TensorSpec
from zoo.engine.variable import Variable
from zoo.errors import ConfigError


class LiveGraph(Graph):
    """A graph whose values have their numbers at once (`Value.data`), by the reference kernels.

    The same code that is traced for compiling can so be run step by step, looked at and printed.
    """

    def live_input(self, array: Any) -> Value:
        """An input with its numbers."""
        array = as_array(array)
        value = self.input(TensorSpec(tuple(array.shape), dtypes.standardize(array.dtype)))
        value.data = array
        return value

    def constant(self, array: Any, dtype: str | None = None) -> Value:
        """A constant, which has its numbers anyway."""
        value = super().constant(array, dtype)
        value.data = value.source
        return value

    def read(self, variable: Variable) -> Value:
        """The variable's value, with the numbers that it has now."""
        value = super().read(variable)
        if value.data is None:
            value.data = variable.value
        return value

    def append(self, node: Node, specs: Any) -> Node:
        """Adds a node and computes it."""
        node = super().append(node, specs)
        arrays = tuple(value.constant if value.data is None else value.data for value in node.inputs)
        results = run_eagerly(node.op.name, arrays, node.attrs)
        for value, result in zip(node.outputs, results if isinstance(results, tuple) else (results,)):
            value.data = result
        return node

    def assign_updates(self) -> None:
        """Carries out the assignments that were recorded."""
        for variable, value in self.updates.items():
            variable.assign(value.data)


class GradientTape(AbstractContextManager["GradientTape"]):
    """Records what is computed inside, so that gradients can be asked for afterwards.

    Variables are watched by themselves; arrays have to be watched. What is assigned inside (statistics, states of
    random numbers) changes when the tape ends without an error. Where something records already (another tape, or the
    trace of a step that a model writes itself), the tape is a part of it: gradients are values of that record, which
    can be differentiated again.

    Args:
        persistent: whether `gradient` may be called more than once.

    Example:
        >>> w = Variable([2.0])
        >>> with GradientTape() as tape:
        ...     loss = ops.sum(ops.square(w))
        >>> tape.gradient(loss, w)
        array([4.], dtype=float32)
    """

    def __init__(self, persistent: bool = False):
        self.persistent = persistent
        self._used = False

    def __enter__(self) -> GradientTape:
        outer = graphs.current()
        self._inner = outer is not None
        self.graph: Any = LiveGraph("tape") if outer is None else outer
        self._recording = nullcontext() if self._inner else self.graph.recording()
        self._recording.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._recording.__exit__(*error)
        if not self._inner and error[0] is None:
            self.graph.assign_updates()

    def watch(self, array: Any) -> Value:
        """The array as a value of the tape: compute with this, and differentiate by it."""
        if isinstance(array, Value):
            return array
        return self.graph.live_input(array) if isinstance(self.graph, LiveGraph) else self.graph.as_value(array)

    def gradient(self, target: Any, sources: Any, output_gradients: Any = None) -> Any:
        """The gradient of the (sum of the) target, in the structure of `sources`; None where it does not depend.

        Raises:
            ConfigError: asked a second time of a tape that is not persistent, or of something that was not recorded.
        """
        if self._used and not self.persistent:
            raise ConfigError("GradientTape.gradient can be called once: use GradientTape(persistent=True).")
        self._used = True
        targets = tree.leaves(target)
        if not all(isinstance(value, Value) for value in targets):
            raise ConfigError("GradientTape.gradient: the target was not computed under the tape.")
        flat = tree.leaves(sources)
        values = [self.graph.reads.get(s) if isinstance(s, Variable) else s for s in flat]
        known = [value for value in values if value is not None]
        cotangents: Sequence[Any] | None = None if output_gradients is None else tree.leaves(output_gradients)
        found = iter(gradients(targets, known, cotangents, self.graph))
        results = [None if value is None else next(found) for value in values]
        if not self._inner:
            results = [None if result is None else result.data for result in results]
        return tree.pack(sources, results)
