"""The parts of a step that a subclass of `Model` may write anew: Keras's ways to customise `fit`.

What a subclass writes is traced like everything else, once for each form of a batch, and compiled: gradients come from
`zoo.GradientTape`, whatever is assigned (weights by an optimizer, metrics) changes when the compiled step ends.
"""

from __future__ import annotations

from typing import Any

from zoo import ops, tree
from zoo.errors import ConfigError
from zoo.training import data as batches
from zoo.training import step

Tensor = Any
Logs = dict[str, Any]


class OwnSteps:
    """Mixin of models: `train_step`, `test_step`, `predict_step`, `compute_loss`, `compute_metrics`."""

    compiled: Any
    losses: list[Tensor]
    name: str

    def train_step(self, data: Any) -> Logs:
        """What `fit` does with a batch.

        Args:
            data: ``(x, y, sample_weight)``, ``(x, y)``, or x alone, as given to `fit`.

        Returns:
            Figures by name.
        """
        return step.train(self, *batches.parts(data))

    def test_step(self, data: Any) -> Logs:
        """What `evaluate` does with a batch; as `train_step`."""
        return step.test(self, *batches.parts(data))

    def predict_step(self, data: Any) -> Any:
        """What `predict` does with a batch: its outputs."""
        return self(batches.parts(data)[0], training=False)     # type: ignore[operator]

    def compute_loss(self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None,
                     training: bool = True) -> Tensor:
        """The loss of a batch, a scalar: that of `compile`, and `losses`, which layers add.

        Raises:
            ConfigError: there is neither.
        """
        if self.compiled is None:
            self._match_outputs(y_pred)                     # type: ignore[attr-defined]
        terms = list(self.losses)
        if self.compiled.loss is not None:
            terms.insert(0, self.compiled.loss(y, y_pred, sample_weight))
            if self.compiled.metrics.rows is None:          # a step of the subclass's own may look for them now
                self.compiled.metrics.build(y, y_pred)
        if not terms:
            raise ConfigError(f"Model {self.name!r} has nothing to minimise: give compile() a loss, or let a layer "
                              f"say self.add_loss(...).")
        return ops.sum(ops.stack(terms)) if len(terms) > 1 else terms[0]

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Logs:
        """Counts a batch for the metrics of `compile`, and gives the figures so far."""
        self.compiled.metrics.update(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def get_metrics_result(self) -> Logs:
        """The figures so far, by name."""
        if self.compiled is not None:
            return self.compiled.results()
        return {metric.name: metric.result() for metric in self.metrics}    # type: ignore[attr-defined]

    def writes_own(self, kind: str) -> bool:
        """Whether a subclass has written the step ``train``, ``test`` or ``predict`` itself."""
        name = f"{kind}_step"
        return getattr(type(self), name) is not getattr(OwnSteps, name)

    def own_step(self, kind: str, x: Any, y: Any = None, sample_weight: Any = None) -> Any:
        """A step as the subclass wrote it."""
        run = getattr(self, f"{kind}_step")
        results = run(batches.packed(x, y, sample_weight))
        if kind == "predict":
            return results
        if not isinstance(results, dict):
            raise ConfigError(f"{type(self).__name__}.{kind}_step returned {type(results).__name__}; expected a dict "
                              f"from the names of figures to scalars.")
        return tree.map(ops.convert_to_tensor, results)
