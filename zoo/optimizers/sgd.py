"""Gradient descent, with momentum if wanted; and its sign-only relative."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zoo import ops
from zoo.engine.variable import Variable
from zoo.errors import ConfigError
from zoo.optimizers.optimizer import Optimizer, Slot, Tensor


class SGD(Optimizer):
    """Gradient descent.

    ::

        m = momentum * m - rate * gradient
        variable += m                                       (Nesterov: momentum * m - rate * gradient)

    Args:
        learning_rate: as of `Optimizer`.
        momentum: how much of the last change goes on, from 0 to 1.
        nesterov: whether to look ahead by the momentum.
        **options: as of `Optimizer`.

    Source: Sutskever et al. 2013, On the Importance of Initialization and Momentum in Deep Learning.
    """

    def __init__(self, learning_rate: Any = 0.01, momentum: float = 0.0, nesterov: bool = False, **options: Any):
        super().__init__(learning_rate, **options)
        if not 0 <= momentum <= 1:
            raise ConfigError(f"`momentum` must be between 0 and 1. Received: momentum={momentum!r}")
        self.momentum, self.nesterov = momentum, nesterov

    def slots(self, variable: Variable) -> Sequence[Sequence[Slot]]:
        """The momentum, if there is one."""
        return ((Slot("momentum"),),) if self.momentum else ()

    def step(self, variable: Tensor, gradient: Tensor, slots: dict[str, Tensor], rate: Tensor,
             t: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The formula above."""
        if not self.momentum:
            return variable - gradient * rate, {}
        m = slots["momentum"] * self.momentum - gradient * rate
        change = m * self.momentum - gradient * rate if self.nesterov else m
        return variable + change, {"momentum": m}


class Lion(Optimizer):
    """Steps of one size along the sign of the gradient's moving average.

    ::

        variable -= rate * sign(beta_1 * m + (1 - beta_1) * gradient)
        m = beta_2 * m + (1 - beta_2) * gradient

    Args:
        learning_rate: as of `Optimizer`.
        beta_1: weight of the average in the step; more than 0, at most 1.
        beta_2: how much of the average stays.
        **options: as of `Optimizer`.

    Source: Chen et al. 2023, Symbolic Discovery of Optimization Algorithms.
    """

    def __init__(self, learning_rate: Any = 0.001, beta_1: float = 0.9, beta_2: float = 0.99, **options: Any):
        super().__init__(learning_rate, **options)
        if not 0 < beta_1 <= 1:
            raise ConfigError(f"`beta_1` must be more than 0, at most 1. Received: beta_1={beta_1!r}")
        self.beta_1, self.beta_2 = beta_1, beta_2

    def slots(self, variable: Variable) -> Sequence[Sequence[Slot]]:
        """The average."""
        return ((Slot("momentum"),),)

    def step(self, variable: Tensor, gradient: Tensor, slots: dict[str, Tensor], rate: Tensor,
             t: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The formula above."""
        m = slots["momentum"]
        direction = ops.sign(m * self.beta_1 + gradient * (1.0 - self.beta_1))
        return variable - rate * direction, {"momentum": m * self.beta_2 + gradient * (1.0 - self.beta_2)}
