"""Layers at the ends of residual branches, which Keras defines for its applications alone."""

from __future__ import annotations

from typing import Any

from zoo import ops
from zoo.engine.rng import SeedGenerator
from zoo.layers import arguments
from zoo.layers.layer import Layer
from zoo.layers.regularization.dropout import noise_shape_for


class CustomScaleLayer(Layer):
    """``inputs[0] + inputs[1] * scale``, as in Inception-ResNet.

    Args:
        scale: factor of the second input.
        **kwargs: those of `Layer`.
    """

    def __init__(self, scale: float, **kwargs: Any):
        super().__init__(**kwargs)
        self.scale = arguments.number(scale, "scale")

    def call(self, inputs: Any) -> Any:
        first, second = inputs
        return ops.add(first, ops.multiply(second, self.scale))


class LayerScale(Layer):
    """Multiplies each channel (last axis) by a learned factor, as in ConvNeXt.

    Weights: variable (channels,), which Keras does not name.

    Args:
        init_values: the factors at first.
        projection_dim: number of channels.
        **kwargs: those of `Layer`.
    """

    def __init__(self, init_values: float, projection_dim: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.init_values = arguments.number(init_values, "init_values")
        self.projection_dim = projection_dim

    def build(self, input_shape: Any) -> None:
        initializer = {"class_name": "Constant", "config": {"value": self.init_values}}
        self.gamma = self.add_weight((self.projection_dim,), initializer)

    def call(self, x: Any) -> Any:
        return ops.multiply(x, self.gamma)


class StochasticDepth(Layer):
    """Sets the branch to zero for a random part of the samples in training, and scales it for the others.

    Args:
        drop_path_rate: probability of a sample to skip the branch.
        **kwargs: those of `Layer`.

    Source: Huang et al. 2016, https://arxiv.org/abs/1603.09382.
    """

    def __init__(self, drop_path_rate: float, **kwargs: Any):
        super().__init__(**kwargs)
        self.drop_path_rate = arguments.number(drop_path_rate, "drop_path_rate", 0, 1)
        self.seed_generator = SeedGenerator()

    def call(self, x: Any, training: bool = False) -> Any:
        if not training or self.drop_path_rate == 0:
            return x
        shape = noise_shape_for(x, (None, *(1,) * (len(x.shape) - 1)))
        return ops.random.dropout(x, self.drop_path_rate, noise_shape=shape, seed=self.seed_generator)
