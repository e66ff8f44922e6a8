"""Convolutions of each channel by itself, then of all channels at each point."""

from __future__ import annotations

from typing import Any

from zoo import ops
from zoo.engine.windows import Padding
from zoo.layers import arguments, weight_options
from zoo.layers.convolutional.convolution import Convolution


class SeparableConv(Convolution):
    """A depthwise convolution, then a convolution with windows of one point.

    Weights: depthwise_kernel (window..., channels, depth_multiplier), pointwise_kernel
    (1..., channels * depth_multiplier, filters), bias (filters,).

    Args:
        filters: number of output channels.
        depth_multiplier: channels between the two convolutions for each input channel.
        **kwargs: of `Layer`; the others are those of `Convolution`.
    """

    def __init__(self, filters: int, kernel_size: Any, strides: Any = 1, padding: str = "valid",
                 data_format: str | None = None, dilation_rate: Any = 1, depth_multiplier: int = 1,
                 activation: Any = None, use_bias: bool = True, depthwise_initializer: Any = "glorot_uniform",
                 pointwise_initializer: Any = "glorot_uniform", bias_initializer: Any = "zeros",
                 depthwise_regularizer: Any = None, pointwise_regularizer: Any = None, bias_regularizer: Any = None,
                 activity_regularizer: Any = None, depthwise_constraint: Any = None, pointwise_constraint: Any = None,
                 bias_constraint: Any = None, **kwargs: Any):
        super().__init__(kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias,
                         bias_initializer, bias_regularizer, bias_constraint,
                         activity_regularizer=activity_regularizer, **kwargs)
        self.filters = arguments.integer(filters, "filters")
        self.depth_multiplier = arguments.integer(depth_multiplier, "depth_multiplier")
        weight_options.keep(self, "depthwise", depthwise_initializer, depthwise_regularizer, depthwise_constraint)
        weight_options.keep(self, "pointwise", pointwise_initializer, pointwise_regularizer, pointwise_constraint)

    def output_channels(self, channels: int) -> int:
        return self.filters

    def build_kernels(self, channels: int) -> None:
        depthwise = (*self.kernel_size, channels, self.depth_multiplier)
        pointwise = (1,) * self.rank + (channels * self.depth_multiplier, self.filters)
        self.depthwise_kernel = weight_options.add(self, "depthwise", depthwise, name="depthwise_kernel")
        self.pointwise_kernel = weight_options.add(self, "pointwise", pointwise, name="pointwise_kernel")

    def convolve(self, inputs: Any, padding: Padding) -> Any:
        return ops.separable_conv(inputs, self.depthwise_kernel, self.pointwise_kernel, strides=self.strides,
                                  padding=padding, data_format=self.data_format, dilation_rate=self.dilation_rate)


class SeparableConv1D(SeparableConv):
    """Separable convolution of sequences (batch, steps, channels); see `SeparableConv`."""

    rank = 1


class SeparableConv2D(SeparableConv):
    """Separable convolution of images (batch, height, width, channels); see `SeparableConv`."""

    rank = 2
