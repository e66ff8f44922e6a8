"""Long short-term memory."""

from __future__ import annotations

from typing import Any

from zoo import ops
from zoo.engine.spec import Shape
from zoo.layers import registry
from zoo.layers.input_spec import InputSpec
from zoo.layers.rnn.cell import FUSED, KEEP_ALL, DenseCell, DropoutFactors, ForgetBias, product
from zoo.layers.rnn.rnn import CellRNN, with_arguments_of_cell
from zoo.ops import recurrent


class LSTMCell(DenseCell):
    """Gates i, f, c, o in this order; states h and c. See `DenseCell`.

    ``c = f * c + i * activation(c gate)``, ``h = o * activation(c)``, with the gates i, f, o behind
    `recurrent_activation`.

    Args:
        recurrent_activation: of the gates.
        unit_forget_bias: whether the bias of the forget gate starts at 1.

    Source: Hochreiter and Schmidhuber, 1997, https://doi.org/10.1162/neco.1997.9.8.1735.
    """

    gates = 4
    states = 2

    def __init__(self, units: int, activation: Any = "tanh", recurrent_activation: Any = "sigmoid",
                 use_bias: bool = True, kernel_initializer: Any = "glorot_uniform",
                 recurrent_initializer: Any = "orthogonal", bias_initializer: Any = "zeros",
                 unit_forget_bias: bool = True, kernel_regularizer: Any = None, recurrent_regularizer: Any = None,
                 bias_regularizer: Any = None, kernel_constraint: Any = None, recurrent_constraint: Any = None,
                 bias_constraint: Any = None, dropout: float = 0.0, recurrent_dropout: float = 0.0,
                 seed: int | None = None, **kwargs: Any):
        super().__init__(units, activation, use_bias, kernel_initializer, recurrent_initializer, bias_initializer,
                         kernel_regularizer, recurrent_regularizer, bias_regularizer, kernel_constraint,
                         recurrent_constraint, bias_constraint, dropout=dropout, recurrent_dropout=recurrent_dropout,
                         seed=seed, **kwargs)
        self.recurrent_activation = registry.activation(recurrent_activation)
        self.unit_forget_bias = bool(unit_forget_bias)

    def build(self, input_shape: Shape) -> None:
        configured = self.bias_initializer
        if self.unit_forget_bias:
            self.bias_initializer = ForgetBias(configured, self.units)
        super().build(input_shape)
        self.bias_initializer = configured

    def step(self, projected: Any, states: list[Any], factors: DropoutFactors = KEEP_ALL) -> tuple[Any, list[Any]]:
        h, c = states
        inner, gate = self.activation, self.recurrent_activation
        gates = ops.add(projected, product(h, self.recurrent_weights(), factors.states))
        i, f, new, o = ops.split(gates, 4, axis=-1)
        c = ops.add(ops.multiply(gate(f), c), ops.multiply(gate(i), inner(new)))
        h = ops.multiply(gate(o), inner(c))
        return h, [h, c]

    def run(self, projected: Any, states: list[Any], mask: Any) -> list[Any] | None:
        if not {self.activation, self.recurrent_activation} <= FUSED.keys():
            return None
        return recurrent.lstm(projected, self.recurrent_weights(), *states, mask, activation=FUSED[self.activation],
                              recurrent_activation=FUSED[self.recurrent_activation])


@with_arguments_of_cell
class LSTM(CellRNN):
    """Long short-term memory: `RNN` of an `LSTMCell`.

    Args:
        units: size of the output.
        activation: of what goes into the state, and of the state: name, function or layer.
        recurrent_activation: of the gates.
        use_bias: whether to add a bias.
        unit_forget_bias: whether the bias of the forget gate starts at 1.
        dropout, recurrent_dropout: share of the inputs, and of the states, to drop in training.
        seed: of the dropout; drawn if None.
        use_cudnn: without effect.
        **kwargs: of `Layer`; the others are those of `RNN`.

    Example:
        >>> LSTM(32, return_sequences=True)(Input((10, 8))).shape
        (None, 10, 32)
    """

    cell_class = LSTMCell
    not_in_config = CellRNN.not_in_config | {"use_cudnn"}

    def __init__(self, units: int, activation: Any = "tanh", recurrent_activation: Any = "sigmoid",
                 use_bias: bool = True, kernel_initializer: Any = "glorot_uniform",
                 recurrent_initializer: Any = "orthogonal", bias_initializer: Any = "zeros",
                 unit_forget_bias: bool = True, kernel_regularizer: Any = None, recurrent_regularizer: Any = None,
                 bias_regularizer: Any = None, activity_regularizer: Any = None, kernel_constraint: Any = None,
                 recurrent_constraint: Any = None, bias_constraint: Any = None, dropout: float = 0.0,
                 recurrent_dropout: float = 0.0, seed: int | None = None, return_sequences: bool = False,
                 return_state: bool = False, go_backwards: bool = False, stateful: bool = False, unroll: bool = False,
                 use_cudnn: Any = "auto", implementation: int = 2, **kwargs: Any):
        cell = self.cell_class(units, activation, recurrent_activation, use_bias, kernel_initializer,
                               recurrent_initializer, bias_initializer, unit_forget_bias, kernel_regularizer,
                               recurrent_regularizer, bias_regularizer, kernel_constraint, recurrent_constraint,
                               bias_constraint, dropout, recurrent_dropout, seed, implementation=implementation,
                               dtype=kwargs.get("dtype"), trainable=kwargs.get("trainable", True), name="lstm_cell")
        super().__init__(cell, return_sequences, return_state, go_backwards, stateful, unroll,
                         activity_regularizer=activity_regularizer, **kwargs)
        self.use_cudnn = use_cudnn
        self.input_spec = InputSpec(ndim=3)
