"""Puts elementwise work and sums over the same tensors together, so that memory is passed over once.

A group is a set of `fused` nodes and sums whose results, or arguments, have one shape. A node joins a group if it reads
what the group reads or stores, and if all of them can stand in one place of the order of computing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from zoo.engine.elementwise import ElementwiseProgram, Instruction, fused_op, single
from zoo.engine.fixed import FixedValues
from zoo.engine.graph import Graph, Node, Rewriter, Value, consumers
from zoo.engine.passes.rules import reshaped
from zoo.engine.spec import Shape
from zoo.engine.sweep import Result, sweep_op

_LARGE = 1 << 13                                            # elements; such results stay near their place
_NEAR = 12                                                  # nodes that they may move by
_OPERANDS, _INSTRUCTIONS = 24, 96                           # of one sweep
_SUMS = ("sum", "mean")


@dataclass(eq=False)
class _Group:
    """Nodes to be computed together.

    Attributes:
        shape: of what they compute, before it is summed.
        place: where they stand: the index of a node of the graph.
        axes: that sums among them go over.
        members: in computable order.
    """

    shape: Shape
    place: int
    axes: tuple[int, ...] | None = None
    members: list[Node] = field(default_factory=list)

    @property
    def results(self) -> set[Value]:
        return {member.output for member in self.members}

    @property
    def operands(self) -> set[Value]:
        return {value for member in self.members for value in member.inputs} - self.results

    @property
    def is_large(self) -> bool:
        return self.members[0].inputs[0].spec.size >= _LARGE or self.members[0].output.spec.size >= _LARGE


def merge_sweeps(graph: Graph) -> tuple[Graph, int]:
    """Makes a `sweep` of each group of several nodes."""
    groups = [group for group in _Groups(graph).found if len(group.members) > 1]
    return _rewritten(graph, {member: group for group in groups for member in group.members})


class _Groups:
    """Finds the groups of a graph, walking over it once."""

    def __init__(self, graph: Graph):
        self.readers, self.fixed = consumers(graph), FixedValues(graph)
        self.index = {node: i for i, node in enumerate(graph.nodes)}
        self.group: dict[Node, _Group] = {}
        self.found: list[_Group] = []
        reading: dict[Value, list[_Group]] = {}             # the groups that read or store a value
        for i, node in enumerate(graph.nodes):
            if not self._is_candidate(node):
                continue
            shape = node.inputs[0].shape if node.op.name in _SUMS else node.output.shape
            near = [group for value in node.inputs for group in reversed(reading.get(value, ()))
                    if group.shape == shape and value.shape == shape]
            group = next((group for group in near if self._join(group, node, i)), None)
            if group is None:
                group = _Group(shape, i)
                self.found.append(group)
            group.members.append(node)
            group.axes = node.attrs["axes"] if node.op.name in _SUMS else group.axes
            self.group[node] = group
            for value in (*node.inputs, node.output):
                reading.setdefault(value, []).append(group)

    def _is_candidate(self, node: Node) -> bool:
        if node.output in self.fixed or not node.inputs or any(value.dtype == "string" for value in node.inputs):
            return False
        if node.op.name in _SUMS:
            axes = node.attrs["axes"]
            return (node.inputs[0].dtype in ("float32", "float64") and bool(axes)
                    and axes == tuple(range(axes[0], axes[-1] + 1)) and node.inputs[0].spec.size > 0)
        return node.op is fused_op

    def _join(self, group: _Group, node: Node, i: int) -> bool:
        """Whether the node may join; then the group stands where all of it can be computed."""
        is_sum = node.op.name in _SUMS
        if is_sum and group.axes not in (None, node.attrs["axes"]) or not self._fits(group, node):
            return False
        sums = {member.output for member in group.members if member.op.name in _SUMS}
        if sums.intersection(node.inputs):
            return False
        far = (group.is_large or node.output.spec.size >= _LARGE) and i - group.place > _NEAR
        if all(self._place(value) < group.place or value in group.results for value in node.inputs):
            return is_sum or not far
        if far or any(self._place(reader.output) < i for reader in self._outer_readers(group)):
            return False
        group.place = i
        return True

    def _fits(self, group: _Group, node: Node) -> bool:
        members = [*group.members, node]
        operands = group.operands.union(node.inputs) - group.results
        steps = sum(len(single(member)[0].instructions) for member in members if member.op is fused_op)
        return len(operands) <= _OPERANDS and steps <= _INSTRUCTIONS

    def _outer_readers(self, group: _Group) -> Iterable[Node]:
        return (reader for member in group.members for reader in self.readers.get(member.output, ())
                if reader is not None and reader not in group.members)

    def _place(self, value: Value) -> int:
        """Where the value is computed."""
        if value.node is None:
            return -1
        return self.group[value.node].place if value.node in self.group else self.index[value.node]


def _rewritten(graph: Graph, groups: dict[Node, _Group]) -> tuple[Graph, int]:
    """The graph with the groups as sweeps, each in its place."""
    readers, index = consumers(graph), {node: i for i, node in enumerate(graph.nodes)}
    places = {group.place: group for group in groups.values()}

    def rule(rewriter: Rewriter, node: Node, inputs: tuple[Value, ...]) -> tuple[Value, ...] | None:
        here = places.get(index[node])
        if here is not None:
            rewriter.mapping.update(_sweep(rewriter, here, readers))
        return (rewriter[node.output],) if node in groups else None

    rewriter = Rewriter(graph)
    return rewriter.run(rule), rewriter.changes


def _sweep(rewriter: Rewriter, group: _Group, readers: dict[Value, list[Node | None]]) -> dict[Value, Value]:
    """Adds the sweep of a group; gives its values for the members' outputs."""
    members = set(group.members)
    operands = list(dict.fromkeys(value for member in group.members for value in member.inputs
                                  if value.node not in members))
    registers = {value: i for i, value in enumerate(operands)}
    steps: dict[Instruction, int] = {}                      # equal instructions are done once
    results: dict[Value, Result] = {}
    for member in group.members:
        if member.op is fused_op:
            registers[member.output] = _placed(member, registers, steps, len(operands))
        if member.op.name in _SUMS:
            results[member.output] = Result(registers[member.inputs[0]], member.op.name)
        elif any(reader not in members for reader in readers[member.output]):
            results[member.output] = Result(registers[member.output])
    program = ElementwiseProgram(len(operands), tuple(steps))
    values = rewriter.apply(sweep_op, *(rewriter[value] for value in operands), program=program,
                            results=tuple(dict.fromkeys(results.values())), axes=group.axes or ())
    by_result = dict(zip(dict.fromkeys(results.values()), values))
    return {old: reshaped(rewriter, by_result[result], old.shape) for old, result in results.items()}


def _placed(member: Node, registers: dict[Value, int], steps: dict[Instruction, int], first: int) -> int:
    """Adds the instructions of a node; gives the register of its result."""
    program, values = single(member)
    own = [registers[value] for value in values]
    for step in program.instructions:
        step = Instruction(step.op, tuple(own[arg] for arg in step.args), step.dtype, step.attrs)
        own.append(steps.setdefault(step, first + len(steps)))
    return own[-1]
