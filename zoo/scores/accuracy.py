"""1 for a right answer, 0 for a wrong one."""

from __future__ import annotations

from typing import Any

from zoo import ops
from zoo.config import config as settings
from zoo.scores.weighting import align_ranks, as_like, as_pair

Tensor = Any


def _hits(matches: Tensor) -> Tensor:
    return ops.cast(matches, settings.floatx)


def accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """Whether prediction and target are equal, element by element."""
    return _hits(ops.equal(*as_pair(y_true, y_pred)))


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Tensor:
    """Whether a probability is on the target's side of `threshold`, element by element."""
    y_true, y_pred = align_ranks(ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred))
    return _hits(ops.equal(y_true, as_like(ops.greater(y_pred, threshold), y_true)))


def categorical_accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """Whether the class of the highest score is the one of the one-hot target."""
    return sparse_categorical_accuracy(ops.argmax(y_true, axis=-1), y_pred)


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """Whether the class of the highest score is the target.

    Args:
        y_true: class numbers, shaped like `y_pred` without its last axis, or with size 1 there.
        y_pred: scores with classes on the last axis.
    """
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    if len(y_true.shape) == len(y_pred.shape) and y_true.shape[-1] == 1:
        y_true = ops.squeeze(y_true, -1)
    return _hits(ops.equal(y_true, as_like(ops.argmax(y_pred, axis=-1), y_true)))


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Tensor:
    """Whether the class of the one-hot target is among the `k` highest scores."""
    return sparse_top_k_categorical_accuracy(ops.argmax(y_true, axis=-1), y_pred, k)


def sparse_top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5, from_sorted_ids: bool = False) -> Tensor:
    """Whether the target is among the `k` highest scores.

    Args:
        y_true: class numbers.
        y_pred: scores with classes on the last axis.
        k: how many.
        from_sorted_ids: whether `y_pred` are class numbers, best first, instead of scores.
    """
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    labels = ops.reshape(y_true, (-1,))
    rows = ops.reshape(y_pred, (-1, y_pred.shape[-1]))
    if from_sorted_ids:
        matches = ops.any(ops.equal(ops.expand_dims(as_like(labels, rows), 1), rows[:, :k]), axis=1)
    else:
        matches = ops.in_top_k(ops.cast(labels, "int32"), rows, k)
    return ops.reshape(_hits(matches), tuple(-1 if size is None else size for size in y_true.shape))
