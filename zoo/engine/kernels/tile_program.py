"""Elementwise programs on tiles: one NumPy call an instruction, on memory that is in the cache."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from zoo.engine import dtypes
from zoo.engine.elementwise import ElementwiseProgram, Instruction
from zoo.engine.kernels.reference.universal import UNIVERSAL
from zoo.engine.kernels.registry import REFERENCE
from zoo.engine.threads import Workspace

Emit = Callable[..., Any]                                   # emit(*inputs, out=...), where out may be one of the inputs


class TileProgram:
    """A program with its registers placed: few scratch arrays, and the output tile itself where possible.

    Args:
        program: the program.
        in_output: the operand that lies in the memory of the output, if one does.
    """

    def __init__(self, program: ElementwiseProgram, in_output: int | None = None):
        last_use = program.last_uses()
        output = program.operands                           # slots: the operands, the output, scratch arrays
        slot_of = {i: i for i in range(program.operands)} | ({} if in_output is None else {in_output: output})
        result_dtype = program.instructions[-1].dtype
        free: dict[str, list[int]] = {} if in_output is not None else {result_dtype: [output]}
        scratch: list[str] = []
        self.code: list[tuple[Emit, tuple[int, ...], int]] = []
        for i, step in enumerate(program.instructions):
            args = tuple(slot_of[arg] for arg in step.args)
            for arg in set(step.args):
                if last_use[arg] == i and slot_of[arg] >= output:
                    dtype = result_dtype if slot_of[arg] == output else scratch[slot_of[arg] - output - 1]
                    free.setdefault(dtype, []).append(slot_of[arg])
            if program.operands + i == program.result:
                slot = output
            elif free.get(step.dtype):
                slot = free[step.dtype].pop()
            else:
                scratch.append(step.dtype)
                slot = output + len(scratch)
            slot_of[program.operands + i] = slot
            self.code.append((_emit(step), args, slot))
        self.scratch = [dtypes.storage(dtype) for dtype in scratch]

    def __call__(self, operands: Sequence[np.ndarray], output: np.ndarray, workspace: Workspace) -> None:
        """Computes one tile.

        Args:
            operands: arrays that broadcast to the output; the one that lies in it is not looked at.
            output: the tile of the result.
            workspace: for scratch arrays.
        """
        slots = [*operands, output, *(workspace.take(output.shape, dtype) for dtype in self.scratch)]
        for emit, args, slot in self.code:
            emit(*[slots[arg] for arg in args], out=slots[slot])


def _emit(step: Instruction) -> Emit:
    """How one instruction is done."""
    if step.op in _EMIT:
        return _EMIT[step.op](**step.attrs)
    function = getattr(np, UNIVERSAL.get(step.op, ""), None)
    if isinstance(function, np.ufunc):
        return function

    def emit(*arrays: np.ndarray, out: np.ndarray) -> None:             # the definition, in memory of its own
        np.copyto(out, REFERENCE[step.op](np, *arrays, **step.attrs), casting="same_kind")
    return emit


def _clip(min: float, max: float) -> Emit:
    def emit(x: np.ndarray, out: np.ndarray) -> None:
        np.maximum(x, x.dtype.type(min), out=out)
        np.minimum(out, x.dtype.type(max), out=out)
    return emit


def _relu() -> Emit:
    return lambda x, out: np.maximum(x, x.dtype.type(0), out=out)


def _sigmoid() -> Emit:
    def emit(x: np.ndarray, out: np.ndarray) -> None:
        np.negative(x, out=out)
        np.exp(out, out=out)                                # infinite for very negative x: the result is 0 then
        np.add(out, x.dtype.type(1), out=out)
        np.reciprocal(out, out=out)
    return emit


def _rsqrt() -> Emit:
    def emit(x: np.ndarray, out: np.ndarray) -> None:
        np.sqrt(x, out=out)
        np.reciprocal(out, out=out)
    return emit


def _cast(dtype: str) -> Emit:
    if dtype == "bfloat16":
        return lambda x, out: np.copyto(out, REFERENCE["cast"](np, x, dtype=dtype))
    return lambda x, out: np.copyto(out, x, casting="unsafe")


def _full_like(value: float, dtype: str) -> Emit:
    return lambda x, out: out.fill(value)


_EMIT: dict[str, Callable[..., Emit]] = {
    "clip": _clip, "relu": _relu, "sigmoid": _sigmoid, "rsqrt": _rsqrt, "cast": _cast, "full_like": _full_like,
}
