"""Transposed convolutions: from a convolution's output back to the size of its input."""

from __future__ import annotations

from typing import Any

from zoo import ops
from zoo.engine.windows import Padding
from zoo.errors import ConfigError
from zoo.layers import arguments, weight_options
from zoo.layers.convolutional.convolution import Convolution


class ConvTranspose(Convolution):
    """Every input element adds a window, weighted by the kernel, to the output, `strides` apart.

    Weights: kernel (window..., filters, channels), bias (filters,).

    Args:
        filters: number of output channels.
        output_padding: how much larger than the smallest possible output: one integer, or one for each spatial axis,
            each less than the stride; None makes outputs of ``same`` exactly `strides` times as large as the input.
        **kwargs: of `Layer`; the others are those of `Convolution`.

    Raises:
        ConfigError: an output padding reaches its stride.
    """

    def __init__(self, filters: int, kernel_size: Any, strides: Any = 1, padding: str = "valid",
                 output_padding: Any = None, data_format: str | None = None, dilation_rate: Any = 1,
                 activation: Any = None, use_bias: bool = True, kernel_initializer: Any = "glorot_uniform",
                 bias_initializer: Any = "zeros", kernel_regularizer: Any = None, bias_regularizer: Any = None,
                 activity_regularizer: Any = None, kernel_constraint: Any = None, bias_constraint: Any = None,
                 **kwargs: Any):
        super().__init__(kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias,
                         bias_initializer, bias_regularizer, bias_constraint,
                         activity_regularizer=activity_regularizer, **kwargs)
        self.filters = arguments.integer(filters, "filters")
        self.output_padding = None if output_padding is None else \
            arguments.integers(output_padding, self.rank, "output_padding", minimum=0)
        if any(extra >= stride for extra, stride in zip(self.output_padding or (), self.strides)):
            raise ConfigError(f"{self.name}: each output padding must be less than its stride. "
                              f"Received: output_padding={self.output_padding}, strides={self.strides}")
        weight_options.keep(self, "kernel", kernel_initializer, kernel_regularizer, kernel_constraint)

    def output_channels(self, channels: int) -> int:
        return self.filters

    def build_kernels(self, channels: int) -> None:
        self.kernel = weight_options.add(self, "kernel", (*self.kernel_size, self.filters, channels))

    def convolve(self, inputs: Any, padding: Padding) -> Any:
        return ops.conv_transpose(inputs, self.kernel, strides=self.strides, padding=padding,
                                  output_padding=self.output_padding, data_format=self.data_format,
                                  dilation_rate=self.dilation_rate)


class Conv1DTranspose(ConvTranspose):
    """Transposed convolution of sequences (batch, steps, channels); see `ConvTranspose`."""

    rank = 1


class Conv2DTranspose(ConvTranspose):
    """Transposed convolution of images (batch, height, width, channels); see `ConvTranspose`."""

    rank = 2


class Conv3DTranspose(ConvTranspose):
    """Transposed convolution of volumes (batch, depth, height, width, channels); see `ConvTranspose`."""

    rank = 3

    def __init__(self, filters: int, kernel_size: Any, strides: Any = 1, padding: str = "valid",
                 data_format: str | None = None, output_padding: Any = None, *args: Any, **kwargs: Any):
        super().__init__(filters, kernel_size, strides, padding, output_padding, data_format, *args, **kwargs)
