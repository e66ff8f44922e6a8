"""Definitions of the functions of one tensor."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Any

from zoo.engine import dtypes
from zoo.engine.kernels.reference.universal import define
from zoo.engine.kernels.registry import reference

define({
    "negative": "negative", "absolute": "absolute", "sign": "sign", "square": "square", "reciprocal": "reciprocal",
    "exp": "exp", "expm1": "expm1", "log": "log", "log1p": "log1p", "sqrt": "sqrt",
    "floor": "floor", "ceil": "ceil", "round": "rint",
    "sin": "sin", "cos": "cos", "tan": "tan", "arcsin": "arcsin", "arccos": "arccos", "arctan": "arctan",
    "sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "arcsinh": "arcsinh", "arccosh": "arccosh", "arctanh": "arctanh",
    "is_nan": "isnan", "is_inf": "isinf", "is_finite": "isfinite", "logical_not": "logical_not",
})


@reference("rsqrt")
def rsqrt(xp: ModuleType, x: Any) -> Any:
    """1 / sqrt(x)."""
    return xp.reciprocal(xp.sqrt(x))


@reference("relu")
def relu(xp: ModuleType, x: Any) -> Any:
    """The positive part."""
    return xp.maximum(x, xp.zeros((), x.dtype))


@reference("sigmoid")
def sigmoid(xp: ModuleType, x: Any) -> Any:
    """1 / (1 + exp(-x)), from the exponential of a non-positive number: no overflow, full relative accuracy."""
    one, decay = xp.ones((), x.dtype), xp.exp(-xp.abs(x))
    return xp.where(x >= 0, one, decay) / (one + decay)


@reference("softplus")
def softplus(xp: ModuleType, x: Any) -> Any:
    """log(1 + exp(x)), from the exponential of a non-positive number."""
    return xp.maximum(x, xp.zeros((), x.dtype)) + xp.log1p(xp.exp(-xp.abs(x)))


# Rational approximations P / Q, fitted for this file by least squares at Chebyshev nodes in 60 digits; coefficients by
# rising power. Relative errors: 8e-17 for erf(x) / x as a function of x**2 on [0, 1], 4e-16 for
# erfc(x) * exp(x**2) on [1, 6].
ERF = ((1.1283791670955126, 0.0882260590654576, 0.03818041704460938, -0.0001620250499579667, 0.00011880846579830224,
         -3.086438136102994e-06),
        (1.0, 0.41152164240370986, 0.07101039441178782, 0.006183900069745315, 0.0002340566128120621))
ERFCX = ((1.0000001552161233, 1.684199258089917, 1.389404063598776, 0.692924965571817, 0.21896259006714566,
           0.041909921204405905, 0.003943631709254572),
          (1.0, 2.8125799439014663, 3.5630535425525918, 2.653094728481864, 1.2653297560141912, 0.3915953651077191,
           0.07428342815235264, 0.006989904703936261))


def _ratio(polynomials: Sequence[Sequence[float]], x: Any) -> Any:
    """P(x) / Q(x) by Horner's rule, in x's dtype."""
    values = []
    for coefficients in polynomials:
        value = x * x.dtype.type(0)
        for coefficient in reversed(coefficients):
            value = value * x + x.dtype.type(coefficient)
        values.append(value)
    return values[0] / values[1]


@reference("erf")
def erf(xp: ModuleType, x: Any) -> Any:
    """The error function; the absolute error is below 2 units in the last place of 1."""
    size = xp.minimum(xp.abs(x), x.dtype.type(6))           # erf(6) = 1 in every dtype
    near = x * _ratio(ERF, xp.square(xp.minimum(size, x.dtype.type(1))))
    tail = xp.exp(-xp.square(size)) * _ratio(ERFCX, xp.maximum(size, x.dtype.type(1)))
    return xp.where(size < 1, near, xp.copysign(x.dtype.type(1) - tail, x))


@reference("clip")
def clip(xp: ModuleType, x: Any, *, min: float, max: float) -> Any:
    """x held between two numbers."""
    return xp.minimum(xp.maximum(x, x.dtype.type(min)), x.dtype.type(max))


@reference("stop_gradient")
def stop_gradient(xp: ModuleType, x: Any) -> Any:
    """x itself."""
    return x


@reference("full_like")
def full_like(xp: ModuleType, x: Any, *, value: float, dtype: str) -> Any:
    """One value in the shape of x."""
    return xp.full(x.shape, value, dtypes.storage(dtype))
