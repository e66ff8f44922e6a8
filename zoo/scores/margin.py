"""Scores of which side of a margin a prediction is on."""

from __future__ import annotations

import math
from typing import Any

from zoo import ops
from zoo.scores.weighting import as_pair

Tensor = Any


def _shortfall(y_true: Any, y_pred: Any) -> Tensor:
    """How much a prediction lacks to the margin of 1 on the side of the target; targets 0 and 1 count as -1 and 1."""
    y_true, y_pred = as_pair(y_true, y_pred)
    is_binary = ops.all(ops.logical_or(ops.equal(y_true, 0), ops.equal(y_true, 1)))
    y_true = ops.where(is_binary, 2.0 * y_true - 1.0, y_true)
    return ops.maximum(1.0 - y_true * y_pred, 0.0)


def hinge(y_true: Any, y_pred: Any) -> Tensor:
    """Mean of max(0, 1 - y_true * y_pred).

    Args:
        y_true: -1 or 1 (or, in the whole tensor, 0 or 1), shape ``(batch, ..., n)``.
        y_pred: scores, same shape.
    """
    return ops.mean(_shortfall(y_true, y_pred), axis=-1)


def squared_hinge(y_true: Any, y_pred: Any) -> Tensor:
    """Mean of max(0, 1 - y_true * y_pred) squared; arguments as of `hinge`."""
    return ops.mean(ops.square(_shortfall(y_true, y_pred)), axis=-1)


def categorical_hinge(y_true: Any, y_pred: Any) -> Tensor:
    """What the score of the right class lacks to be 1 above the best other one; targets are one-hot."""
    y_true, y_pred = as_pair(y_true, y_pred)
    right = ops.sum(y_true * y_pred, axis=-1)
    wrong = ops.max((1.0 - y_true) * y_pred, axis=-1)
    return ops.maximum(wrong - right + 1.0, 0.0)


def circle(y_true: Any, y_pred: Any, ref_labels: Any = None, ref_embeddings: Any = None, remove_diagonal: bool = True,
           gamma: float = 80.0, margin: float = 0.4) -> Tensor:
    """How far embeddings of one class are from being nearer to each other than to those of other classes.

    Args:
        y_true: class numbers, shape ``(batch,)`` or ``(batch, 1)``.
        y_pred: embeddings of length 1, shape ``(batch, n)``.
        ref_labels, ref_embeddings: what the embeddings are compared with; themselves if None.
        remove_diagonal: whether embedding i is not compared with reference i.
        gamma: scale of the similarities.
        margin: how strict the circle is; between 0 and 1.

    Source: Sun et al. 2020, Circle Loss: A Unified Perspective of Pair Similarity Optimization.
    """
    y_pred = ops.convert_to_tensor(y_pred)
    references = y_pred if ref_embeddings is None else ops.convert_to_tensor(ref_embeddings)
    distance = ops.maximum(1.0 - ops.matmul(y_pred, ops.transpose(references)), 0.0)
    labels = ops.reshape(ops.cast(y_true, "int32"), (-1, 1))
    ref_labels = labels if ref_labels is None else ops.cast(ref_labels, "int32")
    same = ops.equal(labels, ops.reshape(ref_labels, (1, -1)))
    positive = ops.logical_and(same, ops.not_equal(_offsets(distance), 0)) if remove_diagonal else same

    pull = gamma * ops.maximum(margin + distance, 0.0) * (distance - margin)
    push = gamma * ops.maximum(1.0 + margin - distance, 0.0) * (1.0 - margin - distance)
    return ops.softplus(_log_sum(pull, positive) + _log_sum(push, ops.logical_not(same)))


def _log_sum(x: Tensor, chosen: Tensor) -> Tensor:
    """log(sum(exp(x))) over the chosen elements of each row; -infinity where there are none."""
    return ops.logsumexp(ops.where(chosen, x, -math.inf), axis=1)


def _offsets(x: Tensor) -> Tensor:
    """Column minus row of every element of a matrix."""
    ones = ops.ones_like(x, dtype="int32")
    return ops.cumsum(ones, axis=1) - ops.cumsum(ones, axis=0)
