"""Definitions of contractions."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from zoo.engine.kernels.registry import reference


@reference("matmul")
def matmul(xp: ModuleType, x: Any, y: Any) -> Any:
    """Matrix products; leading axes broadcast."""
    return xp.matmul(x, y)


@reference("einsum")
def einsum(xp: ModuleType, *xs: Any, equation: str) -> Any:
    """Sums of products by Einstein's convention, two operands at a time."""
    return xp.einsum(equation, *xs, optimize=len(xs) > 1).astype(xs[0].dtype, copy=False)
