"""Dense layers that compute with kernels of -1, 0 and 1."""

from __future__ import annotations

from typing import Any

from zoo import ops
from zoo.layers import arguments
from zoo.layers.core.dense import Dense


class TernaryDense(Dense):
    """A `Dense` whose kernel is made of -1, 0 and 1 in each call, and learns as if it were not.

    Weights: kernel (inputs, units), bias (units,).

    Args:
        units: size of the output's last axis.
        threshold: what the absolute value of an element must exceed to count as 1 or -1. None stands for half the mean
            of all absolute values; then the outputs are multiplied by that mean.
        activation: name, function or layer.
        use_bias: whether to add a bias.
        **kwargs: initializer, regularizer and constraint of kernel and bias.

    Source: Ma et al. 2024, https://arxiv.org/abs/2402.17764.
    """

    not_in_config = frozenset({"lora_rank", "lora_alpha", "quantization_config"})
    quantizable = False

    def __init__(self, units: int, threshold: float | None = None, activation: Any = None, use_bias: bool = True,
                 **kwargs: Any):
        super().__init__(units, activation, use_bias, **kwargs)
        self.threshold = None if threshold is None else arguments.number(threshold, "threshold", 0)

    def product(self, inputs: Any) -> Any:
        kernel = ops.cast(self.main_weight(), self.arithmetic_dtype)
        size = ops.abs(kernel)
        mean = ops.mean(size)
        limit = ops.multiply(mean, 0.5) if self.threshold is None else self.threshold
        ternary = ops.where(ops.greater(size, limit), ops.sign(kernel), 0)
        passed = ops.add(kernel, ops.stop_gradient(ops.subtract(ternary, kernel)))
        result = ops.matmul(inputs, passed)
        return ops.multiply(result, mean) if self.threshold is None else result
