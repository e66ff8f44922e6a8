"""Floats that NumPy does not have: bfloat16 and the two 8-bit kinds, held as float32 while they are in memory.

A `TensorRecord` of one of these dtypes reads as float32; every value of them is one of float32's as well, so nothing is
lost. Going back needs rounding unless the values came from there: to the nearest, ties to even, as hardware does.

Source: OCP 8-bit Floating Point Specification (E4M3 without infinities, E5M2), and float32's upper half for bfloat16.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

# dtype -> NumPy dtype of its bits.
NARROW_FLOATS: dict[str, str] = {"bfloat16": "u2", "float8_e4m3fn": "u1", "float8_e5m2": "u1"}

_HALF = np.uint32(0x7FFF)


def itemsize(dtype: str) -> int:
    """Bytes of one stored element of any dtype."""
    return np.dtype(NARROW_FLOATS.get(dtype, dtype)).itemsize


def in_memory(dtype: str) -> str:
    """The NumPy dtype in which values of `dtype` are held."""
    return "float32" if dtype in NARROW_FLOATS else dtype


def widen(bits: np.ndarray, dtype: str) -> np.ndarray:
    """float32 of the bits (unsigned integers) of values of `dtype`."""
    if dtype == "bfloat16":
        wide = bits.astype(np.uint32)
        wide <<= 16
        return wide.view(np.float32)
    return _table(dtype)[bits]


def bits_of(array: np.ndarray, dtype: str) -> np.ndarray:
    """The bits of float32 values as `dtype`, rounded to the nearest, ties to even; NaN stays NaN."""
    flat = np.ascontiguousarray(array, np.float32)
    if dtype == "bfloat16":
        wide = flat.view(np.uint32)
        rounded = ((wide + _HALF + ((wide >> 16) & 1)) >> 16).astype(np.uint16)
        return np.where(np.isnan(flat), ((wide >> 16) | 0x40).astype(np.uint16), rounded)
    return _nearest(flat, dtype)


def _nearest(array: np.ndarray, dtype: str) -> np.ndarray:
    """Bits of the nearest 8-bit float, looked up between the midpoints of the positive ones."""
    table = _table(dtype)[:128]
    finite = table[np.isfinite(table)].astype(np.float64)
    middles = (finite[:-1] + finite[1:]) / 2
    magnitude = np.abs(array.astype(np.float64))
    low, high = (np.searchsorted(middles, magnitude, side).astype(np.uint8) for side in ("left", "right"))
    codes = np.where((low != high) & (low % 2 == 1), high, low)
    special = np.where(np.isnan(array), 0x7F, 0x7C if dtype == "float8_e5m2" else codes)
    beyond = np.isnan(array) | np.isinf(array)
    return (np.where(beyond, special, codes) | (np.signbit(array).astype(np.uint8) << 7)).astype(np.uint8)


@cache
def _table(dtype: str) -> np.ndarray:
    """All 256 values of an 8-bit float."""
    exponent_bits = 4 if dtype == "float8_e4m3fn" else 5
    fraction_bits, bias = 7 - exponent_bits, 2 ** (exponent_bits - 1) - 1
    values = []
    for code in range(128):
        exponent, fraction = code >> fraction_bits, code & ((1 << fraction_bits) - 1)
        if exponent:
            values.append(math.ldexp((1 << fraction_bits) + fraction, exponent - bias - fraction_bits))
        else:
            values.append(math.ldexp(fraction, 1 - bias - fraction_bits))
    if dtype == "float8_e4m3fn":
        values[0x7F] = math.nan
    else:
        values[0x7C:] = [math.inf, math.nan, math.nan, math.nan]
    table = np.array(values, np.float32)
    return np.concatenate([table, -table])
