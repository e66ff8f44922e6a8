"""Fused elementwise programs in one pass over memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

import numpy as np

from zoo.engine.graph import Node
from zoo.engine.kernels import costs
from zoo.engine.kernels.jit.epilogue import SMALLEST
from zoo.engine.kernels.jit.rows import RowProgram, row_operand
from zoo.engine.kernels.jit.source import refusal
from zoo.engine.kernels.registry import Kernel, register
from zoo.engine.kernels.tiles import coalesce, cut, regrouped
from zoo.engine.threads import Workspace, parallel_for

_PIECE = 1 << 15                                            # elements of a task


def _supports(node: Node) -> str | None:
    if node.output.spec.size < SMALLEST:
        return f"pays from {SMALLEST} elements on"
    whole = node.output.shape
    groups = coalesce(whole, [value.shape for value in node.inputs])
    shapes = [_grouped(value.shape, groups) for value in node.inputs]
    if any(row_operand("float32", shape, _grouped(whole, groups)) is None for shape in shapes):
        return "an operand has rows of no simple pattern"
    return refusal(node.attrs["program"], [value.dtype for value in node.inputs])


def _grouped(shape: Sequence[int], groups: Sequence[Sequence[int]]) -> tuple[int, ...]:
    padded = (1,) * (sum(map(len, groups)) - len(shape)) + tuple(shape)
    return tuple(prod(padded[axis] for axis in group) for group in groups)


def _bind(node: Node, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> Callable[[], None]:
    output = outputs[0]
    groups = coalesce(output.shape, [x.shape for x in inputs])
    whole = regrouped(output, groups).shape
    taken = next((i for i in _in_place(node) if inputs[i].ctypes.data == output.ctypes.data), None)
    operands = [None if i == taken else row_operand(value.dtype, regrouped(x, groups).shape, whole)
                for i, (value, x) in enumerate(zip(node.inputs, inputs))]
    program = RowProgram(node.attrs["program"], operands)
    rows, columns, flat = prod(whole[:-1]), whole[-1], [x.reshape(-1) for x in inputs]
    arrays = [None if i == taken else x for i, x in enumerate(flat)]
    tiles = [program.on(output.reshape(-1), arrays, some, piece, columns)
             for some in cut(rows, _PIECE // columns) for piece in cut(columns, _PIECE)]

    def body(i: int, workspace: Workspace) -> None:
        tiles[i]()

    return lambda: parallel_for(len(tiles), body, _cost(node))


def _cost(node: Node) -> float:
    return node.output.spec.size / costs.FUSED


def _in_place(node: Node) -> tuple[int, ...]:
    return tuple(i for i, value in enumerate(node.inputs) if value.spec == node.output.spec)


register(Kernel("fused", "one_pass", "jit", _supports, _bind, cost=_cost, in_place=_in_place))
