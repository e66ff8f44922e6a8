"""Sums and means over batches, of values and of scores."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zoo import conventions, naming, ops, scores, serialization
from zoo.errors import ConfigError
from zoo.metrics.metric import Metric
from zoo.metrics.registry import FUNCTIONS, get
from zoo.scores.weighting import align_ranks, masked_weight, mean_of_weighted, size_of

Tensor = Any


def by_sample(values: Any, sample_weight: Any, reduce: Callable[..., Tensor],
              dtype: str) -> tuple[Tensor, Tensor | None]:
    """Weighted values, one for each sample, and their weights.

    Args:
        values: shape ``(batch, ...)``.
        sample_weight: shaped like the first axes of the values, or None.
        reduce: how the other axes of one sample become one value: `ops.sum` or `ops.mean`.
        dtype: of the results.
    """
    values = ops.cast(values, dtype)
    if sample_weight is not None:
        values, sample_weight = align_ranks(values, ops.convert_to_tensor(sample_weight, dtype=dtype))
        rank = len(sample_weight.shape)
        if len(values.shape) > rank:
            values = reduce(values, axis=tuple(range(rank, len(values.shape))))
        sample_weight = ops.broadcast_to(sample_weight, values.shape)
        values = values * sample_weight
        if rank > 1:
            sample_weight = reduce(sample_weight, axis=tuple(range(1, rank)))
    if len(values.shape) > 1:
        values = reduce(values, axis=tuple(range(1, len(values.shape))))
    return values, sample_weight


class Sum(Metric):
    """The weighted sum of values."""

    def __init__(self, name: str = "sum", dtype: Any = None):
        super().__init__(dtype, name)
        self.total = self.add_weight(dtype=self.dtype, name="total")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Adds values ``(batch, ...)``, each sample with its weight."""
        values, _ = by_sample(values, sample_weight, ops.sum, self.dtype)
        self.total.assign_add(ops.sum(values))

    def result(self) -> Tensor:
        """The sum."""
        return ops.stop_gradient(self.total)


class Mean(Metric):
    """The weighted mean of values."""

    def __init__(self, name: str = "mean", dtype: Any = None):
        super().__init__(dtype, name)
        self.total = self.add_weight(dtype=self.dtype, name="total")
        self.count = self.add_weight(dtype=self.dtype, name="count")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Adds values ``(batch, ...)``, each sample with its weight."""
        values, weight = by_sample(values, sample_weight, ops.mean, self.dtype)
        self.total.assign_add(ops.sum(values))
        self.count.assign_add(ops.cast(size_of(values) if weight is None else ops.sum(weight), self.dtype))

    def result(self) -> Tensor:
        """The mean; 0 if there were no values."""
        return ops.divide_no_nan(self.total, self.count)


class FunctionMean(Mean):
    """The mean of a function of `zoo.scores`; the arguments besides name and dtype are the function's options.

    Args:
        name, dtype: as of `Metric`; the name is the function's if None.
    """

    function: Callable[..., Tensor]
    takes_mask = True

    def __init__(self, name: str | None = None, dtype: Any = None):
        super().__init__(name or getattr(self.function, "__name__", None), dtype)

    @property
    def options(self) -> dict[str, Any]:
        """The options of the function."""
        names = serialization.init_parameters(type(self))
        return {name: getattr(self, name) for name in names if name not in ("name", "dtype")}

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None, mask: Any = None) -> None:
        """Adds a batch.

        Args:
            y_true, y_pred: targets and predictions.
            sample_weight: a weight for each sample, or each position.
            mask: which positions of the predictions count.
        """
        values = self.function(y_true, y_pred, **self.options)
        if conventions.current().mean == "weighted":        # the mean over batches of their means
            mean = mean_of_weighted(ops.cast(values, self.dtype), sample_weight, mask, self.dtype)
            super().update_state(ops.broadcast_to(mean, (y_pred.shape[0],)))
            return
        weight = masked_weight(sample_weight, mask, self.dtype)
        if weight is not None:                              # Keras asks the score what counts only if there are weights
            counted = scores.counted(self.function, y_true, values, self.options)
            weight = masked_weight(weight, counted, self.dtype)
        super().update_state(values, weight)


class MeanMetricWrapper(FunctionMean):
    """The mean of any function ``(y_true, y_pred, **options) -> values``.

    Args:
        fn: the function, or its name.
        name, dtype: as of `Metric`; the name is the class's if None.
        **options: of the function.
    """

    def __init__(self, fn: Any, name: str | None = None, dtype: Any = None, **options: Any):
        self.function = serialization.resolve(fn, FUNCTIONS, "metric function")
        self._options = options
        super().__init__(name or naming.unique_name("mean_metric_wrapper"), dtype)

    @property
    def options(self) -> dict[str, Any]:
        """The options of the function."""
        return self._options

    @property
    def fn(self) -> Callable[..., Tensor]:
        """The function."""
        return self.function

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal metric: plain data."""
        return {**super().get_config(), **serialization.to_plain(self.options)}


def for_output(identifier: Any, y_true: Any, y_pred: Any, loss: str | None = None) -> Metric:
    """The metric that a model's output is compiled with; it goes by the name by which it was asked for.

    Args:
        identifier: as for `get`; "accuracy" or "acc" means the form that the shapes ask for.
        y_true, y_pred: targets and output, or anything with their shapes.
        loss: the name of the output's loss, by which some conventions choose the form of "accuracy".

    Returns:
        A `Metric`; a function is wrapped.

    Raises:
        ConfigError: the identifier is None.
    """
    if isinstance(identifier, str) and identifier.lower() in ("accuracy", "acc"):
        metric = get(f"{scores.classification_kind(y_true, y_pred, loss)}_accuracy")
    else:
        metric = get(conventions.meant_by(identifier))
    if metric is None:
        raise ConfigError("Expected a metric as name, object or config, received None.")
    if not isinstance(metric, Metric):
        metric = MeanMetricWrapper(metric, name=getattr(metric, "__name__", None))
    metric.name = identifier if isinstance(identifier, str) else metric.name
    return metric
