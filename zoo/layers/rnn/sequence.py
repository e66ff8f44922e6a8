"""Cells run over sequences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zoo import ops, tree
from zoo.errors import ConfigError
from zoo.layers.layer import Layer, accepts
from zoo.layers.rnn.cell import KEEP_ALL, RecurrentCell

_NO_CONSTANTS = "{}.call() takes no `constants`, which were given to the layer that runs it."
Step = Callable[[Any, list[Any]], tuple[Any, list[Any]]]


def run_cell(cell: Any, sequences: Any, states: list[Any], mask: Any, training: bool,
             constants: Any = None) -> tuple[Any, list[Any]]:
    """Outputs of all steps (batch, steps, ...), and the states after the last one.

    A step whose mask is False keeps the states, and repeats the output of the step before (zeros before the first).

    Args:
        cell: a built cell.
        sequences: (batch, steps, features...).
        states: the nest of states before the first step.
        mask: (batch, steps), bool, or None.
        training: whether to drop values.
        constants: tensors that each step gets; None for none.

    Raises:
        ConfigError: the cell takes no constants.
    """
    if not isinstance(cell, RecurrentCell):
        return _loop(stepper(cell, sequences[:, 0], states, training, constants), sequences, states, mask)
    if constants is not None:
        raise ConfigError(_NO_CONSTANTS.format(type(cell).__name__))
    factors = cell.draw(sequences[:, 0], states) if training else KEEP_ALL
    projected = cell.project(sequences, factors)
    states = tree.map(lambda state: ops.cast(state, projected.dtype), states)
    made = None if factors.states else cell.run(projected, states, mask)
    if made is None:
        return _loop(lambda x, before: cell.step(x, before, factors), projected, states, mask)
    seen = None if mask is None else ops.greater(ops.cumsum(ops.cast(mask, "int32"), axis=1), 0)
    outputs = made[0] if seen is None else _where(seen, made[0], 0)
    return outputs, [state[:, -1] for state in made]


def stepper(cell: Any, inputs: Any, states: Any, training: bool, constants: Any = None) -> Step:
    """The function ``(inputs, states) -> (output, new states)`` of one step, with the same dropout in all steps.

    Args:
        cell: any cell.
        inputs: of one step: (batch, features...).
        states: of one step.
        training: whether to drop values.
        constants: as of `run_cell`.
    """
    if isinstance(cell, RecurrentCell):
        if constants is not None:
            raise ConfigError(_NO_CONSTANTS.format(type(cell).__name__))
        factors = cell.draw(inputs, states) if training else KEEP_ALL
        return lambda x, before: cell.step(cell.project(x, factors), before, factors)
    if hasattr(cell, "stepper"):
        return cell.stepper(inputs, states, training, constants)
    options: dict[str, Any] = {}
    if isinstance(cell, Layer) and accepts(type(cell), "training"):
        options["training"] = training
    if constants is not None:
        if not accepts(type(cell), "constants"):
            raise ConfigError(_NO_CONSTANTS.format(type(cell).__name__))
        options["constants"] = constants
    function = cell if callable(cell) else cell.call

    def step(x: Any, before: list[Any]) -> tuple[Any, list[Any]]:
        output, after = function(x, before, **options)
        return output, list(after) if isinstance(after, (list, tuple)) else [after]
    return step


def _loop(step: Step, sequences: Any, states: list[Any], mask: Any) -> tuple[Any, list[Any]]:
    steps = ops.swapaxes(sequences, 0, 1)
    if mask is None:
        def turn(before: list[Any], x: Any) -> tuple[list[Any], Any]:
            output, after = step(x, before)
            return after, output

        states, outputs = ops.scan(turn, states, steps)
    else:
        def masked_turn(carry: tuple[Any, list[Any]], inputs: tuple[Any, Any]) -> tuple[Any, Any]:
            (previous, before), (x, real) = carry, inputs
            output, after = step(x, before)
            output = _where(real, output, previous)
            return (output, tree.map(lambda a, b: _where(real, a, b), after, before)), output

        first = ops.zeros_like(step(sequences[:, 0], states)[0])
        (_, states), outputs = ops.scan(masked_turn, (first, states), (steps, ops.swapaxes(mask, 0, 1)))
    return ops.swapaxes(outputs, 0, 1), states


def _where(condition: Any, x: Any, y: Any) -> Any:
    """x where the condition, which has the first axes of x, holds; else y."""
    return ops.where(ops.expand_dims(condition, list(range(condition.ndim, x.ndim))), x, y)


def zero_where_masked(outputs: Any, mask: Any) -> Any:
    """Outputs (batch, steps, ...) with zeros at masked steps."""
    return _where(mask, outputs, 0)


def each_step(function: Callable[[Any], Any], sequences: Any, *, together: bool = True) -> Any:
    """The results of a function of (batch, ...) for all steps of (batch, steps, ...).

    Args:
        function: of a nest of tensors.
        sequences: the nest. Sizes may be unknown, when only the shape of the result is wanted.
        together: whether all steps may be done in one call, as samples of one large batch; else one after the other.
    """
    batch, steps = tree.leaves(sequences)[0].shape[:2]
    if not together or None in (batch, steps):
        _, made = ops.scan(lambda carry, x: (carry, function(x)), (),
                           tree.map(lambda x: ops.swapaxes(x, 0, 1), sequences))
        return tree.map(lambda y: ops.swapaxes(y, 0, 1), made)
    made = function(tree.map(lambda x: ops.reshape(x, (batch * steps, *x.shape[2:])), sequences))
    return tree.map(lambda y: ops.reshape(y, (batch, steps, *y.shape[1:])), made)
