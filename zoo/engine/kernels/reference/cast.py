"""Definitions of the changes of dtype."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from zoo.engine import dtypes
from zoo.engine.kernels.registry import reference


@reference("cast")
def cast(xp: ModuleType, x: Any, *, dtype: str) -> Any:
    """x in another dtype; fractions are cut off, floats other than 0 are true."""
    x = x.astype(dtypes.storage(dtype), copy=False)
    return _round_to_bfloat16(xp, x) if dtype == "bfloat16" else x


def _round_to_bfloat16(xp: ModuleType, x: Any) -> Any:
    """The nearest float32 whose lower 16 bits are zero (halves go to the even one); NaN stays NaN."""
    bits = xp.ascontiguousarray(x).view("uint32").reshape(x.shape)
    odd = (bits >> xp.uint32(16)) & xp.uint32(1)
    rounded = (bits + odd + xp.uint32(0x7FFF)) & xp.uint32(0xFFFF0000)
    return xp.where(xp.isnan(x), x, rounded.view("float32"))


@reference("complex")
def complex_(xp: ModuleType, real: Any, imaginary: Any) -> Any:
    """The complex number of two parts."""
    return real + imaginary * xp.asarray(1j, "complex64" if real.dtype == "float32" else "complex128")


@reference("real")
def real(xp: ModuleType, x: Any) -> Any:
    """The real part."""
    return xp.real(x)


@reference("imaginary")
def imaginary(xp: ModuleType, x: Any) -> Any:
    """The imaginary part."""
    return xp.imag(x)
