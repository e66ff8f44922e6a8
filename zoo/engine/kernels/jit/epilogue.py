"""Epilogues compiled for rows of the output, and the kernels of BLAS products with them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from zoo.engine.graph import Node
from zoo.engine.kernels.epilogue import Finish
from zoo.engine.kernels.jit.rows import RowOperand, RowProgram, row_operand
from zoo.engine.kernels.jit.source import refusal
from zoo.engine.kernels.tiles import Index, flat, regrouped

SMALLEST = 1 << 13                                          # elements; for fewer, compiling does not pay


class RowEpilogue:
    """An epilogue in one pass over each tile; see `epilogue.TileEpilogue`."""

    def __init__(self, node: Node, operands: Sequence[np.ndarray], output: np.ndarray,
                 groups: Sequence[Sequence[int]]):
        self.shape = regrouped(output, groups).shape
        self.output = output.reshape(-1)
        self.arrays = [None, *(x.reshape(-1) for x in operands)]
        self.program = RowProgram(node.epilogue, [None, *epilogue_operands(node)])

    def on(self, place: Index) -> Finish:
        """The work on one tile."""
        rows, columns = flat(self.shape[:-1], place[:-1]), place[-1]
        start, stop, _ = columns.indices(self.shape[-1])
        run = self.program.on(self.output, self.arrays, rows, slice(start, stop), self.shape[-1])
        return lambda workspace: run()


def epilogue_operands(node: Node) -> list[RowOperand | None]:
    """How each further operand of the epilogue is read; None for one that has no simple pattern."""
    whole = node.output.shape
    padded = [(1,) * (len(whole) - value.ndim) + value.shape for value in node.epilogue_inputs]
    return [row_operand(value.dtype, shape, whole) for value, shape in zip(node.epilogue_inputs, padded)]


def supports_epilogue(node: Node) -> str | None:
    """There is an epilogue that is worth compiling, and can be compiled."""
    if node.epilogue is None:
        return "there is no epilogue to compile"
    if node.output.spec.size < SMALLEST:
        return f"pays from {SMALLEST} elements on"
    return epilogue_refusal(node)


def epilogue_refusal(node: Node) -> str | None:
    """Why the epilogue, if there is one, cannot be compiled."""
    if node.epilogue is None:
        return None
    if None in epilogue_operands(node):
        return "an operand of the epilogue has rows of no simple pattern"
    return refusal(node.epilogue, [node.output.dtype, *(value.dtype for value in node.epilogue_inputs)])
