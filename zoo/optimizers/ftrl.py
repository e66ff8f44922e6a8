"""Follow the regularized leader."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zoo import ops
from zoo.engine.variable import Variable
from zoo.errors import ConfigError
from zoo.optimizers.optimizer import Optimizer, Slot, Tensor


class Ftrl(Optimizer):
    """Variables that stay exactly 0 while little speaks against it.

    ::

        g = gradient + 2 * l2_shrinkage * variable
        n' = n + gradient ** 2
        z += g - (n' ** -power - n ** -power) / rate * variable
        variable = (clip(z, -l1, l1) - z) / (n' ** -power / rate + 2 * l2 + beta / rate)

    Args:
        learning_rate: as of `Optimizer`.
        learning_rate_power: how the rate falls with n; 0 or less.
        initial_accumulator_value: first value of n; 0 or more.
        l1_regularization_strength, l2_regularization_strength: penalties; 0 or more.
        l2_shrinkage_regularization_strength: penalty that works through the gradient; 0 or more.
        beta: of the paper.
        **options: as of `Optimizer`.

    Source: McMahan et al. 2013, Ad Click Prediction: a View from the Trenches.
    """

    def __init__(self, learning_rate: Any = 0.001, learning_rate_power: float = -0.5,
                 initial_accumulator_value: float = 0.1, l1_regularization_strength: float = 0.0,
                 l2_regularization_strength: float = 0.0, l2_shrinkage_regularization_strength: float = 0.0,
                 beta: float = 0.0, **options: Any):
        super().__init__(learning_rate, **options)
        if learning_rate_power > 0:
            raise ConfigError(f"`learning_rate_power` must not be positive. Received: {learning_rate_power!r}")
        self.learning_rate_power, self.beta = learning_rate_power, beta
        self.initial_accumulator_value = initial_accumulator_value
        self.l1_regularization_strength = l1_regularization_strength
        self.l2_regularization_strength = l2_regularization_strength
        self.l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength
        for name in ("initial_accumulator_value", "l1_regularization_strength", "l2_regularization_strength",
                     "l2_shrinkage_regularization_strength"):
            if getattr(self, name) < 0:
                raise ConfigError(f"`{name}` must not be negative. Received: {name}={getattr(self, name)!r}")

    def slots(self, variable: Variable) -> Sequence[Sequence[Slot]]:
        """n and z."""
        return ((Slot("accumulator", self.initial_accumulator_value), Slot("linear")),)

    def step(self, variable: Tensor, gradient: Tensor, slots: dict[str, Tensor], rate: Tensor,
             t: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The formula above."""
        old, l1 = slots["accumulator"], self.l1_regularization_strength
        new = old + ops.square(gradient)
        old_power, new_power = (ops.power(n, -self.learning_rate_power) for n in (old, new))
        shrunk = gradient + 2.0 * self.l2_shrinkage_regularization_strength * variable
        z = slots["linear"] + (shrunk - (new_power - old_power) / rate * variable)
        l2 = self.l2_regularization_strength + self.beta / (2.0 * rate)
        return (ops.clip(z, -l1, l1) - z) / (new_power / rate + 2.0 * l2), {"accumulator": new, "linear": z}
