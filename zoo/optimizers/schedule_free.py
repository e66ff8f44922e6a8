"""Averaging instead of a falling learning rate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zoo import ops
from zoo.engine.variable import Variable
from zoo.optimizers.adam import correction, moved
from zoo.optimizers.optimizer import Optimizer, Slot, Tensor


class ScheduleFreeAdamW(Optimizer):
    """`AdamW` on a sequence z, whose mean is x; gradients are taken between both.

    ::

        v = beta_2 * v + (1 - beta_2) * gradient ** 2
        z -= rate * gradient / (sqrt(v / (1 - beta_2 ** t)) + epsilon)
        x = (variable - (1 - beta_1) * z) / beta_1
        x += (z - x) / t
        variable = (1 - beta_1) * z + beta_1 * x

    The paper recovers x with the z before its step; Keras on TensorFlow, whose training this continues, with the one
    after it.

    Args:
        learning_rate: as of `Optimizer`.
        beta_1: how much of the variable is the mean.
        beta_2: how much of the average of squares stays.
        epsilon: keeps the quotient finite.
        warmup_steps: over how many steps the rate rises from 0.
        **options: as of `Optimizer`.

    Source: Defazio et al. 2024, The Road Less Scheduled.
    """

    def __init__(self, learning_rate: Any = 0.0025, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-8,
                 warmup_steps: int = 0, **options: Any):
        super().__init__(learning_rate, **options)
        self.beta_1, self.beta_2, self.epsilon, self.warmup_steps = beta_1, beta_2, epsilon, warmup_steps

    def slots(self, variable: Variable) -> Sequence[Sequence[Slot]]:
        """z, which starts at the variable, and v."""
        return ((Slot("momentum", initial=None), Slot("velocity")),)

    def step(self, variable: Tensor, gradient: Tensor, slots: dict[str, Tensor], rate: Tensor,
             t: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The formula above."""
        if self.warmup_steps > 0:
            rate = rate * ops.minimum(t / self.warmup_steps, 1.0)
        z, rest = slots["momentum"], 1.0 - self.beta_1
        v = moved(slots["velocity"], ops.square(gradient), self.beta_2)
        z = z - rate * gradient / (ops.sqrt(v / correction(self.beta_2, t)) + self.epsilon)
        x = (variable - rest * z) / self.beta_1
        weight = 1.0 / t
        x = (1.0 - weight) * x + weight * z
        return rest * z + self.beta_1 * x, {"momentum": z, "velocity": v}
