"""Which form of a score of classes an output asks for."""

from __future__ import annotations

from typing import Any

from zoo import conventions

_KINDS = {"binary_crossentropy": "binary", "bce": "binary",
          "sparse_categorical_crossentropy": "sparse_categorical"}


def classification_kind(y_true: Any, y_pred: Any, loss: str | None = None) -> str:
    """What "accuracy" and "crossentropy" mean for an output.

    Args:
        y_true, y_pred: anything with a shape.
        loss: the name of the output's loss; what it says was decisive until Keras 2.3.

    Returns:
        "binary" for one score, "sparse_categorical" where targets are class numbers, "categorical" where they are
        one-hot.
    """
    scores = y_pred.shape[-1]
    if scores == 1:
        return "binary"
    if loss is not None and conventions.current().accuracy_by == "loss":
        return _KINDS.get(loss, "categorical")
    is_sparse = len(y_true.shape) < len(y_pred.shape) or y_true.shape[-1] == 1
    return "sparse_categorical" if is_sparse else "categorical"
