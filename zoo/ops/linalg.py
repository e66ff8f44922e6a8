"""Linear algebra of the matrices in the last two axes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from zoo.engine import primitives as p
from zoo.errors import ConfigError, ShapeError
from zoo.ops.numpy_like.arithmetic import multiply, power
from zoo.ops.numpy_like.contraction import matmul
from zoo.ops.numpy_like.elementwise import absolute
from zoo.ops.numpy_like.indexing import diagonal, tril, triu
from zoo.ops.numpy_like.logic import greater, not_equal
from zoo.ops.numpy_like.manipulation import expand_dims, squeeze, swapaxes
from zoo.ops.numpy_like.reduction import max as max_, min as min_, prod, sum as sum_
from zoo.ops.promotion import (
    Axis, Tensor, as_float, as_tensor, axes_of, concrete, constant, dtype_of, known_size, promote, rank_of,
    shape_of,
)


def _transposed(x: Any) -> Tensor:
    return swapaxes(x, -1, -2)


def _identity(x: Tensor) -> Tensor:
    """The identity matrix of the size and dtype of square matrices."""
    return constant(np.eye(known_size("inverse", x, -1)), dtype_of(x))


def cholesky(x: Any, upper: bool = False) -> Tensor:
    """The lower triangle L with x = L L', or its transpose."""
    factor = p.cholesky_op(as_float(x))
    return _transposed(factor) if upper else factor


def cholesky_inverse(x: Any, upper: bool = False) -> Tensor:
    """The inverse of the matrix whose Cholesky factor is x."""
    x = as_float(x)
    inverse = p.solve_op(triu(x) if upper else tril(x), _identity(x))
    return matmul(inverse, _transposed(inverse)) if upper else matmul(_transposed(inverse), inverse)


def det(x: Any) -> Tensor:
    """The determinant."""
    return p.det_op(as_float(x))


def slogdet(x: Any) -> tuple[Tensor, Tensor]:
    """The sign of the determinant, and the logarithm of its size, without overflow."""
    q, r = p.qr_op(as_float(x), complete=False)
    line = diagonal(r, axis1=-2, axis2=-1)
    return multiply(p.sign_op(p.det_op(q)), prod(p.sign_op(line), -1)), sum_(p.log_op(p.absolute_op(line)), -1)


def logdet(x: Any) -> Tensor:
    """The logarithm of the determinant of positive definite matrices."""
    line = diagonal(cholesky(x), axis1=-2, axis2=-1)
    return multiply(sum_(p.log_op(line), -1), 2.0)


def inv(x: Any) -> Tensor:
    """The inverse."""
    x = as_float(x)
    return p.solve_op(x, _identity(x))


def solve(a: Any, b: Any) -> Tensor:
    """x with a x = b; b holds columns, or is one vector."""
    a, b = promote(a, b, dtype="~float")
    if rank_of(b) == rank_of(a) - 1:
        return squeeze(p.solve_op(a, expand_dims(b, -1)), -1)
    return p.solve_op(a, b)


def solve_triangular(a: Any, b: Any, lower: bool = False) -> Tensor:
    """x with a x = b, where only the lower (or upper) triangle of a is read."""
    return solve(tril(a) if lower else triu(a), b)


def qr(x: Any, mode: str = "reduced") -> tuple[Tensor, Tensor]:
    """A matrix of orthonormal columns and an upper triangle whose product is x; mode "reduced" or "complete"."""
    if mode not in ("reduced", "complete"):
        raise ConfigError(f"qr: expected mode 'reduced' or 'complete', received {mode!r}.")
    return p.qr_op(as_float(x), complete=mode == "complete")


def svd(x: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """u, the falling singular values, and v transposed; or the values alone."""
    u, values, v = p.svd_op(as_float(x), full_matrices=full_matrices and compute_uv)
    return (u, values, v) if compute_uv else values


def eigh(x: Any) -> tuple[Tensor, Tensor]:
    """Rising eigenvalues and eigenvectors (columns) of symmetric matrices, of which the lower triangle is read."""
    return p.eigh_op(as_float(x))


def eig(x: Any) -> tuple[np.ndarray, np.ndarray]:
    """Complex eigenvalues and eigenvectors of any square matrices. Only outside of graphs."""
    values, vectors = np.linalg.eig(np.asarray(concrete("eig", x)))
    return values.astype("complex64"), vectors.astype("complex64")


def _longer_side(x: Any) -> int:
    return max(known_size("singular values", x, axis) for axis in (-2, -1))


def _cutoff(values: Tensor, share: float) -> Tensor:
    """Below which share of the largest a singular value counts as 0."""
    return multiply(max_(values, -1, keepdims=True), share)


def pinv(x: Any, rcond: float | None = None) -> Tensor:
    """The Moore-Penrose inverse; singular values below the share `rcond` of the largest count as 0."""
    x = as_float(x)
    u, values, v = p.svd_op(x, full_matrices=False)
    share = 10 * _longer_side(x) * float(np.finfo(dtype_of(x)).eps) if rcond is None else rcond
    kept = greater(values, _cutoff(values, share))
    inverse = p.select_op(kept, p.reciprocal_op(values), constant(0, dtype_of(x)))
    return matmul(multiply(_transposed(v), expand_dims(inverse, -2)), _transposed(u))


def lstsq(a: Any, b: Any, rcond: float | None = None) -> Tensor:
    """The x of least size that brings a x nearest to b."""
    a, b = promote(a, b, dtype="~float")
    share = _longer_side(a) * float(np.finfo(dtype_of(a)).eps) if rcond is None else rcond
    inverse = pinv(a, share)
    return matmul(inverse, b)


def matrix_rank(x: Any, tol: float | None = None) -> Tensor:
    """The number of singular values above `tol` (or above a share of the largest that rounding explains)."""
    x = as_float(x)
    values = svd(x, compute_uv=False)
    cutoff = _cutoff(values, _longer_side(x) * float(np.finfo(dtype_of(x)).eps)) if tol is None else tol
    return sum_(as_tensor(greater(values, cutoff), "int32"), -1)


def matrix_power(x: Any, n: int) -> Tensor:
    """x times itself n times over; of the inverse for negative n."""
    x = as_float(x)
    if n < 0:
        return matrix_power(inv(x), -n)
    result = p.broadcast_to_op(_identity(x), shape=shape_of(x))
    while n:
        result = matmul(result, x) if n % 2 else result
        x, n = matmul(x, x), n // 2
    return result


def lu_factor(x: Any) -> tuple[np.ndarray, np.ndarray]:
    """Both triangles of the LU decomposition in one matrix, and the row exchanged in each step. Only outside of graphs.

    Raises:
        ShapeError: the matrices are not square.
    """
    table = np.array(concrete("lu_factor", x))
    if table.ndim < 2 or table.shape[-1] != table.shape[-2]:
        raise ShapeError(f"lu_factor: expected square matrices, received shape {table.shape}.")
    pivots = np.zeros(table.shape[:-1], "int32")
    for index in np.ndindex(table.shape[:-2]):
        matrix = table[index]                               # a view: changed in place
        for step in range(len(matrix)):
            best = step + int(np.argmax(np.abs(matrix[step:, step])))
            pivots[index][step] = best
            matrix[[step, best]] = matrix[[best, step]]
            matrix[step + 1:, step] /= matrix[step, step]
            matrix[step + 1:, step + 1:] -= np.outer(matrix[step + 1:, step], matrix[step, step + 1:])
    return table, pivots


def norm(x: Any, ord: Any = None, axis: Axis = None, keepdims: bool = False) -> Tensor:  # noqa: A002 - NumPy's name
    """The norm of vectors (one axis) or matrices (two axes).

    Args:
        x: a tensor.
        ord: None for the root of the sum of squares; for vectors any number, of which 0 counts and +-inf are extremes;
            for matrices "fro", "nuc", 1, -1, 2, -2, inf or -inf.
        axis: one or two axes; None for all (of a tensor of any rank if `ord` is None).
        keepdims: keep the axes with size 1.

    Raises:
        ConfigError: there is no such norm.
    """
    x = as_float(x)
    axes = axes_of(axis, rank_of(x))
    if ord is None or ord == "fro" and len(axes) == 2 or ord == 2 and len(axes) == 1:
        return p.sqrt_op(sum_(p.square_op(x), axes, keepdims))
    if len(axes) == 1 and not isinstance(ord, str):
        return _vector_norm(x, float(ord), axes, keepdims)
    if len(axes) == 2:
        return _matrix_norm(x, ord, tuple(axis) if isinstance(axis, (tuple, list)) else axes, keepdims)
    raise ConfigError(f"norm: there is no norm of order {ord!r} over {len(axes)} axes.")


def _vector_norm(x: Tensor, order: float, axes: tuple[int, ...], keepdims: bool) -> Tensor:
    size = absolute(x)
    if math.isinf(order):
        return (max_ if order > 0 else min_)(size, axes, keepdims)
    if order == 0:
        return sum_(as_tensor(not_equal(x, 0), dtype_of(x)), axes, keepdims)
    if order == 1:
        return sum_(size, axes, keepdims)
    return power(sum_(power(size, order), axes, keepdims), 1 / order)


def _matrix_norm(x: Tensor, order: Any, axes: tuple[int, ...], keepdims: bool) -> Tensor:
    rows, columns = (axis % rank_of(x) for axis in axes)
    extremes = {1: (rows, columns, max_), -1: (rows, columns, min_), math.inf: (columns, rows, max_),
                -math.inf: (columns, rows, min_)}
    if order in extremes:
        added, searched, extremum = extremes[order]
        result = extremum(sum_(absolute(x), added, keepdims=True), searched, keepdims=True)
    elif order in ("nuc", 2, -2):
        values = svd(_to_last(x, rows, columns), compute_uv=False)
        result = {"nuc": sum_, 2: max_, -2: min_}[order](values, -1)
        return expand_dims(result, sorted((rows, columns))) if keepdims else result
    else:
        raise ConfigError(f"norm: there is no matrix norm of order {order!r}.")
    return result if keepdims else squeeze(result, (rows, columns))


def _to_last(x: Tensor, rows: int, columns: int) -> Tensor:
    others = [axis for axis in range(rank_of(x)) if axis not in (rows, columns)]
    return p.transpose_op(x, axes=(*others, rows, columns))
