"""Normalisation of each example by its own statistics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zoo import ops
from zoo.engine import dtypes
from zoo.engine.spec import Shape, normalize_axis
from zoo.errors import ShapeError
from zoo.layers import arguments, weight_options
from zoo.layers.input_spec import InputSpec
from zoo.layers.layer import Layer


class LayerNormalization(Layer):
    """``gamma * (x - mean) / sqrt(variance + epsilon) + beta``, with the statistics of each example over some axes.

    Weights, with the sizes of those axes: gamma, beta.

    Args:
        axis: one axis or several.
        epsilon: added to the variance.
        center, scale: whether there are beta and gamma.
        rms_scaling: only divides by the standard deviation and multiplies by gamma (Keras's older form of RMS
            normalisation).
        **kwargs: of `Layer`; the others are initializer, regularizer and constraint of the weights.

    Source: Ba et al. 2016, https://arxiv.org/abs/1607.06450.
    """

    supports_masking = True

    def __init__(self, axis: int | Sequence[int] = -1, epsilon: float = 1e-3, center: bool = True, scale: bool = True,
                 beta_initializer: Any = "zeros", gamma_initializer: Any = "ones", beta_regularizer: Any = None,
                 gamma_regularizer: Any = None, beta_constraint: Any = None, gamma_constraint: Any = None,
                 rms_scaling: bool = False, **kwargs: Any):
        super().__init__(**kwargs)
        self.axis = _several(axis)
        self.epsilon = epsilon
        self.center, self.scale, self.rms_scaling = bool(center), bool(scale), bool(rms_scaling)
        weight_options.keep(self, "beta", beta_initializer, beta_regularizer, beta_constraint)
        weight_options.keep(self, "gamma", gamma_initializer, gamma_regularizer, gamma_constraint)

    def build(self, input_shape: Shape) -> None:
        shape = _sizes(self.axis, input_shape)
        self.gamma = weight_options.add(self, "gamma", shape) if self.scale or self.rms_scaling else None
        self.beta = weight_options.add(self, "beta", shape) if self.center and not self.rms_scaling else None

    def call(self, inputs: Any) -> Any:
        if self.rms_scaling:
            return self._scaled(inputs)
        outputs = ops.layer_normalization(inputs, self.gamma, self.beta, self.axis, self.epsilon)
        return ops.cast(outputs, self.arithmetic_dtype)

    def _scaled(self, inputs: Any) -> Any:
        x = ops.cast(inputs, dtypes.result_type(ops.dtype(inputs), "float32"))
        factor = ops.rsqrt(ops.add(ops.var(x, self.axis, keepdims=True), self.epsilon))
        kept = {normalize_axis(axis, x.ndim) for axis in self.axis}
        gamma = ops.reshape(self.gamma, tuple(size if i in kept else 1 for i, size in enumerate(x.shape)))
        return ops.cast(ops.multiply(ops.multiply(x, factor), gamma), self.arithmetic_dtype)


class RMSNormalization(Layer):
    """``scale * x / sqrt(mean(x**2) + epsilon)``, with the mean over some axes of each example.

    Weights, with the sizes of those axes: scale.

    Args:
        axis: one axis or several.
        epsilon: added to the mean square.

    Source: Zhang & Sennrich 2019, https://arxiv.org/abs/1910.07467.
    """

    def __init__(self, axis: int | Sequence[int] = -1, epsilon: float = 1e-6, **kwargs: Any):
        super().__init__(**kwargs)
        self.axis = _several(axis)
        self.epsilon = epsilon

    def build(self, input_shape: Shape) -> None:
        self.scale = self.add_weight(_sizes(self.axis, input_shape), "ones", name="scale")

    def call(self, inputs: Any) -> Any:
        return ops.rms_normalization(inputs, self.scale, axis=self.axis, epsilon=self.epsilon)


class UnitNormalization(Layer):
    """Divides by the length of the vector along some axes, so that it becomes 1.

    Args:
        axis: one axis or several.
    """

    supports_masking = True

    def __init__(self, axis: int | Sequence[int] = -1, **kwargs: Any):
        super().__init__(**kwargs)
        self.axis = arguments.axes(axis)

    def call(self, inputs: Any) -> Any:
        return ops.normalize(inputs, axis=self.axis, order=2, epsilon=1e-12)


class GroupNormalization(Layer):
    """``gamma * (x - mean) / sqrt(variance + epsilon) + beta``, with statistics of each example and group of channels.

    Weights, (channels,): gamma, beta.

    Args:
        groups: into how many parts the channels are divided; -1 makes each channel a group (instance normalisation).
        axis: of the channels.
        epsilon: added to the variance.
        center, scale: whether there are beta and gamma.
        **kwargs: of `Layer`; the others are initializer, regularizer and constraint of the weights.

    Source: Wu & He 2018, https://arxiv.org/abs/1803.08494.
    """

    supports_masking = True

    def __init__(self, groups: int = 32, axis: int = -1, epsilon: float = 1e-3, center: bool = True, scale: bool = True,
                 beta_initializer: Any = "zeros", gamma_initializer: Any = "ones", beta_regularizer: Any = None,
                 gamma_regularizer: Any = None, beta_constraint: Any = None, gamma_constraint: Any = None,
                 **kwargs: Any):
        super().__init__(**kwargs)
        self.groups = groups if groups == -1 else arguments.integer(groups, "groups")
        self.axis = arguments.only_axis(axis)
        self.epsilon = epsilon
        self.center, self.scale = bool(center), bool(scale)
        weight_options.keep(self, "beta", beta_initializer, beta_regularizer, beta_constraint)
        weight_options.keep(self, "gamma", gamma_initializer, gamma_regularizer, gamma_constraint)

    def build(self, input_shape: Shape) -> None:
        channels = input_shape[normalize_axis(self.axis, len(input_shape))]
        self.gamma = weight_options.add(self, "gamma", (channels,)) if self.scale else None
        self.beta = weight_options.add(self, "beta", (channels,)) if self.center else None
        self.groups = channels if self.groups == -1 else self.groups
        if channels is None or channels % self.groups:
            raise ShapeError(f"Layer {self.name!r} (GroupNormalization): groups must divide the channels, axis "
                             f"{self.axis}. Received: groups={self.groups}, shape {tuple(input_shape)}")
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: channels})

    def call(self, inputs: Any) -> Any:
        axis = normalize_axis(self.axis, inputs.ndim)
        split = (self.groups, inputs.shape[axis] // self.groups)        # the channels are known, see build
        x = ops.cast(inputs, dtypes.result_type(ops.dtype(inputs), "float32"))
        x = ops.reshape(x, (*inputs.shape[:axis], *split, *inputs.shape[axis + 1:]))
        reduced = tuple(i for i in range(1, x.ndim) if i != axis)
        mean, variance = ops.moments(x, axes=reduced, keepdims=True)
        broadcast = (1,) * axis + split + (1,) * (inputs.ndim - axis - 1)
        factor = ops.rsqrt(ops.add(variance, self.epsilon))
        if self.gamma is not None:
            factor = ops.multiply(factor, ops.reshape(self.gamma, broadcast))
        shift = ops.negative(ops.multiply(mean, factor))
        if self.beta is not None:
            shift = ops.add(shift, ops.reshape(self.beta, broadcast))
        outputs = ops.reshape(ops.add(ops.multiply(x, factor), shift), inputs.shape)
        return ops.cast(outputs, self.arithmetic_dtype)


def _several(axis: int | Sequence[int]) -> tuple[int, ...]:
    axes = arguments.axes(axis)
    return (axes,) if isinstance(axes, int) else tuple(sorted(axes))


def _sizes(axes: tuple[int, ...], shape: Shape) -> Shape:
    return tuple(shape[normalize_axis(axis, len(shape))] for axis in axes)
