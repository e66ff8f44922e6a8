"""Gradients of decompositions, of solutions of linear equations, and of the Fourier transform."""

from __future__ import annotations

import numpy as np

from zoo.engine import dtypes
from zoo.engine import graph as graphs
from zoo.engine.gradients.contract import swapped
from zoo.engine.gradients.registry import number, rule, unbroadcast
from zoo.engine.graph import Value
from zoo.engine.primitives import (
    add_op, concatenate_op, divide_op, fft_op, matmul_op, multiply_op, negative_op, reshape_op, slice_op, solve_op,
    square_op, subtract_op,
)
from zoo.errors import Unsupported


def _table(array: np.ndarray, like: Value) -> Value:
    return graphs.current().constant(array.astype(dtypes.storage(like.dtype)), like.dtype)


@rule("solve")
def _solve(ct, node):
    a, b = node.inputs
    back = solve_op(swapped(a), ct)
    return unbroadcast(negative_op(matmul_op(back, swapped(node.output))), a.shape), unbroadcast(back, b.shape)


@rule("det")
def _det(ct, node):
    x = node.inputs[0]
    scale = reshape_op(multiply_op(ct, node.output), shape=(*node.output.shape, 1, 1))
    return (multiply_op(scale, solve_op(swapped(x), _table(np.eye(x.shape[-1]), x))),)


@rule("cholesky")
def _cholesky(ct, node):
    """Murray: Differentiation of the Cholesky decomposition (2016)."""
    factor = node.output
    size = factor.shape[-1]
    half = multiply_op(matmul_op(swapped(factor), ct), _table(np.tri(size) - np.eye(size) / 2, factor))
    inner = solve_op(swapped(factor), swapped(solve_op(swapped(factor), swapped(half))))
    return (multiply_op(add_op(inner, swapped(inner)), number(0.5, factor)),)


@rule("eigh")
def _eigh(cts, node):
    """Giles: Collected matrix derivative results (2008); eigenvalues must differ."""
    values, vectors = node.outputs
    size = values.shape[-1]
    row, column = reshape_op(values, shape=(*values.shape, 1)), reshape_op(values, shape=(*values.shape[:-1], 1, size))
    eye = _table(np.eye(size), values)
    gaps = add_op(subtract_op(column, row), eye)            # the diagonal is not used
    turned = multiply_op(divide_op(matmul_op(swapped(vectors), cts[1]), gaps), subtract_op(number(1, values), eye))
    stretched = multiply_op(reshape_op(cts[0], shape=(*values.shape, 1)), eye)
    whole = matmul_op(vectors, matmul_op(add_op(stretched, turned), swapped(vectors)))
    return (multiply_op(add_op(whole, swapped(whole)), number(0.5, values)),)


@rule("qr")
def _qr(cts, node):
    """Roberts and Roberts: QR and LQ decomposition matrix backpropagation algorithms (2020).

    The columns of a wide matrix beyond the square are products with the orthonormal columns of the square.
    """
    (x,), (orthonormal, triangle) = node.inputs, node.outputs
    rows, columns = x.shape[-2:]
    if node.attrs["complete"] and rows > columns:
        raise Unsupported(f"qr: the complete decomposition of matrices with more rows than columns, {x.shape}, has no "
                          f"gradient: use mode='reduced' (layer {node.scope or '?'}).")
    ct, ct_triangle = cts
    if columns <= rows:
        return (_of_square(ct, ct_triangle, orthonormal, triangle),)
    ct_rest, rest = _columns(ct_triangle, rows, columns), _columns(x, rows, columns)
    ct = add_op(ct, matmul_op(rest, swapped(ct_rest)))
    square = _of_square(ct, _columns(ct_triangle, 0, rows), orthonormal, _columns(triangle, 0, rows))
    return (concatenate_op(square, matmul_op(orthonormal, ct_rest), axis=x.ndim - 1),)


def _of_square(ct: Value, ct_triangle: Value, orthonormal: Value, triangle: Value) -> Value:
    """The gradient by a matrix of at least as many rows as columns."""
    inner = subtract_op(matmul_op(triangle, swapped(ct_triangle)), matmul_op(swapped(ct), orthonormal))
    size = triangle.shape[-1]
    lower = multiply_op(inner, _table(np.tri(size), inner))
    below = multiply_op(inner, _table(np.tri(size, k=-1), inner))
    whole = add_op(ct, matmul_op(orthonormal, add_op(lower, swapped(below))))
    return swapped(solve_op(triangle, swapped(whole)))


def _columns(x: Value, start: int, stop: int) -> Value:
    last = x.ndim - 1
    return slice_op(x, starts=(0,) * last + (start,), stops=(*x.shape[:-1], stop), steps=(1,) * x.ndim)


@rule("svd")
def _svd(cts, node):
    """Townsend: Differentiating the singular value decomposition (2016); singular values must differ."""
    (x,), (left, values, right) = node.inputs, node.outputs
    if node.attrs["full_matrices"] and x.shape[-2] != x.shape[-1]:
        raise Unsupported(f"svd: the full decomposition of matrices that are not square, {x.shape}, has no gradient: "
                          f"use full_matrices=False (layer {node.scope or '?'}).")
    size = values.shape[-1]
    row, column = reshape_op(values, shape=(*values.shape, 1)), reshape_op(values, shape=(*values.shape[:-1], 1, size))
    eye = _table(np.eye(size), values)
    gaps = add_op(subtract_op(square_op(column), square_op(row)), eye)      # the diagonal is not used

    def turned(vectors: Value, ct: Value) -> Value:
        """What turns the vectors among themselves."""
        inner = multiply_op(divide_op(matmul_op(swapped(vectors), ct), gaps), subtract_op(number(1, values), eye))
        return add_op(inner, swapped(inner))

    def beyond(vectors: Value, ct: Value) -> Value:
        """What turns them out of the space that they span, divided by the values."""
        inside = matmul_op(vectors, matmul_op(swapped(vectors), ct))
        return divide_op(subtract_op(ct, inside), column)
    vectors, ct_vectors = swapped(right), swapped(cts[2])
    core = add_op(multiply_op(turned(left, cts[0]), column), multiply_op(turned(vectors, ct_vectors), row))
    core = add_op(core, multiply_op(reshape_op(cts[1], shape=row.shape), eye))
    return (add_op(matmul_op(add_op(matmul_op(left, core), beyond(left, cts[0])), right),
                   matmul_op(left, swapped(beyond(vectors, ct_vectors)))),)


@rule("fft")
def _fft(ct, node):
    """The matrix of the transform is symmetric."""
    return (fft_op(ct, inverse=node.attrs["inverse"]),)
