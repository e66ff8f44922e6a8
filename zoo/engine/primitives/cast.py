"""Changes of dtype."""

from __future__ import annotations

from zoo.engine.dtypes import NAMES
from zoo.engine.op import primitive
from zoo.engine.primitives.rules import COMPLEX, require, require_equal
from zoo.engine.spec import TensorSpec, broadcast
from zoo.errors import DtypeError


def _cast(x: TensorSpec, *, dtype: str) -> TensorSpec:
    if dtype not in NAMES or "string" in (dtype, x.dtype) and dtype != x.dtype:
        raise DtypeError(f"cast: cannot cast {x!r} to {dtype!r}.")
    if x.dtype in COMPLEX and dtype not in COMPLEX:
        raise DtypeError(f"cast: {x!r} has an imaginary part; take its real part or absolute value first.")
    return x.with_dtype(dtype)


_PARTS = {"complex64": "float32", "complex128": "float64"}
_WHOLE = {"float32": "complex64", "float64": "complex128"}


def _complex(real: TensorSpec, imaginary: TensorSpec) -> TensorSpec:
    require_equal("complex", real, imaginary)
    require("complex", real, _WHOLE)
    return TensorSpec(broadcast(real.shape, imaginary.shape), _WHOLE[real.dtype])


def _real(x: TensorSpec) -> TensorSpec:
    require("real", x, COMPLEX)
    return x.with_dtype(_PARTS[x.dtype])


def _imaginary(x: TensorSpec) -> TensorSpec:
    require("imaginary", x, COMPLEX)
    return x.with_dtype(_PARTS[x.dtype])


cast_op = primitive("cast", _cast, elementwise=True)
complex_op = primitive("complex", _complex, elementwise=True)           # of a real and an imaginary part
real_op = primitive("real", _real, elementwise=True)
imaginary_op = primitive("imaginary", _imaginary, elementwise=True)
