"""Gradients of decompositions, of solutions of linear equations, and of the Fourier transform."""

from __future__ import annotations

import numpy as np

from zoo.engine import dtypes
from zoo.engine import graph as graphs
from zoo.engine.gradients.contract import swapped
from zoo.engine.gradients.registry import number, rule, unbroadcast
from zoo.engine.graph import Value
from zoo.engine.primitives import (
    add_op, divide_op, fft_op, matmul_op, multiply_op, negative_op, reshape_op, solve_op, subtract_op,
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


def _no_rule(name: str) -> None:
    @rule(name)
    def refuse(ct, node):
        raise Unsupported(f"The primitive {name!r} has no gradient rule (layer {node.scope or '?'}).")


_no_rule("qr")
_no_rule("svd")


@rule("fft")
def _fft(ct, node):
    """The matrix of the transform is symmetric."""
    return (fft_op(ct, inverse=node.attrs["inverse"]),)
