"""Which form of a score of classes an output asks for."""

from __future__ import annotations

from typing import Any


def classification_kind(y_true: Any, y_pred: Any) -> str:
    """What "accuracy" and "crossentropy" mean for an output.

    Args:
        y_true, y_pred: anything with a shape.

    Returns:
        "binary" for one score, "sparse_categorical" where targets are class numbers, "categorical" where they are
        one-hot.
    """
    scores = y_pred.shape[-1]
    if scores == 1:
        return "binary"
    is_sparse = len(y_true.shape) < len(y_pred.shape) or y_true.shape[-1] == 1
    return "sparse_categorical" if is_sparse else "categorical"
