"""Adam and its variants: steps by moving averages of the gradient (m) and of its square (v)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from zoo import ops
from zoo.engine.variable import Variable
from zoo.errors import ConfigError
from zoo.optimizers.optimizer import Optimizer, Slot, Tensor, Updates

Step = tuple[Tensor, dict[str, Tensor]]


def moved(average: Tensor, value: Tensor, keep: float) -> Tensor:
    """A moving average after one more value."""
    return average + (value - average) * (1.0 - keep)


def correction(beta: float, t: Tensor) -> Tensor:
    """``1 - beta ** t``: what an average that started at 0 has to be divided by after t steps."""
    return 1.0 - ops.power(beta, t)


class Adam(Optimizer):
    """Adaptive moments.

    ::

        m = beta_1 * m + (1 - beta_1) * gradient
        v = beta_2 * v + (1 - beta_2) * gradient ** 2
        alpha = rate * sqrt(1 - beta_2 ** t) / (1 - beta_1 ** t)
        variable -= alpha * m / (sqrt(v) + epsilon)         (AMSGrad: the largest v so far)

    Args:
        learning_rate: as of `Optimizer`.
        beta_1, beta_2: how much of the averages stays.
        epsilon: keeps the quotient finite.
        amsgrad: whether v never falls.
        **options: as of `Optimizer`.

    Sources: Kingma and Ba 2015, Adam: A Method for Stochastic Optimization; Reddi et al. 2018, On the Convergence of
    Adam and Beyond.
    """

    def __init__(self, learning_rate: Any = 0.001, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-7,
                 amsgrad: bool = False, **options: Any):
        super().__init__(learning_rate, **options)
        self.beta_1, self.beta_2, self.epsilon, self.amsgrad = beta_1, beta_2, epsilon, amsgrad

    def slots(self, variable: Variable) -> Sequence[Sequence[Slot]]:
        """m and v, and for AMSGrad the largest v."""
        averages = (Slot("momentum"), Slot("velocity"))
        return (averages, (Slot("velocity_hat"),)) if self.amsgrad else (averages,)

    def step(self, variable: Tensor, gradient: Tensor, slots: dict[str, Tensor], rate: Tensor, t: Tensor) -> Step:
        """The formula above."""
        alpha = rate * ops.sqrt(correction(self.beta_2, t)) / correction(self.beta_1, t)
        m = moved(slots["momentum"], gradient, self.beta_1)
        v = moved(slots["velocity"], ops.square(gradient), self.beta_2)
        new = {"momentum": m, "velocity": v}
        if self.amsgrad:
            v = new["velocity_hat"] = ops.maximum(slots["velocity_hat"], v)
        return variable - m * alpha / (ops.sqrt(v) + self.epsilon), new


class AdamW(Adam):
    """`Adam` with weight decay.

    Args:
        learning_rate: as of `Optimizer`.
        weight_decay: as of `Optimizer`, but not None.
        beta_1, beta_2, epsilon, amsgrad: as of `Adam`.
        **options: as of `Optimizer`.

    Source: Loshchilov and Hutter 2019, Decoupled Weight Decay Regularization.
    """

    def __init__(self, learning_rate: Any = 0.001, weight_decay: float = 0.004, beta_1: float = 0.9,
                 beta_2: float = 0.999, epsilon: float = 1e-7, amsgrad: bool = False, **options: Any):
        if weight_decay is None:
            raise ConfigError("AdamW: `weight_decay` must be a number. Received: weight_decay=None")
        super().__init__(learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay=weight_decay, **options)


class Adamax(Optimizer):
    """`Adam` with the largest gradient of late (u) instead of the mean of squares.

    ::

        m = beta_1 * m + (1 - beta_1) * gradient
        u = max(beta_2 * u, |gradient|)
        variable -= rate / (1 - beta_1 ** t) * m / (u + epsilon)

    Args:
        learning_rate, beta_1, beta_2, epsilon: as of `Adam`.
        **options: as of `Optimizer`.

    Source: Kingma and Ba 2015, Adam: A Method for Stochastic Optimization, section 7.
    """

    def __init__(self, learning_rate: Any = 0.001, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-7,
                 **options: Any):
        super().__init__(learning_rate, **options)
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon

    def slots(self, variable: Variable) -> Sequence[Sequence[Slot]]:
        """m and u."""
        return ((Slot("momentum"), Slot("norm")),)

    def step(self, variable: Tensor, gradient: Tensor, slots: dict[str, Tensor], rate: Tensor, t: Tensor) -> Step:
        """The formula above."""
        m = moved(slots["momentum"], gradient, self.beta_1)
        u = ops.maximum(slots["norm"] * self.beta_2, ops.absolute(gradient))
        return variable - rate * m / (correction(self.beta_1, t) * (u + self.epsilon)), {"momentum": m, "norm": u}


class Nadam(Optimizer):
    """`Adam` with Nesterov's look ahead.

    ::

        u(t) = beta_1 * (1 - 0.96 ** t / 2),  product(t) = u(1) * ... * u(t)
        m = beta_1 * m + (1 - beta_1) * gradient
        v = beta_2 * v + (1 - beta_2) * gradient ** 2
        ahead = u(t + 1) * m / (1 - product(t + 1)) + (1 - u(t)) * gradient / (1 - product(t))
        variable -= rate * ahead / (sqrt(v / (1 - beta_2 ** t)) + epsilon)

    Args:
        learning_rate, beta_1, beta_2, epsilon: as of `Adam`.
        **options: as of `Optimizer`.

    Source: Dozat 2016, Incorporating Nesterov Momentum into Adam.
    """

    def __init__(self, learning_rate: Any = 0.001, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-7,
                 **options: Any):
        super().__init__(learning_rate, **options)
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon

    def slots(self, variable: Variable) -> Sequence[Sequence[Slot]]:
        """m and v."""
        return ((Slot("momentum"), Slot("velocity")),)

    def build(self, variables: Iterable[Variable]) -> None:
        """Creates the slots, and the product of all u."""
        if not self.built:
            variables = list(variables)
            super().build(variables)
            self._product = self.add_variable((), 1.0, variables[0].dtype if variables else None)

    def shared_updates(self, t: Tensor) -> Updates:
        """The product with one more u."""
        return {self._product: self._product * self._pace(ops.cast(t, self._product.dtype))}

    def _pace(self, t: Tensor) -> Tensor:
        """u(t)."""
        return self.beta_1 * (1.0 - 0.5 * ops.power(0.96, t))

    def step(self, variable: Tensor, gradient: Tensor, slots: dict[str, Tensor], rate: Tensor, t: Tensor) -> Step:
        """The formula above."""
        pace, next_pace = self._pace(t), self._pace(t + 1.0)
        product = ops.cast(self._product, ops.dtype(gradient)) * pace
        m = moved(slots["momentum"], gradient, self.beta_1)
        v = moved(slots["velocity"], ops.square(gradient), self.beta_2)
        ahead = next_pace * m / (1.0 - product * next_pace) + (1.0 - pace) * gradient / (1.0 - product)
        scale = ops.sqrt(v / correction(self.beta_2, t)) + self.epsilon
        return variable - ahead * rate / scale, {"momentum": m, "velocity": v}


class Lamb(Optimizer):
    """`Adam`'s direction, with steps as long as the variable's norm times the rate.

    ::

        m, v as in Adam
        update = m / (1 - beta_1 ** t) / (sqrt(v / (1 - beta_2 ** t)) + epsilon)
        variable -= rate * |variable| / |update| * update

    Args:
        learning_rate, beta_1, beta_2, epsilon: as of `Adam`.
        **options: as of `Optimizer`.

    Source: You et al. 2020, Large Batch Optimization for Deep Learning: Training BERT in 76 Minutes.
    """

    def __init__(self, learning_rate: Any = 0.001, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-7,
                 **options: Any):
        super().__init__(learning_rate, **options)
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon

    def slots(self, variable: Variable) -> Sequence[Sequence[Slot]]:
        """m and v."""
        return ((Slot("momentum"), Slot("velocity")),)

    def step(self, variable: Tensor, gradient: Tensor, slots: dict[str, Tensor], rate: Tensor, t: Tensor) -> Step:
        """The formula above; the ratio of norms is 1 if one of them is 0."""
        m = moved(slots["momentum"], gradient, self.beta_1)
        v = moved(slots["velocity"], ops.square(gradient), self.beta_2)
        update = m / correction(self.beta_1, t) / (ops.sqrt(v / correction(self.beta_2, t)) + self.epsilon)
        length, update_length = (ops.sqrt(ops.sum(ops.square(x))) for x in (variable, update))
        usable = ops.logical_and(length > 0, update_length > 0)
        ratio = ops.where(usable, ops.divide(length, update_length), 1.0)
        return variable - ratio * rate * update, {"momentum": m, "velocity": v}
