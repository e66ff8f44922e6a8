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
