"""Long short-term memory whose gates are convolutions. The number of spatial axes is data."""

from __future__ import annotations

from typing import Any, ClassVar

from zoo import ops, theano_padding
from zoo.engine import windows
from zoo.engine.spec import Shape
from zoo.errors import ConfigError, ShapeError
from zoo.layers import arguments, registry, weight_options
from zoo.layers.input_spec import InputSpec
from zoo.layers.rnn.cell import KEEP_ALL, DropoutFactors, ForgetBias, RecurrentCell, product
from zoo.layers.rnn.rnn import CellRNN, with_arguments_of_cell
from zoo.layers.rnn.sequence import each_step

PADDINGS = ("valid", "same", theano_padding.SAME, theano_padding.VALID)


class ConvLSTMCell(RecurrentCell):
    """An `LSTMCell` for images: convolutions take the place of products; states are (batch, spatial..., filters).

    Weights: kernel (window..., channels, 4 * filters), recurrent_kernel (window..., filters, 4 * filters), bias.

    Args:
        rank: number of spatial axes.
        filters: number of output channels.
        kernel_size: of the windows, that of the states too: one integer, or one for each spatial axis.
        strides, padding, dilation_rate: of the convolution of the input, as in `Conv2D`. The states are padded for
            ``same``; with ``same_theano`` and ``valid_theano`` as Keras on Theano padded.
        data_format: ``channels_last`` or ``channels_first``.
        activation, recurrent_activation, use_bias, unit_forget_bias: as in `LSTMCell`.
        **kwargs: of `RecurrentCell` and `Layer`.

    Source: Shi et al., 2015, https://arxiv.org/abs/1506.04214.
    """

    gates = 4

    def __init__(self, rank: int, filters: int, kernel_size: Any, strides: Any = 1, padding: str = "valid",
                 data_format: str | None = None, dilation_rate: Any = 1, activation: Any = "tanh",
                 recurrent_activation: Any = "sigmoid", use_bias: bool = True,
                 kernel_initializer: Any = "glorot_uniform", recurrent_initializer: Any = "orthogonal",
                 bias_initializer: Any = "zeros", unit_forget_bias: bool = True, kernel_regularizer: Any = None,
                 recurrent_regularizer: Any = None, bias_regularizer: Any = None, kernel_constraint: Any = None,
                 recurrent_constraint: Any = None, bias_constraint: Any = None, dropout: float = 0.0,
                 recurrent_dropout: float = 0.0, seed: int | None = None, **kwargs: Any):
        super().__init__(dropout, recurrent_dropout, seed, implementation=1, **kwargs)
        self.rank = arguments.integer(rank, "rank")
        self.filters = arguments.integer(filters, "filters")
        self.kernel_size = arguments.integers(kernel_size, rank, "kernel_size")
        self.strides = arguments.integers(strides, rank, "strides")
        self.padding = arguments.choice(str(padding).lower(), PADDINGS, "padding")
        self.data_format = arguments.data_format(data_format)
        self.dilation_rate = arguments.integers(dilation_rate, rank, "dilation_rate")
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ConfigError(f"{self.name}: strides and dilation_rate cannot both be larger than 1. "
                              f"Received: strides={self.strides}, dilation_rate={self.dilation_rate}")
        self.activation = registry.activation(activation)
        self.recurrent_activation = registry.activation(recurrent_activation)
        self.use_bias, self.unit_forget_bias = bool(use_bias), bool(unit_forget_bias)
        weight_options.keep(self, "kernel", kernel_initializer, kernel_regularizer, kernel_constraint)
        weight_options.keep(self, "recurrent", recurrent_initializer, recurrent_regularizer, recurrent_constraint)
        weight_options.keep(self, "bias", bias_initializer, bias_regularizer, bias_constraint)
        self.state_size = [self.filters, self.filters]

    @property
    def channel_axis(self) -> int:
        """The axis of the channels of one step."""
        return -1 if self.data_format == "channels_last" else 1

    def build(self, input_shape: Shape) -> None:
        channels = input_shape[self.channel_axis]
        spatial = input_shape[1:-1] if self.channel_axis == -1 else input_shape[2:]
        if None in (channels, *spatial):
            raise ShapeError(f"{self.name}: all sizes of a step must be known. Received shape: {tuple(input_shape)}.")
        self._state_sizes = windows.output_sizes(spatial, self.kernel_size, self.strides, self._padding(),
                                                 self.dilation_rate)
        configured = self.bias_initializer
        self.kernel = weight_options.add(self, "kernel", (*self.kernel_size, channels, 4 * self.filters))
        recurrent_shape = (*self.kernel_size, self.filters, 4 * self.filters)
        self.recurrent_kernel = weight_options.add(self, "recurrent", recurrent_shape,
                                                   name="recurrent_kernel")
        if self.unit_forget_bias:
            self.bias_initializer = ForgetBias(configured, self.filters)
        self.bias = weight_options.add(self, "bias", (4 * self.filters,)) if self.use_bias else None
        self.bias_initializer = configured

    def get_initial_state(self, batch_size: int | None = None) -> list[Any]:
        """States to start from: zeros (batch, spatial..., filters)."""
        shape = (*self._state_sizes, self.filters) if self.channel_axis == -1 else (self.filters, *self._state_sizes)
        return [ops.zeros((batch_size, *shape), self.arithmetic_dtype) for _ in range(2)]

    def project(self, inputs: Any, factors: DropoutFactors = KEEP_ALL) -> Any:
        if inputs.ndim == self.rank + 2:
            return self._convolve_inputs(inputs, factors)
        if factors.inputs:                                  # they are those of each step: keep the steps apart
            return each_step(lambda x: self._convolve_inputs(x, factors), inputs, together=False)
        return each_step(lambda x: self._convolve_inputs(x, factors), inputs)

    def _convolve_inputs(self, x: Any, factors: DropoutFactors) -> Any:
        convolution = self._convolution(self.strides, self._padding(), self.dilation_rate)
        x = product(x, self.kernel, factors.inputs, convolution)
        if self.bias is None:
            return x
        shape = self.bias.shape if self.channel_axis == -1 else (*self.bias.shape, *(1,) * self.rank)
        return ops.add(x, ops.reshape(self.bias, shape))

    def _padding(self) -> windows.Padding:
        """Of the convolution of the inputs."""
        if self.padding == theano_padding.SAME:
            return theano_padding.of_convolution(self.kernel_size, self.dilation_rate)
        return "valid" if self.padding == theano_padding.VALID else self.padding

    def _padding_of_states(self) -> windows.Padding:
        if self.padding in (theano_padding.SAME, theano_padding.VALID):
            return theano_padding.of_convolution(self.kernel_size, (1,) * self.rank)
        return "same"

    def _convolution(self, strides: Any, padding: windows.Padding, dilation_rate: Any) -> Any:
        return lambda x, kernel: ops.conv(x, kernel, strides=strides, padding=padding, data_format=self.data_format,
                                          dilation_rate=dilation_rate)

    def step(self, projected: Any, states: list[Any], factors: DropoutFactors = KEEP_ALL) -> tuple[Any, list[Any]]:
        h, c = states
        inner, gate = self.activation, self.recurrent_activation
        seen = product(h, self.recurrent_kernel, factors.states, self._convolution(1, self._padding_of_states(), 1))
        i, f, new, o = ops.split(ops.add(projected, seen), 4, axis=self.channel_axis)
        c = ops.add(ops.multiply(gate(f), c), ops.multiply(gate(i), inner(new)))
        h = ops.multiply(gate(o), inner(c))
        return h, [h, c]


@with_arguments_of_cell
class ConvLSTM(CellRNN):
    """Base of `RNN`s of a `ConvLSTMCell` over (batch, steps, spatial..., channels).

    Args:
        filters: number of output channels.
        kernel_size: of the windows: one integer, or one for each spatial axis.
        **kwargs: of `Layer`; the others are those of `ConvLSTMCell` and `RNN`.
    """

    cell_class = ConvLSTMCell
    rank: ClassVar[int]

    def __init__(self, filters: int, kernel_size: Any, strides: Any = 1, padding: str = "valid",
                 data_format: str | None = None, dilation_rate: Any = 1, activation: Any = "tanh",
                 recurrent_activation: Any = "sigmoid", use_bias: bool = True,
                 kernel_initializer: Any = "glorot_uniform", recurrent_initializer: Any = "orthogonal",
                 bias_initializer: Any = "zeros", unit_forget_bias: bool = True, kernel_regularizer: Any = None,
                 recurrent_regularizer: Any = None, bias_regularizer: Any = None, activity_regularizer: Any = None,
                 kernel_constraint: Any = None, recurrent_constraint: Any = None, bias_constraint: Any = None,
                 dropout: float = 0.0, recurrent_dropout: float = 0.0, seed: int | None = None,
                 return_sequences: bool = False, return_state: bool = False, go_backwards: bool = False,
                 stateful: bool = False, **kwargs: Any):
        cell = ConvLSTMCell(self.rank, filters, kernel_size, strides, padding, data_format, dilation_rate, activation,
                            recurrent_activation, use_bias, kernel_initializer, recurrent_initializer,
                            bias_initializer, unit_forget_bias, kernel_regularizer, recurrent_regularizer,
                            bias_regularizer, kernel_constraint, recurrent_constraint, bias_constraint, dropout,
                            recurrent_dropout, seed, dtype=kwargs.get("dtype"),
                            trainable=kwargs.get("trainable", True), name="conv_lstm_cell")
        super().__init__(cell, return_sequences, return_state, go_backwards, stateful,
                         activity_regularizer=activity_regularizer, **kwargs)
        self.input_spec = InputSpec(ndim=self.rank + 3)


class ConvLSTM1D(ConvLSTM):
    """`ConvLSTM` of sequences of sequences (batch, steps, length, channels)."""

    rank = 1


class ConvLSTM2D(ConvLSTM):
    """`ConvLSTM` of sequences of images (batch, steps, height, width, channels)."""

    rank = 2


class ConvLSTM3D(ConvLSTM):
    """`ConvLSTM` of sequences of volumes (batch, steps, depth, height, width, channels)."""

    rank = 3
