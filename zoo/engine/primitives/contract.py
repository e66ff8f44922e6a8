"""Contractions: products of matrices and of tensors."""

from __future__ import annotations

from zoo.engine.op import primitive
from zoo.engine.primitives.rules import NUMERIC, require, require_equal
from zoo.engine.spec import Dim, TensorSpec, broadcast
from zoo.errors import ConfigError, ShapeError


def _matmul(x: TensorSpec, y: TensorSpec) -> TensorSpec:
    require_equal("matmul", x, y)
    require("matmul", x, NUMERIC)
    if x.rank < 2 or y.rank < 2 or None not in (x.shape[-1], y.shape[-2]) and x.shape[-1] != y.shape[-2]:
        raise ShapeError(f"matmul: expected shapes (..., n, k) and (..., k, m), received {x!r} and {y!r}.")
    return x.with_shape(broadcast(x.shape[:-2], y.shape[:-2]) + (x.shape[-2], y.shape[-1]))


def parse_equation(equation: str, operands: int) -> tuple[list[str], str]:
    """Splits ``"ij,jk->ik"`` into the labels of the operands and of the result.

    Raises:
        ConfigError: the equation is not explicit, or does not have that many operands.
    """
    left, arrow, right = equation.partition("->")
    labels = left.split(",")
    letters = "".join(labels)
    if not arrow or len(labels) != operands or not (letters + right + "a").isalpha() \
            or len(set(right)) != len(right) or set(right) - set(letters):
        raise ConfigError(f"einsum: expected an equation such as 'ij,jk->ik' for {operands} operands, "
                          f"received {equation!r}.")
    return labels, right


def _einsum(*xs: TensorSpec, equation: str) -> TensorSpec:
    require_equal("einsum", *xs)
    require("einsum", xs[0], NUMERIC)
    labels, result = parse_equation(equation, len(xs))
    sizes: dict[str, Dim] = {}
    for x, letters in zip(xs, labels):
        if len(letters) != x.rank:
            raise ShapeError(f"einsum: {letters!r} of {equation!r} has {len(letters)} axes, received {x!r}.")
        for letter, size in zip(letters, x.shape):
            if None not in (size, sizes.get(letter)) and size != sizes[letter]:
                raise ShapeError(f"einsum: axis {letter!r} of {equation!r} has sizes {sizes[letter]} and {size}: "
                                 f"{', '.join(map(repr, xs))}.")
            sizes[letter] = sizes.get(letter) if size is None else size
    return xs[0].with_shape(sizes[letter] for letter in result)


matmul_op = primitive("matmul", _matmul)                    # (..., n, k) x (..., k, m); leading axes broadcast
einsum_op = primitive("einsum", _einsum)                    # explicit equations, one letter an axis
