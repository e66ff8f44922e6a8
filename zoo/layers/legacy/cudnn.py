"""Recurrent layers of Keras 2 in the layout of weights that NVIDIA's cuDNN has. They compute on any device here.

Each gate's part of a kernel is stored as cuDNN reads it: transposed, in the shape that it has untransposed. Each gate
has two biases, one for the inputs and one for the state.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from zoo import ops
from zoo.engine.spec import Shape
from zoo.engine.variable import Variable
from zoo.layers.building import outer_scope
from zoo.layers.input_spec import InputSpec
from zoo.layers.layer import Layer
from zoo.layers.rnn.gru import GRUCell
from zoo.layers.rnn.lstm import LSTMCell
from zoo.layers.rnn.rnn import CellRNN, with_arguments_of_cell


def from_cudnn(kernel: Any, gates: int) -> Any:
    """A kernel (inputs, gates * units) for matrix products.

    old: for each gate, the numbers of (units, inputs), in the shape (inputs, units)
    new: for each gate (inputs, units)
    """
    parts = ops.split(kernel, gates, axis=-1)
    return ops.concatenate([ops.transpose(ops.reshape(part, part.shape[::-1])) for part in parts], axis=-1)


class CuDNNLSTMCell(LSTMCell):
    """An `LSTMCell` with the weights of cuDNN; bias (8 * units,): those of the inputs, then those of the state."""

    def bias_shape(self) -> tuple[int, ...]:
        return (8 * self.units,)

    def input_weights(self) -> tuple[Any, Any]:
        return from_cudnn(self.kernel, 4), ops.sum(ops.reshape(self.bias, (2, 4 * self.units)), axis=0)

    def recurrent_weights(self) -> Any:
        return from_cudnn(self.recurrent_kernel, 4)


class CuDNNGRUCell(GRUCell):
    """A `GRUCell` (`reset_after`) with the weights of cuDNN; bias (6 * units,): of the inputs, then of the state."""

    def bias_shape(self) -> tuple[int, ...]:
        return (6 * self.units,)

    def input_weights(self) -> tuple[Any, Any]:
        of_inputs, of_state = ops.split(self.bias, 2)
        of_gates = ops.pad(of_state[:2 * self.units], ((0, self.units),))
        return from_cudnn(self.kernel, 3), ops.add(of_inputs, of_gates)

    def candidate_bias(self) -> Any:
        return self.bias[5 * self.units:]

    def recurrent_weights(self) -> Any:
        return from_cudnn(self.recurrent_kernel, 3)


class CuDNNRNN(CellRNN):
    """Base of the two layers. In files their weights stand directly in the layer."""

    not_in_config = CellRNN.not_in_config | {"unroll", "zero_output_for_mask"}

    def build(self, sequences_shape: Shape, initial_state_shape: Any = None) -> None:
        self.cell.name = self.name                          # its variables are called after the layer
        with outer_scope():
            self.cell.build((sequences_shape[0], *sequences_shape[2:]))
        super().build(sequences_shape, initial_state_shape)

    def sublayers(self) -> Iterator[tuple[str, Layer]]:
        yield from ()

    def own_variables(self) -> list[Variable]:
        return self.cell.own_variables()


@with_arguments_of_cell
class CuDNNLSTM(CuDNNRNN):
    """`LSTM` in cuDNN's layout of weights.

    Args:
        units: size of the output.
        **kwargs: of `Layer`; the others are those of `LSTM`.
    """

    cell_class = CuDNNLSTMCell

    def __init__(self, units: int, kernel_initializer: Any = "glorot_uniform",
                 recurrent_initializer: Any = "orthogonal", bias_initializer: Any = "zeros",
                 unit_forget_bias: bool = True, kernel_regularizer: Any = None, recurrent_regularizer: Any = None,
                 bias_regularizer: Any = None, activity_regularizer: Any = None, kernel_constraint: Any = None,
                 recurrent_constraint: Any = None, bias_constraint: Any = None, return_sequences: bool = False,
                 return_state: bool = False, stateful: bool = False, go_backwards: bool = False, **kwargs: Any):
        cell = CuDNNLSTMCell(units, kernel_initializer=kernel_initializer, recurrent_initializer=recurrent_initializer,
                             bias_initializer=bias_initializer, unit_forget_bias=unit_forget_bias,
                             kernel_regularizer=kernel_regularizer, recurrent_regularizer=recurrent_regularizer,
                             bias_regularizer=bias_regularizer, kernel_constraint=kernel_constraint,
                             recurrent_constraint=recurrent_constraint, bias_constraint=bias_constraint,
                             dtype=kwargs.get("dtype"), trainable=kwargs.get("trainable", True), name="cell")
        super().__init__(cell, return_sequences, return_state, go_backwards, stateful,
                         activity_regularizer=activity_regularizer, **kwargs)
        self.input_spec = InputSpec(ndim=3)


@with_arguments_of_cell
class CuDNNGRU(CuDNNRNN):
    """`GRU` (`reset_after`) in cuDNN's layout of weights.

    Args:
        units: size of the output.
        **kwargs: of `Layer`; the others are those of `GRU`.
    """

    cell_class = CuDNNGRUCell

    def __init__(self, units: int, kernel_initializer: Any = "glorot_uniform",
                 recurrent_initializer: Any = "orthogonal", bias_initializer: Any = "zeros",
                 kernel_regularizer: Any = None, recurrent_regularizer: Any = None, bias_regularizer: Any = None,
                 activity_regularizer: Any = None, kernel_constraint: Any = None, recurrent_constraint: Any = None,
                 bias_constraint: Any = None, return_sequences: bool = False, return_state: bool = False,
                 stateful: bool = False, go_backwards: bool = False, **kwargs: Any):
        cell = CuDNNGRUCell(units, kernel_initializer=kernel_initializer, recurrent_initializer=recurrent_initializer,
                            bias_initializer=bias_initializer, kernel_regularizer=kernel_regularizer,
                            recurrent_regularizer=recurrent_regularizer, bias_regularizer=bias_regularizer,
                            kernel_constraint=kernel_constraint, recurrent_constraint=recurrent_constraint,
                            bias_constraint=bias_constraint, dtype=kwargs.get("dtype"),
                            trainable=kwargs.get("trainable", True), name="cell")
        super().__init__(cell, return_sequences, return_state, go_backwards, stateful,
                         activity_regularizer=activity_regularizer, **kwargs)
        self.input_spec = InputSpec(ndim=3)
