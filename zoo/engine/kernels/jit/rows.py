"""Elementwise programs over the rows of a matrix, in one pass.

A tensor is seen as a matrix ``(rows, columns)``. An operand that broadcasts to it has all columns or one; which of
its rows belongs to row i of the matrix is ``i // repeat % period``: a bias has period 1, one factor an image repeats
for all places of the image.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from zoo.engine.elementwise import ElementwiseProgram
from zoo.engine.kernels.jit.compiler import FLOAT, INT, compiled, read, written
from zoo.engine.kernels.jit.source import general, statements


@dataclass(frozen=True)
class RowOperand:
    """How an operand is read.

    Attributes:
        dtype: of the operand.
        wide: whether it has all columns.
        row: its row for row ``{row}`` of the matrix, as an expression.
        maps: numbers in that expression: ``{repeat}`` and ``{period}``.
    """

    dtype: str
    wide: bool
    row: str
    maps: tuple[int, ...]


def row_operand(dtype: str, shape: Sequence[int], whole: Sequence[int]) -> RowOperand | None:
    """How an operand of full rank is read when all axes but the last of `whole` are rows; None if it cannot be."""
    axes = [axis for axis, size in enumerate(whole[:-1]) if size != 1]
    present = [axis for axis in axes if shape[axis] != 1]
    wide = shape[-1] != 1 or whole[-1] == 1
    if not present:
        return RowOperand(dtype, wide, "U(0)", ())
    if present == axes:
        return RowOperand(dtype, wide, "U({row})", ())
    if any(shape[axis] == 1 for axis in axes if present[0] < axis < present[-1]):
        return None
    return RowOperand(dtype, wide, "U({row}) // U({repeat}) % U({period})",
                      (prod(whole[present[-1] + 1:-1]), prod(shape[:-1])))


class ProgramSource:
    """A program's part in generated source, which is the same for all programs of one `source.general` form.

    Args:
        program: what to compute for one element.
        operands: how each operand is read; None for the one that the loop itself provides.

    Attributes:
        parameters, types: of the generated function, for the operands.
        numbers: arguments for the last of these parameters; the arrays of the operands come before them.
    """

    def __init__(self, program: ElementwiseProgram | None, operands: Sequence[RowOperand | None]):
        self.program, constants = (None, ()) if program is None else general(program)
        self.operands = operands
        given = [(i, operand) for i, operand in enumerate(operands) if operand is not None]
        names = [f"{name}{i}" for i, operand in given for name in ("repeat", "period") if operand.maps]
        self.parameters = [*(f"p{i}" for i, _ in given), *names, *(f"n{i}" for i in range(len(constants)))]
        self.types: list[Any] = [*(read(operand.dtype) for _, operand in given), *[INT] * len(names),
                                 *[FLOAT] * len(constants)]
        self.numbers = (*(number for _, operand in given for number in operand.maps), *constants)

    def before(self, row: str, columns: str, start: str, suffix: str = "") -> list[str]:
        """Lines before the loop over columns, for one row of the matrix."""
        lines = []
        for i, operand in enumerate(self.operands):
            if operand is not None:
                place = operand.row.format(row=row, repeat=f"repeat{i}", period=f"period{i}")
                lines.append(f"q{i}{suffix} = {place} * U({columns}) + U({start})" if operand.wide
                             else f"v{i}{suffix} = p{i}[{place}]")
        return lines

    def inside(self, column: str, given: str, suffix: str = "") -> tuple[list[str], str]:
        """Lines in the loop over columns, and the expression of the result; `given` is the loop's own operand."""
        if self.program is None:
            return [], given
        names = [given if operand is None else f"v{i}{suffix}" for i, operand in enumerate(self.operands)]
        loads = [f"v{i}{suffix} = p{i}[q{i}{suffix} + {column}]" for i, operand in enumerate(self.operands)
                 if operand is not None and operand.wide]
        lines, result = statements(self.program, names, f"t{suffix}_")
        return loads + lines, result


class RowProgram:
    """A program compiled for one way of reading its operands.

    Args:
        program: what to compute.
        operands: how each operand is read; None for the one that lies in the output.
    """

    def __init__(self, program: ElementwiseProgram, operands: Sequence[RowOperand | None]):
        source = ProgramSource(program, operands)
        lines, result = source.inside("j", "given")
        body = ["for i in range(first, last):",
                "    o = U(i * columns + start)",
                *(f"    {line}" for line in source.before("i", "columns", "start")),
                "    for j in range(U(stop - start)):",
                *(f"        {line}" for line in ["given = out[o + j]"] * (None in operands) + lines),
                f"        out[o + j] = {result}"]
        self.numbers = source.numbers
        self.function = compiled("rows", ["out", "first", "last", "start", "stop", "columns", *source.parameters],
                                 body, [written(), *[INT] * 5, *source.types])

    def on(self, output: np.ndarray, arrays: Sequence[np.ndarray | None], rows: slice, columns: slice,
           width: int) -> Callable[[], None]:
        """The work on some rows and columns.

        Args:
            output: the whole output, flat.
            arrays: the operands, flat; None for the one in the output.
            rows, columns: what to compute.
            width: columns of the whole output.
        """
        arguments = (output, rows.start, rows.stop, columns.start, columns.stop, width,
                     *(array for array in arrays if array is not None), *self.numbers)
        function = self.function
        return lambda: function(*arguments)
