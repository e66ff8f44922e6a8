"""Gated recurrent unit."""

from __future__ import annotations

from typing import Any

from zoo import ops
from zoo.layers import registry
from zoo.layers.input_spec import InputSpec
from zoo.layers.rnn.cell import FUSED, KEEP_ALL, DenseCell, DropoutFactors, product
from zoo.layers.rnn.rnn import CellRNN, with_arguments_of_cell
from zoo.ops import recurrent


class GRUCell(DenseCell):
    """Gates z (update), r (reset), h (candidate) in this order; see `DenseCell`.

    ``h = z * h + (1 - z) * candidate``. Weights: with `reset_after` the bias is (2, 3 * units): one of the inputs, one
    of the state; else (3 * units,).

    Args:
        recurrent_activation: of the gates z and r.
        reset_after: whether r is multiplied with the state times its kernel, or with the state before.

    Source: Cho et al., 2014, https://arxiv.org/abs/1406.1078.
    """

    gates = 3

    def __init__(self, units: int, activation: Any = "tanh", recurrent_activation: Any = "sigmoid",
                 use_bias: bool = True, kernel_initializer: Any = "glorot_uniform",
                 recurrent_initializer: Any = "orthogonal", bias_initializer: Any = "zeros",
                 kernel_regularizer: Any = None, recurrent_regularizer: Any = None, bias_regularizer: Any = None,
                 kernel_constraint: Any = None, recurrent_constraint: Any = None, bias_constraint: Any = None,
                 dropout: float = 0.0, recurrent_dropout: float = 0.0, reset_after: bool = True,
                 seed: int | None = None, **kwargs: Any):
        super().__init__(units, activation, use_bias, kernel_initializer, recurrent_initializer, bias_initializer,
                         kernel_regularizer, recurrent_regularizer, bias_regularizer, kernel_constraint,
                         recurrent_constraint, bias_constraint, dropout=dropout, recurrent_dropout=recurrent_dropout,
                         seed=seed, **kwargs)
        self.recurrent_activation = registry.activation(recurrent_activation)
        self.reset_after = bool(reset_after)

    def bias_shape(self) -> tuple[int, ...]:
        return (2, 3 * self.units) if self.reset_after else (3 * self.units,)

    def input_weights(self) -> tuple[Any, Any]:
        """Kernel and bias of the inputs; the state's own bias of the gates z and r is simply added to that."""
        if self.bias is None or not self.reset_after:
            return self.kernel, self.bias
        of_gates = ops.pad(self.bias[1, :2 * self.units], ((0, self.units),))
        return self.kernel, ops.add(self.bias[0], of_gates)

    def candidate_bias(self) -> Any:
        """The state's own bias of the candidate (units,), or zeros."""
        if self.bias is None or not self.reset_after:
            return ops.zeros((self.units,), self.kernel.dtype)
        return self.bias[1, 2 * self.units:]

    def step(self, projected: Any, states: list[Any], factors: DropoutFactors = KEEP_ALL) -> tuple[Any, list[Any]]:
        h, two = states[0], 2 * self.units
        kernel = self.recurrent_weights()
        z, r = ops.split(self.recurrent_activation(
            ops.add(projected[:, :two], product(h, kernel[:, :two], factors.states[:2]))), 2, axis=-1)
        seen = ops.multiply(h, factors.states[2]) if factors.states else h
        if self.reset_after:
            part = ops.multiply(r, ops.add(ops.matmul(seen, kernel[:, two:]), self.candidate_bias()))
        else:
            part = ops.matmul(ops.multiply(r, seen), kernel[:, two:])
        candidate = self.activation(ops.add(projected[:, two:], part))
        h = ops.add(ops.multiply(z, h), ops.multiply(ops.subtract(1, z), candidate))
        return h, [h]

    def run(self, projected: Any, states: list[Any], mask: Any) -> list[Any] | None:
        if not {self.activation, self.recurrent_activation} <= FUSED.keys():
            return None
        return recurrent.gru(projected, self.recurrent_weights(), self.candidate_bias(), states[0], mask,
                             activation=FUSED[self.activation],
                             recurrent_activation=FUSED[self.recurrent_activation], reset_after=self.reset_after)


@with_arguments_of_cell
class GRU(CellRNN):
    """Gated recurrent unit: `RNN` of a `GRUCell`.

    Args:
        units: size of the output.
        activation: of the candidate: name, function or layer.
        recurrent_activation: of the gates.
        use_bias: whether to add a bias.
        dropout, recurrent_dropout: share of the inputs, and of the states, to drop in training.
        seed: of the dropout; drawn if None.
        reset_after: see `GRUCell`.
        use_cudnn: without effect.
        **kwargs: of `Layer`; the others are those of `RNN`.

    Example:
        >>> GRU(32)(Input((10, 8))).shape
        (None, 32)
    """

    cell_class = GRUCell
    not_in_config = CellRNN.not_in_config | {"use_cudnn"}

    def __init__(self, units: int, activation: Any = "tanh", recurrent_activation: Any = "sigmoid",
                 use_bias: bool = True, kernel_initializer: Any = "glorot_uniform",
                 recurrent_initializer: Any = "orthogonal", bias_initializer: Any = "zeros",
                 kernel_regularizer: Any = None, recurrent_regularizer: Any = None, bias_regularizer: Any = None,
                 activity_regularizer: Any = None, kernel_constraint: Any = None, recurrent_constraint: Any = None,
                 bias_constraint: Any = None, dropout: float = 0.0, recurrent_dropout: float = 0.0,
                 seed: int | None = None, return_sequences: bool = False, return_state: bool = False,
                 go_backwards: bool = False, stateful: bool = False, unroll: bool = False, reset_after: bool = True,
                 use_cudnn: Any = "auto", implementation: int = 2, **kwargs: Any):
        cell = self.cell_class(units, activation, recurrent_activation, use_bias, kernel_initializer,
                               recurrent_initializer, bias_initializer, kernel_regularizer, recurrent_regularizer,
                               bias_regularizer, kernel_constraint, recurrent_constraint, bias_constraint, dropout,
                               recurrent_dropout, reset_after, seed, implementation=implementation,
                               dtype=kwargs.get("dtype"), trainable=kwargs.get("trainable", True), name="gru_cell")
        super().__init__(cell, return_sequences, return_state, go_backwards, stateful, unroll,
                         activity_regularizer=activity_regularizer, **kwargs)
        self.use_cudnn = use_cudnn
        self.input_spec = InputSpec(ndim=3)
