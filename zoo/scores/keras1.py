"""Scores of Keras 1 and 2 that have no equal today, under the names ``keras1>hinge`` and so on.

The last five are figures of whole batches, which reports average over the batches: Keras 2 dropped them for it.
"""

from __future__ import annotations

from typing import Any

from zoo import ops
from zoo.config import config as settings
from zoo.scores.correlation import cosine_proximity as _cosine
from zoo.scores.weighting import as_pair

Tensor = Any


def hinge(y_true: Any, y_pred: Any) -> Tensor:
    """Mean of max(0, 1 - y_true * y_pred) over the last axis, targets taken as they are: 0 does not stand for -1."""
    y_true, y_pred = as_pair(y_true, y_pred)
    return ops.mean(ops.maximum(1.0 - y_true * y_pred, 0.0), axis=-1)


def squared_hinge(y_true: Any, y_pred: Any) -> Tensor:
    """Mean of max(0, 1 - y_true * y_pred) squared; targets as of `hinge`."""
    y_true, y_pred = as_pair(y_true, y_pred)
    return ops.mean(ops.square(ops.maximum(1.0 - y_true * y_pred, 0.0)), axis=-1)


def cosine_proximity(y_true: Any, y_pred: Any) -> Tensor:
    """Minus the cosine of the angle between the vectors along the last axis: the figure of Keras 2."""
    return ops.negative(_cosine(y_true, y_pred))


def mean_cosine_proximity(y_true: Any, y_pred: Any) -> Tensor:
    """`cosine_proximity` divided by the size of the last axis: the figure of Keras 1."""
    return ops.divide(cosine_proximity(y_true, y_pred), y_pred.shape[-1])


def precision(y_true: Any, y_pred: Any) -> Tensor:
    """The share of right ones among the ones of all rounded predictions."""
    right, _, predicted = _ones(y_true, y_pred)
    return ops.divide(right, predicted + settings.epsilon)


def recall(y_true: Any, y_pred: Any) -> Tensor:
    """The share of all targets that are 1 for which the rounded prediction is 1."""
    right, wanted, _ = _ones(y_true, y_pred)
    return ops.divide(right, wanted + settings.epsilon)


def fbeta_score(y_true: Any, y_pred: Any, beta: float = 1) -> Tensor:
    """The weighted harmonic mean of precision and recall; 0 if no target is 1.

    Args:
        y_true, y_pred: of one shape, between 0 and 1.
        beta: how much more recall counts.
    """
    p, r = precision(y_true, y_pred), recall(y_true, y_pred)
    score = ops.divide((1 + beta ** 2) * p * r, beta ** 2 * p + r + settings.epsilon)
    _, wanted, _ = _ones(y_true, y_pred)
    return ops.where(ops.equal(wanted, 0), 0.0, score)


def fmeasure(y_true: Any, y_pred: Any) -> Tensor:
    """`fbeta_score` for beta 1."""
    return fbeta_score(y_true, y_pred)


def matthews_correlation(y_true: Any, y_pred: Any) -> Tensor:
    """How far rounded predictions and targets go together: 1 always, 0 as chance has it, -1 never.

    Source: Matthews 1975, Comparison of the predicted and observed secondary structure of T4 phage lysozyme.
    """
    y_true, y_pred = (_rounded(y) for y in as_pair(y_true, y_pred))
    tp, tn = ops.sum(y_true * y_pred), ops.sum((1.0 - y_true) * (1.0 - y_pred))
    fp, fn = ops.sum((1.0 - y_true) * y_pred), ops.sum(y_true * (1.0 - y_pred))
    scale = ops.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))
    return ops.divide(tp * tn - fp * fn, scale + settings.epsilon)


def _rounded(y: Tensor) -> Tensor:
    return ops.round(ops.clip(y, 0.0, 1.0))


def _ones(y_true: Any, y_pred: Any) -> tuple[Tensor, Tensor, Tensor]:
    """How many ones there are in both, in the targets, and in the predictions."""
    y_true, y_pred = as_pair(y_true, y_pred)
    return ops.sum(_rounded(y_true * y_pred)), ops.sum(_rounded(y_true)), ops.sum(_rounded(y_pred))


#: by the names that records and tables have
ALL = {
    "keras1>hinge": hinge, "keras1>squared_hinge": squared_hinge,
    "keras1>cosine_proximity": mean_cosine_proximity, "keras2>cosine_proximity": cosine_proximity,
    "keras1>precision": precision, "keras1>recall": recall, "keras1>fbeta_score": fbeta_score,
    "keras1>fmeasure": fmeasure, "keras1>matthews_correlation": matthews_correlation,
}
