"""Convolutions of all channels."""

from __future__ import annotations

from typing import Any

from zoo import ops
from zoo.engine.windows import Padding
from zoo.errors import ConfigError, ShapeError
from zoo.layers import arguments, weight_options
from zoo.layers.convolutional.convolution import PADDINGS, Convolution
from zoo.layers.main_weight import MainWeight


class Conv(MainWeight, Convolution):
    """Every output channel is a weighted sum over a window of all input channels (of its group).

    Weights: kernel (window..., channels / groups, filters), bias (filters,).

    Args:
        filters: number of output channels.
        groups: into how many parts channels and filters are divided; part i of the output sees part i of the input.
        **kwargs: of `Layer`; the others are those of `Convolution`.

    Raises:
        ConfigError: the groups do not divide the filters.
    """

    paddings = (*PADDINGS, "full")

    def __init__(self, filters: int, kernel_size: Any, strides: Any = 1, padding: str = "valid",
                 data_format: str | None = None, dilation_rate: Any = 1, groups: int = 1, activation: Any = None,
                 use_bias: bool = True, kernel_initializer: Any = "glorot_uniform", bias_initializer: Any = "zeros",
                 kernel_regularizer: Any = None, bias_regularizer: Any = None, activity_regularizer: Any = None,
                 kernel_constraint: Any = None, bias_constraint: Any = None, **kwargs: Any):
        super().__init__(kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias,
                         bias_initializer, bias_regularizer, bias_constraint,
                         activity_regularizer=activity_regularizer, **kwargs)
        self.filters = arguments.integer(filters, "filters")
        self.groups = arguments.integer(groups, "groups")
        if self.filters % self.groups:
            raise ConfigError(f"{self.name}: groups must divide filters. "
                              f"Received: groups={self.groups}, filters={self.filters}")
        weight_options.keep(self, "kernel", kernel_initializer, kernel_regularizer, kernel_constraint)

    def output_channels(self, channels: int) -> int:
        return self.filters

    def build_kernels(self, channels: int) -> None:
        if channels % self.groups:
            raise ShapeError(f"{self.name}: groups must divide the channels of the input. "
                             f"Received: groups={self.groups}, {channels} channels")
        shape = (*self.kernel_size, channels // self.groups, self.filters)
        self.build_main(shape)

    def convolve(self, inputs: Any, padding: Padding) -> Any:
        return ops.conv(inputs, self.main_weight(), strides=self.strides, padding=padding, data_format=self.data_format,
                        dilation_rate=self.dilation_rate)


class Conv1D(Conv):
    """Convolution of sequences (batch, steps, channels); see `Conv`. Takes ``padding="causal"`` as well."""

    rank = 1
    paddings = (*Conv.paddings, "causal")


class Conv2D(Conv):
    """Convolution of images (batch, height, width, channels); see `Conv`.

    Example:
        >>> Conv2D(8, 3, strides=2, padding="same")(Input((224, 224, 3))).shape
        (None, 112, 112, 8)
    """

    rank = 2


class Conv3D(Conv):
    """Convolution of volumes (batch, depth, height, width, channels); see `Conv`."""

    rank = 3
