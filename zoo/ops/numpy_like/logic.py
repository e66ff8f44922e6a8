"""Comparison, logic and bits, element by element."""

from __future__ import annotations

from typing import Any

import numpy as np

from zoo.engine import primitives as p
from zoo.engine.dtypes import is_float, storage
from zoo.engine.op import Op
from zoo.ops.numpy_like.arithmetic import add, multiply, subtract
from zoo.ops.numpy_like.elementwise import absolute, isnan
from zoo.ops.promotion import Tensor, as_tensor, dtype_of, promote, rank_of, shape_of


def _compare(op: Op, x1: Any, x2: Any) -> Tensor:
    return op(*promote(x1, x2)) if "string" not in (dtype_of(x1), dtype_of(x2)) else op(as_tensor(x1), as_tensor(x2))


def equal(x1: Any, x2: Any) -> Tensor:
    """x1 == x2."""
    return _compare(p.equal_op, x1, x2)


def not_equal(x1: Any, x2: Any) -> Tensor:
    """x1 != x2."""
    return _compare(p.not_equal_op, x1, x2)


def less(x1: Any, x2: Any) -> Tensor:
    """x1 < x2."""
    return _compare(p.less_op, x1, x2)


def less_equal(x1: Any, x2: Any) -> Tensor:
    """x1 <= x2."""
    return _compare(p.less_equal_op, x1, x2)


def greater(x1: Any, x2: Any) -> Tensor:
    """x1 > x2."""
    return _compare(p.greater_op, x1, x2)


def greater_equal(x1: Any, x2: Any) -> Tensor:
    """x1 >= x2."""
    return _compare(p.greater_equal_op, x1, x2)


def logical_and(x1: Any, x2: Any) -> Tensor:
    """Whether both are true; numbers other than 0 are."""
    return p.logical_and_op(as_tensor(x1, "bool"), as_tensor(x2, "bool"))


def logical_or(x1: Any, x2: Any) -> Tensor:
    """Whether one is true; numbers other than 0 are."""
    return p.logical_or_op(as_tensor(x1, "bool"), as_tensor(x2, "bool"))


def logical_xor(x1: Any, x2: Any) -> Tensor:
    """Whether exactly one is true; numbers other than 0 are."""
    return p.logical_xor_op(as_tensor(x1, "bool"), as_tensor(x2, "bool"))


def logical_not(x: Any) -> Tensor:
    """Whether it is false; the number 0 is."""
    return p.logical_not_op(as_tensor(x, "bool"))


def isclose(x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Tensor:
    """Whether |x1 - x2| <= atol + rtol * |x2|; infinities are close to themselves."""
    x1, x2 = promote(x1, x2)
    same = p.equal_op(x1, x2)
    if not is_float(dtype_of(x1)):
        return same
    near = less_equal(absolute(subtract(x1, x2)), add(atol, multiply(rtol, absolute(x2))))
    close = p.logical_or_op(same, p.logical_and_op(near, p.is_finite_op(x2)))
    return p.logical_or_op(close, p.logical_and_op(isnan(x1), isnan(x2))) if equal_nan else close


def allclose(x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Tensor:
    """Whether all elements are close (see `isclose`)."""
    close = isclose(x1, x2, rtol, atol, equal_nan)
    return p.all_op(close, axes=tuple(range(rank_of(close))), keepdims=False)


def isin(x1: Any, x2: Any, assume_unique: bool = False, invert: bool = False) -> Tensor:
    """Whether elements of x1 occur in x2."""
    x1, x2 = promote(x1, x2)
    column = p.reshape_op(x1, shape=(*shape_of(x1), 1))
    row = p.reshape_op(x2, shape=(1,) * rank_of(x1) + (None,))
    found = p.any_op(p.equal_op(column, row), axes=(rank_of(x1),), keepdims=False)
    return p.logical_not_op(found) if invert else found


def _bits(op: Op, x: Any, y: Any) -> Tensor:
    return op(*promote(x, y))


def bitwise_and(x: Any, y: Any) -> Tensor:
    """Bits set in both."""
    return _bits(p.bitwise_and_op, x, y)


def bitwise_or(x: Any, y: Any) -> Tensor:
    """Bits set in one of them."""
    return _bits(p.bitwise_or_op, x, y)


def bitwise_xor(x: Any, y: Any) -> Tensor:
    """Bits set in exactly one of them."""
    return _bits(p.bitwise_xor_op, x, y)


def bitwise_not(x: Any) -> Tensor:
    """Every bit turned over."""
    x = as_tensor(x)
    if dtype_of(x) == "bool":
        return p.logical_not_op(x)
    ones = np.invert(np.zeros((), storage(dtype_of(x))))
    return p.bitwise_xor_op(x, ones)


def bitwise_invert(x: Any) -> Tensor:
    """Another name of `bitwise_not`."""
    return bitwise_not(x)


def left_shift(x: Any, y: Any) -> Tensor:
    """x * 2 ** y for integers."""
    return _bits(p.left_shift_op, x, y)


def bitwise_left_shift(x: Any, y: Any) -> Tensor:
    """Another name of `left_shift`."""
    return left_shift(x, y)


def right_shift(x: Any, y: Any) -> Tensor:
    """The largest integer not above x / 2 ** y."""
    return _bits(p.right_shift_op, x, y)


def bitwise_right_shift(x: Any, y: Any) -> Tensor:
    """Another name of `right_shift`."""
    return right_shift(x, y)
