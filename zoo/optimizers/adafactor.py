"""Adam's scale from the sums of rows and columns only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zoo import ops
from zoo.engine.variable import Variable
from zoo.optimizers.optimizer import Optimizer, Slot, Tensor


def _rms(x: Tensor) -> Tensor:
    return ops.sqrt(ops.mean(ops.square(x)))


class Adafactor(Optimizer):
    """Steps relative to the variable's size, divided by the mean square of gradients in factors.

    ::

        rho = min(rate, 1 / sqrt(t)),  alpha = max(epsilon_2, rms(variable)) * rho,  beta = 1 - t ** beta_2_decay
        square = gradient ** 2 + epsilon_1
        r, c = moving averages (beta) of the square's means over the last axis and the last but one
        v = r / mean(r) * c                                 (vectors: the moving average of the square itself)
        u = gradient / sqrt(v)
        variable -= alpha * u / max(1, rms(u) / clip_threshold)

    Args:
        learning_rate: as of `Optimizer`; the largest one.
        beta_2_decay: how fast the averages become slow.
        epsilon_1, epsilon_2: added to squares, and the smallest size of a variable.
        clip_threshold: largest size of u.
        relative_step: kept for the config: the rate falls with the step in any case, as in Keras.
        **options: as of `Optimizer`.

    Source: Shazeer and Stern 2018, Adafactor: Adaptive Learning Rates with Sublinear Memory Cost.
    """

    def __init__(self, learning_rate: Any = 0.001, beta_2_decay: float = -0.8, epsilon_1: float = 1e-30,
                 epsilon_2: float = 1e-3, clip_threshold: float = 1.0, relative_step: bool = True, **options: Any):
        super().__init__(learning_rate, **options)
        self.beta_2_decay, self.epsilon_1, self.epsilon_2 = beta_2_decay, epsilon_1, epsilon_2
        self.clip_threshold, self.relative_step = clip_threshold, relative_step

    def slots(self, variable: Variable) -> Sequence[Sequence[Slot]]:
        """r, c and v; vectors have scalars in place of r and c, which Keras stores too."""
        shape, unused = variable.shape, "int32" if variable.ndim < 2 else None
        rows, columns = (shape[:-1], (*shape[:-2], shape[-1])) if variable.ndim >= 2 else ((), ())
        return ((Slot("row", shape=rows, dtype=unused, name=variable.name),
                 Slot("column", shape=columns, dtype=unused, name=variable.name), Slot("velocity")),)

    def step(self, variable: Tensor, gradient: Tensor, slots: dict[str, Tensor], rate: Tensor,
             t: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The formula above."""
        alpha = ops.maximum(_rms(variable), self.epsilon_2) * ops.minimum(rate, 1.0 / ops.sqrt(t))
        beta = 1.0 - ops.power(t, self.beta_2_decay)
        square = ops.square(gradient) + self.epsilon_1

        def averaged(key: str, value: Tensor) -> Tensor:
            return beta * slots[key] + (1.0 - beta) * value

        if len(gradient.shape) < 2:
            new = {"velocity": averaged("velocity", square)}
        else:
            r, c = averaged("row", ops.mean(square, axis=-1)), averaged("column", ops.mean(square, axis=-2))
            share = ops.expand_dims(r / ops.mean(r, axis=-1, keepdims=True), -1)
            new = {"row": r, "column": c, "velocity": share * ops.expand_dims(c, -2)}
        u = gradient / ops.sqrt(new["velocity"])
        return variable - alpha * u / ops.maximum(_rms(u) / self.clip_threshold, 1.0), new
