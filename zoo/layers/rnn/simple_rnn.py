"""The plain recurrent layer."""

from __future__ import annotations

from typing import Any

from zoo import ops
from zoo.layers.input_spec import InputSpec
from zoo.layers.rnn.cell import FUSED, KEEP_ALL, DenseCell, DropoutFactors, product
from zoo.layers.rnn.rnn import CellRNN, with_arguments_of_cell
from zoo.ops import recurrent


class SimpleRNNCell(DenseCell):
    """``h = activation(x kernel + h recurrent_kernel + bias)``; see `DenseCell`."""

    def __init__(self, units: int, activation: Any = "tanh", use_bias: bool = True,
                 kernel_initializer: Any = "glorot_uniform", recurrent_initializer: Any = "orthogonal",
                 bias_initializer: Any = "zeros", kernel_regularizer: Any = None, recurrent_regularizer: Any = None,
                 bias_regularizer: Any = None, kernel_constraint: Any = None, recurrent_constraint: Any = None,
                 bias_constraint: Any = None, dropout: float = 0.0, recurrent_dropout: float = 0.0,
                 seed: int | None = None, **kwargs: Any):
        super().__init__(units, activation, use_bias, kernel_initializer, recurrent_initializer, bias_initializer,
                         kernel_regularizer, recurrent_regularizer, bias_regularizer, kernel_constraint,
                         recurrent_constraint, bias_constraint, dropout=dropout, recurrent_dropout=recurrent_dropout,
                         seed=seed, **kwargs)

    def step(self, projected: Any, states: list[Any], factors: DropoutFactors = KEEP_ALL) -> tuple[Any, list[Any]]:
        h = self.activation(ops.add(projected, product(states[0], self.recurrent_weights(), factors.states)))
        return h, [h]

    def run(self, projected: Any, states: list[Any], mask: Any) -> list[Any] | None:
        if self.activation not in FUSED:
            return None
        return recurrent.simple_rnn(projected, self.recurrent_weights(), states[0], mask,
                                    activation=FUSED[self.activation])


@with_arguments_of_cell
class SimpleRNN(CellRNN):
    """The plain recurrent layer: `RNN` of a `SimpleRNNCell`.

    Args:
        units: size of the output.
        activation: of the output: name, function or layer.
        use_bias: whether to add a bias.
        dropout, recurrent_dropout: share of the inputs, and of the states, to drop in training.
        seed: of the dropout; drawn if None.
        **kwargs: of `Layer`; the others are those of `RNN`.
    """

    cell_class = SimpleRNNCell

    def __init__(self, units: int, activation: Any = "tanh", use_bias: bool = True,
                 kernel_initializer: Any = "glorot_uniform", recurrent_initializer: Any = "orthogonal",
                 bias_initializer: Any = "zeros", kernel_regularizer: Any = None, recurrent_regularizer: Any = None,
                 bias_regularizer: Any = None, activity_regularizer: Any = None, kernel_constraint: Any = None,
                 recurrent_constraint: Any = None, bias_constraint: Any = None, dropout: float = 0.0,
                 recurrent_dropout: float = 0.0, return_sequences: bool = False, return_state: bool = False,
                 go_backwards: bool = False, stateful: bool = False, unroll: bool = False, seed: int | None = None,
                 implementation: int = 2, **kwargs: Any):
        cell = SimpleRNNCell(units, activation, use_bias, kernel_initializer, recurrent_initializer, bias_initializer,
                             kernel_regularizer, recurrent_regularizer, bias_regularizer, kernel_constraint,
                             recurrent_constraint, bias_constraint, dropout, recurrent_dropout, seed,
                             implementation=implementation, dtype=kwargs.get("dtype"),
                             trainable=kwargs.get("trainable", True), name="simple_rnn_cell")
        super().__init__(cell, return_sequences, return_state, go_backwards, stateful, unroll,
                         activity_regularizer=activity_regularizer, **kwargs)
        self.input_spec = InputSpec(ndim=3)
