"""What `compile` decided."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from zoo import metrics, optimizers, serialization
from zoo.errors import ConfigError
from zoo.metrics.metric import Metric
from zoo.training.outputs import CompiledLoss, CompiledMetrics, Outputs


@dataclass
class Compiled:
    """Loss, metrics and options, matched with the outputs of a model.

    Args:
        arguments: as given to `compile`, for saving.
        loss: None if layers alone add to the loss.
        metrics: of all outputs.
    """

    arguments: dict[str, Any]
    loss: CompiledLoss | None
    metrics: CompiledMetrics
    tracker: Metric = field(default_factory=lambda: metrics.Mean(name="loss"))

    @property
    def all_metrics(self) -> list[Metric]:
        """Everything that is reset when an epoch starts."""
        trackers = [] if self.loss is None else self.loss.trackers
        return [self.tracker, *trackers, *self.metrics.metrics]

    def results(self) -> dict[str, Any]:
        """The figures since the last reset, by name."""
        trackers = [] if self.loss is None else self.loss.trackers
        return {self.tracker.name: self.tracker.result(), **self.metrics.results(),
                **{tracker.name: tracker.result() for tracker in trackers}}


def compiled(outputs: Outputs, loss: Any, loss_weights: Any, given_metrics: Any, weighted_metrics: Any) -> Compiled:
    """The arguments of `compile`, resolved."""
    arguments = {"loss": loss, "loss_weights": loss_weights, "metrics": given_metrics,
                 "weighted_metrics": weighted_metrics}
    of_outputs = None if loss is None else CompiledLoss(loss, loss_weights, outputs)
    names = () if of_outputs is None else of_outputs.identifiers
    of_metrics = CompiledMetrics(given_metrics, weighted_metrics, outputs, names)
    return Compiled(arguments, of_outputs, of_metrics)


def optimizer_for(identifier: Any, dtype_policy: str, auto_scale_loss: bool) -> optimizers.Optimizer:
    """The optimizer; in mixed float16 it is made to scale the loss, as Keras does.

    Raises:
        ConfigError: it is no optimizer.
    """
    optimizer = optimizers.get(identifier)
    if not isinstance(optimizer, optimizers.Optimizer):
        raise ConfigError(f"compile: expected an optimizer by name, object or config, received {identifier!r}.")
    if auto_scale_loss and dtype_policy == "mixed_float16" and not isinstance(optimizer, optimizers.LossScaleOptimizer):
        optimizer = optimizers.LossScaleOptimizer(optimizer, name="loss_scale_optimizer")
    return optimizer


def plain_arguments(arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments of `compile` as plain data, for a file."""
    return {key: serialization.to_plain(value) for key, value in arguments.items()}
