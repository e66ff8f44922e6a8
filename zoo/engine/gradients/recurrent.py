"""Gradients of loops.

The gradient of a loop is a loop from its end to its beginning. It needs the states before each turn, which a repetition
of the loop gives. The cells have primitives for their gradients; gradients of these come from the cells as loops.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from zoo.engine import dtypes, loop
from zoo.engine.gradients.backward import gradients
from zoo.engine.gradients.movement import piece, zeros_like
from zoo.engine.gradients.registry import number, rule
from zoo.engine.graph import Node, Value
from zoo.engine.op import Op
from zoo.engine.primitives import (add_op, clip_op, gru_gradient_op, lstm_gradient_op, matmul_op, multiply_op, relu_op,
                                   reshape_op, select_op, sigmoid_op, simple_rnn_gradient_op, stop_gradient_op,
                                   subtract_op, tanh_op, transpose_op)

Step = Callable[..., Sequence[Value]]


@rule("scan")
def _scan(cts, node):
    """Inputs that are no floats have no gradient, and no share in the work."""
    body, sequences, states = (node.attrs[name] for name in ("body", "sequences", "states"))
    xs, first, captured = (node.inputs[:sequences], node.inputs[sequences:sequences + states],
                           node.inputs[sequences + states:])
    made = node.outputs
    cts = list(cts) if len(made) > 1 else [cts]
    _, before = loop.scan(lambda state, x: (loop.inline(body, [*x, *state, *captured])[:states], state),
                          list(first), list(xs), reverse=node.attrs["reverse"])
    floats = [dtypes.is_float(value.dtype) for value in made]
    by_first = [ct for ct, value in zip(cts, first) if dtypes.is_float(value.dtype)]
    by_results = [ct for ct, is_float in zip(cts[states:], floats[states:]) if is_float]

    def back(carry, step):
        (by_states, by_captured), (x, state, by_result) = carry, step
        ys = [y for y, is_float in zip(loop.inline(body, [*x, *state, *captured]), floats) if is_float]
        found = gradients(ys, [*_floats(x), *_floats(state), *_floats(captured)], [*by_states, *by_result])
        found = [zeros_like(value) if ct is None else ct
                 for value, ct in zip((*_floats(x), *_floats(state), *_floats(captured)), found)]
        middle, end = len(_floats(x)), len(_floats(x)) + len(by_states)
        return (found[middle:end], [add_op(a, b) for a, b in zip(by_captured, found[end:])]), found[:middle]

    start = by_first, [zeros_like(value) for value in _floats(captured)]
    (by_first, by_captured), by_xs = loop.scan(back, start, (list(xs), before, by_results),
                                               reverse=not node.attrs["reverse"])
    found = iter((*by_xs, *by_first, *by_captured))
    return [next(found) if dtypes.is_float(value.dtype) else None for value in node.inputs]


def _floats(values: Sequence[Value]) -> list[Value]:
    return [value for value in values if dtypes.is_float(value.dtype)]


# ---- cells as loops

ACTIVATIONS: dict[str, Callable[[Value], Value]] = {
    "tanh": tanh_op,
    "sigmoid": sigmoid_op,
    "hard_sigmoid": lambda x: _hard_sigmoid(x, 1 / 6),
    "keras2_hard_sigmoid": lambda x: _hard_sigmoid(x, 1 / 5),
    "relu": relu_op,
    "linear": lambda x: x,
}


def _hard_sigmoid(x: Value, slope: float) -> Value:
    return clip_op(add_op(multiply_op(x, number(slope, x)), number(0.5, x)), min=0.0, max=1.0)


def _parts(x: Value, count: int) -> list[Value]:
    size = x.shape[-1] // count
    return [piece(x, x.ndim - 1, i * size, (i + 1) * size) for i in range(count)]


def _simple_rnn(kernel: Value, *, activation: str) -> Step:
    return lambda x, h: [ACTIVATIONS[activation](add_op(x, matmul_op(h, kernel)))]


def _lstm(kernel: Value, *, activation: str, recurrent_activation: str) -> Step:
    inner, gate = ACTIVATIONS[activation], ACTIVATIONS[recurrent_activation]

    def step(x, h, c):
        i, f, new, o = _parts(add_op(x, matmul_op(h, kernel)), 4)
        c = add_op(multiply_op(gate(f), c), multiply_op(gate(i), inner(new)))
        return [multiply_op(gate(o), inner(c)), c]
    return step


def _gru(kernel: Value, bias: Value, *, activation: str, recurrent_activation: str, reset_after: bool) -> Step:
    inner, gate = ACTIVATIONS[activation], ACTIVATIONS[recurrent_activation]

    def step(x, h):
        (x_z, x_r, x_new), (k_z, k_r, k_new) = _parts(x, 3), _parts(kernel, 3)
        z, r = (gate(add_op(part, matmul_op(h, k))) for part, k in ((x_z, k_z), (x_r, k_r)))
        if reset_after:
            part = multiply_op(r, add_op(matmul_op(h, k_new), bias))
        else:
            part = add_op(matmul_op(multiply_op(r, h), k_new), bias)
        return [add_op(multiply_op(z, h), multiply_op(subtract_op(number(1, z), z), inner(add_op(x_new, part))))]
    return step


def _as_loop(step: Step, x: Value, states: Sequence[Value], mask: Sequence[Value]) -> list[Value]:
    """The states after each step, (batch, steps, units) each."""
    def turn(states, step_input):
        x, *real = step_input
        new = step(x, *states)
        for condition in real:
            new = [select_op(reshape_op(condition, shape=(x.shape[0], 1)), a, b) for a, b in zip(new, states)]
        return new, new

    steps = [transpose_op(x, axes=(1, 0, 2)), *(transpose_op(m, axes=(1, 0)) for m in mask)]
    _, made = loop.scan(turn, list(states), steps)
    return [transpose_op(value, axes=(1, 0, 2)) for value in made]


def _cell(name: str, gradient_op: Op, cell: Callable[..., Step], weights: int, states: int) -> None:
    """The rules of a cell primitive of inputs x, `weights` weights, `states` states and perhaps a mask."""
    inputs = 1 + weights + states

    @rule(name)
    def first(cts, node):
        cts = cts if states > 1 else [cts]
        mask = node.inputs[inputs:]
        found = gradient_op(*cts, *node.inputs[:inputs], *node.outputs, *mask, **node.attrs)
        return *found, *(None for _ in mask)

    @rule(f"{name}_gradient")
    def second(cts, node: Node):
        given = [stop_gradient_op(value) for value in node.inputs[:states + inputs]]  # not what they were made of
        x, *rest = given[states:]
        mask = node.inputs[inputs + 2 * states:]
        ys = _as_loop(cell(*rest[:weights], **node.attrs), x, rest[weights:], mask)
        found = gradients(gradients(ys, given[states:], given[:states]), given, cts)
        return *found, *(None for _ in (*ys, *mask))


_cell("simple_rnn", simple_rnn_gradient_op, _simple_rnn, weights=1, states=1)
_cell("lstm", lstm_gradient_op, _lstm, weights=1, states=2)
_cell("gru", gru_gradient_op, _gru, weights=2, states=1)
