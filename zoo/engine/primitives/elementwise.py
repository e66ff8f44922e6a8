"""Elementwise functions of one tensor."""

from __future__ import annotations

from zoo.engine.op import primitive
from zoo.engine.primitives.rules import ANY, BOOL, FLOAT, INEXACT, NUMERIC, REAL, require, unary
from zoo.engine.spec import TensorSpec

negative_op = unary("negative", NUMERIC)
absolute_op = unary("absolute", REAL)
sign_op = unary("sign", REAL)
square_op = unary("square", NUMERIC)
reciprocal_op = unary("reciprocal", INEXACT)

exp_op = unary("exp", INEXACT)
expm1_op = unary("expm1", FLOAT)
log_op = unary("log", INEXACT)
log1p_op = unary("log1p", FLOAT)
sqrt_op = unary("sqrt", INEXACT)
rsqrt_op = unary("rsqrt", FLOAT)

floor_op = unary("floor", FLOAT)
ceil_op = unary("ceil", FLOAT)
round_op = unary("round", FLOAT)                            # halves go to the even neighbour

sin_op = unary("sin", INEXACT)
cos_op = unary("cos", INEXACT)
tan_op = unary("tan", FLOAT)
arcsin_op = unary("arcsin", FLOAT)
arccos_op = unary("arccos", FLOAT)
arctan_op = unary("arctan", FLOAT)
sinh_op = unary("sinh", FLOAT)
cosh_op = unary("cosh", FLOAT)
tanh_op = unary("tanh", FLOAT)
arcsinh_op = unary("arcsinh", FLOAT)
arccosh_op = unary("arccosh", FLOAT)
arctanh_op = unary("arctanh", FLOAT)

relu_op = unary("relu", REAL)
sigmoid_op = unary("sigmoid", FLOAT)
softplus_op = unary("softplus", FLOAT)                      # log(1 + exp(x))
erf_op = unary("erf", FLOAT)

is_nan_op = unary("is_nan", INEXACT, "bool")
is_inf_op = unary("is_inf", INEXACT, "bool")
is_finite_op = unary("is_finite", INEXACT, "bool")
logical_not_op = unary("logical_not", BOOL, "bool")

stop_gradient_op = unary("stop_gradient", ANY)              # the identity, through which no gradient passes


def _clip(x: TensorSpec, *, min: float, max: float) -> TensorSpec:
    require("clip", x, REAL)
    return x


def _full_like(x: TensorSpec, *, value: float, dtype: str) -> TensorSpec:
    return x.with_dtype(dtype)


clip_op = primitive("clip", _clip, elementwise=True)
full_like_op = primitive("full_like", _full_like, elementwise=True)     # one value in the shape of x
