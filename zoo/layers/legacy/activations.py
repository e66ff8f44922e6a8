"""Activation layers of Keras 1 and 2, with the arguments that they had there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zoo import initializers, ops
from zoo.engine.spec import Shape, normalize_axis
from zoo.engine.variable import Variable
from zoo.layers import arguments
from zoo.layers.layer import Layer


class ThresholdedReLU(Layer):
    """x where it is above `theta`, else 0.

    Args:
        theta: not negative.
    """

    supports_masking = True

    def __init__(self, theta: float = 1.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.theta = arguments.number(theta, "theta", 0)

    def call(self, inputs: Any) -> Any:
        return ops.where(ops.greater(inputs, self.theta), inputs, 0)


class ThresholdedLinear(Layer):
    """x where it is as far from zero as `theta` or farther, else 0. Of Keras 0.

    Args:
        theta: not negative.
    """

    supports_masking = True

    def __init__(self, theta: float = 1.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.theta = arguments.number(theta, "theta", 0)

    def call(self, inputs: Any) -> Any:
        return ops.where(ops.less(ops.abs(inputs), self.theta), 0, inputs)


class LearnedActivation(Layer):
    """Base of activations with a parameter for each position.

    Args:
        shared_axes: axes along which all positions share the parameters, as ``[1, 2]`` for images.
        **kwargs: of `Layer`.
    """

    supports_masking = True

    def __init__(self, shared_axes: int | Sequence[int] | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        shared = (shared_axes,) if isinstance(shared_axes, int) else shared_axes
        self.shared_axes = None if shared is None else arguments.axes(shared, "shared_axes")

    def add_parameter(self, input_shape: Shape, name: str, initializer: Any) -> Variable:
        """A weight in the shape of one sample, of size 1 along shared axes."""
        rank = len(input_shape)
        shared = {normalize_axis(axis, rank) for axis in self.shared_axes or ()}
        return self.add_weight(tuple(1 if axis in shared else input_shape[axis] for axis in range(1, rank)),
                               initializer, name=name)


class ParametricSoftplus(LearnedActivation):
    """``alpha * log(1 + exp(beta * x))`` with learned alphas and betas.

    Args:
        alpha_init, beta_init: initial values.
        shared_axes: see `LearnedActivation`.
        **kwargs: of `Layer`.
    """

    def __init__(self, alpha_init: float = 0.2, beta_init: float = 5.0,
                 shared_axes: int | Sequence[int] | None = None, **kwargs: Any):
        super().__init__(shared_axes, **kwargs)
        self.alpha_init = arguments.number(alpha_init, "alpha_init")
        self.beta_init = arguments.number(beta_init, "beta_init")

    def build(self, input_shape: Shape) -> None:
        self.alphas = self.add_parameter(input_shape, "alphas", _constant(self.alpha_init))
        self.betas = self.add_parameter(input_shape, "betas", _constant(self.beta_init))

    def call(self, inputs: Any) -> Any:
        return ops.multiply(ops.softplus(ops.multiply(self.betas, inputs)), self.alphas)


class SReLU(LearnedActivation):
    """x between two learned thresholds; outside of them, straight lines of learned slopes.

    Weights: t_left, a_left, t_right, a_right: thresholds (the right one as a distance from the left one) and slopes.

    Args:
        t_left_init, a_left_init, t_right_init, a_right_init: initializers.
        shared_axes: see `LearnedActivation`.
        **kwargs: of `Layer`.

    Source: Jin et al., 2015, https://arxiv.org/abs/1512.07030.
    """

    def __init__(self, t_left_init: Any = "zero", a_left_init: Any = "glorot_uniform",
                 t_right_init: Any = "glorot_uniform", a_right_init: Any = "one",
                 shared_axes: int | Sequence[int] | None = None, **kwargs: Any):
        super().__init__(shared_axes, **kwargs)
        self.t_left_init, self.a_left_init = initializers.get(t_left_init), initializers.get(a_left_init)
        self.t_right_init, self.a_right_init = initializers.get(t_right_init), initializers.get(a_right_init)

    def build(self, input_shape: Shape) -> None:
        self.t_left = self.add_parameter(input_shape, "t_left", self.t_left_init)
        self.a_left = self.add_parameter(input_shape, "a_left", self.a_left_init)
        self.t_right = self.add_parameter(input_shape, "t_right", self.t_right_init)
        self.a_right = self.add_parameter(input_shape, "a_right", self.a_right_init)

    def call(self, inputs: Any) -> Any:
        left = ops.convert_to_tensor(self.t_left)
        right = ops.add(left, ops.abs(self.t_right))
        below = ops.multiply(self.a_left, ops.minimum(ops.subtract(inputs, left), 0))
        above = ops.multiply(self.a_right, ops.maximum(ops.subtract(inputs, right), 0))
        return ops.add(ops.add(ops.minimum(ops.maximum(inputs, left), right), below), above)


def _constant(value: float) -> dict[str, Any]:
    return {"class_name": "Constant", "config": {"value": value}}
