"""Elementwise functions of two tensors of one dtype, and the choice between two."""

from __future__ import annotations

from zoo.engine.op import primitive
from zoo.engine.primitives.rules import BOOL, FLOAT, INEXACT, NUMERIC, ORDERED, REAL, binary, require, require_equal
from zoo.engine.spec import TensorSpec, broadcast

add_op = binary("add", NUMERIC)
subtract_op = binary("subtract", NUMERIC)
multiply_op = binary("multiply", NUMERIC)
divide_op = binary("divide", INEXACT)
floor_divide_op = binary("floor_divide", REAL)
mod_op = binary("mod", REAL)                                # of the sign of the divisor
power_op = binary("power", NUMERIC)
maximum_op = binary("maximum", ORDERED)                     # NaN if one is NaN
minimum_op = binary("minimum", ORDERED)
arctan2_op = binary("arctan2", FLOAT)


def _select(condition: TensorSpec, x: TensorSpec, y: TensorSpec) -> TensorSpec:
    require("select", condition, BOOL)
    require_equal("select", x, y)
    return TensorSpec(broadcast(condition.shape, x.shape, y.shape), x.dtype)


select_op = primitive("select", _select, elementwise=True)  # x where the condition holds, else y
