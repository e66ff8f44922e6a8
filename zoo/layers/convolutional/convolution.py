"""What all convolution layers share: windows, bias and activation. The number of spatial axes is data."""

from __future__ import annotations

from typing import Any, ClassVar

from zoo import ops, theano_padding
from zoo.engine.spec import Shape
from zoo.engine.windows import Padding
from zoo.errors import ConfigError, ShapeError
from zoo.layers import arguments, registry, weight_options
from zoo.layers.input_spec import InputSpec
from zoo.layers.layer import Layer

PADDINGS = ("valid", "same", theano_padding.SAME)


class Convolution(Layer):
    """Base of convolutions over `rank` spatial axes.

    A subclass creates kernels in `build_kernels` and applies them in `convolve`; `output_channels` follow from its
    arguments. Inputs are (batch, spatial..., channels), or (batch, channels, spatial...) with ``channels_first``.

    Args:
        kernel_size: of the window: one integer, or one for each spatial axis.
        strides: steps between windows, likewise.
        padding: ``valid`` (none) or ``same`` (outputs are as large as the input, divided by the strides);
            ``causal`` where the class takes it (an output does not depend on later steps); ``same_theano`` as
            Keras on Theano padded for ``same``, see `zoo.theano_padding`; ``full``, of Keras 1, where the class takes
            it (all windows that see any of the data).
        data_format: ``channels_last`` or ``channels_first``.
        dilation_rate: distance between the elements of a window, one integer or one for each spatial axis.
        activation: name, function or layer.
        use_bias: whether to add a bias to each channel.
    """

    rank: ClassVar[int]
    paddings: ClassVar[tuple[str, ...]] = PADDINGS

    def __init__(self, kernel_size: Any, strides: Any, padding: str, data_format: str | None, dilation_rate: Any,
                 activation: Any, use_bias: bool, bias_initializer: Any, bias_regularizer: Any, bias_constraint: Any,
                 **kwargs: Any):
        super().__init__(**kwargs)
        self.kernel_size = arguments.integers(kernel_size, self.rank, "kernel_size")
        self.strides = arguments.integers(strides, self.rank, "strides")
        self.padding = arguments.choice(_lower(padding), self.paddings, "padding")
        self.data_format = arguments.data_format(data_format)
        self.dilation_rate = arguments.integers(dilation_rate, self.rank, "dilation_rate")
        self.activation = registry.activation(activation)
        self.use_bias = bool(use_bias)
        weight_options.keep(self, "bias", bias_initializer, bias_regularizer, bias_constraint)
        self.input_spec = InputSpec(ndim=self.rank + 2)
        if self.padding == "causal" and self.data_format == "channels_first":
            raise ConfigError(f"{self.name}: padding='causal' needs data_format='channels_last'.")

    @property
    def channel_axis(self) -> int:
        """The axis of the channels."""
        return -1 if self.data_format == "channels_last" else 1

    def output_channels(self, channels: int) -> int:
        """How many channels the output has."""
        raise NotImplementedError(f"{type(self).__name__} does not define output_channels().")

    def build_kernels(self, channels: int) -> None:
        """Creates the kernels for that many input channels."""
        raise NotImplementedError(f"{type(self).__name__} does not define build_kernels().")

    def build_extras(self) -> None:
        """Creates what goes with the kernels; called when all other weights exist."""

    def convolve(self, inputs: Any, padding: Padding) -> Any:
        """Applies the kernels."""
        raise NotImplementedError(f"{type(self).__name__} does not define convolve().")

    def build(self, input_shape: Shape) -> None:
        channels = input_shape[self.channel_axis]
        if channels is None:
            raise ShapeError(f"{self.name}: the number of channels, axis {self.channel_axis} of the input, must be "
                             f"known. Received shape: {tuple(input_shape)}.")
        self.build_kernels(channels)
        size = (self.output_channels(channels),)
        self.bias = weight_options.add(self, "bias", size) if self.use_bias else None
        self.build_extras()
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={self.channel_axis: channels})

    def call(self, inputs: Any) -> Any:
        reach = [rate * (size - 1) for size, rate in zip(self.kernel_size, self.dilation_rate)]
        if self.padding == "causal":
            x = self.convolve(ops.pad(inputs, ((0, 0), (reach[0], 0), (0, 0))), "valid")
        elif self.padding == "full":
            pads = [(size, size) for size in reach]
            pads.insert(len(pads) if self.data_format == "channels_last" else 0, (0, 0))
            x = self.convolve(ops.pad(inputs, ((0, 0), *pads)), "valid")
        else:
            x = self.convolve(inputs, theano_padding.of_convolution(self.kernel_size, self.dilation_rate)
                              if self.padding == theano_padding.SAME else self.padding)
        if self.bias is not None:
            x = ops.add(x, self._aligned(self.bias))
        return self.activation(x)

    def _aligned(self, bias: Any) -> Any:
        if self.data_format == "channels_last":
            return bias
        return ops.reshape(bias, (bias.shape[0],) + (1,) * self.rank)


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value
