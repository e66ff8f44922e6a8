"""Decompositions and solutions of the matrices in the last two axes."""

from __future__ import annotations

from zoo.engine.op import primitive
from zoo.engine.primitives.rules import require, require_equal
from zoo.engine.spec import TensorSpec, broadcast
from zoo.errors import ShapeError

_DTYPES = frozenset({"float32", "float64"})


def _require_matrices(name: str, x: TensorSpec, *, square: bool = False) -> None:
    require(name, x, _DTYPES)
    if x.rank < 2 or square and None not in x.shape[-2:] and x.shape[-1] != x.shape[-2]:
        raise ShapeError(f"{name}: expected {'square ' * square}matrices in the last two axes, received {x!r}.")


def _cholesky(x: TensorSpec) -> TensorSpec:
    _require_matrices("cholesky", x, square=True)
    return x


def _det(x: TensorSpec) -> TensorSpec:
    _require_matrices("det", x, square=True)
    return x.with_shape(x.shape[:-2])


def _solve(a: TensorSpec, b: TensorSpec) -> TensorSpec:
    require_equal("solve", a, b)
    _require_matrices("solve", a, square=True)
    _require_matrices("solve", b)
    if None not in (a.shape[-1], b.shape[-2]) and a.shape[-1] != b.shape[-2]:
        raise ShapeError(f"solve: expected shapes (..., n, n) and (..., n, k), received {a!r} and {b!r}.")
    return a.with_shape(broadcast(a.shape[:-2], b.shape[:-2]) + b.shape[-2:])


def _least(x: TensorSpec) -> int | None:
    return None if None in x.shape[-2:] else min(x.shape[-2:])


def _qr(x: TensorSpec, *, complete: bool) -> tuple[TensorSpec, TensorSpec]:
    _require_matrices("qr", x)
    *batch, rows, columns = x.shape
    inner = rows if complete else _least(x)
    return x.with_shape((*batch, rows, inner)), x.with_shape((*batch, inner, columns))


def _svd(x: TensorSpec, *, full_matrices: bool) -> tuple[TensorSpec, TensorSpec, TensorSpec]:
    _require_matrices("svd", x)
    *batch, rows, columns = x.shape
    inner = _least(x)
    left, right = (rows, columns) if full_matrices else (inner, inner)
    return x.with_shape((*batch, rows, left)), x.with_shape((*batch, inner)), x.with_shape((*batch, right, columns))


def _eigh(x: TensorSpec) -> tuple[TensorSpec, TensorSpec]:
    _require_matrices("eigh", x, square=True)
    return x.with_shape(x.shape[:-1]), x


cholesky_op = primitive("cholesky", _cholesky)              # lower triangle L with x = L L'
det_op = primitive("det", _det)
solve_op = primitive("solve", _solve)                       # x with a x = b
qr_op = primitive("qr", _qr)                                # orthonormal columns, upper triangle
svd_op = primitive("svd", _svd)                             # u, falling singular values, transposed v
eigh_op = primitive("eigh", _eigh)                          # rising eigenvalues, eigenvectors as columns
