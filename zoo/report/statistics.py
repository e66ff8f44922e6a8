"""Minimum, maximum and mean of an array of a file, in blocks, so that memory does not grow with the array."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

_BLOCK = 1 << 20


@dataclass(frozen=True)
class Statistics:
    """Of the finite elements; all None if there are none.

    Args:
        non_finite: how many elements are NaN or infinite.
    """

    minimum: float | None
    maximum: float | None
    mean: float | None
    non_finite: int


def statistics(array: np.ndarray) -> Statistics | None:
    """The statistics of an array of numbers; None for other arrays (text)."""
    if array.dtype.kind not in "biuf":
        return None
    minimum, maximum, total, count = math.inf, -math.inf, 0.0, 0
    flat = array.reshape(-1)
    for start in range(0, flat.size, _BLOCK):
        block = flat[start:start + _BLOCK].astype(np.float64)
        block = block[np.isfinite(block)]
        if block.size:
            minimum, maximum = min(minimum, float(block.min())), max(maximum, float(block.max()))
            total, count = total + float(block.sum()), count + block.size
    if count == 0:
        return Statistics(None, None, None, flat.size)
    return Statistics(minimum, maximum, total / count, flat.size - count)


@dataclass(frozen=True)
class Distance:
    """How far two arrays of one shape are apart.

    Args:
        differing: how many elements are further apart than allowed; NaN equals NaN.
        size: how many elements there are.
        absolute: largest absolute difference of finite elements.
        relative: that, as a part of the largest absolute value in either array.
    """

    differing: int
    size: int
    absolute: float
    relative: float


def distance(first: np.ndarray, second: np.ndarray, relative: float = 0.0, absolute: float = 0.0) -> Distance:
    """Compares two arrays of one shape, in blocks; elements are equal within ``absolute + relative * |second|``."""
    if first.dtype.kind not in "biuf" or second.dtype.kind not in "biuf":
        return Distance(int(np.sum(first != second)), first.size, math.nan, math.nan)
    differing, furthest, largest = 0, 0.0, 0.0
    flat = first.reshape(-1), second.reshape(-1)
    for start in range(0, flat[0].size, _BLOCK):
        a, b = (array[start:start + _BLOCK].astype(np.float64) for array in flat)
        with np.errstate(invalid="ignore"):                 # inf - inf, 0 * inf
            apart = np.abs(a - b)
            near = apart <= absolute + relative * np.abs(b)
        finite = np.isfinite(apart)
        equal = (a == b) | (np.isnan(a) & np.isnan(b)) | (finite & near)
        differing += int(np.size(equal) - np.count_nonzero(equal))
        if finite.any():
            furthest = max(furthest, float(apart[finite].max()))
            largest = max(largest, float(np.abs(a[finite]).max()), float(np.abs(b[finite]).max()))
    return Distance(differing, flat[0].size, furthest, furthest / largest if largest else 0.0)
