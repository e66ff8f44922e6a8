"""Weights divided by their largest singular value."""

from __future__ import annotations

from typing import Any

from zoo import ops
from zoo.engine.spec import Shape
from zoo.engine.variable import Variable
from zoo.errors import ConfigError
from zoo.layers import arguments
from zoo.layers.core.wrapper import Wrapper
from zoo.layers.input_spec import InputSpec


class SpectralNormalization(Wrapper):
    """Divides the kernel of a layer by its largest singular value in each step of training.

    Weights: those of the layer, vector_u (1, size of the kernel's last axis): where the search for the value goes on.

    Args:
        layer: with a kernel or embeddings.
        power_iterations: steps of the search in each call.

    Source: Miyato et al. 2018, https://arxiv.org/abs/1802.05957.
    """

    not_in_config = frozenset({"activity_regularizer"})

    def __init__(self, layer: Any, power_iterations: int = 1, **kwargs: Any):
        super().__init__(layer, **kwargs)
        self.power_iterations = arguments.integer(power_iterations, "power_iterations")

    def build(self, input_shape: Shape) -> None:
        super().build(input_shape)
        self.input_spec = InputSpec(min_ndim=1, axes={-1: input_shape[-1]} if input_shape[-1] is not None else {})
        self.vector_u = self.add_weight((1, self.kernel.shape[-1]),
                                        {"class_name": "TruncatedNormal", "config": {"stddev": 0.02}}, trainable=False,
                                        name="vector_u")

    @property
    def kernel(self) -> Variable:
        """The weight that is normalised.

        Raises:
            ConfigError: the layer has none.
        """
        found = getattr(self.layer, "kernel", getattr(self.layer, "embeddings", None))
        if found is None:
            raise ConfigError(f"SpectralNormalization {self.name!r}: {type(self.layer).__name__} has neither a kernel "
                              f"nor embeddings.")
        return found

    @property
    def weights(self) -> list[Variable]:
        """All variables, the kernel first."""
        return list(dict.fromkeys([self.kernel, *super().weights])) if self.built else []

    variables = weights

    def call(self, inputs: Any, training: bool = False) -> Any:
        if training:
            self._normalize()
        return ops.cast(self.layer(inputs), ops.dtype(inputs))

    def _normalize(self) -> None:
        """Assigns the normalised kernel; its gradient passes to the kernel as if it had been so before."""
        kernel = ops.stop_gradient(self.kernel)
        matrix = ops.reshape(kernel, (-1, kernel.shape[-1]))
        right = ops.stop_gradient(self.vector_u)
        for _ in range(self.power_iterations):
            left = ops.normalize(ops.matmul(right, ops.transpose(matrix)), axis=None)
            right = ops.normalize(ops.matmul(left, matrix), axis=None)
        size = ops.matmul(ops.matmul(left, matrix), ops.transpose(right))[0, 0]
        is_zero = ops.all(ops.equal(kernel, 0))
        change = ops.where(is_zero, ops.zeros_like(kernel), ops.subtract(ops.divide(kernel, size), kernel))
        self.vector_u.assign(ops.where(is_zero, self.vector_u, right))
        self.kernel.assign(ops.add(self.kernel, change))
