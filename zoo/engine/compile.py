"""From a graph to a program: passes, kernels, memory."""

from __future__ import annotations

from dataclasses import dataclass

import zoo.engine.primitives as _primitives  # noqa: F401 - enters the definitions into the registry
from zoo.config import config
from zoo.engine.deferred import DeferredProgram, ready
from zoo.engine.device_program import DeviceProgram
from zoo.engine.fixed import FixedValues
from zoo.engine.graph import Graph, Node, Rewriter, Value
from zoo.engine.kernels import families
from zoo.engine.kernels.select import Choice, select_kernel
from zoo.engine.late_sizes import LateProgram, is_late
from zoo.engine.op import OPS
from zoo.engine.passes import FOR_DEVICES, INFERENCE, Pipeline
from zoo.engine.passes.fuse_chains import fuse_chains
from zoo.engine.program import Program, Step
from zoo.engine.prologue import WeightCache
from zoo.errors import ShapeError


@dataclass(frozen=True)
class PassRecord:
    """What one pass did.

    Attributes:
        name: of the pass.
        changes: how many nodes it replaced.
        nodes: how many there were afterwards.
    """

    name: str
    changes: int
    nodes: int

    def __str__(self) -> str:
        return f"{self.name}: {self.changes} changes, {self.nodes} nodes"


def optimize(graph: Graph, pipeline: Pipeline = INFERENCE) -> tuple[Graph, tuple[PassRecord, ...]]:
    """Applies the passes in order."""
    records = []
    for apply in pipeline:
        graph, changes = apply(graph)
        records.append(PassRecord(apply.__name__, changes, len(graph.nodes)))
    return graph, tuple(records)


def lower(graph: Graph, cache: WeightCache | None = None, *, compiled: bool = True) -> Program:
    """Chooses kernels for a graph as it stands, lets them pack weights, and plans the memory.

    Args:
        graph: with static shapes.
        cache: for what is computed of weights.
        compiled: whether kernels may be chosen that have to be compiled.

    Raises:
        ShapeError: a size is unknown; programs are compiled for one shape each.
    """
    _check_static(graph)
    allowed = families.usable(compiled)
    graph, _ = fuse_chains(graph, allowed)
    fixed = FixedValues(graph)
    chosen: dict[Node, tuple[Node, Choice]] = {}

    def rule(rewriter: Rewriter, node: Node, inputs: tuple[Value, ...]) -> tuple[Value, ...]:
        if node.output in fixed:                            # computed in the prologue, by definition
            return rewriter.copy(node, inputs).outputs
        changing = {i for i, value in enumerate(node.inputs) if value not in fixed}
        choice = select_kernel(node, allowed, changing)
        packed = list(inputs)
        for packing in choice.kernel.packing(node):
            packed[packing.input] = rewriter.apply(OPS[packing.op], packed[packing.input], **packing.attrs)
        copy = rewriter.copy(node, packed)
        chosen[copy] = node, choice
        return copy.outputs

    lowered = Rewriter(graph).run(rule)
    fixed = FixedValues(lowered)
    steps = []
    for copy in lowered.nodes:
        if copy.output not in fixed:                        # a packing of what is not fixed is a step like any other
            node, choice = chosen.get(copy) or (copy, select_kernel(copy, allowed))
            steps.append(Step(node, choice, copy.inputs, copy.outputs))
    return Program(lowered, steps, cache or WeightCache())


def compile_graph(graph: Graph, *, pipeline: Pipeline = INFERENCE, cache: WeightCache | None = None,
                  wait: bool = False) -> Program | DeferredProgram | LateProgram | DeviceProgram:
    """The program of a graph.

    Args:
        graph: with inputs of static shapes; other sizes may depend on the data.
        pipeline: passes to apply first.
        cache: where folded and packed weights are kept; programs that share it share those.
        wait: whether to compile kernels now even if the setting `jit` is to do it in the background.

    Raises:
        ShapeError: a size is unknown.
    """
    if is_late(graph):
        return LateProgram(graph, lambda rest: compile_graph(rest, pipeline=pipeline, cache=cache, wait=wait))
    _check_static(graph)
    if config.device != "cpu":
        return DeviceProgram(optimize(graph, FOR_DEVICES)[0])
    graph, cache = optimize(graph, pipeline)[0], cache or WeightCache()
    return ready(lower(graph, cache), lambda: lower(graph, cache, compiled=False), wait)


def _check_static(graph: Graph) -> None:
    for value in (*graph.inputs, *(value for node in graph.nodes for value in node.outputs)):
        if not value.spec.is_static:
            where = f" of {value.node.op.name} in {value.node.scope!r}" if value.node else " of an input"
            raise ShapeError(f"{graph.name}: the shape {value.spec!r}{where} has an unknown size. "
                             f"Trace the function with the shapes of concrete arrays.")
