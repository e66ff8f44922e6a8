"""The base of all losses: values for samples, weighted, masked and reduced to one number."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from zoo import conventions, naming, ops, scores, serialization, tree
from zoo.config import config as settings
from zoo.engine import dtypes
from zoo.errors import ConfigError
from zoo.losses.registry import ALL, get
from zoo.scores.weighting import align_ranks, masked_weight, mean_of_weighted, size_of, weighted

Tensor = Any
REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None)


class Loss:
    """A function of targets and predictions that training makes small.

    A subclass keeps its arguments as attributes of the same names (they are its config) and gives the values of
    samples in `call`, written in `zoo.ops`.

    Args:
        name: for logs; made from the class name if None.
        reduction: how values become one number. ``sum_over_batch_size`` and ``mean`` divide the weighted sum by the
            number of values, ``mean_with_sample_weight`` by the sum of the weights; ``sum`` divides by nothing;
            ``none`` or None keeps the values.
        dtype: in which it computes; `zoo.config.floatx` if None.

    Example:
        >>> class Squares(Loss):
        ...     def call(self, y_true, y_pred):
        ...         return ops.mean(ops.square(y_pred - y_true), axis=-1)
    """

    written_unless: Mapping[str, Any] = {}                  # values that Keras leaves out of a config

    def __init__(self, name: str | None = None, reduction: str | None = "sum_over_batch_size", dtype: Any = None):
        if isinstance(reduction, str) and reduction == "auto":          # Keras 2 left the choice to the strategy
            reduction = "sum_over_batch_size"
        if reduction not in REDUCTIONS:
            raise ConfigError(f"`reduction` must be one of {', '.join(map(repr, REDUCTIONS))}. "
                              f"Received: reduction={reduction!r}")
        self.name = name or naming.unique_name(naming.to_snake_case(type(self).__name__))
        self.reduction = reduction
        self.dtype = dtypes.standardize(dtype or settings.floatx)

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """The value of each sample, or of each position of each sample."""
        raise NotImplementedError(f"{type(self).__name__} does not define call().")

    def counted(self, y_true: Tensor, y_pred: Tensor, values: Tensor) -> Tensor | None:
        """Which of the values count, as bools of their shape; None means all."""
        return None

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None, mask: Any = None) -> Tensor:
        """The loss of a batch.

        Args:
            y_true, y_pred: targets and predictions.
            sample_weight: a weight for each value, or for each sample.
            mask: which positions of the predictions count.

        Returns:
            One number, or the weighted values if the reduction is None.
        """
        y_true, y_pred = (tree.map(lambda x: ops.convert_to_tensor(x, dtype=self.dtype), y) for y in (y_true, y_pred))
        values = self.call(y_true, y_pred)
        counted = self.counted(y_true, y_pred, values)
        if mask is not None and counted is not None:
            mask = ops.logical_and(mask, counted)
        mask = counted if mask is None else mask
        return self.reduce(ops.convert_to_tensor(values, dtype=self.dtype), sample_weight, mask)

    def reduce(self, values: Tensor, sample_weight: Any = None, mask: Any = None) -> Tensor:
        """Values, weighted and reduced.

        Masked values weigh nothing; the mean is then over those that are left (see `zoo.conventions` for others).
        """
        if sample_weight is not None:
            sample_weight = ops.convert_to_tensor(sample_weight, dtype=self.dtype)
        by_count, mean = self.reduction in ("sum_over_batch_size", "mean"), conventions.current().mean
        if by_count and mean == "weighted":
            return mean_of_weighted(values, sample_weight, mask, self.dtype)
        weight = masked_weight(sample_weight, mask, self.dtype, keep_mean=by_count and mean == "counted")
        if weight is not None:
            values, weight = weighted(values, weight)
        if self.reduction in ("none", None) or tuple(values.shape) in ((), (0,)):
            return values
        total = ops.sum(values)
        if self.reduction == "sum":
            return total
        by_weight = self.reduction == "mean_with_sample_weight" and weight is not None
        return ops.divide_no_nan(total, ops.sum(weight) if by_weight else ops.cast(size_of(values), self.dtype))

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal loss: plain data."""
        config = {"name": self.name, "reduction": self.reduction}
        config |= serialization.config_of(self, skip=("name", "reduction"))
        usual = {"dtype": settings.floatx, **self.written_unless}
        return {key: value for key, value in config.items() if key not in usual or value != usual[key]}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Loss:
        """A loss of that config."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


class FunctionLoss(Loss):
    """A loss whose values a function of `zoo.scores` gives; its arguments are the function's options.

    Args:
        reduction, name, dtype: as of `Loss`; the name is the function's if None.
    """

    function: Callable[..., Tensor]

    def __init__(self, reduction: str | None = "sum_over_batch_size", name: str | None = None, dtype: Any = None):
        super().__init__(name or getattr(self.function, "__name__", None), reduction, dtype)

    @property
    def options(self) -> dict[str, Any]:
        """The options of the function."""
        names = serialization.init_parameters(type(self))
        return {name: getattr(self, name) for name in names if name not in ("name", "reduction", "dtype")}

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """The function's values, after bringing both tensors to one rank where the last axis allows it."""
        if hasattr(y_true, "shape") and hasattr(y_pred, "shape"):
            y_true, y_pred = align_ranks(y_true, y_pred)
        return self.function(y_true, y_pred, **self.options)

    def counted(self, y_true: Tensor, y_pred: Tensor, values: Tensor) -> Tensor | None:
        """What the function counts."""
        return scores.counted(self.function, y_true, values, self.options)


class LossFunctionWrapper(FunctionLoss):
    """A loss of any function ``(y_true, y_pred, **options) -> values``.

    Args:
        fn: the function, or its name.
        reduction, name, dtype: as of `Loss`; the name is the class's if None.
        **options: of the function.
    """

    def __init__(self, fn: Any, reduction: str | None = "sum_over_batch_size", name: str | None = None,
                 dtype: Any = None, **options: Any):
        self.function = serialization.resolve(fn, ALL, "loss function")
        self._options = options
        super().__init__(reduction, name or naming.unique_name("loss_function_wrapper"), dtype)

    @property
    def options(self) -> dict[str, Any]:
        """The options of the function."""
        return self._options

    @property
    def fn(self) -> Callable[..., Tensor]:
        """The function."""
        return self.function

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal loss: plain data."""
        return {**super().get_config(), **serialization.to_plain(self.options)}


def for_output(identifier: Any, y_true: Any, y_pred: Any) -> Loss | None:
    """The loss that a model's output is compiled with.

    Args:
        identifier: as for `get`; "crossentropy" or "ce" means the form that the shapes ask for.
        y_true, y_pred: targets and output, or anything with their shapes.

    Returns:
        A `Loss` (a function is wrapped in one of its name), or None for None.
    """
    if isinstance(identifier, str) and identifier.lower() in ("crossentropy", "ce"):
        loss = get(f"{scores.classification_kind(y_true, y_pred)}_crossentropy")
    else:
        loss = get(conventions.meant_by(identifier))
    if loss is None or isinstance(loss, Loss):
        return loss
    name = identifier if isinstance(identifier, str) else getattr(loss, "__name__", None)
    return LossFunctionWrapper(loss, name=name)
