"""Momentum made orthogonal."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from zoo import ops
from zoo.engine.variable import Variable
from zoo.optimizers.adam import correction, moved
from zoo.optimizers.optimizer import Optimizer, Slot, Tensor


class Muon(Optimizer):
    """Matrices change along the orthogonal matrix nearest to their momentum, everything else as with `AdamW`.

    ::

        m = momentum * m + gradient
        x = m                                               (Nesterov: gradient + momentum * m)
        variable -= rate * orthogonal(x) * sqrt(largest size) * rms_rate

    Args:
        learning_rate: as of `Optimizer`.
        adam_beta_1, adam_beta_2, epsilon: of Adam.
        adam_weight_decay, weight_decay: of what Adam changes, and of the matrices.
        exclude_layers: patterns, of which one is found in the path of a variable that is left to Adam.
        exclude_embeddings: whether embeddings are left to Adam.
        muon_a, muon_b, muon_c: coefficients of the iteration ``x = a x + (b xx' + c (xx') ** 2) x``.
        adam_lr_ratio: of Adam's learning rate to that of the matrices.
        momentum: how much of it stays.
        ns_steps: how many iterations.
        nesterov: whether to look ahead.
        rms_rate: factor of the steps' size; None for steps without these two factors.
        **options: as of `Optimizer`.

    Source: Jordan et al. 2024, Muon: An Optimizer for Hidden Layers in Neural Networks; Liu et al. 2025, Muon is
    Scalable for LLM Training (the size of steps).
    """

    def __init__(self, learning_rate: Any = 0.001, adam_beta_1: float = 0.9, adam_beta_2: float = 0.999,
                 adam_weight_decay: float | None = 0.004, epsilon: float = 1e-7, weight_decay: float | None = 0.004, *,
                 exclude_layers: Sequence[str] | None = None, exclude_embeddings: bool = True, muon_a: float = 3.4445,
                 muon_b: float = -4.775, muon_c: float = 2.0315, adam_lr_ratio: float = 1, momentum: float = 0.95,
                 ns_steps: int = 5, nesterov: bool = True, rms_rate: float | None = 0.2, **options: Any):
        super().__init__(learning_rate, weight_decay=weight_decay, **options)
        self.adam_beta_1, self.adam_beta_2, self.adam_weight_decay = adam_beta_1, adam_beta_2, adam_weight_decay
        self.epsilon, self.adam_lr_ratio = epsilon, adam_lr_ratio
        self.exclude_layers, self.exclude_embeddings = list(exclude_layers or ()), exclude_embeddings
        self.muon_a, self.muon_b, self.muon_c, self.ns_steps = muon_a, muon_b, muon_c, ns_steps
        self.momentum, self.nesterov, self.rms_rate = momentum, nesterov, rms_rate

    def is_left_to_adam(self, variable: Variable) -> bool:
        """Whether the variable is no matrix, or is excluded."""
        return (variable.ndim != 2 or self.exclude_embeddings and "embedding" in variable.path.lower()
                or any(re.search(pattern, variable.path) for pattern in self.exclude_layers))

    def slots(self, variable: Variable) -> Sequence[Sequence[Slot]]:
        """The momentum, and the mean square for Adam."""
        return ((Slot("momentum"), *((Slot("velocity"),) if self.is_left_to_adam(variable) else ())),)

    def decay_of(self, variable: Variable) -> float | None:
        """The weight decay of the variable's kind."""
        if not self.decays(variable):
            return None
        return self.adam_weight_decay if self.is_left_to_adam(variable) else self.weight_decay

    def step(self, variable: Tensor, gradient: Tensor, slots: dict[str, Tensor], rate: Tensor,
             t: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The formula above, or Adam's."""
        if "velocity" in slots:
            return self._adam(variable, gradient, slots, rate * self.adam_lr_ratio, t)
        m = self.momentum * slots["momentum"] + gradient
        change = self._orthogonal(gradient + self.momentum * m if self.nesterov else m)
        size = 1.0 if self.rms_rate is None else math.sqrt(max(variable.shape)) * self.rms_rate
        return variable - rate * change * size, {"momentum": m}

    def _adam(self, variable: Tensor, gradient: Tensor, slots: dict[str, Tensor], rate: Tensor,
              t: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        alpha = rate * ops.sqrt(correction(self.adam_beta_2, t)) / correction(self.adam_beta_1, t)
        m = moved(slots["momentum"], gradient, self.adam_beta_1)
        v = moved(slots["velocity"], ops.square(gradient), self.adam_beta_2)
        return variable - m * alpha / (ops.sqrt(v) + self.epsilon), {"momentum": m, "velocity": v}

    def _orthogonal(self, x: Tensor) -> Tensor:
        """About the orthogonal matrix nearest to x, by Newton's and Schulz's iteration on singular values."""
        is_tall = x.shape[0] > x.shape[1]
        x = ops.transpose(x) if is_tall else x
        x = x / (ops.sqrt(ops.sum(ops.square(x), keepdims=True)) + 1e-7)
        for _ in range(self.ns_steps):
            square = ops.matmul(x, ops.transpose(x))
            x = self.muon_a * x + ops.matmul(self.muon_b * square + self.muon_c * ops.matmul(square, square), x)
        return ops.transpose(x) if is_tall else x
