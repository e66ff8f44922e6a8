"""Where arrays live: NumPy's memory or a GPU's (CuPy)."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import numpy as np


def namespace(*arrays: Any) -> ModuleType:
    """The array module of the arrays: CuPy if one of them is on the GPU, else NumPy."""
    cupy = sys.modules.get("cupy")                          # an array of CuPy cannot exist before CuPy is imported
    if cupy is not None and any(isinstance(a, cupy.ndarray) for a in arrays):
        return cupy
    return np
