"""How targets, predictions, weights and masks of different ranks meet."""

from __future__ import annotations

import math
from typing import Any

from zoo import ops
from zoo.engine.spec import broadcast
from zoo.errors import ShapeError

Tensor = Any


def align_ranks(x1: Tensor, x2: Tensor, *, widen_vectors: bool = True) -> tuple[Tensor, Tensor]:
    """Two tensors whose ranks differ by one, brought to the same rank if the last axis of the larger has size 1.

    Args:
        x1, x2: the tensors; any others are given back as they are.
        widen_vectors: a vector gets an axis of size 1, rather than that the other tensor loses its own.
    """
    rank1, rank2 = len(x1.shape), len(x2.shape)
    if rank2 == rank1 + 1:
        x2, x1 = align_ranks(x2, x1, widen_vectors=widen_vectors)
    elif rank1 == rank2 + 1 and x1.shape[-1] == 1:
        if rank2 == 1 and widen_vectors:
            x2 = ops.expand_dims(x2, -1)
        else:
            x1 = ops.squeeze(x1, -1)
    return x1, x2


def as_pair(y_true: Any, y_pred: Any) -> tuple[Tensor, Tensor]:
    """Targets and predictions as tensors of the predictions' dtype and of one rank.

    Raises:
        ShapeError: their shapes do not fit.
    """
    y_pred = ops.convert_to_tensor(y_pred)
    y_true, y_pred = align_ranks(as_like(y_true, y_pred), y_pred)
    _require_fit("Targets and predictions", y_true, y_pred)
    return y_true, y_pred


def as_like(x: Any, reference: Tensor) -> Tensor:
    """`x` as a tensor of the reference's dtype."""
    return ops.convert_to_tensor(x, dtype=ops.dtype(reference))


def _require_fit(what: str, x1: Tensor, x2: Tensor) -> None:
    try:
        broadcast(tuple(x1.shape), tuple(x2.shape))
    except ShapeError as error:
        raise ShapeError(f"{what} do not fit together. {error}") from error


def weighted(values: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Values times their weights, both of one rank; and the weights.

    Raises:
        ShapeError: there are not as many weights as values, nor as samples of them.
    """
    values, weight = align_ranks(values, weight)
    _require_fit("Values and their weights (sample_weight, or the mask)", values, weight)
    return values * weight, weight


def size_of(x: Tensor) -> int | Tensor:
    """How many elements a tensor has: a number where its shape is known."""
    shape = tuple(x.shape)
    return ops.sum(ops.ones_like(x)) if None in shape else math.prod(shape)


def masked_weight(sample_weight: Tensor | None, mask: Tensor | None, dtype: str, *,
                  keep_mean: bool = False) -> Tensor | None:
    """Sample weights that are 0 where a mask is False.

    Args:
        sample_weight: weights; all 1 if None.
        mask: what counts; everything if None, and then the weights are given back as they are.
        dtype: of the result.
        keep_mean: raise the weights of what counts, so that a mean over everything is the mean over what counts.
    """
    if mask is None:
        return sample_weight
    mask = ops.cast(mask, dtype)
    if keep_mean:
        mask = mask * ops.divide_no_nan(ops.cast(size_of(mask), dtype), ops.sum(mask))
    if sample_weight is None:
        return mask
    return weighted(mask, ops.cast(sample_weight, dtype))[0]


def mean_of_weighted(values: Tensor, sample_weight: Tensor | None, mask: Tensor | None, dtype: str) -> Tensor:
    """The mean over what no mask leaves out and has a weight that is not 0, as Keras took it until 2.2.

    Args:
        values: shape ``(batch, ...)``.
        sample_weight: shaped like the first axes of the values, or None; values are averaged over the other axes first.
        mask: shaped like the values, or None.
        dtype: of the result.
    """
    if mask is not None:
        values, mask = weighted(values, ops.cast(mask, dtype))
        values = ops.divide(values, ops.mean(mask))
    if sample_weight is not None:
        sample_weight = ops.cast(sample_weight, dtype)
        rest = tuple(range(len(sample_weight.shape), len(values.shape)))
        values = ops.mean(values, axis=rest) if rest else values
        values, sample_weight = weighted(values, sample_weight)
        values = ops.divide(values, ops.mean(ops.cast(ops.not_equal(sample_weight, 0), dtype)))
    return ops.mean(values)
