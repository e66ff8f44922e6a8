"""A loss scale that keeps half-precision gradients in range."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from zoo import ops, serialization
from zoo.engine.variable import Variable
from zoo.errors import ConfigError
from zoo.optimizers import older_keras, registry
from zoo.optimizers.optimizer import BASE_CONFIG, Optimizer, Tensor, Updates


class LossScaleOptimizer(Optimizer):
    """Scales the loss up for another optimizer, as far as gradients stay finite.

    A step with gradients that are not finite is left out, and the scale halved; after enough good steps it is doubled.

    Args:
        inner_optimizer: does the steps, with gradients scaled back.
        initial_scale: at the start.
        dynamic_growth_steps: after how many good steps the scale is doubled.
        name: as of `Optimizer`.
        **options: none of `Optimizer`'s: they belong to the inner optimizer.

    Source: Micikevicius et al. 2018, Mixed Precision Training.
    """

    def __init__(self, inner_optimizer: Any, initial_scale: float = 2.0 ** 15, dynamic_growth_steps: int = 2000,
                 name: str | None = None, **options: Any):
        older_keras.modernized(type(self).__name__, options)
        given = sorted(key for key, value in options.items() if key != "dynamic" and value not in (None, False, 0.99))
        if given:
            raise ConfigError(f"LossScaleOptimizer: {', '.join(map(repr, given))} belong to the inner optimizer.")
        super().__init__(0.0, name=name)
        self.inner_optimizer = registry.get(inner_optimizer)
        self.inner_optimizer.loss_scale_factor = None
        self.initial_scale, self.dynamic_growth_steps = initial_scale, dynamic_growth_steps

    def build(self, variables: Iterable[Variable]) -> None:
        """Creates the scale and the counter of good steps, and builds the inner optimizer."""
        if self.built:
            return
        variables = list(variables)
        super().build(variables)
        self.step_counter = self.add_variable((), 0, "int64", "step_counter")
        self.dynamic_scale = self.add_variable((), self.initial_scale, "float32", "dynamic_scale")
        self.inner_optimizer.scope = f"{self.scope}/{self.inner_optimizer.name}"
        self.inner_optimizer.build(variables)

    @property
    def variables(self) -> list[Variable]:
        """Its own, and those of the inner optimizer."""
        return [*super().variables, *self.inner_optimizer.variables]

    @property
    def iterations(self) -> Tensor:
        """Those of the inner optimizer."""
        return self.inner_optimizer.iterations

    @property
    def learning_rate(self) -> Any:
        """That of the inner optimizer."""
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, rate: Any) -> None:
        self.inner_optimizer.learning_rate = rate

    def scale_loss(self, loss: Tensor) -> Tensor:
        """The loss times the scale."""
        return loss * (ops.cast(self.dynamic_scale, ops.dtype(loss)) if self.built else self.initial_scale)

    def updates(self, gradients: Sequence[Tensor | None], variables: Sequence[Variable]) -> Updates:
        """A step of the inner optimizer, or none; and the scale that follows."""
        given = [gradient for gradient in gradients if gradient is not None]
        finite = ops.all(ops.stack([ops.all(ops.isfinite(gradient)) for gradient in given])) if given else True
        unscaled = [g if g is None else ops.divide(g, ops.cast(self.dynamic_scale, ops.dtype(g))) for g in gradients]
        inner = self.inner_optimizer.updates(unscaled, variables)
        new = {variable: ops.where(finite, value, variable) for variable, value in inner.items()}
        grows = ops.logical_and(finite, ops.equal(self.step_counter, self.dynamic_growth_steps - 1))
        counts_on = ops.logical_and(finite, ops.logical_not(grows))
        new[self.step_counter] = ops.where(counts_on, self.step_counter + 1, 0)
        new[self.dynamic_scale] = self.dynamic_scale * ops.where(grows, 2.0, ops.where(finite, 1.0, 0.5))
        return new

    def finalize_variable_values(self, variables: Iterable[Variable]) -> None:
        """As the inner optimizer does."""
        self.inner_optimizer.finalize_variable_values(variables)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal optimizer, without its state: plain data."""
        return {"name": self.name, **serialization.config_of(self, skip=BASE_CONFIG)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> LossScaleOptimizer:
        """An optimizer of that config."""
        return cls(**older_keras.modernized(cls.__name__, config))
