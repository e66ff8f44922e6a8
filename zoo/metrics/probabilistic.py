"""Means of scores of classes. What each computes is said at the function of the same name in `zoo.scores`."""

from __future__ import annotations

from typing import Any

from zoo import scores
from zoo.metrics.reduction import FunctionMean


class KLDivergence(FunctionMean):
    """How much predicted probabilities differ from those of the targets."""

    function = staticmethod(scores.kl_divergence)


class Poisson(FunctionMean):
    """How unlikely counts are under predicted rates."""

    function = staticmethod(scores.poisson)


class BinaryCrossentropy(FunctionMean):
    """Cross-entropy of yes-or-no answers.

    Args:
        name, dtype: as of `Metric`.
        from_logits: whether predictions are log-odds.
        label_smoothing: how far targets are moved towards 1/2, from 0 to 1.
    """

    function = staticmethod(scores.binary_crossentropy)
    direction = "down"

    def __init__(self, name: str | None = None, dtype: Any = None, from_logits: bool = False,
                 label_smoothing: float = 0):
        super().__init__(name, dtype)
        self.from_logits, self.label_smoothing = from_logits, label_smoothing


class CategoricalCrossentropy(FunctionMean):
    """Cross-entropy of classes with one-hot targets.

    Args:
        name, dtype: as of `Metric`.
        from_logits: whether predictions are logits.
        label_smoothing: how much of the targets is spread over all classes, from 0 to 1.
        axis: of the classes.
    """

    function = staticmethod(scores.categorical_crossentropy)
    direction = "down"

    def __init__(self, name: str | None = None, dtype: Any = None, from_logits: bool = False,
                 label_smoothing: float = 0, axis: int = -1):
        super().__init__(name, dtype)
        self.from_logits, self.label_smoothing, self.axis = from_logits, label_smoothing, axis


class SparseCategoricalCrossentropy(FunctionMean):
    """Cross-entropy of classes with class numbers as targets.

    Args:
        name, dtype: as of `Metric`.
        from_logits: whether predictions are logits.
        ignore_class: class number of samples whose value is 0; with sample weights they do not count at all.
        axis: of the classes.
    """

    function = staticmethod(scores.sparse_categorical_crossentropy)
    direction = "down"

    def __init__(self, name: str | None = None, dtype: Any = None, from_logits: bool = False,
                 ignore_class: int | None = None, axis: int = -1):
        super().__init__(name, dtype)
        self.from_logits, self.ignore_class, self.axis = from_logits, ignore_class, axis


class Hinge(FunctionMean):
    """What scores lack to a margin of 1 on the side of targets -1 and 1."""

    function = staticmethod(scores.hinge)
    direction = "down"


class SquaredHinge(FunctionMean):
    """The square of what scores lack to a margin of 1 on the side of targets -1 and 1."""

    function = staticmethod(scores.squared_hinge)
    direction = "down"


class CategoricalHinge(FunctionMean):
    """What the score of the right class lacks to be 1 above the others."""

    function = staticmethod(scores.categorical_hinge)
    direction = "down"
