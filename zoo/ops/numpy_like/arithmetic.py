"""Functions of two tensors, element by element. Shapes broadcast, dtypes promote, Python numbers are weak."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from zoo.engine import primitives as p
from zoo.engine.dtypes import is_float
from zoo.engine.op import Op
from zoo.ops.numpy_like.elementwise import isinf, isnan
from zoo.ops.promotion import Tensor, concrete, constant, dtype_of, promote


def _apply(op: Op, x1: Any, x2: Any, dtype: str | None = None) -> Tensor:
    return op(*promote(x1, x2, dtype=dtype))


def _apply_to_numbers(op: Op, x1: Any, x2: Any) -> Tensor:
    """Two bools count as integers."""
    both_bool = dtype_of(x1) == dtype_of(x2) == "bool"
    return _apply(op, x1, x2, "int32" if both_bool else None)


def add(x1: Any, x2: Any) -> Tensor:
    """x1 + x2; of two bools their disjunction."""
    x1, x2 = promote(x1, x2)
    return (p.logical_or_op if dtype_of(x1) == "bool" else p.add_op)(x1, x2)


def subtract(x1: Any, x2: Any) -> Tensor:
    """x1 - x2."""
    return _apply(p.subtract_op, x1, x2)


def multiply(x1: Any, x2: Any) -> Tensor:
    """x1 * x2; of two bools their conjunction."""
    x1, x2 = promote(x1, x2)
    return (p.logical_and_op if dtype_of(x1) == "bool" else p.multiply_op)(x1, x2)


def divide(x1: Any, x2: Any) -> Tensor:
    """x1 / x2, a fraction also for integers."""
    return _apply(p.divide_op, x1, x2, "~float")


def true_divide(x1: Any, x2: Any) -> Tensor:
    """Another name of `divide`."""
    return divide(x1, x2)


def divide_no_nan(x1: Any, x2: Any) -> Tensor:
    """x1 / x2, and 0 where x2 is 0."""
    x1, x2 = promote(x1, x2, dtype="~float")
    zero, one = constant(0, dtype_of(x2)), constant(1, dtype_of(x2))
    undefined = p.equal_op(x2, zero)
    return p.select_op(undefined, zero, p.divide_op(x1, p.select_op(undefined, one, x2)))


def floor_divide(x1: Any, x2: Any) -> Tensor:
    """The largest whole number not above x1 / x2."""
    return _apply_to_numbers(p.floor_divide_op, x1, x2)


def mod(x1: Any, x2: Any) -> Tensor:
    """What remains of x1 after `floor_divide`; it has the sign of x2."""
    return _apply_to_numbers(p.mod_op, x1, x2)


def fmod(x1: Any, x2: Any) -> Tensor:
    """What remains of x1 after division cut off towards 0; it has the sign of x1."""
    x1, x2 = promote(x1, x2, dtype="~int" if dtype_of(x1) == dtype_of(x2) == "bool" else None)
    return p.multiply_op(p.sign_op(x1), p.mod_op(p.absolute_op(x1), p.absolute_op(x2)))


def power(x1: Any, x2: Any) -> Tensor:
    """x1 to the power of x2."""
    return _apply_to_numbers(p.power_op, x1, x2)


def maximum(x1: Any, x2: Any) -> Tensor:
    """The larger one; NaN if one is NaN."""
    return _apply(p.maximum_op, x1, x2)


def minimum(x1: Any, x2: Any) -> Tensor:
    """The smaller one; NaN if one is NaN."""
    return _apply(p.minimum_op, x1, x2)


def _ignoring_nan(op: Op, x1: Any, x2: Any) -> Tensor:
    x1, x2 = promote(x1, x2)
    if not is_float(dtype_of(x1)):
        return op(x1, x2)
    return p.select_op(isnan(x1), x2, p.select_op(isnan(x2), x1, op(x1, x2)))


def fmax(x1: Any, x2: Any) -> Tensor:
    """The larger one; a number rather than NaN."""
    return _ignoring_nan(p.maximum_op, x1, x2)


def fmin(x1: Any, x2: Any) -> Tensor:
    """The smaller one; a number rather than NaN."""
    return _ignoring_nan(p.minimum_op, x1, x2)


def arctan2(x1: Any, x2: Any) -> Tensor:
    """The angle of the point (x2, x1) in radians."""
    return _apply(p.arctan2_op, x1, x2, "~float")


def hypot(x1: Any, x2: Any) -> Tensor:
    """sqrt(x1 ** 2 + x2 ** 2), without overflow on the way."""
    a, b = map(p.absolute_op, promote(x1, x2, dtype="~float"))
    large, ratio = p.maximum_op(a, b), divide_no_nan(p.minimum_op(a, b), p.maximum_op(a, b))
    return p.multiply_op(large, p.sqrt_op(add(1.0, p.square_op(ratio))))


def logaddexp(x1: Any, x2: Any) -> Tensor:
    """log(exp(x1) + exp(x2)), without overflow."""
    return _log_of_sum(x1, x2, 1.0)


def logaddexp2(x1: Any, x2: Any) -> Tensor:
    """log2(2 ** x1 + 2 ** x2), without overflow."""
    return _log_of_sum(x1, x2, math.log(2))


def _log_of_sum(x1: Any, x2: Any, log_base: float) -> Tensor:
    x1, x2 = promote(x1, x2, dtype="~float")
    difference = p.subtract_op(x1, x2)
    excess = divide(p.softplus_op(multiply(p.negative_op(p.absolute_op(difference)), log_base)), log_base)
    both = p.add_op(p.maximum_op(x1, x2), excess)
    return p.select_op(isnan(difference), p.add_op(x1, x2), both)              # infinities of one sign: themselves


def heaviside(x1: Any, x2: Any) -> Tensor:
    """0 where x1 is negative, 1 where it is positive, x2 where it is 0."""
    x1, x2 = promote(x1, x2, dtype="~float")
    zero, one = constant(0, dtype_of(x1)), constant(1, dtype_of(x1))
    return p.select_op(p.less_op(x1, zero), zero, p.select_op(p.greater_op(x1, zero), one, x2))


def ldexp(x1: Any, x2: Any) -> Tensor:
    """x1 * 2 ** x2."""
    x1, x2 = promote(x1, x2, dtype="~float")
    unchanged = p.logical_or_op(isinf(x1), p.equal_op(x1, constant(0, dtype_of(x1))))
    return p.select_op(unchanged, x1, p.multiply_op(x1, p.power_op(constant(2, dtype_of(x1)), x2)))


def gcd(x1: Any, x2: Any) -> np.ndarray:
    """The greatest common divisor of integers. Only outside of graphs."""
    return np.gcd(*(np.asarray(concrete("gcd", x)) for x in promote(x1, x2)))


def lcm(x1: Any, x2: Any) -> np.ndarray:
    """The least common multiple of integers. Only outside of graphs."""
    return np.lcm(*(np.asarray(concrete("lcm", x)) for x in promote(x1, x2)))


def nextafter(x1: Any, x2: Any) -> np.ndarray:
    """The number next to x1 in the direction of x2. Only outside of graphs."""
    return np.nextafter(*(np.asarray(concrete("nextafter", x)) for x in promote(x1, x2, dtype="~float")))
