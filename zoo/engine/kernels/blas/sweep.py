"""Several elementwise results and sums, tile by tile; sums are products of tiles with ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from zoo.engine import dtypes
from zoo.engine.graph import Node
from zoo.engine.kernels import costs
from zoo.engine.kernels.blas.elementwise import SMALL
from zoo.engine.kernels.registry import Kernel, register
from zoo.engine.kernels.tile_program import TileProgram
from zoo.engine.kernels.tiles import CACHE_BYTES, Index, coalesce, cut_leading, flat, part, regrouped
from zoo.engine.spec import Shape, broadcast
from zoo.engine.threads import Workspace, parallel_for

_LONGEST = 1024                                             # elements of an output that are added up at a time


@dataclass(frozen=True)
class Sweep:
    """The shapes and results of a `sweep` node.

    Attributes:
        shape: what all operands broadcast to.
        before, length, after: how many elements its axes before, in and after those that are summed have.
        stored, summed: positions of such outputs.
        registers: of the outputs.
        factors: for each output 1, or for a mean what its sum is multiplied by.
    """

    shape: Shape
    before: int
    length: int
    after: int
    stored: tuple[int, ...]
    summed: tuple[int, ...]
    registers: tuple[int, ...]
    factors: tuple[float, ...]

    @classmethod
    def of(cls, node: Node) -> Sweep:
        """Reads a node."""
        shape = broadcast(*(value.shape for value in node.inputs))
        axes, results = node.attrs["axes"], node.attrs["results"]
        first, last = (axes[0], axes[-1] + 1) if axes else (len(shape), len(shape))
        length = prod(shape[first:last])
        by_how: dict[bool, list[int]] = {True: [], False: []}
        for i, result in enumerate(results):
            by_how[result.how == "store"].append(i)
        return cls(shape, prod(shape[:first]), length, prod(shape[last:]), tuple(by_how[True]), tuple(by_how[False]),
                   tuple(result.register for result in results),
                   tuple(1 / length if result.how == "mean" else 1.0 for result in results))

    def groups(self, node: Node) -> list[list[int]]:
        """Axes that can be seen as one, none of them partly summed."""
        axes = node.attrs["axes"]
        left = tuple(1 if axis in axes else size for axis, size in enumerate(self.shape))
        summed = tuple(size if axis in axes else 1 for axis, size in enumerate(self.shape))
        return coalesce(self.shape, [*(value.shape for value in node.inputs), *([left, summed] if axes else [])])


def add_up(parts: Sequence[np.ndarray], outputs: Sequence[np.ndarray], factors: Sequence[float]) -> None:
    """Partial sums (pieces, elements) -> sums, in an order that is always the same, without adding to the error."""
    for some, output, factor in zip(parts, outputs, factors):
        total = np.add.reduce(some, axis=0, dtype=np.float64)
        np.multiply(total, factor, out=output.reshape(-1), casting="same_kind")


def _bind(node: Node, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> Callable[[], None]:
    sweep, program = Sweep.of(node), node.attrs["program"]
    groups = sweep.groups(node)
    operands, stored = [regrouped(x, groups) for x in inputs], [regrouped(outputs[i], groups) for i in sweep.stored]
    kept = [sweep.registers[i] for i in sweep.stored]
    made = [register for register in dict.fromkeys(sweep.registers) if register not in kept
            and register >= program.operands]               # computed, but only to be added up
    taken = next((i for i in _in_place(node) if inputs[i].ctypes.data == outputs[0].ctypes.data), None)
    code = TileProgram(program, taken, [*kept, *made])
    whole = tuple(prod(sweep.shape[axis] for axis in group) for group in groups)
    largest = CACHE_BYTES // max(x.itemsize for x in (*inputs, *outputs)) // (2 + len(code.scratch) + len(made))
    tiles = cut_leading(whole, max(1, largest))
    if not sweep.summed and len(tiles) == 1 and prod(whole) <= SMALL:
        return code.bound(operands, stored)
    if sweep.summed:
        tiles = cut_leading(_rows(whole, sweep), max(1, largest // sweep.after))
    sums, seconds = _Sums(sweep, whole, tiles, [outputs[i] for i in sweep.summed]), _cost(node)

    def body(i: int, workspace: Workspace) -> None:
        index, shape = tiles[i], shape_of(whole, tiles[i])
        given, results = [part(x, index) for x in operands], [x[index] for x in stored]
        scratch = [workspace.take(shape, code.dtype(register)) for register in made]
        if program.instructions:
            code(given, [*results, *scratch], workspace)
        known = dict(zip((*range(len(given)), *kept, *made), (*given, *results, *scratch)))
        for k, position in enumerate(sweep.summed):
            sums.put(k, i, np.broadcast_to(known[sweep.registers[position]], shape))

    def run() -> None:
        parallel_for(len(tiles), body, seconds)
        sums.finish()
    return run


def shape_of(whole: Shape, index: Index) -> Shape:
    """The shape of a tile."""
    return tuple(len(range(*piece.indices(size))) for piece, size in zip(index, whole)) + whole[len(index):]


def _rows(whole: Shape, sweep: Sweep) -> Shape:
    """The leading sizes of `whole` that make up what comes before the sums, and the sums."""
    rows, count = sweep.before * sweep.length, 0
    while prod(whole[:count]) < rows or count < len(whole) and whole[count] == 1 and prod(whole[:count]) != rows:
        count += 1
    return whole[:count]


class _Sums:
    """Partial sums of tiles, which are whole rows of (before, length, after) or a piece of the length of one."""

    def __init__(self, sweep: Sweep, whole: Shape, tiles: Sequence[Index], outputs: Sequence[np.ndarray]):
        self.sweep, self.outputs = sweep, outputs
        self.places: list[tuple[int, int, int]] = []        # for each tile: which part, from which row, how many
        if not outputs:
            return
        rows, counts = _rows(whole, sweep), [0] * sweep.before
        for index in tiles:
            piece = flat(rows, index) if rows else slice(0, 1)
            first, many = piece.start // sweep.length, max(1, (piece.stop - piece.start) // sweep.length)
            self.places.append((counts[first], first, many))
            for row in range(first, first + many):
                counts[row] += 1
        self.parts = [np.zeros((max(counts), sweep.before, sweep.after), x.dtype) for x in outputs]

    def put(self, k: int, tile: int, x: np.ndarray) -> None:
        """Adds up one tile for the k-th sum."""
        number, first, many = self.places[tile]
        x = np.ascontiguousarray(x).reshape(many, -1, self.sweep.after)
        pieces = [x[:, i:i + _LONGEST] for i in range(0, x.shape[1], _LONGEST)]
        total: Any = 0
        for piece in pieces:
            total = total + np.matmul(np.ones(piece.shape[1], x.dtype), piece)
        self.parts[k][number, first:first + many] = total

    def finish(self) -> None:
        """Adds up the parts."""
        if self.outputs:
            add_up([x.reshape(len(x), -1) for x in self.parts], self.outputs,
                   [self.sweep.factors[i] for i in self.sweep.summed])


def _cost(node: Node) -> float:
    size = prod(broadcast(*(value.shape for value in node.inputs)))
    return size * (len(node.attrs["program"].instructions) + len(node.attrs["results"])) / costs.PASS


def _supports(node: Node) -> str | None:
    sums = [value for value, result in zip(node.outputs, node.attrs["results"]) if result.how != "store"]
    if any(dtypes.storage(value.dtype).name not in ("float32", "float64") for value in sums):
        return "BLAS has products of float32 and float64 only"
    if not prod(broadcast(*(value.shape for value in node.inputs))):
        return "there is nothing to compute"
    return None


def _in_place(node: Node) -> tuple[int, ...]:
    """Operands that are not needed any more when the first result is stored."""
    program, result = node.attrs["program"], node.attrs["results"][0]
    if result.how != "store":
        return ()
    summed = {other.register for other in node.attrs["results"]}
    last, step = program.last_uses(), result.register - program.operands
    return tuple(i for i, value in enumerate(node.inputs) if value.spec == node.output.spec
                 and last.get(i, -1) <= step and i not in summed)


register(Kernel("sweep", "tiles", "blas", _supports, _bind, cost=_cost, in_place=_in_place))
