"""Definitions of decompositions and solutions of matrices."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from zoo.engine.kernels.registry import reference
from zoo.engine.spec import broadcast


@reference("cholesky")
def cholesky(xp: ModuleType, x: Any) -> Any:
    """The lower triangular factor of positive definite matrices."""
    return xp.linalg.cholesky(x)


@reference("det")
def det(xp: ModuleType, x: Any) -> Any:
    """Determinants."""
    return xp.linalg.det(x)


@reference("solve")
def solve(xp: ModuleType, a: Any, b: Any) -> Any:
    """Solutions of linear equations."""
    batch = broadcast(a.shape[:-2], b.shape[:-2])
    return xp.linalg.solve(xp.broadcast_to(a, batch + a.shape[-2:]), xp.broadcast_to(b, batch + b.shape[-2:]))


@reference("qr")
def qr(xp: ModuleType, x: Any, *, complete: bool) -> tuple[Any, Any]:
    """Orthogonal and triangular factors."""
    return tuple(xp.linalg.qr(x, mode="complete" if complete else "reduced"))


@reference("svd")
def svd(xp: ModuleType, x: Any, *, full_matrices: bool) -> tuple[Any, Any, Any]:
    """The singular value decomposition."""
    return tuple(xp.linalg.svd(x, full_matrices=full_matrices))


@reference("eigh")
def eigh(xp: ModuleType, x: Any) -> tuple[Any, Any]:
    """Eigenvalues and eigenvectors of symmetric matrices."""
    return tuple(xp.linalg.eigh(x))
