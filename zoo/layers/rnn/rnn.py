"""Layers that run a cell over sequences."""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

from zoo import ops, serialization, tree
from zoo.engine.spec import Shape
from zoo.engine.variable import Variable
from zoo.errors import ConfigError, ShapeError
from zoo.layers.core.wrapper import build_held
from zoo.layers.layer import Layer
from zoo.layers.rnn import cell as cells
from zoo.layers.rnn.sequence import run_cell, zero_where_masked
from zoo.layers.rnn.stacked_cells import StackedRNNCells

Class = TypeVar("Class", bound=type)


class RNN(Layer):
    """Runs a cell over the steps of (batch, steps, features...).

    Called on a sequence, and optionally `initial_state` (a list of states (batch, size)), `mask` (batch, steps), and
    `constants`: tensors that the cell's `call` takes in each step, as a list of that name, as in tf.keras.

    Args:
        cell: a layer with ``call(inputs, states) -> (output, states)`` and `state_size`; a list of them is stacked.
        return_sequences: whether to give the outputs of all steps, or of the last one.
        return_state: whether to give the states after the last step as well.
        go_backwards: from the last step to the first; outputs come in that order.
        stateful: whether each batch starts from the states in which the one before ended. The batch size must be
            fixed; `reset_state` starts anew.
        unroll: without effect.
        zero_output_for_mask: whether outputs of masked steps are zeros; else they repeat the output before.
        num_constants: how many tensors behind the sequence and the states, where all come in one list, are constants.
        **kwargs: of `Layer`.

    Example:
        >>> RNN(GRUCell(4), return_sequences=True)(Input((None, 8))).shape
        (None, None, 4)
    """

    supports_masking = True
    only_as = {**Layer.only_as, "time_major": False}

    def __init__(self, cell: Any, return_sequences: bool = False, return_state: bool = False,
                 go_backwards: bool = False, stateful: bool = False, unroll: bool = False,
                 zero_output_for_mask: bool = False, num_constants: int | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.num_constants = num_constants
        self.cell = StackedRNNCells(cell) if isinstance(cell, (list, tuple)) else cells.checked(cell)
        self.return_sequences, self.return_state = bool(return_sequences), bool(return_state)
        self.go_backwards, self.stateful, self.unroll = bool(go_backwards), bool(stateful), bool(unroll)
        self.zero_output_for_mask = bool(zero_output_for_mask)
        self.states: Any = None                             # variables, if stateful; they are no weights

    @property
    def state_size(self) -> list[Any]:
        """Sizes of the states of the cell."""
        size = self.cell.state_size
        return list(size) if isinstance(size, (list, tuple)) else [size]

    def __call__(self, sequences: Any, initial_state: Any = None, constants: Any = None, **kwargs: Any) -> Any:
        """Calls the layer; ``[sequences, *initial_state, *constants]`` is Keras 2's way to give all of them."""
        if self.num_constants and isinstance(sequences, (list, tuple)) and constants is None:
            at = len(sequences) - self.num_constants
            sequences, constants = list(sequences[:at]), sequences[at:]
        sequences, given = with_states(sequences, initial_state)
        if constants is not None:
            given["constants"] = list(constants) if isinstance(constants, (list, tuple)) else [constants]
            self.num_constants = len(given["constants"])
        return super().__call__(sequences, **given, **kwargs)

    def build(self, sequences_shape: Shape, initial_state_shape: Any = None) -> None:
        if isinstance(self.cell, Layer):
            build_held(self.cell, (sequences_shape[0], *sequences_shape[2:]))
        if self.stateful and self.states is None:
            if sequences_shape[0] is None:
                raise ConfigError(f"{self.name}: stateful=True needs a fixed batch size: give the input `batch_size`, "
                                  f"or a `batch_shape`. Received shape: {tuple(sequences_shape)}")
            self.states = tree.map(lambda state: Variable(state, trainable=False, name="rnn_state"),
                                   self.get_initial_state(sequences_shape[0]))

    def get_initial_state(self, batch_size: int) -> list[Any]:
        """The states to start from, for batches of that size."""
        if hasattr(self.cell, "get_initial_state"):
            states = self.cell.get_initial_state(batch_size=batch_size)
            return list(states) if isinstance(states, (list, tuple)) else [states]
        return [ops.zeros((batch_size, size), getattr(self.cell, "arithmetic_dtype", None)) for size in self.state_size]

    def reset_state(self) -> None:
        """Makes the next batch start from zeros, if the layer is stateful."""
        for variable in tree.leaves(self.states):
            if variable is not None:
                variable.assign(ops.zeros(variable.shape, variable.dtype))

    def reset_states(self, states: Any = None) -> None:
        """Keras 2's `reset_state`: makes the next batch start from these states, or from zeros."""
        if states is None:
            return self.reset_state()
        tree.map(lambda variable, state: variable.assign(state), self.states,
                 list(states) if isinstance(states, (list, tuple)) else [states])

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """That of the input, if outputs of all steps are given; states have none."""
        mask = previous_mask if self.return_sequences else None
        return [mask, *(None for _ in self.state_size)] if self.return_state else mask

    def call(self, sequences: Any, initial_state: Any = None, mask: Any = None, training: bool = False,
             constants: Any = None) -> Any:
        states = self._first_states(sequences, initial_state)
        if mask is not None:
            mask = ops.cast(mask, "bool") if mask.ndim == 2 else ops.any(mask, axis=tuple(range(2, mask.ndim)))
        if self.go_backwards:
            sequences, mask = ops.flip(sequences, axis=1), None if mask is None else ops.flip(mask, axis=1)
        outputs, states = run_cell(self.cell, sequences, states, mask, training, constants)
        if self.zero_output_for_mask and mask is not None:
            outputs = zero_where_masked(outputs, mask)
        if self.stateful:
            tree.map(lambda variable, state: variable.assign(ops.cast(state, variable.dtype)), self.states, states)
        output = outputs if self.return_sequences else outputs[:, -1]
        return (output, *states) if self.return_state else output

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer."""
        config = super().get_config()
        return {name: value for name, value in config.items() if name != "num_constants" or value is not None}

    def _first_states(self, sequences: Any, initial_state: Any) -> list[Any]:
        batch = sequences.shape[0]
        if initial_state is not None:
            return list(initial_state) if isinstance(initial_state, (list, tuple)) else [initial_state]
        if self.stateful:
            if batch not in (None, tree.leaves(self.states)[0].shape[0]):
                raise ShapeError(f"{self.name}: a stateful layer takes batches of the size it was built for, "
                                 f"{tree.leaves(self.states)[0].shape[0]}. Received a batch of {batch}.")
            return tree.map(ops.convert_to_tensor, self.states)
        if batch is not None:
            return self.get_initial_state(batch)
        one = ops.zeros_like(sequences[(slice(None), *(0 for _ in sequences.shape[1:]))])       # (batch,)
        return tree.map(lambda state: ops.add(state, ops.cast(ops.expand_dims(one, list(range(1, state.ndim))),
                                                              state.dtype)), self.get_initial_state(1))


def with_states(sequences: Any, initial_state: Any) -> tuple[Any, dict[str, Any]]:
    """The sequences, and the initial states as a keyword argument; these may come in a list behind the sequences."""
    if isinstance(sequences, (list, tuple)):
        sequences, *given = sequences
        initial_state = given or initial_state
    if initial_state is None:
        return sequences, {}
    states = list(initial_state) if isinstance(initial_state, (list, tuple)) else [initial_state]
    return sequences, {"initial_state": states}


class CellRNN(RNN):
    """Base of recurrent layers that make their cell from their own arguments."""

    cell_class: ClassVar[type[cells.RecurrentCell]]
    not_in_config = frozenset({"cell", "implementation"})


def with_arguments_of_cell(cls: Class) -> Class:
    """Class decorator: what the cell of a `CellRNN` keeps of its arguments is there as attributes of the layer too."""
    for name in serialization.init_parameters(cls.cell_class):
        if not hasattr(cls, name) and name not in serialization.init_parameters(Layer):
            setattr(cls, name, property(lambda self, name=name: getattr(self.cell, name)))
    return cls
