"""How much two soft sets differ."""

from __future__ import annotations

from typing import Any

from zoo import ops
from zoo.config import config as settings
from zoo.scores.weighting import as_pair

Tensor = Any
Axis = int | tuple[int, ...] | list[int] | None


def dice(y_true: Any, y_pred: Any, axis: Axis = None) -> Tensor:
    """1 - 2 |A and B| / (|A| + |B|), summed over `axis`, or over everything.

    Source: Dice 1945, Measures of the Amount of Ecologic Association Between Species.
    """
    y_true, y_pred = as_pair(y_true, y_pred)
    common = ops.sum(y_true * y_pred, axis=axis)
    total = ops.sum(y_true, axis=axis) + ops.sum(y_pred, axis=axis)
    return 1.0 - ops.divide(2.0 * common, total + settings.epsilon)


def tversky(y_true: Any, y_pred: Any, alpha: float = 0.5, beta: float = 0.5, axis: Axis = None) -> Tensor:
    """1 - |A and B| / (|A and B| + alpha |A without B| + beta |B without A|), summed over `axis`, or over everything.

    A are the targets, B the predictions.

    Source: Salehi et al. 2017, Tversky Loss Function for Image Segmentation.
    """
    y_true, y_pred = as_pair(y_true, y_pred)
    common = ops.sum(y_true * y_pred, axis=axis)
    missed = ops.sum(y_true * (1.0 - y_pred), axis=axis)
    invented = ops.sum((1.0 - y_true) * y_pred, axis=axis)
    return 1.0 - ops.divide(common, common + alpha * missed + beta * invented + settings.epsilon)
