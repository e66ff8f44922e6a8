"""Arguments of `compile` matched with a model's outputs: one loss, one weight, a list of metrics for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from zoo import losses, metrics, ops, tree
from zoo.errors import ConfigError
from zoo.layers.masks import mask_of
from zoo.metrics.metric import Metric

Tensor = Any


@dataclass(frozen=True)
class Outputs:
    """The outputs of a model, flat, with what they are called in logs.

    Args:
        names: names of the outputs; keys if the model returns a dict.
        structure: the nest that the model returns.
    """

    names: tuple[str, ...]
    structure: Any

    @property
    def is_single(self) -> bool:
        """Whether the model returns one tensor, so that logs need no names."""
        return not isinstance(self.structure, (list, tuple, dict)) or len(self.names) == 1

    def spread(self, given: Any, what: str) -> list[Any]:
        """One entry for each output, from a list or a dict by name; None where nothing is given.

        Raises:
            ConfigError: names that the model does not have, or another number of entries.
        """
        if given is None:
            return [None] * len(self.names)
        if isinstance(given, dict) and not ("class_name" in given and "config" in given):
            unknown = sorted(set(given) - set(self.names))
            if unknown:
                raise ConfigError(f"{what}: the model has no outputs {unknown}; it has {list(self.names)}.")
            return [given.get(name) for name in self.names]
        if isinstance(given, (list, tuple)) and not (self.is_single and len(given) != 1):
            if len(given) != len(self.names):
                raise ConfigError(f"{what}: expected {len(self.names)} entries for the outputs {list(self.names)}, "
                                  f"received {len(given)}.")
            return list(given)
        return [given] * len(self.names) if what != "metrics" or self.is_single else [given] * len(self.names)

    def flatten(self, nest: Any, what: str) -> list[Any]:
        """Targets or weights in the order of the outputs; None for outputs without."""
        if nest is None:
            return [None] * len(self.names)
        if isinstance(nest, dict):
            return self.spread(nest, what)
        if self.is_single:
            return [nest[0] if isinstance(nest, (list, tuple)) and len(nest) == 1 else nest]
        return self.spread(list(nest) if isinstance(nest, tuple) else nest, what)


class CompiledLoss:
    """The loss that training minimises: the weighted sum over outputs.

    Args:
        loss, loss_weights: as given to `compile`.
        outputs: of the model.
    """

    def __init__(self, loss: Any, loss_weights: Any, outputs: Outputs):
        self.outputs = outputs
        self.identifiers = outputs.spread(loss, "loss")
        self.weights = outputs.spread(loss_weights, "loss_weights")
        self.losses: list[Any] | None = None
        self.trackers = [] if outputs.is_single else [metrics.Mean(name=f"{name}_loss") for name, identifier
                                                      in zip(outputs.names, self.identifiers) if identifier is not None]

    def __call__(self, y: Any, y_pred: Any, sample_weight: Any) -> Tensor:
        """The weighted sum; the parts are added to the trackers."""
        targets, predictions = self.outputs.flatten(y, "y"), tree.leaves(y_pred)
        weights = self.outputs.flatten(sample_weight, "sample_weight")
        if self.losses is None:
            self.losses = [losses.for_output(identifier, target, prediction) for identifier, target, prediction
                           in zip(self.identifiers, targets, predictions, strict=True)]
        total: Tensor = None
        trackers = iter(self.trackers)
        for loss, target, prediction, weight, share in zip(self.losses, targets, predictions, weights, self.weights):
            if loss is None:
                continue
            value = loss(target, prediction, sample_weight=weight, mask=mask_of(prediction))
            if self.trackers:
                next(trackers).update_state(value, sample_weight=prediction.shape[0])
            value = value if share is None else value * share
            total = value if total is None else total + value
        if total is None:
            raise ConfigError("compile: no output has a loss; give `loss`, or add_loss() in a layer.")
        return total


@dataclass
class CompiledMetrics:
    """The metrics of each output, unweighted and weighted ones.

    Args:
        given, weighted: as given to `compile`.
        outputs: of the model.
        losses: of each output, as given to `compile`.
    """

    given: Any
    weighted: Any
    outputs: Outputs
    losses: Sequence[Any] = ()
    rows: list[tuple[int, Metric, bool]] | None = field(default=None, init=False)   # (output, metric, is weighted)

    def build(self, y: Any, y_pred: Any) -> None:
        """Makes the metrics; the shapes of targets and outputs decide what "accuracy" means."""
        targets, predictions = self.outputs.flatten(y, "y"), tree.leaves(y_pred)
        self.rows = []
        plain, weighted = self._spread(self.given), self._spread(self.weighted)
        for i, (target, prediction) in enumerate(zip(targets, predictions)):
            names = set()
            for identifier, is_weighted in [*((m, False) for m in plain[i]), *((m, True) for m in weighted[i])]:
                metric = metrics.for_output(identifier, target, prediction, self._loss_name(i))
                if is_weighted and metric.name in names:
                    metric.name = f"weighted_{metric.name}"
                names.add(metric.name)
                self.rows.append((i, metric, is_weighted))

    def _loss_name(self, output: int) -> str | None:
        loss = self.losses[output] if self.losses else None
        return loss if isinstance(loss, str) else getattr(loss, "name", None) or getattr(loss, "__name__", None)

    def _spread(self, given: Any) -> list[list[Any]]:
        if given is None:
            return [[] for _ in self.outputs.names]
        if isinstance(given, (list, tuple)) and self.outputs.is_single:
            given = [given] if not (len(given) == 1 and isinstance(given[0], (list, tuple))) else given
        rows = given if isinstance(given, (list, tuple)) and not self.outputs.is_single else \
            self.outputs.spread(given, "metrics")
        if not self.outputs.is_single and isinstance(given, (list, tuple)) and len(given) != len(self.outputs.names):
            rows = [list(given)] * len(self.outputs.names)  # one list for all outputs
        return [list(row) if isinstance(row, (list, tuple)) else [] if row is None else [row] for row in rows]

    def update(self, y: Any, y_pred: Any, sample_weight: Any) -> None:
        """Adds a batch to all metrics."""
        if self.rows is None:
            self.build(y, y_pred)
        targets, predictions = self.outputs.flatten(y, "y"), tree.leaves(y_pred)
        weights = self.outputs.flatten(sample_weight, "sample_weight")
        for i, metric, is_weighted in self.rows:
            options = {"mask": mask_of(predictions[i])} if metric.takes_mask else {}
            weight = weights[i] if is_weighted else None
            metric.update_state(targets[i], predictions[i], sample_weight=weight, **options)

    @property
    def metrics(self) -> list[Metric]:
        """All metrics, once they are made."""
        return [metric for _, metric, _ in self.rows or ()]

    def results(self) -> dict[str, Tensor]:
        """Figures by name; with the output's name before it if there are several outputs."""
        found: dict[str, Tensor] = {}
        for i, metric, _ in self.rows or ():
            prefix = "" if self.outputs.is_single else f"{self.outputs.names[i]}_"
            value = metric.result()
            found.update({f"{prefix}{key}": v for key, v in value.items()} if isinstance(value, dict)
                         else {f"{prefix}{metric.name}": value})
        return found


def class_weights(class_weight: dict[int, float], y: Tensor) -> Tensor:
    """The weight of each sample from the weight of its class; classes that are not named weigh 1.

    Args:
        class_weight: weight by class number.
        y: class numbers (batch,) or (batch, 1), or one-hot rows.
    """
    classes = ops.argmax(y, axis=-1) if y.ndim > 1 and y.shape[-1] != 1 else ops.cast(ops.reshape(y, (-1,)), "int32")
    table = [class_weight.get(i, 1.0) for i in range(max(class_weight) + 1)]
    known = ops.take(ops.convert_to_tensor(table, dtype="float32"), ops.clip(classes, 0, len(table) - 1), axis=0)
    return ops.where(ops.less(classes, len(table)), known, 1.0)
