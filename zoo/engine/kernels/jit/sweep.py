"""Sweeps, sums and means in one compiled pass over memory.

A task computes some rows of the matrix (before x summed, after); it adds them up in a row of its own, and these rows
are added up at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

import numpy as np

from zoo.engine.graph import Node
from zoo.engine.kernels import costs
from zoo.engine.kernels.blas.sweep import Sweep, add_up
from zoo.engine.kernels.jit.compiler import INT, compiled, written
from zoo.engine.kernels.jit.epilogue import SMALLEST
from zoo.engine.kernels.jit.rows import ProgramSource, RowOperand, row_operand
from zoo.engine.kernels.jit.source import refusal
from zoo.engine.kernels.registry import Kernel, register
from zoo.engine.kernels.tiles import cut
from zoo.engine.spec import Shape, broadcast
from zoo.engine.threads import Workspace, parallel_for

_PIECE = 1 << 15                                            # elements of a task
_LONGEST = 1024                                             # rows that one task adds up


def _bind(node: Node, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> Callable[[], None]:
    sweep, (whole, shapes) = Sweep.of(node), _seen(node)
    taken = next((i for i in _in_place(node) if inputs[i].ctypes.data == outputs[0].ctypes.data), None)
    operands = [None if i == taken else row_operand(value.dtype, shape, whole)
                for i, (value, shape) in enumerate(zip(node.inputs, shapes))]
    source = _Source(node, sweep, operands)
    rows, columns = prod(whole[:-1]), whole[-1]
    parts, tasks = _tasks(sweep, rows, columns)
    sums = [np.empty((parts, sweep.before, columns), np.float32) for _ in sweep.summed]
    flat = [outputs[i].reshape(-1) for i in sweep.stored] + [x.reshape(-1) for x in sums]
    arrays = [x.reshape(-1) for i, x in enumerate(inputs) if i != taken]
    calls = [(*flat, *task, columns, *arrays, *source.numbers) for task in tasks]
    results, factors = [outputs[i] for i in sweep.summed], [sweep.factors[i] for i in sweep.summed]
    partial, seconds = [x.reshape(parts, -1) for x in sums], _cost(node)

    def body(i: int, workspace: Workspace) -> None:
        source.function(*calls[i])

    def run() -> None:
        parallel_for(len(calls), body, seconds)
        add_up(partial, results, factors)
    return run


def _tasks(sweep: Sweep, rows: int, columns: int) -> tuple[int, list[tuple[int, int, int, int, int]]]:
    """How many partial sums there are of each result, and (first, last, start, stop, place of the partial sum)."""
    if not sweep.summed:
        return 0, [(some.start, some.stop, piece.start, piece.stop, 0)
                   for some in cut(rows, _PIECE // columns) for piece in cut(columns, _PIECE)]
    pieces = cut(sweep.length, min(_LONGEST, _PIECE // columns))
    return len(pieces), [(row * sweep.length + piece.start, row * sweep.length + piece.stop, 0, columns,
                          (k * sweep.before + row) * columns)
                         for row in range(sweep.before) for k, piece in enumerate(pieces)]


class _Source:
    """The compiled function of a node for one way of reading its operands."""

    def __init__(self, node: Node, sweep: Sweep, operands: Sequence[RowOperand | None]):
        source = ProgramSource(node.attrs["program"], operands)
        lines, _ = source.inside("j", "given")
        registers = [*("given" if operand is None else f"v{i}" for i, operand in enumerate(operands)),
                     *(f"t_{i}" for i in range(len(node.attrs["program"].instructions)))]
        stored = [f"out{k}[o + j] = {registers[sweep.registers[i]]}" for k, i in enumerate(sweep.stored)]
        added = [f"sum{k}[a + j] += {registers[sweep.registers[i]]}" for k, i in enumerate(sweep.summed)]
        targets = [*(f"out{k}" for k in range(len(stored))), *(f"sum{k}" for k in range(len(added)))]
        zeros = [f"    sum{k}[a + j] = F(0)" for k in range(len(added))]
        inner = [*["given = out0[o + j]"] * (None in operands), *lines, *stored, *added]
        body = ["a = U(place)", *["for j in range(U(columns)):"] * bool(added), *zeros,
                "for i in range(first, last):",
                "    o = U(i * columns + start)",
                *(f"    {line}" for line in source.before("i", "columns", "start")),
                "    for j in range(U(stop - start)):",
                *(f"        {line}" for line in inner)]
        self.numbers = source.numbers
        self.function = compiled("sweep", [*targets, "first", "last", "start", "stop", "place", "columns",
                                           *source.parameters],
                                 body, [*[written()] * len(targets), *[INT] * 6, *source.types])


def _seen(node: Node) -> tuple[Shape, list[Shape]]:
    """The whole, and the operands, with axes that can be seen as one joined."""
    groups = Sweep.of(node).groups(node)

    def seen(shape: Shape) -> Shape:
        padded = (1,) * (sum(map(len, groups)) - len(shape)) + tuple(shape)
        return tuple(prod(padded[axis] for axis in group) for group in groups)
    whole = seen(broadcast(*(value.shape for value in node.inputs)))
    return whole, [seen(value.shape) for value in node.inputs]


def _supports(node: Node) -> str | None:
    sweep, (whole, shapes) = Sweep.of(node), _seen(node)
    if prod(whole) < SMALLEST:
        return f"pays from {SMALLEST} elements on"
    if sweep.summed and sweep.after != whole[-1]:
        return "needs sums over the axes before the last ones"
    if any(row_operand("float32", shape, whole) is None for shape in shapes):
        return "an operand has rows of no simple pattern"
    if {value.dtype for value in node.outputs} != {"float32"}:
        return "computes float32 only"
    if not node.attrs["program"].instructions:
        return "there is nothing to compile"
    return refusal(node.attrs["program"], [value.dtype for value in node.inputs])


def _cost(node: Node) -> float:
    return prod(broadcast(*(value.shape for value in node.inputs))) / costs.FUSED


def _in_place(node: Node) -> tuple[int, ...]:
    if node.attrs["results"][0].how != "store":
        return ()
    return tuple(i for i, value in enumerate(node.inputs) if value.spec == node.output.spec)


register(Kernel("sweep", "one_pass", "jit", _supports, _bind, cost=_cost, in_place=_in_place))
