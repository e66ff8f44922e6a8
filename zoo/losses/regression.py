"""Losses of numbers. What each computes is said at the function of the same name in `zoo.scores`."""

from __future__ import annotations

from typing import Any

from zoo import scores
from zoo.losses.loss import FunctionLoss


class MeanSquaredError(FunctionLoss):
    """Mean of the squared differences."""

    function = staticmethod(scores.mean_squared_error)


class MeanAbsoluteError(FunctionLoss):
    """Mean of the absolute differences."""

    function = staticmethod(scores.mean_absolute_error)


class MeanAbsolutePercentageError(FunctionLoss):
    """Mean of the differences in percent of the targets."""

    function = staticmethod(scores.mean_absolute_percentage_error)


class MeanSquaredLogarithmicError(FunctionLoss):
    """Mean of the squared differences of the logarithms."""

    function = staticmethod(scores.mean_squared_logarithmic_error)


class LogCosh(FunctionLoss):
    """Mean of the logarithm of the hyperbolic cosine of the difference."""

    function = staticmethod(scores.log_cosh)


class Poisson(FunctionLoss):
    """How unlikely counts are under predicted rates."""

    function = staticmethod(scores.poisson)


class Huber(FunctionLoss):
    """Squares of small differences, absolute values of large ones.

    Args:
        delta: where small ends.
        reduction, name, dtype: as of `Loss`.
    """

    function = staticmethod(scores.huber)
    written_unless = {"delta": 1.0}

    def __init__(self, delta: float = 1.0, reduction: str | None = "sum_over_batch_size", name: str = "huber_loss",
                 dtype: Any = None):
        super().__init__(reduction, name, dtype)
        self.delta = delta


class CosineSimilarity(FunctionLoss):
    """The cosine of the angle between vectors, with its sign turned.

    Args:
        axis: along which vectors lie.
        reduction, name, dtype: as of `Loss`.
    """

    function = staticmethod(scores.cosine_similarity)
    written_unless = {"axis": -1}

    def __init__(self, axis: int = -1, reduction: str | None = "sum_over_batch_size", name: str = "cosine_similarity",
                 dtype: Any = None):
        super().__init__(reduction, name, dtype)
        self.axis = axis
