"""A compiled graph: kernels bound to planned memory, ready to run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo.engine import budget, dtypes
from zoo.engine.arena import Arena, MemoryPlan, Use, plan_memory
from zoo.engine.fixed import FixedValues
from zoo.engine.graph import Graph, Node, Value
from zoo.engine.kernels.select import Choice
from zoo.engine.machine_code.unit import CompiledFunction, recorded
from zoo.engine.prologue import Prologue, WeightCache
from zoo.engine.residents import Residents
from zoo.engine.threads import single_threaded_blas
from zoo.errors import DtypeError, ShapeError


@dataclass(frozen=True)
class Step:
    """One node to compute.

    Attributes:
        node: the node as its kernel knows it.
        choice: its kernel, with reasons.
        inputs: what it reads: the node's inputs, packed where the kernel wants that.
        outputs: what it writes.
    """

    node: Node
    choice: Choice
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]

    @property
    def is_alias(self) -> bool:
        """Whether its output is its input in another shape: it shares the memory and needs no work."""
        return self.node.op.name == "reshape" and self.node.epilogue is None and self.node.output.dtype != "string"

    def __str__(self) -> str:
        epilogue = f" + {self.node.epilogue}" if self.node.epilogue else ""
        kernel = "alias" if self.is_alias else self.choice.kernel.title
        return (f"{self.node.op.name}({', '.join(repr(value.spec) for value in self.inputs)}){epilogue} -> "
                f"{', '.join(repr(value.spec) for value in self.outputs)} by {kernel}"
                f"{'  # ' + self.node.scope if self.node.scope else ''}")


class Program:
    """Runs a graph on arrays.

    Args:
        graph: inputs, outputs and updates.
        steps: how to compute its nodes, in order, except those whose outputs are fixed: these go to the prologue.
        cache: for what is computed of weights.

    Attributes:
        steps: what each run does.
        residents: variables that are read and written where they are.
        given: what is copied in: inputs, and other variables that the graph updates.
        wanted: what is copied out: outputs, and new values of these variables.
        plan: where intermediate results lie.
        prologue: what is computed of weights beforehand.
    """

    def __init__(self, graph: Graph, steps: Sequence[Step], cache: WeightCache):
        fixed = FixedValues(graph)
        self.graph = graph
        self.steps = tuple(steps)
        self.residents = Residents(graph, steps)
        self.state = tuple(variable for variable in graph.updates
                           if variable in graph.reads and graph.reads[variable] not in self.residents.read)
        self.changed = tuple(variable for variable, value in graph.updates.items()
                             if value not in self.residents.written)
        self.wanted = (*graph.outputs, *(graph.updates[variable] for variable in self.changed))
        read = [value for step in self.steps for value in step.inputs]
        self.prologue = Prologue([v for v in dict.fromkeys([*read, *self.wanted]) if v in fixed], cache)
        self.given = (*graph.inputs, *(graph.reads[variable] for variable in self.state))
        self.plan = self._plan_memory()
        budget.check(graph.name, self.plan.size, [*self.given, *(v for step in self.steps for v in step.outputs)])
        self._free: list[_Context] = []                     # list methods are atomic: no lock is needed

    def run(self, *arrays: Any) -> list[np.ndarray]:
        """Computes the outputs; then the variables that the graph updates get their new values.

        May be called from several threads: each call has memory of its own, which later calls use again.

        Args:
            arrays: one for each input, of exactly its shape and dtype.

        Returns:
            Fresh arrays.

        Raises:
            ShapeError, DtypeError: the arrays do not fit the inputs.
        """
        arrays = self._checked(arrays)
        try:
            fixed = self.prologue.arrays()
            context = self._free.pop() if self._free else _Context(self)
            resident = self.residents.arrays()
        except MemoryError as error:
            raise budget.out_of_memory(self.graph.name, [*self.prologue.values, *self.plan.buffers], error) from error
        try:
            for buffer, array in zip(context.given, (*arrays, *(variable.peek() for variable in self.state))):
                np.copyto(buffer, array)
            with single_threaded_blas(), np.errstate(all="ignore"):
                context.bind(fixed, resident)
                for work in context.work:
                    work()
            results = [np.array(buffer) for buffer in context.results]
        finally:
            self._free.append(context)
        self.residents.commit(resident)
        for variable, array in zip(self.changed, results[len(self.graph.outputs):]):
            variable.exchange(array)
        return results[:len(self.graph.outputs)]

    def functions(self) -> tuple[CompiledFunction, ...]:
        """The compiled functions that its kernels call, whether there is machine code for them yet or not."""
        with recorded() as functions:                       # binding reads no memory: that of weights is not touched
            _Context(self).bind(tuple(np.empty(value.shape, dtypes.storage(value.dtype))
                                      for value in self.prologue.values), self.residents.arrays())
        return tuple(functions)

    def __str__(self) -> str:
        buffers = self.plan.buffers
        lines = [f"program {self.graph.name}: {len(self.steps)} steps, {len(self.prologue.values)} fixed values"]
        for i, step in enumerate(self.steps):
            places = ", ".join(f"@{buffers[v].offset}" for v in step.outputs if v in buffers)
            lines.append(f"  {i}: {step} {places}")
        return "\n".join([*lines, f"  memory: {self.plan}"])

    def _plan_memory(self) -> MemoryPlan:
        uses = [self._use(step) for step in self.steps]
        written = {value for use in uses for value in use.writes} | set(self.given)
        return plan_memory(self.given, uses, [value for value in self.wanted if value in written])

    def _use(self, step: Step) -> Use:
        """What a step does with memory that is planned, not that of variables."""
        writes = tuple(value for value in step.outputs if value not in self.residents)
        takes_over = not step.is_alias and writes[:1] == step.outputs[:1]
        return Use(step.inputs, writes, step.is_alias and bool(writes),
                   tuple(step.choice.kernel.in_place(step.node)) if takes_over else ())

    def _checked(self, arrays: Sequence[Any]) -> list[np.ndarray]:
        inputs = self.graph.inputs
        if len(arrays) != len(inputs):
            raise ShapeError(f"{self.graph.name}: expected {len(inputs)} inputs, received {len(arrays)}.")
        for i, (value, array) in enumerate(zip(inputs, arrays)):
            if tuple(array.shape) != value.shape:
                raise ShapeError(f"{self.graph.name}: input {i} was compiled for shape {value.shape}, "
                                 f"received {tuple(array.shape)}.")
            if dtypes.storage(dtypes.standardize(array.dtype)) != dtypes.storage(value.dtype):
                raise DtypeError(f"{self.graph.name}: input {i} was compiled for dtype {value.dtype}, "
                                 f"received {array.dtype}.")
        return list(arrays)


class _Context:
    """What one run under way needs of its own: an arena, and the steps bound to it."""

    def __init__(self, program: Program):
        self.program = program
        arena = Arena(program.plan)
        written = (*program.given, *(value for step in program.steps for value in step.outputs))
        self.arrays = {value: arena.view(value) for value in written if value not in program.residents}
        self.given = [self.arrays[value] for value in program.given]
        self.fixed: tuple[np.ndarray, ...] | None = None
        self.work: list[Callable[[], None]] = []
        self.results: list[np.ndarray] = []
        self._bindings: dict[tuple[int, ...], _Binding] = {}

    def bind(self, fixed: tuple[np.ndarray, ...], resident: tuple[np.ndarray, ...]) -> None:
        """Binds the steps to this memory, to the fixed arrays and to those of variables, unless they are already.

        The arrays of variables take turns, therefore the last two bindings are kept.
        """
        if fixed is not self.fixed:
            self.arrays.update(zip(self.program.prologue.values, fixed))
            self._bindings.clear()
        key = tuple(map(id, resident))
        binding = self._bindings.pop(key, None) or self._bound(resident)
        self._bindings[key] = binding                       # the newest is the last
        for old in [*self._bindings][:-2]:
            del self._bindings[old]
        self.work, self.results, self.fixed = binding.work, binding.results, fixed

    def _bound(self, resident: tuple[np.ndarray, ...]) -> _Binding:
        arrays, residents = {**self.arrays, **self.program.residents.bound(resident)}, self.program.residents
        steps = [step for step in self.program.steps if not step.is_alias]
        before = next(iter(self._bindings.values())).work if self._bindings else [None] * len(steps)
        work = [done if done is not None and not any(value in residents for value in (*step.inputs, *step.outputs))
                else step.choice.kernel.bind(step.node, [arrays[value] for value in step.inputs],
                                             [arrays[value] for value in step.outputs])
                for step, done in zip(steps, before)]
        return _Binding(work, [arrays[value] for value in self.program.wanted], resident)


@dataclass(frozen=True)
class _Binding:
    """Steps bound to arrays.

    Attributes:
        work: the steps.
        results: what is copied out.
        resident: arrays of variables; held so that no others can get their identities.
    """

    work: list[Callable[[], None]]
    results: list[np.ndarray]
    resident: tuple[np.ndarray, ...]
