"""Steps scaled by the size of past gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zoo import ops
from zoo.engine.variable import Variable
from zoo.optimizers.optimizer import Optimizer, Slot, Tensor

Step = tuple[Tensor, dict[str, Tensor]]


class Adagrad(Optimizer):
    """Steps that shrink with the sum of all squares.

    ::

        a += gradient ** 2
        variable -= rate * gradient / sqrt(a + epsilon)

    Args:
        learning_rate: as of `Optimizer`.
        initial_accumulator_value: first value of a.
        epsilon: keeps the quotient finite.
        **options: as of `Optimizer`.

    Source: Duchi et al. 2011, Adaptive Subgradient Methods for Online Learning and Stochastic Optimization.
    """

    def __init__(self, learning_rate: Any = 0.001, initial_accumulator_value: float = 0.1, epsilon: float = 1e-7,
                 **options: Any):
        super().__init__(learning_rate, **options)
        self.initial_accumulator_value, self.epsilon = initial_accumulator_value, epsilon

    def slots(self, variable: Variable) -> Sequence[Sequence[Slot]]:
        """a."""
        return ((Slot("accumulator", self.initial_accumulator_value),),)

    def step(self, variable: Tensor, gradient: Tensor, slots: dict[str, Tensor], rate: Tensor, t: Tensor) -> Step:
        """The formula above."""
        a = slots["accumulator"] + ops.square(gradient)
        return variable - rate * gradient / self.root(a), {"accumulator": a}

    def root(self, a: Tensor) -> Tensor:
        """What steps are divided by."""
        return ops.sqrt(a + self.epsilon)


class Adadelta(Optimizer):
    """Steps scaled by the size of past steps over that of past gradients.

    ::

        g = rho * g + (1 - rho) * gradient ** 2
        delta = gradient * sqrt(d + epsilon) / sqrt(g + epsilon)
        d = rho * d + (1 - rho) * delta ** 2
        variable -= rate * delta

    Args:
        learning_rate: as of `Optimizer`; the paper has 1.
        rho: how much of the averages stays.
        epsilon: keeps the quotient finite, and sets it off.
        **options: as of `Optimizer`.

    Source: Zeiler 2012, ADADELTA: An Adaptive Learning Rate Method.
    """

    def __init__(self, learning_rate: Any = 0.001, rho: float = 0.95, epsilon: float = 1e-7, **options: Any):
        super().__init__(learning_rate, **options)
        self.rho, self.epsilon = rho, epsilon

    def slots(self, variable: Variable) -> Sequence[Sequence[Slot]]:
        """g and d."""
        return ((Slot("accumulated_grad"), Slot("accumulated_delta_var")),)

    def step(self, variable: Tensor, gradient: Tensor, slots: dict[str, Tensor], rate: Tensor, t: Tensor) -> Step:
        """The formula above."""
        g = self.rho * slots["accumulated_grad"] + (1.0 - self.rho) * ops.square(gradient)
        d = slots["accumulated_delta_var"]
        delta = ops.sqrt(d + self.epsilon) * gradient / ops.sqrt(g + self.epsilon)
        d = self.rho * d + (1.0 - self.rho) * ops.square(delta)
        return variable - rate * delta, {"accumulated_grad": g, "accumulated_delta_var": d}


class RMSprop(Optimizer):
    """Steps divided by the root of the mean square of late.

    ::

        v = rho * v + (1 - rho) * gradient ** 2
        step = rate * gradient / sqrt(v + epsilon)          (centered: v minus the square of the mean gradient)
        variable -= step                                    (with momentum: m = momentum * m + step, variable -= m)

    Args:
        learning_rate: as of `Optimizer`.
        rho: how much of the averages stays.
        momentum: how much of the last change goes on.
        epsilon: keeps the quotient finite.
        centered: whether to divide by the standard deviation instead.
        **options: as of `Optimizer`.

    Sources: Tieleman and Hinton 2012, Lecture 6.5: rmsprop; Graves 2013, Generating Sequences with Recurrent Neural
    Networks (centered).
    """

    def __init__(self, learning_rate: Any = 0.001, rho: float = 0.9, momentum: float = 0.0, epsilon: float = 1e-7,
                 centered: bool = False, **options: Any):
        super().__init__(learning_rate, **options)
        self.rho, self.momentum, self.epsilon, self.centered = rho, momentum, epsilon, centered

    def slots(self, variable: Variable) -> Sequence[Sequence[Slot]]:
        """v, the momentum and the mean gradient, as far as they are needed."""
        kept = {"velocity": True, "momentum": self.momentum > 0, "average_gradient": self.centered}
        return tuple((Slot(key),) for key, needed in kept.items() if needed)

    def step(self, variable: Tensor, gradient: Tensor, slots: dict[str, Tensor], rate: Tensor, t: Tensor) -> Step:
        """The formula above."""
        v = self.rho * slots["velocity"] + (1.0 - self.rho) * ops.square(gradient)
        new, spread = {"velocity": v}, v
        if self.centered:
            mean = new["average_gradient"] = self.rho * slots["average_gradient"] + (1.0 - self.rho) * gradient
            spread = v - ops.square(mean)
        change = rate * gradient / self.root(spread)
        if self.momentum > 0:
            change = new["momentum"] = self.momentum * slots["momentum"] + change
        return variable - change, new

    def root(self, spread: Tensor) -> Tensor:
        """What steps are divided by."""
        return ops.sqrt(spread + self.epsilon)
