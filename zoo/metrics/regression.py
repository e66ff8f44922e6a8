"""Metrics of numbers. Means of scores say what they compute at the function of the same name in `zoo.scores`."""

from __future__ import annotations

from typing import Any

from zoo import ops, scores
from zoo.errors import ConfigError, ShapeError
from zoo.metrics.metric import Metric
from zoo.metrics.reduction import FunctionMean, Mean
from zoo.scores.weighting import align_ranks, size_of

Tensor = Any
AGGREGATIONS = (None, "uniform_average", "variance_weighted_average")


class MeanSquaredError(FunctionMean):
    """Mean of the squared differences."""

    function = staticmethod(scores.mean_squared_error)
    direction = "down"


class MeanAbsoluteError(FunctionMean):
    """Mean of the absolute differences."""

    function = staticmethod(scores.mean_absolute_error)
    direction = "down"


class MeanAbsolutePercentageError(FunctionMean):
    """Mean of the differences in percent of the targets."""

    function = staticmethod(scores.mean_absolute_percentage_error)
    direction = "down"


class MeanSquaredLogarithmicError(FunctionMean):
    """Mean of the squared differences of the logarithms."""

    function = staticmethod(scores.mean_squared_logarithmic_error)
    direction = "down"


class LogCoshError(FunctionMean):
    """Mean of the logarithm of the hyperbolic cosine of the difference."""

    function = staticmethod(scores.log_cosh)
    direction = "down"

    def __init__(self, name: str = "logcosh", dtype: Any = None):
        super().__init__(name, dtype)


class CosineSimilarity(FunctionMean):
    """The cosine of the angle between vectors.

    Args:
        name, dtype: as of `Metric`.
        axis: along which vectors lie.
    """

    function = staticmethod(scores.cosine_proximity)
    direction = "up"
    written_unless = {"axis": -1}

    def __init__(self, name: str = "cosine_similarity", dtype: Any = None, axis: int = -1):
        super().__init__(name, dtype)
        self.axis = axis


class PearsonCorrelation(FunctionMean):
    """Mean correlation of targets and predictions along an axis.

    Args:
        name, dtype: as of `Metric`.
        axis: along which they are correlated.
    """

    function = staticmethod(scores.pearson_correlation)
    direction = "up"

    def __init__(self, name: str | None = None, dtype: Any = None, axis: int = -1):
        super().__init__(name, dtype)
        self.axis = axis


class ConcordanceCorrelation(FunctionMean):
    """Mean agreement of targets and predictions along an axis.

    Args:
        name, dtype: as of `Metric`.
        axis: along which they are compared.
    """

    function = staticmethod(scores.concordance_correlation)
    direction = "up"

    def __init__(self, name: str | None = None, dtype: Any = None, axis: int = -1):
        super().__init__(name, dtype)
        self.axis = axis


class RootMeanSquaredError(Mean):
    """The root of the mean of the squared differences."""

    direction = "down"

    def __init__(self, name: str = "root_mean_squared_error", dtype: Any = None):
        super().__init__(name, dtype)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Adds a batch, each sample with its weight."""
        y_true, y_pred = align_ranks(*(ops.convert_to_tensor(y, dtype=self.dtype) for y in (y_true, y_pred)))
        super().update_state(ops.square(y_pred - y_true), sample_weight)

    def result(self) -> Tensor:
        """The root of the mean."""
        return ops.sqrt(super().result())


class R2Score(Metric):
    """How much of the variance of the targets the predictions explain: 1 for all, 0 for none.

    Args:
        class_aggregation: how the outputs' scores become one number: ``uniform_average`` or
            ``variance_weighted_average``; None for a score for each output.
        num_regressors: of the model; more than 0 gives the adjusted score, while there are more values than that.
        name, dtype: as of `Metric`.

    Source: Wright 1921, Correlation and Causation.
    """

    direction = "up"

    def __init__(self, class_aggregation: str | None = "uniform_average", num_regressors: int = 0,
                 name: str = "r2_score", dtype: Any = None):
        super().__init__(dtype, name)
        if class_aggregation not in AGGREGATIONS:
            raise ConfigError(f"`class_aggregation` must be one of {', '.join(map(repr, AGGREGATIONS))}. "
                              f"Received: class_aggregation={class_aggregation!r}")
        if num_regressors < 0:
            raise ConfigError(f"`num_regressors` must not be negative. Received: num_regressors={num_regressors!r}")
        self.class_aggregation, self.num_regressors = class_aggregation, num_regressors
        self.num_samples = self.add_weight(name="num_samples")
        self._built = False

    def _build(self, shape: tuple[int | None, ...]) -> None:
        if len(shape) != 2 or shape[-1] is None:
            raise ShapeError(f"R2Score: expected targets and predictions of shape (batch, outputs), received {shape}.")
        self.squared_sum, self.sum, self.residual, self.count = (
            self.add_weight(shape=(shape[-1],), name=name) for name in ("squared_sum", "sum", "residual", "count"))
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Adds a batch ``(batch, outputs)``, each sample with its weight."""
        y_true, y_pred = align_ranks(*(ops.convert_to_tensor(y, dtype=self.dtype) for y in (y_true, y_pred)))
        if not self._built:
            self._build(tuple(y_pred.shape))
        weight = ops.convert_to_tensor(1 if sample_weight is None else sample_weight, dtype=self.dtype)
        weight = ops.expand_dims(weight, 1) if len(weight.shape) == 1 else weight
        weight = ops.broadcast_to(weight, y_true.shape)
        weighted = y_true * weight
        self.sum.assign_add(ops.sum(weighted, axis=0))
        self.squared_sum.assign_add(ops.sum(y_true * weighted, axis=0))
        self.residual.assign_add(ops.sum(ops.square(y_true - y_pred) * weight, axis=0))
        self.count.assign_add(ops.sum(weight, axis=0))
        self.num_samples.assign_add(ops.cast(size_of(y_true), self.num_samples.dtype))

    def result(self) -> Tensor:
        """The score, of each output or of all."""
        variance = self.squared_sum - self.sum * ops.divide(self.sum, self.count)
        score = 1.0 - ops.divide(self.residual, variance)
        score = ops.where(ops.isinf(score), 0.0, score)
        if self.class_aggregation == "uniform_average":
            score = ops.mean(score)
        elif self.class_aggregation == "variance_weighted_average":
            score = ops.divide(ops.sum(variance * score), ops.sum(variance))
        return self._adjusted(score) if self.num_regressors else score

    def _adjusted(self, score: Tensor) -> Tensor:
        """1 - (1 - score) (n - 1) / (n - p - 1) of p regressors, where that has a meaning."""
        freedom = self.num_samples - (self.num_regressors + 1.0)
        adjusted = 1.0 - ops.divide((1.0 - score) * (self.num_samples - 1.0), freedom)
        return ops.where(freedom > 0, adjusted, score)
