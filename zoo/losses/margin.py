"""Losses of margins and overlaps. What each computes is said at the function of the same name in `zoo.scores`."""

from __future__ import annotations

from typing import Any

from zoo import scores
from zoo.losses.loss import FunctionLoss
from zoo.scores.overlap import Axis


class Hinge(FunctionLoss):
    """What scores lack to a margin of 1 on the side of targets -1 and 1."""

    function = staticmethod(scores.hinge)


class SquaredHinge(FunctionLoss):
    """The square of what scores lack to a margin of 1 on the side of targets -1 and 1."""

    function = staticmethod(scores.squared_hinge)


class CategoricalHinge(FunctionLoss):
    """What the score of the right class lacks to be 1 above the others."""

    function = staticmethod(scores.categorical_hinge)


class Circle(FunctionLoss):
    """How far embeddings of one class are from being nearer to each other than to others.

    Args:
        gamma: scale of the similarities.
        margin: how strict it is, from 0 to 1.
        remove_diagonal: whether an embedding is not compared with itself.
        reduction, name, dtype: as of `Loss`.
    """

    function = staticmethod(scores.circle)

    def __init__(self, gamma: float = 80.0, margin: float = 0.4, remove_diagonal: bool = True,
                 reduction: str | None = "sum_over_batch_size", name: str = "circle", dtype: Any = None):
        super().__init__(reduction, name, dtype)
        self.gamma, self.margin, self.remove_diagonal = gamma, margin, remove_diagonal


class Dice(FunctionLoss):
    """How much two soft sets differ.

    Args:
        reduction, name, dtype: as of `Loss`.
        axis: the axes of one set; all, the batch too, if None.
    """

    function = staticmethod(scores.dice)

    def __init__(self, reduction: str | None = "sum_over_batch_size", name: str = "dice", axis: Axis = None,
                 dtype: Any = None):
        super().__init__(reduction, name, dtype)
        self.axis = axis


class Tversky(FunctionLoss):
    """How much two soft sets differ, with weights for what is missed and what is invented.

    Args:
        alpha: weight of what only the targets have.
        beta: weight of what only the predictions have.
        reduction, name, dtype: as of `Loss`.
        axis: the axes of one set; all, the batch too, if None.
    """

    function = staticmethod(scores.tversky)

    def __init__(self, alpha: float = 0.5, beta: float = 0.5, reduction: str | None = "sum_over_batch_size",
                 name: str = "tversky", axis: Axis = None, dtype: Any = None):
        super().__init__(reduction, name, dtype)
        self.alpha, self.beta, self.axis = alpha, beta, axis
