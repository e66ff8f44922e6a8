"""True and false positives and negatives at thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from zoo import ops
from zoo.config import config as settings
from zoo.errors import ConfigError, ShapeError
from zoo.scores.weighting import align_ranks

Tensor = Any
NEVER = -1e10                                               # what a score below the k highest counts as


def levels(thresholds: float | Sequence[float] | None, default: float = 0.5) -> tuple[float, ...]:
    """One or several thresholds as a tuple.

    Raises:
        ConfigError: one is not between 0 and 1.
    """
    if thresholds is None:
        return (default,)
    given = tuple(thresholds) if isinstance(thresholds, (list, tuple)) else (thresholds,)
    if not given or any(t is None or not 0 <= t <= 1 for t in given):
        raise ConfigError(f"`thresholds` must be numbers between 0 and 1. Received: thresholds={thresholds!r}")
    return given


def are_even(thresholds: Sequence[float]) -> bool:
    """Whether they divide the interval from 0 to 1 into parts of one length."""
    count = len(thresholds)
    even = np.arange(count, dtype="float32") / max(count - 1, 1)
    return count >= 3 and bool(np.allclose(thresholds, even, atol=settings.epsilon))


def even_levels(count: int) -> tuple[float, ...]:
    """`count` thresholds from 0 to 1."""
    return (0.0, *((i + 1) / (count - 1) for i in range(count - 2)), 1.0)


def confusion_counts(y_true: Any, y_pred: Any, thresholds: Sequence[float], *, evenly: bool = False,
                     sample_weight: Any = None, top_k: int | None = None, class_id: int | None = None,
                     multi_label: bool = False, label_weights: Any = None, dtype: str = "float32") -> dict[str, Tensor]:
    """What predictions above each threshold get right and wrong.

    Args:
        y_true: targets; those other than 0 are positive.
        y_pred: scores, same shape up to a last axis of size 1.
        thresholds: a prediction above one is positive.
        evenly: whether they divide [0, 1] evenly (the first and the last may lie just outside): then the scores are
            sorted into bins, instead of being compared with every threshold.
        sample_weight: a weight for each sample.
        top_k: only the highest scores of each sample can be positive.
        class_id: only this one of the last axis counts.
        multi_label: whether each of the last axis has its own counts.
        label_weights: a weight for each of the last axis.
        dtype: of the counts.

    Returns:
        ``true_positives``, ``false_positives``, ``true_negatives``, ``false_negatives``: counts of shape
        ``(thresholds,)``, or ``(thresholds, labels)`` with `multi_label`.
    """
    y_pred, y_true = align_ranks(ops.cast(y_pred, dtype), ops.cast(y_true, dtype))
    if sample_weight is not None:
        sample_weight = ops.expand_dims(ops.cast(sample_weight, dtype), -1)
        _, sample_weight = align_ranks(y_true, sample_weight, widen_vectors=False)
    if top_k is not None:
        y_pred = _highest(y_pred, top_k)
    if class_id is not None:
        y_true, y_pred = _only(y_true, class_id), _only(y_pred, class_id)
    columns = y_pred.shape[-1] if multi_label else 1
    weight = ops.ones_like(y_pred)
    for factor in (sample_weight, label_weights):
        weight = weight if factor is None else weight * ops.cast(factor, dtype)
    y_true, y_pred, weight = (ops.reshape(x, (-1, columns)) for x in (ops.cast(y_true, "bool"), y_pred, weight))
    positive, negative = ops.where(y_true, weight, 0), ops.where(y_true, 0, weight)
    found, mistaken = (_sums_above(thresholds, y_pred, x, evenly) for x in (positive, negative))
    counts = {"true_positives": found[1:], "false_positives": mistaken[1:],
              "true_negatives": mistaken[:1] - mistaken[1:], "false_negatives": found[:1] - found[1:]}
    return counts if multi_label else {name: ops.squeeze(count, -1) for name, count in counts.items()}


def _highest(scores: Tensor, k: int) -> Tensor:
    """The k highest scores along the last axis; the others never count."""
    _, places = ops.top_k(scores, k)
    chosen = ops.sum(ops.one_hot(places, scores.shape[-1], dtype=ops.dtype(scores)), axis=-2)
    return scores * chosen + NEVER * (1.0 - chosen)


def _only(x: Tensor, index: int) -> Tensor:
    """One of the last axis, which keeps size 1."""
    if len(x.shape) < 2:
        raise ShapeError(f"`class_id` needs targets and predictions of shape (batch, classes), "
                         f"received {tuple(x.shape)}.")
    return ops.take(x, [index], axis=-1)


def _sums_above(thresholds: Sequence[float], scores: Tensor, values: Tensor, evenly: bool) -> Tensor:
    """For each column the sum of all values, and of those whose score is above each threshold.

    Returns:
        Shape ``(1 + thresholds, columns)``. All sums are made in one order, so that their differences are exact where
        they ought to be 0.
    """
    if not evenly:
        steps = np.asarray((-np.inf, *thresholds), "float32").reshape(-1, 1, 1)
        above = ops.greater(ops.expand_dims(scores, 0), ops.cast(steps, ops.dtype(scores)))
        return ops.sum(ops.where(above, ops.expand_dims(values, 0), 0), axis=1)
    count, columns = len(thresholds), values.shape[-1]
    below = ops.ceil(ops.clip(scores, 0.0, 1.0) * (count - 1.0))                 # how many thresholds lie below
    below = ops.cast(ops.maximum(below, 1.0) if thresholds[0] < 0 else below, "int32")
    column = ops.zeros_like(below) + np.arange(columns, dtype="int32")
    bins = ops.scatter(ops.stack([below, column], axis=-1), values, (count + 1, columns))
    return ops.flip(ops.cumsum(ops.flip(bins, axis=0), axis=0), axis=0)
