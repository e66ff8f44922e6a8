"""Functions of one tensor, element by element. Integers are taken as float32 where the result is a fraction."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from zoo.engine import primitives as p
from zoo.engine.dtypes import FLOATS, is_float
from zoo.engine.op import Op
from zoo.ops.promotion import Tensor, as_float, as_tensor, constant, dtype_of, promote

COMPLEX = ("complex64", "complex128")


def _of_floats(op: Op, meaning: str) -> Callable[[Any], Tensor]:
    """A function that takes the primitive of floats."""
    def function(x: Any) -> Tensor:
        return op(as_float(x))
    function.__name__ = function.__qualname__ = op.name
    function.__doc__ = f"{meaning}, element by element."
    return function


exp = _of_floats(p.exp_op, "The exponential")
expm1 = _of_floats(p.expm1_op, "exp(x) - 1, exact near 0")
log = _of_floats(p.log_op, "The natural logarithm")
log1p = _of_floats(p.log1p_op, "log(1 + x), exact near 0")
sqrt = _of_floats(p.sqrt_op, "The square root")
rsqrt = _of_floats(p.rsqrt_op, "1 / sqrt(x)")
reciprocal = _of_floats(p.reciprocal_op, "1 / x")
floor = _of_floats(p.floor_op, "The largest whole number not above x")
ceil = _of_floats(p.ceil_op, "The smallest whole number not below x")
sin = _of_floats(p.sin_op, "The sine of radians")
cos = _of_floats(p.cos_op, "The cosine of radians")
tan = _of_floats(p.tan_op, "The tangent of radians")
arcsin = _of_floats(p.arcsin_op, "The angle whose sine is x")
arccos = _of_floats(p.arccos_op, "The angle whose cosine is x")
arctan = _of_floats(p.arctan_op, "The angle whose tangent is x")
sinh = _of_floats(p.sinh_op, "The hyperbolic sine")
cosh = _of_floats(p.cosh_op, "The hyperbolic cosine")
tanh = _of_floats(p.tanh_op, "The hyperbolic tangent")
arcsinh = _of_floats(p.arcsinh_op, "The inverse hyperbolic sine")
arccosh = _of_floats(p.arccosh_op, "The inverse hyperbolic cosine")
arctanh = _of_floats(p.arctanh_op, "The inverse hyperbolic tangent")
erf = _of_floats(p.erf_op, "The error function")


def absolute(x: Any) -> Tensor:
    """The absolute value; of complex numbers their modulus."""
    x = as_tensor(x)
    if dtype_of(x) in COMPLEX:
        return p.sqrt_op(p.add_op(p.square_op(p.real_op(x)), p.square_op(p.imaginary_op(x))))
    return x if dtype_of(x) == "bool" else p.absolute_op(x)


def abs(x: Any) -> Tensor:  # noqa: A001 - NumPy's name
    """Another name of `absolute`."""
    return absolute(x)


def fabs(x: Any) -> Tensor:
    """The absolute value as a float."""
    return p.absolute_op(as_float(x))


def negative(x: Any) -> Tensor:
    """-x."""
    return p.negative_op(as_tensor(x))


def sign(x: Any) -> Tensor:
    """-1, 0 or 1."""
    return p.sign_op(as_tensor(x))


def square(x: Any) -> Tensor:
    """x * x; bools count as 0 and 1."""
    x = as_tensor(x)
    return p.square_op(as_tensor(x, "int32") if dtype_of(x) == "bool" else x)


def round(x: Any, decimals: int = 0) -> Tensor:  # noqa: A001 - NumPy's name
    """x rounded to `decimals` places; halves go to the even neighbour."""
    x = as_tensor(x)
    if not is_float(dtype_of(x)):
        return x
    if decimals == 0:
        return p.round_op(x)
    scale = constant(10.0 ** decimals, dtype_of(x))
    return p.divide_op(p.round_op(p.multiply_op(x, scale)), scale)


def trunc(x: Any) -> Tensor:
    """x without its fraction."""
    x = as_tensor(x)
    if not is_float(dtype_of(x)):
        return x
    return p.select_op(p.less_op(x, constant(0, dtype_of(x))), p.ceil_op(x), p.floor_op(x))


def _scaled(x: Any, factor: float) -> Tensor:
    x = as_float(x)
    return p.multiply_op(x, constant(factor, dtype_of(x)))


def exp2(x: Any) -> Tensor:
    """2 ** x."""
    x = as_float(x)
    return p.power_op(constant(2, dtype_of(x)), x)


def log2(x: Any) -> Tensor:
    """The logarithm to base 2."""
    return _scaled(log(x), 1 / math.log(2))


def log10(x: Any) -> Tensor:
    """The logarithm to base 10."""
    return _scaled(log(x), 1 / math.log(10))


def deg2rad(x: Any) -> Tensor:
    """Degrees as radians."""
    return _scaled(x, math.pi / 180)


def rad2deg(x: Any) -> Tensor:
    """Radians as degrees."""
    return _scaled(x, 180 / math.pi)


def cbrt(x: Any) -> Tensor:
    """The real cube root."""
    x = as_float(x)
    return p.multiply_op(p.sign_op(x), p.power_op(p.absolute_op(x), constant(1 / 3, dtype_of(x))))


def sinc(x: Any) -> Tensor:
    """sin(pi x) / (pi x), and 1 at 0."""
    x = _scaled(x, math.pi)
    zero, one = constant(0, dtype_of(x)), constant(1, dtype_of(x))
    at_zero = p.equal_op(x, zero)
    return p.select_op(at_zero, one, p.divide_op(p.sin_op(x), p.select_op(at_zero, one, x)))


def _test(op: Op, x: Any) -> Tensor:
    x = as_tensor(x)
    return op(x if dtype_of(x) in FLOATS + COMPLEX else as_tensor(x, "float32"))


def isnan(x: Any) -> Tensor:
    """Whether it is not a number."""
    return _test(p.is_nan_op, x)


def isinf(x: Any) -> Tensor:
    """Whether it is infinite."""
    return _test(p.is_inf_op, x)


def isfinite(x: Any) -> Tensor:
    """Whether it is neither infinite nor NaN."""
    return _test(p.is_finite_op, x)


def isposinf(x: Any) -> Tensor:
    """Whether it is +infinity."""
    x = as_float(x)
    return p.equal_op(x, constant(math.inf, dtype_of(x)))


def isneginf(x: Any) -> Tensor:
    """Whether it is -infinity."""
    x = as_float(x)
    return p.equal_op(x, constant(-math.inf, dtype_of(x)))


def signbit(x: Any) -> Tensor:
    """Whether the sign is minus: -0.0 has it, 0.0 has not."""
    x = as_tensor(x)
    if dtype_of(x) == "bool":
        return p.full_like_op(x, value=False, dtype="bool")
    zero = constant(0, dtype_of(x))
    if not is_float(dtype_of(x)):
        return p.less_op(x, zero)
    minus_zero = p.logical_and_op(p.equal_op(x, zero), p.less_op(p.divide_op(constant(1, dtype_of(x)), x), zero))
    return p.logical_or_op(p.less_op(x, zero), minus_zero)


def nan_to_num(x: Any, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Tensor:
    """x with NaN and infinities replaced: by `nan`, and by the largest finite numbers unless others are given."""
    x = as_tensor(x)
    dtype = dtype_of(x)
    if not is_float(dtype):
        return x
    largest = {"float16": 65504.0, "bfloat16": 3.3895314e38, "float32": 3.4028235e38}.get(dtype, 1.7976931348623157e308)
    for test, value in ((isnan, nan), (isposinf, largest if posinf is None else posinf),
                        (isneginf, -largest if neginf is None else neginf)):
        x = p.select_op(test(x), constant(value, dtype), x)
    return x


def clip(x: Any, x_min: Any, x_max: Any) -> Tensor:
    """x held between two numbers or tensors; integers stay integers if the bounds are."""
    dtype = "~int" if dtype_of(x) == "bool" else None
    if isinstance(x_min, (int, float)) and isinstance(x_max, (int, float)):
        x = promote(x, dtype="~float" if float in (type(x_min), type(x_max)) else dtype)[0]
        return p.clip_op(x, min=x_min, max=x_max)
    x, low, high = promote(x, x_min, x_max, dtype=dtype)
    return p.minimum_op(p.maximum_op(x, low), high)


def real(x: Any) -> Tensor:
    """The real part."""
    x = as_tensor(x)
    return p.real_op(x) if dtype_of(x) in COMPLEX else x


def imag(x: Any) -> Tensor:
    """The imaginary part."""
    x = as_tensor(x)
    return p.imaginary_op(x) if dtype_of(x) in COMPLEX else p.full_like_op(x, value=0, dtype=dtype_of(x))


def isreal(x: Any) -> Tensor:
    """Whether the imaginary part is 0."""
    part = imag(x)
    return p.equal_op(part, constant(0, dtype_of(part)))


def conjugate(x: Any) -> Tensor:
    """The complex conjugate."""
    x = as_tensor(x)
    return p.complex_op(p.real_op(x), p.negative_op(p.imaginary_op(x))) if dtype_of(x) in COMPLEX else x


def conj(x: Any) -> Tensor:
    """Another name of `conjugate`."""
    return conjugate(x)


def angle(x: Any) -> Tensor:
    """The angle of a complex number in radians; of a real one 0 or pi."""
    x = as_float(x)
    return p.arctan2_op(imag(x), real(x))
