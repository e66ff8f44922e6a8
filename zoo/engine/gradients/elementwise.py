"""Gradients of elementwise primitives."""

from __future__ import annotations

import math

from zoo.engine import dtypes
from zoo.engine.gradients.registry import binary, indicator, number, rule, unary, unbroadcast, without
from zoo.engine.primitives import absolute_op as absolute
from zoo.engine.primitives import add_op as add
from zoo.engine.primitives import cast_op as cast
from zoo.engine.primitives import complex_op as as_complex
from zoo.engine.primitives import cos_op as cos
from zoo.engine.primitives import cosh_op as cosh
from zoo.engine.primitives import divide_op as div
from zoo.engine.primitives import equal_op as equal
from zoo.engine.primitives import exp_op as exp
from zoo.engine.primitives import floor_divide_op as floor_divide
from zoo.engine.primitives import full_like_op as full_like
from zoo.engine.primitives import greater_equal_op as greater_equal
from zoo.engine.primitives import greater_op as greater
from zoo.engine.primitives import imaginary_op as imaginary
from zoo.engine.primitives import less_equal_op as less_equal
from zoo.engine.primitives import less_op as less
from zoo.engine.primitives import log_op as log
from zoo.engine.primitives import logical_and_op as both
from zoo.engine.primitives import multiply_op as mul
from zoo.engine.primitives import negative_op as neg
from zoo.engine.primitives import power_op as power
from zoo.engine.primitives import real_op as real
from zoo.engine.primitives import rsqrt_op as rsqrt
from zoo.engine.primitives import select_op as select
from zoo.engine.primitives import sigmoid_op as sigmoid
from zoo.engine.primitives import sign_op as sign
from zoo.engine.primitives import sin_op as sin
from zoo.engine.primitives import sinh_op as sinh
from zoo.engine.primitives import square_op as square
from zoo.engine.primitives import subtract_op as sub


def one_minus(x):
    return sub(number(1, x), x)


def one_plus(x):
    return add(number(1, x), x)


unary("negative", lambda ct, y, x: neg(ct))
unary("absolute", lambda ct, y, x: mul(ct, sign(x)))
unary("square", lambda ct, y, x: mul(ct, mul(number(2, x), x)))
unary("reciprocal", lambda ct, y, x: neg(mul(ct, square(y))))
unary("exp", lambda ct, y, x: mul(ct, y))
unary("expm1", lambda ct, y, x: mul(ct, one_plus(y)))
unary("log", lambda ct, y, x: div(ct, x))
unary("log1p", lambda ct, y, x: div(ct, one_plus(x)))
unary("sqrt", lambda ct, y, x: div(mul(ct, number(0.5, x)), y))
unary("rsqrt", lambda ct, y, x: mul(ct, mul(number(-0.5, x), mul(y, square(y)))))
unary("sin", lambda ct, y, x: mul(ct, cos(x)))
unary("cos", lambda ct, y, x: neg(mul(ct, sin(x))))
unary("tan", lambda ct, y, x: mul(ct, one_plus(square(y))))
unary("arcsin", lambda ct, y, x: mul(ct, rsqrt(one_minus(square(x)))))
unary("arccos", lambda ct, y, x: neg(mul(ct, rsqrt(one_minus(square(x))))))
unary("arctan", lambda ct, y, x: div(ct, one_plus(square(x))))
unary("sinh", lambda ct, y, x: mul(ct, cosh(x)))
unary("cosh", lambda ct, y, x: mul(ct, sinh(x)))
unary("tanh", lambda ct, y, x: mul(ct, one_minus(square(y))))
unary("arcsinh", lambda ct, y, x: mul(ct, rsqrt(one_plus(square(x)))))
unary("arccosh", lambda ct, y, x: mul(ct, rsqrt(sub(square(x), number(1, x)))))
unary("arctanh", lambda ct, y, x: div(ct, one_minus(square(x))))
unary("relu", lambda ct, y, x: mul(ct, indicator(greater(y, number(0, x)), x)))   # y is kept anyway
unary("sigmoid", lambda ct, y, x: mul(ct, mul(y, one_minus(y))))
unary("softplus", lambda ct, y, x: mul(ct, sigmoid(x)))
unary("erf", lambda ct, y, x: mul(ct, mul(number(2 / math.sqrt(math.pi), x), exp(neg(square(x))))))

binary("add", lambda ct, z, x, y: ct, lambda ct, z, x, y: ct)
binary("subtract", lambda ct, z, x, y: ct, lambda ct, z, x, y: neg(ct))
binary("multiply", lambda ct, z, x, y: mul(ct, y), lambda ct, z, x, y: mul(ct, x))
binary("divide", lambda ct, z, x, y: div(ct, y), lambda ct, z, x, y: neg(div(mul(ct, z), y)))
binary("mod", lambda ct, z, x, y: ct, lambda ct, z, x, y: neg(mul(ct, floor_divide(x, y))))
# where both are equal the first one has the gradient, as in TensorFlow
binary("maximum", lambda ct, z, x, y: mul(ct, indicator(greater_equal(x, y), ct)),
       lambda ct, z, x, y: mul(ct, indicator(less(x, y), ct)))
binary("minimum", lambda ct, z, x, y: mul(ct, indicator(less_equal(x, y), ct)),
       lambda ct, z, x, y: mul(ct, indicator(greater(x, y), ct)))
binary("arctan2", lambda ct, z, x, y: div(mul(ct, y), add(square(x), square(y))),
       lambda ct, z, x, y: neg(div(mul(ct, x), add(square(x), square(y)))))


def _power_base(ct, z, x, y):
    return mul(ct, mul(y, power(x, sub(y, number(1, y)))))


def _power_exponent(ct, z, x, y):
    if dtypes.is_complex(x.dtype):
        return mul(ct, mul(z, log(x)))
    positive = greater(x, number(0, x))                     # log of what is not positive must not make NaN
    safe = select(positive, x, full_like(x, value=1.0, dtype=x.dtype))
    return mul(ct, mul(z, log(safe)))


binary("power", _power_base, _power_exponent)


@rule("clip")
def _clip(ct, node):
    (x,) = node.inputs
    inside = both(greater_equal(x, number(node.attrs["min"], x)), less_equal(x, number(node.attrs["max"], x)))
    return (mul(ct, indicator(inside, ct)),)


@rule("select")
def _select(ct, node):
    condition, x, y = node.inputs
    zero = full_like(ct, value=0.0, dtype=ct.dtype)
    return None, unbroadcast(select(condition, ct, zero), x.shape), unbroadcast(select(condition, zero, ct), y.shape)


@rule("cast")
def _cast(ct, node):
    """Integers and truth values have no gradient; a real number was the real part of a complex one."""
    (x,) = node.inputs
    if not all(dtypes.is_float(value.dtype) or dtypes.is_complex(value.dtype) for value in (x, ct)):
        return (None,)
    lost = dtypes.is_complex(ct.dtype) and not dtypes.is_complex(x.dtype)
    return (cast(real(ct) if lost else ct, dtype=x.dtype),)


@rule("real")
def _real(ct, node):
    return (cast(ct, dtype=node.inputs[0].dtype),)


@rule("imaginary")
def _imaginary(ct, node):
    return (as_complex(full_like(ct, value=0.0, dtype=ct.dtype), neg(ct)),)


@rule("complex")
def _complex(ct, node):
    x, y = node.inputs
    return unbroadcast(real(ct), x.shape), unbroadcast(neg(imaginary(ct)), y.shape)


without("its result jumps or is constant between jumps", "sign", "floor", "ceil", "round", "floor_divide", "full_like")
without("it stops gradients on purpose", "stop_gradient")
without("its result is a truth value", "is_nan", "is_inf", "is_finite", "logical_not", "equal", "not_equal", "less",
        "less_equal", "greater", "greater_equal", "logical_and", "logical_or", "logical_xor")
without("it works on integers", "bitwise_and", "bitwise_or", "bitwise_xor", "left_shift", "right_shift")
