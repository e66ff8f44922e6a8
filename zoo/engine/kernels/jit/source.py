"""Elementwise programs as source text of scalar statements, for loops that LLVM turns into vector code.

Statements are float32 throughout (``F`` is float32, ``I`` int32). Comparisons are written so that NaN passes through,
as it does in NumPy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from zoo.engine.elementwise import ElementwiseProgram, Instruction
from zoo.engine.kernels.reference.elementwise import ERF, ERFCX

READABLE = ("float32", "bool", "uint8", "int32")            # dtypes of operands; results are float32, or bool inside

_EXPRESSIONS = {
    "add": "{0} + {1}", "subtract": "{0} - {1}", "multiply": "{0} * {1}", "divide": "{0} / {1}",
    "maximum": "{0} if ({0} > {1}) | ({0} != {0}) else {1}", "minimum": "{0} if ({0} < {1}) | ({0} != {0}) else {1}",
    "negative": "-{0}", "absolute": "abs({0})", "square": "{0} * {0}", "reciprocal": "F(1) / {0}",
    "sqrt": "sqrt({0})", "rsqrt": "F(1) / sqrt({0})", "floor": "floor({0})", "ceil": "ceil({0})",
    "relu": "F(0) if {0} < F(0) else {0}", "stop_gradient": "{0}",
    "equal": "{0} == {1}", "not_equal": "{0} != {1}", "less": "{0} < {1}", "less_equal": "{0} <= {1}",
    "greater": "{0} > {1}", "greater_equal": "{0} >= {1}",
    "logical_and": "{0} & {1}", "logical_or": "{0} | {1}", "logical_xor": "{0} ^ {1}",
    "select": "{1} if {0} else {2}",
}


def refusal(program: ElementwiseProgram, operands: Sequence[str]) -> str | None:
    """Why a program cannot be compiled, if it cannot.

    Args:
        program: the program.
        operands: dtypes of its operands.
    """
    results = [step.dtype for step in program.instructions]
    if not set(operands) <= set(READABLE) or not set(results) <= {"float32", "bool"} or results[-1:] == ["bool"]:
        return f"computes float32 only, not {', '.join(sorted({*operands, *results}))}"
    registers = [*operands, *results]
    for step in program.instructions:
        known = step.op in _EXPRESSIONS or step.op in _STATEMENTS
        if not known or step.op != "cast" and not {registers[arg] for arg in step.args} <= {"float32", "bool"}:
            return f"has no statement for {step.op}"
    return None


def statements(program: ElementwiseProgram, operands: Sequence[str], prefix: str = "t") -> tuple[list[str], str]:
    """Source of a program for one element.

    Args:
        program: the program; `refusal` has nothing against it.
        operands: expressions of its operands.
        prefix: of the names of variables.

    Returns:
        Statements, and the expression of the result.
    """
    registers, lines = list(operands), []
    for i, step in enumerate(program.instructions):
        name, args = f"{prefix}{i}", [registers[arg] for arg in step.args]
        if step.op in _STATEMENTS:
            lines += _STATEMENTS[step.op](step, args, name)
        else:
            lines.append(f"{name} = {_EXPRESSIONS[step.op].format(*args)}")
        registers.append(name)
    return lines, registers[-1]


def general(program: ElementwiseProgram) -> tuple[ElementwiseProgram, tuple[np.float32, ...]]:
    """The program in the form that it shares with others, and the numbers that make it this one.

    Limits of clips and constants become names ``n0``, ``n1``, ...; `relu` is a clip, sums and products end with one
    that may be without limits, and their operands are in the order of the registers. So one compiled function serves
    for a bias with no activation, with relu and with relu6.
    """
    numbers: list[np.float32] = []
    steps = [step if step.op != "relu" else replace(step, op="clip", attrs=_FROM_ZERO) for step in program.instructions]
    if {step.op for step in steps} <= _SUMS and steps[-1].dtype == "float32":
        steps.append(Instruction("clip", (program.result,), "float32", _UNLIMITED))
    for i, step in enumerate(steps):
        names = {}
        for attr in _NUMBERS.get(step.op, ()):
            names[attr] = f"n{len(numbers)}"
            numbers.append(np.float32(step.attrs[attr]))
        args = tuple(sorted(step.args)) if step.op in _SUMS else step.args
        steps[i] = replace(step, args=args, attrs={**step.attrs, **names})
    return ElementwiseProgram(program.operands, tuple(steps)), tuple(numbers)


_SUMS = frozenset({"add", "multiply"})
_NUMBERS = {"clip": ("min", "max"), "full_like": ("value",)}
_FROM_ZERO, _UNLIMITED = {"min": 0.0, "max": np.inf}, {"min": -np.inf, "max": np.inf}


def number(value: Any) -> str:
    """A number as a float32 constant; a name as it is."""
    return value if isinstance(value, str) else f"F({float(value)!r})"


def _clip(step: Instruction, args: list[str], name: str) -> list[str]:
    low, high = number(step.attrs["min"]), number(step.attrs["max"])
    return [f"{name} = {low} if {args[0]} < {low} else {args[0]}", f"{name} = {high} if {name} > {high} else {name}"]


def _cast(step: Instruction, args: list[str], name: str) -> list[str]:
    return [f"{name} = {args[0]} != 0" if step.dtype == "bool" else f"{name} = F({args[0]})"]


def _full_like(step: Instruction, args: list[str], name: str) -> list[str]:
    return [f"{name} = {number(step.attrs['value'])}"]


_LOG2_E, _LN2_HIGH, _LN2_LOW = "F(1.4426950216293335)", "F(0.69317626953125)", "F(-2.9088971132296138e-05)"
# exp(r) = 1 + r + r * r * P(r) on [-ln 2 / 2, ln 2 / 2], relative error 4e-9; fitted for this file by least squares
_EXP = (0.49999988079071045, 0.166665181517601, 0.041669540107250214, 0.008368952199816704, 0.0013751279329881072)


def _exp_of(x: str, name: str) -> list[str]:
    """exp(x) = 2**n * exp(r): the power of two is made of the bits of its exponent, in two halves."""
    half, bits = f"I({name}_b >> I(1))", f"{name}_b"
    return [*_reduced_exp(x, name, -104, 89),
            f"{name} = {name} * I(({half} + I(127)) << I(23)).view(F) * I(({bits} - {half} + I(127)) << I(23)).view(F)"]


def _bounded_exp_of(x: str, name: str) -> list[str]:
    """The same for results between the smallest and the largest float32; beyond these it stays there."""
    return [*_reduced_exp(x, name, -87, 88), f"{name} = {name} * I(({name}_b + I(127)) << I(23)).view(F)"]


def _reduced_exp(x: str, name: str, lowest: int, highest: int) -> list[str]:
    """exp(r) as ``name``, and the n that belongs to it as ``name_b``."""
    n, r = f"{name}_n", f"{name}_r"
    return [f"{r} = F({lowest}) if {x} < F({lowest}) else {x}", f"{r} = F({highest}) if {r} > F({highest}) else {r}",
            f"{n} = floor({r} * {_LOG2_E} + F(0.5))",
            f"{r} = ({r} - {n} * {_LN2_HIGH}) - {n} * {_LN2_LOW}", f"{name}_b = I({n})",
            *_polynomial(_EXP, r, name), f"{name} = {name} * {r} * {r} + {r} + F(1)"]


def _polynomial(coefficients: Sequence[float], x: str, name: str) -> list[str]:
    first, *rest = coefficients[::-1]
    return [f"{name} = {number(first)}", *(f"{name} = {name} * {x} + {number(c)}" for c in rest)]


def _exp(step: Instruction, args: list[str], name: str) -> list[str]:
    return _exp_of(args[0], name)


def _sigmoid(step: Instruction, args: list[str], name: str) -> list[str]:
    return [f"{name}_x = -{args[0]}", *_bounded_exp_of(f"{name}_x", name), f"{name} = F(1) / (F(1) + {name})"]


# tanh(x) = x * P(x * x) / Q(x * x) on [-9, 9], relative error 2e-8, beyond that it is 1; fitted for this file as exp is
_TANH = ((0.9999999796821829, 0.13381055729910882, 0.0034956227878927743, 2.060960945215995e-05,
          1.3355303003527207e-08),
         (1.0, 0.4671437140295719, 0.025877116795901628, 0.00032856896696364794, 7.776840158490836e-07))


def _tanh(step: Instruction, args: list[str], name: str) -> list[str]:
    x, square, below = f"{name}_x", f"{name}_q", f"{name}_d"
    lines = [f"{x} = F(-9) if {args[0]} < F(-9) else {args[0]}", f"{x} = F(9) if {x} > F(9) else {x}",
             f"{square} = {x} * {x}", *_polynomial(_TANH[0], square, name), *_polynomial(_TANH[1], square, below),
             f"{name} = {x} * ({name} / {below})"]
    return [*lines, f"{name} = F(1) if {name} > F(1) else {name}", f"{name} = F(-1) if {name} < F(-1) else {name}"]


def _erf(step: Instruction, args: list[str], name: str) -> list[str]:
    """The same approximations as in the definition."""
    x, size, square = args[0], f"{name}_s", f"{name}_q"
    near, tail, e = f"{name}_u", f"{name}_w", f"{name}_e"
    lines = [f"{size} = abs({x})", f"{size} = F(6) if {size} > F(6) else {size}", f"{square} = {size} * {size}"]
    lines += _polynomial(ERF[0], square, near) + _polynomial(ERF[1], square, tail)
    lines += [f"{near} = {x} * ({near} / {tail})", f"{square} = -{square}", *_bounded_exp_of(square, e)]
    lines += _polynomial(ERFCX[0], size, tail) + _polynomial(ERFCX[1], size, name)
    lines += [f"{tail} = F(1) - {e} * ({tail} / {name})", f"{tail} = -{tail} if {x} < F(0) else {tail}"]
    return [*lines, f"{name} = {near} if {size} < F(1) else {tail}"]


_STATEMENTS: dict[str, Callable[[Instruction, list[str], str], list[str]]] = {
    "clip": _clip, "cast": _cast, "full_like": _full_like, "exp": _exp, "sigmoid": _sigmoid, "tanh": _tanh,
    "erf": _erf,
}
