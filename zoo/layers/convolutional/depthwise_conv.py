"""Convolutions of each channel by itself."""

from __future__ import annotations

from typing import Any

from zoo import ops
from zoo.engine.windows import Padding
from zoo.layers import arguments, weight_options
from zoo.layers.convolutional.convolution import Convolution


class DepthwiseConv(Convolution):
    """Every input channel becomes `depth_multiplier` output channels: weighted sums over windows of that channel.

    Weights: kernel (window..., channels, depth_multiplier), bias (channels * depth_multiplier,).

    Args:
        depth_multiplier: output channels for each input channel.
        depthwise_initializer, depthwise_regularizer, depthwise_constraint: of the kernel.
        **kwargs: of `Layer`; the others are those of `Convolution`.
    """

    def __init__(self, kernel_size: Any, strides: Any = 1, padding: str = "valid", depth_multiplier: int = 1,
                 data_format: str | None = None, dilation_rate: Any = 1, activation: Any = None, use_bias: bool = True,
                 depthwise_initializer: Any = "glorot_uniform", bias_initializer: Any = "zeros",
                 depthwise_regularizer: Any = None, bias_regularizer: Any = None, activity_regularizer: Any = None,
                 depthwise_constraint: Any = None, bias_constraint: Any = None, **kwargs: Any):
        super().__init__(kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias,
                         bias_initializer, bias_regularizer, bias_constraint,
                         activity_regularizer=activity_regularizer, **kwargs)
        self.depth_multiplier = arguments.integer(depth_multiplier, "depth_multiplier")
        weight_options.keep(self, "depthwise", depthwise_initializer, depthwise_regularizer, depthwise_constraint)

    def output_channels(self, channels: int) -> int:
        return channels * self.depth_multiplier

    def build_kernels(self, channels: int) -> None:
        shape = (*self.kernel_size, channels, self.depth_multiplier)
        self.kernel = weight_options.add(self, "depthwise", shape, name="kernel")

    def convolve(self, inputs: Any, padding: Padding) -> Any:
        return ops.depthwise_conv(inputs, self.kernel, strides=self.strides, padding=padding,
                                  data_format=self.data_format, dilation_rate=self.dilation_rate)


class DepthwiseConv1D(DepthwiseConv):
    """Depthwise convolution of sequences (batch, steps, channels); see `DepthwiseConv`."""

    rank = 1


class DepthwiseConv2D(DepthwiseConv):
    """Depthwise convolution of images (batch, height, width, channels); see `DepthwiseConv`."""

    rank = 2
