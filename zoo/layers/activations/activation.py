"""Activations that are layers: any function by name, and those with parameters of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from zoo import activations, ops
from zoo.engine.spec import Shape, normalize_axis
from zoo.layers import arguments, registry, weight_options
from zoo.layers.input_spec import InputSpec
from zoo.layers.layer import Layer

_LEAST = {"float16": -3e4}                                  # what a masked logit becomes; its exponential is zero
_LEAST_OTHERWISE = -1e9


class Activation(Layer):
    """Applies an activation.

    Args:
        activation: name, function or layer.
    """

    supports_masking = True

    def __init__(self, activation: Any, **kwargs: Any):
        super().__init__(**kwargs)
        self.activation = registry.activation(activation)

    def call(self, inputs: Any) -> Any:
        return self.activation(inputs)


class ReLU(Layer):
    """``max_value`` from there on, ``x`` from `threshold` to there, ``negative_slope * (x - threshold)`` below.

    Args:
        max_value: upper bound, none if None.
        negative_slope: below the threshold.
        threshold: where the unit starts to act.
    """

    supports_masking = True

    def __init__(self, max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0,
                 **kwargs: Any):
        super().__init__(**kwargs)
        self.max_value = None if max_value is None else arguments.number(max_value, "max_value", 0)
        self.negative_slope = arguments.number(negative_slope, "negative_slope", 0)
        self.threshold = arguments.number(threshold, "threshold", 0)

    def call(self, inputs: Any) -> Any:
        return activations.relu(inputs, self.negative_slope, self.max_value, self.threshold)


class LeakyReLU(Layer):
    """``x``, or ``negative_slope * x`` where x is negative.

    Args:
        negative_slope: a number, not negative.
    """

    supports_masking = True

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any):
        super().__init__(**kwargs)
        self.negative_slope = arguments.number(negative_slope, "negative_slope", 0)

    def call(self, inputs: Any) -> Any:
        return activations.leaky_relu(inputs, self.negative_slope)


class ELU(Layer):
    """``x``, or ``alpha * (exp(x) - 1)`` where x is negative.

    Args:
        alpha: what the output tends to (with a minus sign) for very negative inputs.
    """

    supports_masking = True

    def __init__(self, alpha: float = 1.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.alpha = arguments.number(alpha, "alpha")

    def call(self, inputs: Any) -> Any:
        return activations.elu(inputs, self.alpha)


class PReLU(Layer):
    """``x``, or ``alpha * x`` where x is negative, with a learned alpha for each position.

    Weights: alpha (the input's shape without the batch axis, 1 on shared axes).

    Args:
        alpha_initializer, alpha_regularizer, alpha_constraint: of alpha.
        shared_axes: axes along which all positions share alpha, as ``[1, 2]`` for images.

    Source: He et al. 2015, https://arxiv.org/abs/1502.01852.
    """

    supports_masking = True

    def __init__(self, alpha_initializer: Any = "zeros", alpha_regularizer: Any = None, alpha_constraint: Any = None,
                 shared_axes: int | Sequence[int] | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        weight_options.keep(self, "alpha", alpha_initializer, alpha_regularizer, alpha_constraint)
        shared = (shared_axes,) if isinstance(shared_axes, int) else shared_axes
        self.shared_axes = None if shared is None else arguments.axes(shared, "shared_axes")

    def build(self, input_shape: Shape) -> None:
        rank = len(input_shape)
        shared = {normalize_axis(axis, rank) for axis in self.shared_axes or ()}
        shape = tuple(1 if axis in shared else input_shape[axis] for axis in range(1, rank))
        self.alpha = weight_options.add(self, "alpha", shape)
        self.input_spec = InputSpec(ndim=rank, axes={i: size for i, size in enumerate(shape, 1) if i not in shared})

    def call(self, inputs: Any) -> Any:
        below = ops.multiply(self.alpha, activations.relu(ops.negative(inputs)))
        return ops.subtract(activations.relu(inputs), below)


class Softmax(Layer):
    """Exponentials that sum to one.

    Args:
        axis: one axis or several, over which the outputs sum to one.
    """

    supports_masking = True

    def __init__(self, axis: int | Sequence[int] = -1, **kwargs: Any):
        super().__init__(**kwargs)
        self.axis = arguments.axes(axis)

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """The probabilities; positions where `mask` is False get none."""
        return masked_softmax(inputs, mask, self.axis)


def masked_softmax(inputs: Any, mask: Any, axis: int | Sequence[int]) -> Any:
    """Exponentials that sum to one over one axis or several; positions where `mask` is False get none."""
    if mask is not None:
        least = np.asarray(_LEAST.get(inputs.dtype, _LEAST_OTHERWISE), "float32")
        inputs = ops.where(mask, inputs, ops.cast(least, inputs.dtype))
    if isinstance(axis, int) or len(axis) == 1:
        return ops.softmax(inputs, axis if isinstance(axis, int) else axis[0])
    return ops.exp(ops.subtract(inputs, ops.logsumexp(inputs, axis=axis, keepdims=True)))
