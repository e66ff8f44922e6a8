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
        in_output: the operand that lies in the memory of the first output, if one does.
        results: registers of instructions that are stored in outputs; the result of the program if None.
    """

    def __init__(self, program: ElementwiseProgram, in_output: int | None = None,
                 results: Sequence[int] | None = None):
        results = (program.result,) if results is None else results
        last_use = program.last_uses() | {register: len(program.instructions) for register in results}
        first = program.operands                            # slots: the operands, the outputs, scratch arrays
        self.program = program
        self._dtypes = {first + i: program.instructions[register - first].dtype for i, register in enumerate(results)}
        outputs = {register: first + i for i, register in enumerate(results)}
        slot_of = {i: i for i in range(first)} | ({} if in_output is None else {in_output: first})
        free: dict[str, list[int]] = {}
        kept = 0 if len(results) == 1 else len(results)     # the only output is scratch memory until the last step
        if in_output is None and len(results) == 1:
            free[self._dtypes[first]] = [first]
        self.code: list[tuple[Emit, tuple[int, ...], int]] = []
        for i, step in enumerate(program.instructions):
            args = tuple(slot_of[arg] for arg in step.args)
            for arg in set(step.args):
                if last_use[arg] == i and slot_of[arg] >= first + kept:
                    free.setdefault(self._dtypes[slot_of[arg]], []).append(slot_of[arg])
            slot_of[first + i] = self._slot(outputs.get(first + i), free.get(step.dtype), step.dtype, first)
            self.code.append((_emit(step), args, slot_of[first + i]))
        self.scratch = [dtypes.storage(dtype) for slot, dtype in sorted(self._dtypes.items())
                        if slot >= first + len(results)]

    def dtype(self, register: int) -> np.dtype:
        """Of the result of an instruction, by its register."""
        return dtypes.storage(self.program.instructions[register - self.program.operands].dtype)

    def _slot(self, output: int | None, free: list[int] | None, dtype: str, first: int) -> int:
        """The slot for a result of an instruction."""
        if output is not None:
            return output
        if free:
            return free.pop()
        slot = first + len(self._dtypes)
        self._dtypes[slot] = dtype
        return slot

    def __call__(self, operands: Sequence[np.ndarray], outputs: Sequence[np.ndarray], workspace: Workspace) -> None:
        """Computes one tile.

        Args:
            operands: arrays that broadcast to the outputs; the one that lies in an output is not looked at.
            outputs: the tiles of the results.
            workspace: for scratch arrays.
        """
        shape = outputs[0].shape
        slots = [*operands, *outputs, *(workspace.take(shape, dtype) for dtype in self.scratch)]
        for emit, args, slot in self.code:
            emit(*[slots[arg] for arg in args], out=slots[slot])

    def bound(self, operands: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> Callable[[], None]:
        """The work on one small tile, always the same one, with scratch memory of its own: no time for preparations."""
        slots = [*operands, *outputs, *(np.empty(outputs[0].shape, dtype) for dtype in self.scratch)]
        calls = [(emit, [slots[arg] for arg in args], slots[slot]) for emit, args, slot in self.code]

        def run() -> None:
            for emit, arrays, out in calls:
                emit(*arrays, out=out)
        return run


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
