"""Batch normalisation in the ways that Keras gave up with Keras 2."""

from __future__ import annotations

from typing import Any

from zoo import ops
from zoo.engine.spec import Shape, normalize_axis
from zoo.layers import arguments, weight_options
from zoo.layers.input_spec import InputSpec
from zoo.layers.layer import Layer


class LegacyBatchNormalization(Layer):
    """``gamma * (x - mean) / deviation + beta``, with the statistics that `mode` says.

    - 0: as in Keras 0: moving averages of mean and standard deviation in inference, those of the batch in training;
      the deviation is ``sqrt(variance + epsilon) + epsilon``, of which the root is averaged.
    - 1: those of each sample along its last axis, always; the deviation is ``sqrt(variance + epsilon) + epsilon``.
    - 2: those of the batch, in inference too; the deviation is ``sqrt(variance + epsilon)``.

    Weights, all (channels,): gamma, beta; not trainable: running_mean, running_std, which only mode 0 uses.

    Args:
        mode: 0, 1 or 2.
        axis: of the channels; mode 1 knows the last one only.
        momentum: of the moving averages: ``new = old * momentum + batch * (1 - momentum)``.
        epsilon: added to the variance.
        gamma_regularizer, beta_regularizer: of the weights.
        gamma_initializer, beta_initializer: of the weights.
        **kwargs: of `Layer`.
    """

    supports_masking = True

    def __init__(self, mode: int = 0, axis: int = -1, momentum: float = 0.9, epsilon: float = 1e-6,
                 gamma_regularizer: Any = None, beta_regularizer: Any = None, gamma_initializer: Any = "ones",
                 beta_initializer: Any = "zeros", **kwargs: Any):
        super().__init__(**kwargs)
        self.mode = arguments.choice(mode, (0, 1, 2), "mode")
        self.axis = arguments.only_axis(axis)
        self.momentum, self.epsilon = float(momentum), float(epsilon)
        weight_options.keep(self, "gamma", gamma_initializer, gamma_regularizer)
        weight_options.keep(self, "beta", beta_initializer, beta_regularizer)
        weight_options.keep(self, "running_mean", "zeros")
        weight_options.keep(self, "running_std", "ones")

    def build(self, input_shape: Shape) -> None:
        rank = len(input_shape)
        axis = normalize_axis(self.axis, rank)
        shape = (input_shape[axis],)
        self._reduced = (rank - 1,) if self.mode == 1 else tuple(i for i in range(rank) if i != axis)
        self._aligned = tuple(shape[0] if i == axis else 1 for i in range(rank))
        self.gamma = weight_options.add(self, "gamma", shape)
        self.beta = weight_options.add(self, "beta", shape)
        self.running_mean = weight_options.add(self, "running_mean", shape, trainable=False)
        self.running_std = weight_options.add(self, "running_std", shape, trainable=False)
        self.input_spec = InputSpec(ndim=rank, axes={self.axis: shape[0]})

    def call(self, inputs: Any, training: bool = False) -> Any:
        if self.mode == 0 and not training:
            mean, root = self._align(self.running_mean), self._align(self.running_std)
        else:
            mean, variance = ops.moments(inputs, axes=self._reduced, keepdims=True)
            root = ops.sqrt(ops.add(variance, self.epsilon))
            if self.mode == 0:
                self._follow(mean, root)
        deviation = root if self.mode == 2 else ops.add(root, self.epsilon)
        x = ops.divide(ops.subtract(inputs, mean), deviation)
        return ops.add(ops.multiply(x, self._align(self.gamma)), self._align(self.beta))

    def _align(self, weight: Any) -> Any:
        return ops.reshape(weight, self._aligned)

    def _follow(self, mean: Any, root: Any) -> None:
        for average, value in ((self.running_mean, mean), (self.running_std, root)):
            old, new = ops.multiply(average, self.momentum), ops.multiply(ops.reshape(value, average.shape),
                                                                          1.0 - self.momentum)
            average.assign(ops.add(old, new))
