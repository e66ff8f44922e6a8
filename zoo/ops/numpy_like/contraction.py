"""Products of vectors, matrices and tensors."""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import Any

from zoo.engine import primitives as p
from zoo.engine.spec import normalize_axis, product
from zoo.errors import ConfigError, ShapeError
from zoo.ops.numpy_like.arithmetic import multiply, subtract
from zoo.ops.numpy_like.elementwise import conjugate
from zoo.ops.numpy_like.manipulation import (
    concatenate, expand_dims, moveaxis, ravel, reshape, slice_axis, squeeze, stack,
)
from zoo.ops.numpy_like.reduction import sum as sum_
from zoo.ops.promotion import Tensor, as_tensor, dtype_of, promote, rank_of, shape_of


def _accumulating(*xs: Any) -> list[Tensor]:
    """One dtype in which products can be added up: int32 for int8 or bool alone."""
    small = {dtype_of(x) for x in xs} in ({"int8"}, {"bool"})
    return promote(*xs, dtype="int32" if small else None)


def matmul(x1: Any, x2: Any) -> Tensor:
    """Matrix products; leading axes broadcast, a line stands for a row (first) or a column (second)."""
    x1, x2 = _accumulating(x1, x2)
    row, column = rank_of(x1) == 1, rank_of(x2) == 1
    result = p.matmul_op(expand_dims(x1, 0) if row else x1, expand_dims(x2, 1) if column else x2)
    return squeeze(result, [-2] * row + [-1] * column) if row or column else result


def dot(x1: Any, x2: Any) -> Tensor:
    """The sum product over the last axis of x1 and the last but one (or only) axis of x2."""
    if rank_of(x1) == 0 or rank_of(x2) == 0:
        return multiply(x1, x2)
    return tensordot(x1, x2, axes=([-1], [-1 if rank_of(x2) == 1 else -2]))


def tensordot(x1: Any, x2: Any, axes: int | Sequence[Any] = 2) -> Tensor:
    """The sum product over pairs of axes: ``(axes of x1, axes of x2)``, or so many last of x1 with first of x2."""
    x1, x2 = _accumulating(x1, x2)
    rank1, rank2 = rank_of(x1), rank_of(x2)
    if isinstance(axes, int):
        first, second = range(rank1 - axes, rank1), range(axes)
    else:
        first, second = (side if isinstance(side, (tuple, list)) else (side,) for side in axes)
    first, second = [normalize_axis(a, rank1) for a in first], [normalize_axis(a, rank2) for a in second]
    if len(first) != len(second):
        raise ConfigError(f"tensordot: expected as many axes of x1 as of x2, received {axes}.")
    letters = iter(string.ascii_letters)
    left = [next(letters) for _ in range(rank1)]
    right = [left[first[second.index(i)]] if i in second else next(letters) for i in range(rank2)]
    result = [c for i, c in enumerate(left) if i not in first] + [c for i, c in enumerate(right) if i not in second]
    return p.einsum_op(x1, x2, equation=f"{''.join(left)},{''.join(right)}->{''.join(result)}")


def einsum(subscripts: str, *operands: Any) -> Tensor:
    """Sums of products by Einstein's convention; ``...`` stands for axes that broadcast.

    Without ``->`` the result has the letters that occur once, in alphabetical order.
    """
    operands = tuple(_accumulating(*operands))
    left, arrow, result = subscripts.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(operands):
        raise ConfigError(f"einsum: {subscripts!r} has {len(terms)} operands, received {len(operands)}.")
    if not arrow:
        once = sorted(c for c in set(left) - set(",.") if left.count(c) == 1)
        result = "..." * ("..." in left) + "".join(once)
    if "..." in left:
        terms, operands, result = _expand_ellipses(terms, operands, result)
    return p.einsum_op(*operands, equation=f"{','.join(terms)}->{result}")


def _expand_ellipses(terms: list[str], operands: tuple[Tensor, ...],
                     result: str) -> tuple[list[str], tuple[Tensor, ...], str]:
    """Letters in place of ``...``; axes of size 1 that broadcast are dropped from their operand."""
    free = [c for c in string.ascii_letters if c not in "".join(terms)]
    ranks = [rank_of(x) - len(term.replace("...", "")) if "..." in term else 0 for term, x in zip(terms, operands)]
    letters = "".join(free[:max(ranks)])
    starts = [term.index("...") if "..." in term else 0 for term in terms]
    sizes = [[1] * (max(ranks) - rank) + list(shape_of(x)[start:start + rank])
             for x, start, rank in zip(operands, starts, ranks)]
    wide = [any(line[i] != 1 for line in sizes) for i in range(len(letters))]
    new_terms, new_operands = [], []
    for term, x, start, rank in zip(terms, operands, starts, ranks):
        own = range(len(letters) - rank, len(letters))
        dropped = [i for i in own if wide[i] and shape_of(x)[start + i - own.start] == 1]
        kept = "".join(letters[i] for i in own if i not in dropped)
        new_terms.append(term.replace("...", kept))
        new_operands.append(squeeze(x, [start + i - own.start for i in dropped]) if dropped else x)
    return new_terms, tuple(new_operands), result.replace("...", letters)


def inner(x1: Any, x2: Any) -> Tensor:
    """The sum product over the last axes."""
    if rank_of(x1) == 0 or rank_of(x2) == 0:
        return multiply(x1, x2)
    return tensordot(x1, x2, axes=([-1], [-1]))


def outer(x1: Any, x2: Any) -> Tensor:
    """All products of an element of x1 and one of x2."""
    return multiply(reshape(x1, (-1, 1)), reshape(x2, (1, -1)))


def vdot(x1: Any, x2: Any) -> Tensor:
    """The sum product of all elements, those of x1 conjugated."""
    return sum_(multiply(conjugate(ravel(x1)), ravel(x2)))


def kron(x1: Any, x2: Any) -> Tensor:
    """Every element of x1 times the whole of x2, in blocks."""
    rank = max(rank_of(x1), rank_of(x2))
    a, b = (reshape(x, (1,) * (rank - rank_of(x)) + shape_of(x)) for x in (x1, x2))
    shape = [product((m, n)) for m, n in zip(shape_of(a), shape_of(b))]
    blocks = multiply(expand_dims(a, list(range(1, 2 * rank, 2))), expand_dims(b, list(range(0, 2 * rank, 2))))
    return reshape(blocks, shape)


def cross(x1: Any, x2: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Tensor:
    """The vector product of vectors of 3 (or 2) components; of two plane ones only the third component.

    Raises:
        ShapeError: there are not 2 or 3 components.
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    x1, x2 = promote(x1, x2)
    a, b = moveaxis(x1, axisa, -1), moveaxis(x2, axisb, -1)
    sizes = shape_of(a)[-1], shape_of(b)[-1]
    if not set(sizes) <= {2, 3}:
        raise ShapeError(f"cross: expected 2 or 3 components, received shapes {shape_of(x1)} and {shape_of(x2)}.")
    (a0, a1, a2), (b0, b1, b2) = _components(a), _components(b)
    third = subtract(multiply(a0, b1), multiply(a1, b0))
    if sizes == (2, 2):
        return third
    parts = [subtract(multiply(a1, b2), multiply(a2, b1)), subtract(multiply(a2, b0), multiply(a0, b2)), third]
    return moveaxis(stack(parts, -1), -1, axisc)


def _components(x: Tensor) -> list[Tensor]:
    """The three components along the last axis; the third of a plane vector is 0."""
    if shape_of(x)[-1] == 2:
        zero = p.full_like_op(slice_axis(x, -1, 0, 1), value=0, dtype=dtype_of(x))
        x = concatenate([x, zero], -1)
    return [squeeze(slice_axis(as_tensor(x), -1, i, i + 1), -1) for i in range(3)]
