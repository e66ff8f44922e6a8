"""How far targets and predictions go the same way."""

from __future__ import annotations

from typing import Any

from zoo import ops
from zoo.config import config as settings
from zoo.scores.weighting import as_pair

Tensor = Any


def cosine_proximity(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    """The cosine of the angle between the vectors along an axis: 1 for the same direction, 0 if one is zero."""
    y_true, y_pred = (ops.normalize(y, axis=axis) for y in as_pair(y_true, y_pred))
    return ops.sum(y_true * y_pred, axis=axis)


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    """The cosine with its sign turned, so that less is better: -1 for the same direction."""
    return ops.negative(cosine_proximity(y_true, y_pred, axis))


def pearson_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    """The covariance along an axis as a fraction of the product of the standard deviations.

    Source: Pearson 1895, Notes on Regression and Inheritance in the Case of Two Parents.
    """
    y_true, y_pred = (_standardized(y, axis) for y in as_pair(y_true, y_pred))
    return ops.mean(y_true * y_pred, axis=axis)


def _standardized(y: Tensor, axis: int) -> Tensor:
    y = y - ops.mean(y, axis=axis, keepdims=True)
    return ops.divide(y, ops.std(y, axis=axis, keepdims=True))


def concordance_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    """How near the points (y_true, y_pred) along an axis are to the line through the origin at 45 degrees.

    Source: Lin 1989, A Concordance Correlation Coefficient to Evaluate Reproducibility.
    """
    y_true, y_pred = as_pair(y_true, y_pred)
    true_mean, pred_mean = (ops.mean(y, axis=axis, keepdims=True) for y in (y_true, y_pred))
    spread = ops.var(y_true, axis=axis, keepdims=True) + ops.var(y_pred, axis=axis, keepdims=True)
    covariance = (y_true - pred_mean) * (y_pred - pred_mean)
    distance = spread + ops.square(true_mean - pred_mean) + settings.epsilon
    return ops.mean(ops.divide(2.0 * covariance, distance), axis=axis)
