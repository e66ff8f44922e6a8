"""How often predictions are right. What counts as right is said at the function of the same name in `zoo.scores`."""

from __future__ import annotations

from typing import Any

from zoo import scores
from zoo.metrics.reduction import FunctionMean


class Accuracy(FunctionMean):
    """How often predictions equal targets."""

    function = staticmethod(scores.accuracy)
    direction = "up"


class BinaryAccuracy(FunctionMean):
    """How often probabilities are on the right side of a threshold.

    Args:
        name, dtype: as of `Metric`.
        threshold: above it a probability means 1.
    """

    function = staticmethod(scores.binary_accuracy)
    direction = "up"

    def __init__(self, name: str | None = None, dtype: Any = None, threshold: float = 0.5):
        super().__init__(name, dtype)
        self.threshold = threshold


class CategoricalAccuracy(FunctionMean):
    """How often the class of the highest score is the one of one-hot targets."""

    function = staticmethod(scores.categorical_accuracy)
    direction = "up"


class SparseCategoricalAccuracy(FunctionMean):
    """How often the class of the highest score is the target."""

    function = staticmethod(scores.sparse_categorical_accuracy)
    direction = "up"


class TopKCategoricalAccuracy(FunctionMean):
    """How often the class of one-hot targets is among the highest scores.

    Args:
        k: how many scores.
        name, dtype: as of `Metric`.
    """

    function = staticmethod(scores.top_k_categorical_accuracy)
    direction = "up"

    def __init__(self, k: int = 5, name: str | None = None, dtype: Any = None):
        super().__init__(name, dtype)
        self.k = k


class SparseTopKCategoricalAccuracy(FunctionMean):
    """How often targets are among the highest scores.

    Args:
        k: how many scores.
        name, dtype: as of `Metric`.
        from_sorted_ids: whether predictions are class numbers, best first.
    """

    function = staticmethod(scores.sparse_top_k_categorical_accuracy)
    direction = "up"
    written_unless = {"from_sorted_ids": False}

    def __init__(self, k: int = 5, name: str | None = None, dtype: Any = None, from_sorted_ids: bool = False):
        super().__init__(name, dtype)
        self.k, self.from_sorted_ids = k, from_sorted_ids
