"""Learning rates that fall."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from zoo import ops
from zoo.errors import ConfigError
from zoo.optimizers.schedules.schedule import LearningRateSchedule, as_float, require_positive

Tensor = Any


class ExponentialDecay(LearningRateSchedule):
    """``initial_learning_rate * decay_rate ** (step / decay_steps)``.

    Args:
        initial_learning_rate: at step 0.
        decay_steps: after how many steps the rate is multiplied by `decay_rate`.
        decay_rate: factor.
        staircase: whether the exponent is cut off to a whole number.
        name: for its config.
    """

    def __init__(self, initial_learning_rate: float, decay_steps: int, decay_rate: float, staircase: bool = False,
                 name: str | None = "ExponentialDecay"):
        self.initial_learning_rate, self.decay_rate = initial_learning_rate, decay_rate
        self.decay_steps = require_positive("decay_steps", decay_steps)
        self.staircase, self.name = staircase, name

    def __call__(self, step: Any) -> Tensor:
        """The rate at a step."""
        exponent = ops.divide(as_float(step), as_float(self.decay_steps))
        exponent = ops.floor(exponent) if self.staircase else exponent
        return self.initial_learning_rate * ops.power(as_float(self.decay_rate), exponent)


class InverseTimeDecay(LearningRateSchedule):
    """``initial_learning_rate / (1 + decay_rate * step / decay_steps)``.

    Args:
        initial_learning_rate: at step 0.
        decay_steps: the unit of time, in steps.
        decay_rate: how fast the rate falls.
        staircase: whether time is cut off to a whole number.
        name: for its config.
    """

    def __init__(self, initial_learning_rate: float, decay_steps: int, decay_rate: float, staircase: bool = False,
                 name: str | None = "InverseTimeDecay"):
        self.initial_learning_rate, self.decay_rate = initial_learning_rate, decay_rate
        self.decay_steps = require_positive("decay_steps", decay_steps)
        self.staircase, self.name = staircase, name

    def __call__(self, step: Any) -> Tensor:
        """The rate at a step."""
        time = ops.divide(as_float(step), as_float(self.decay_steps))
        time = ops.floor(time) if self.staircase else time
        return ops.divide(as_float(self.initial_learning_rate), 1.0 + self.decay_rate * time)


class PolynomialDecay(LearningRateSchedule):
    """From one rate to another along ``(1 - step / decay_steps) ** power``.

    Args:
        initial_learning_rate: at step 0.
        decay_steps: until when.
        end_learning_rate: from then on.
        power: 1 is a line.
        cycle: whether, instead of staying there, it rises again and falls in twice, three times, ... the steps.
        name: for its config.
    """

    def __init__(self, initial_learning_rate: float, decay_steps: int, end_learning_rate: float = 0.0001,
                 power: float = 1.0, cycle: bool = False, name: str | None = "PolynomialDecay"):
        self.initial_learning_rate, self.end_learning_rate = initial_learning_rate, end_learning_rate
        self.decay_steps = require_positive("decay_steps", decay_steps)
        self.power, self.cycle, self.name = power, cycle, name

    def __call__(self, step: Any) -> Tensor:
        """The rate at a step."""
        step, length = as_float(step), as_float(self.decay_steps)
        if self.cycle:
            length = length * ops.maximum(ops.ceil(ops.divide(step, length)), 1.0)
        else:
            step = ops.minimum(step, length)
        left = ops.power(1.0 - ops.divide(step, length), as_float(self.power))
        return (self.initial_learning_rate - self.end_learning_rate) * left + self.end_learning_rate


class PiecewiseConstantDecay(LearningRateSchedule):
    """One rate until the first boundary (included), another until the second, and so on.

    Args:
        boundaries: steps, rising.
        values: rates, one more than boundaries.
        name: for its config.
    """

    def __init__(self, boundaries: Sequence[float], values: Sequence[float], name: str | None = "PiecewiseConstant"):
        if len(boundaries) != len(values) - 1:
            raise ConfigError(f"`values` must be one more than `boundaries`. "
                              f"Received: boundaries={boundaries!r}, values={values!r}")
        self.boundaries, self.values, self.name = list(boundaries), list(values), name

    def __call__(self, step: Any) -> Tensor:
        """The rate at a step."""
        step, rate = ops.convert_to_tensor(step), as_float(self.values[0])
        for boundary, value in zip(self.boundaries, self.values[1:]):
            rate = ops.where(ops.greater(step, ops.cast(boundary, ops.dtype(step))), value, rate)
        return rate


def _cosine(fraction: Tensor) -> Tensor:
    """From 1 to 0 along half a period of the cosine."""
    return 0.5 * (1.0 + ops.cos(math.pi * fraction))


class CosineDecay(LearningRateSchedule):
    """Along half a period of the cosine, after a linear warmup if there is one.

    Args:
        initial_learning_rate: at step 0.
        decay_steps: how long it falls.
        alpha: the lowest rate, as a fraction of the highest.
        name: for its config.
        warmup_target: the rate at the end of the warmup; None for no warmup.
        warmup_steps: how long it rises before it falls.

    Source: Loshchilov and Hutter 2017, SGDR: Stochastic Gradient Descent with Warm Restarts.
    """

    def __init__(self, initial_learning_rate: float, decay_steps: int, alpha: float = 0.0,
                 name: str | None = "CosineDecay", warmup_target: float | None = None, warmup_steps: int = 0):
        self.initial_learning_rate, self.alpha, self.name = initial_learning_rate, alpha, name
        self.decay_steps = require_positive("decay_steps", decay_steps)
        self.warmup_target, self.warmup_steps = warmup_target, warmup_steps

    def __call__(self, step: Any) -> Tensor:
        """The rate at a step."""
        step = as_float(step)
        if self.warmup_target is None:
            return self._decayed(self.initial_learning_rate, step)
        rise = self.warmup_target - self.initial_learning_rate
        warming = rise * ops.divide(step, as_float(self.warmup_steps)) + self.initial_learning_rate
        return ops.where(step < self.warmup_steps, warming, self._decayed(self.warmup_target, step - self.warmup_steps))

    def _decayed(self, highest: float, step: Tensor) -> Tensor:
        fraction = ops.divide(ops.minimum(step, as_float(self.decay_steps)), as_float(self.decay_steps))
        return highest * ((1.0 - self.alpha) * _cosine(fraction) + self.alpha)


class CosineDecayRestarts(LearningRateSchedule):
    """`CosineDecay` over and over, each time over `t_mul` times as many steps, from `m_mul` times the rate.

    Args:
        initial_learning_rate: at step 0.
        first_decay_steps: how long it falls the first time.
        t_mul, m_mul: factors.
        alpha: the lowest rate, as a fraction of the highest.
        name: for its config.

    Source: Loshchilov and Hutter 2017, SGDR: Stochastic Gradient Descent with Warm Restarts.
    """

    def __init__(self, initial_learning_rate: float, first_decay_steps: int, t_mul: float = 2.0, m_mul: float = 1.0,
                 alpha: float = 0.0, name: str | None = "SGDRDecay"):
        self.initial_learning_rate, self.alpha, self.name = initial_learning_rate, alpha, name
        self.first_decay_steps = require_positive("first_decay_steps", first_decay_steps)
        self.t_mul, self.m_mul = t_mul, m_mul

    def __call__(self, step: Any) -> Tensor:
        """The rate at a step."""
        fraction = ops.divide(as_float(step), as_float(self.first_decay_steps))
        if self.t_mul == 1:
            restarts = ops.floor(fraction)
            fraction = fraction - restarts
        else:                                               # lengths are a geometric series
            restarts = ops.floor(ops.divide(ops.log(1.0 - fraction * (1.0 - self.t_mul)), math.log(self.t_mul)))
            length = ops.power(as_float(self.t_mul), restarts)
            fraction = ops.divide(fraction - (1.0 - length) / (1.0 - self.t_mul), length)
        highest = ops.power(as_float(self.m_mul), restarts)
        return self.initial_learning_rate * ((1.0 - self.alpha) * highest * _cosine(fraction) + self.alpha)
