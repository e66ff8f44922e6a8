"""Loops: what scan takes from around it, the cells against their steps written out, gradients of both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from zoo import ops
from zoo.engine import loop
from zoo.engine.autodiff import gradients
from zoo.engine.compile import compile_graph
from zoo.engine.function import Function
from zoo.engine.primitives import gru_op, lstm_op, scan_op, simple_rnn_op
from zoo.engine.spec import TensorSpec
from zoo.engine.trace import trace
from zoo.engine.variable import Variable
from zoo.errors import ConfigError, DtypeError, ShapeError

BATCH, STEPS, UNITS = 3, 5, 4
GENERATOR = np.random.default_rng(0)
MASK = np.array([[1, 1, 0, 1, 0], [0, 0, 1, 1, 1], [1, 1, 1, 1, 1]], bool)


def normal(*shape: int) -> np.ndarray:
    return GENERATOR.normal(size=shape)


def run(function: Callable[..., Any], *arrays: Any) -> list[np.ndarray]:
    specs = [TensorSpec(a.shape, str(a.dtype)) for a in arrays]
    return compile_graph(trace(function, *specs).graph).run(*arrays)


# ---- any body

def test_a_loop_is_one_node_and_equals_its_steps() -> None:
    x, h, w = normal(STEPS, BATCH, UNITS), normal(BATCH, UNITS), normal(UNITS, UNITS)

    def looped(x: Any, h: Any, w: Any) -> Any:
        return loop.scan(lambda h, x: (ops.tanh(h @ w + x),) * 2, h, x)

    nodes = trace(looped, *(TensorSpec(a.shape, "float64") for a in (x, h, w))).graph.nodes
    assert [node.op.name for node in nodes] == ["scan"]
    expected = []
    state = h
    for step in x:
        state = np.tanh(state @ w + step)
        expected.append(state)
    last, all_steps = run(looped, x, h, w)
    np.testing.assert_allclose(all_steps, expected, rtol=1e-12)
    np.testing.assert_array_equal(last, all_steps[-1])


def test_reversed_loops_keep_the_order_of_their_results() -> None:
    x = np.arange(4.0)
    last, sums = run(lambda x: loop.scan(lambda h, x: (h + x, h + x), np.float64(0), x, reverse=True), x)
    assert last == 6 and sums.tolist() == [6, 6, 5, 3]


def test_nests_and_missing_results_keep_their_structure() -> None:
    def turn(carry: Any, x: Any) -> Any:
        return {"sum": carry["sum"] + x["a"], "count": carry["count"] + 1}, (None, x["a"] * x["b"])

    def function(a: Any, b: Any) -> Any:
        return loop.scan(turn, {"sum": np.float64(0), "count": np.int32(0)}, {"a": a, "b": b})

    carry, (nothing, products) = Function(function)(np.arange(3.0), np.arange(3.0))
    assert nothing is None and carry == {"sum": 3, "count": 3} and products.tolist() == [0, 1, 4]


def test_variables_that_the_body_assigns_are_carried() -> None:
    count, scale = Variable(np.float64(10), name="count"), Variable(np.float64(2), name="scale")

    def turn(carry: Any, x: Any) -> Any:
        count.assign_add(x * scale)
        return carry, count + 0

    function = Function(lambda x: loop.scan(turn, (), x)[1])
    assert function(np.array([1.0, 2.0])).tolist() == [12, 16]
    assert count.value == 16 and function(np.array([1.0])).tolist() == [18]


def test_loops_inside_of_loops() -> None:
    def turn(total: Any, row: Any) -> Any:
        inner, _ = loop.scan(lambda h, x: (h + x * total, None), np.float64(0), row)
        return total + inner, inner

    total, inner = run(lambda x: loop.scan(turn, np.float64(1), x), np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert inner.tolist() == [3, 28] and total == 32


def test_eager_loops_equal_compiled_ones() -> None:
    x = normal(4, 2)
    eager = ops.scan(lambda c, row: (c + row, c * row), x[0], x)
    compiled = Function(lambda x: ops.scan(lambda c, row: (c + row, c * row), x[0], x))(x)
    for a, b in zip(eager, compiled):
        np.testing.assert_allclose(a, b)


def test_a_loop_of_no_turns_gives_its_first_state() -> None:
    last, made = run(lambda x: loop.scan(lambda h, x: (h + x, h), np.ones(2), x), np.zeros((0, 2)))
    assert last.tolist() == [1, 1] and made.shape == (0, 2)


def test_unknown_lengths_stay_unknown() -> None:
    traced = trace(lambda x: loop.scan(lambda h, x: (h + x, h), np.zeros((1, 2), "float32") + x[0], x),
                   TensorSpec((None, None, 2)))
    assert [spec.shape for spec in traced.specs] == [(None, 2), (None, None, 2)]


def test_a_carry_that_changes_its_shape_is_refused() -> None:
    with pytest.raises(ShapeError, match="number, shapes and dtypes must stay the same"):
        trace(lambda x: loop.scan(lambda h, x: (ops.concatenate([h, h]), None), np.zeros(2, "float32"), x),
              TensorSpec((3, 2)))
    with pytest.raises(ShapeError, match="int32"):
        trace(lambda x: loop.scan(lambda h, x: (ops.cast(h, "int32"), None), x[0], x), TensorSpec((3, 2)))


def test_the_primitive_checks_what_it_is_given() -> None:
    body = trace(lambda x, h: (h + x, h), TensorSpec((2,)), TensorSpec((2,))).graph
    x, h = np.ones((3, 2), "float32"), np.ones(2, "float32")
    attrs = {"body": body, "sequences": 1, "states": 1, "reverse": False}
    with pytest.raises(ConfigError, match="3 inputs"):
        scan_op(x, h, h, **attrs)
    with pytest.raises(ShapeError, match=r"takes float32\[2\], received float32\[4\]"):
        scan_op(np.ones((3, 4), "float32"), h, **attrs)
    with pytest.raises(DtypeError, match="received float64"):
        scan_op(x, h.astype("float64"), **attrs)


# ---- cells

def simple_step(x: Any, h: Any, kernel: Any) -> tuple[Any, ...]:
    return (ops.tanh(x + h @ kernel),)


def lstm_step(x: Any, h: Any, c: Any, kernel: Any) -> tuple[Any, ...]:
    i, f, new, o = ops.split(x + h @ kernel, 4, axis=-1)
    c = ops.sigmoid(f) * c + ops.sigmoid(i) * ops.tanh(new)
    return ops.sigmoid(o) * ops.tanh(c), c


def gru_step(reset_after: bool) -> Callable[..., tuple[Any, ...]]:
    def step(x: Any, h: Any, kernel: Any, bias: Any) -> tuple[Any, ...]:
        x_z, x_r, x_h = ops.split(x, 3, axis=-1)
        k_z, k_r, k_h = ops.split(kernel, 3, axis=-1)
        z, r = ops.sigmoid(x_z + h @ k_z), ops.sigmoid(x_r + h @ k_r)
        part = r * (h @ k_h + bias) if reset_after else (r * h) @ k_h + bias
        return (z * h + (1 - z) * ops.tanh(x_h + part),)
    return step


GATED = {"activation": "tanh", "recurrent_activation": "sigmoid"}
#: name -> primitive, attributes, step, shapes of weights, number of gates, number of states
CELLS: dict[str, tuple[Any, dict[str, Any], Any, Sequence[tuple[int, ...]], int, int]] = {
    "simple": (simple_rnn_op, {"activation": "tanh"}, simple_step, [(UNITS, UNITS)], 1, 1),
    "lstm": (lstm_op, GATED, lstm_step, [(UNITS, 4 * UNITS)], 4, 2),
    **{f"gru, reset_after={after}": (gru_op, {**GATED, "reset_after": after}, gru_step(after),
                                     [(UNITS, 3 * UNITS), (UNITS,)], 3, 1) for after in (True, False)},
}
each_cell = pytest.mark.parametrize("name", CELLS)
with_mask = pytest.mark.parametrize("mask", [(), (MASK,)], ids=["all steps", "mask"])


def inputs_of(name: str) -> list[np.ndarray]:
    _, _, _, weights, gates, states = CELLS[name]
    return [normal(BATCH, STEPS, gates * UNITS), *(normal(*shape) for shape in weights),
            *(normal(BATCH, UNITS) for _ in range(states))]


@each_cell
@with_mask
def test_cells_are_their_steps(name: str, mask: tuple[np.ndarray, ...]) -> None:
    op, attrs, step, weights, _, _ = CELLS[name]
    x, *rest = inputs_of(name)
    made = run(lambda *xs: op(*xs, **attrs), x, *rest, *mask)
    states = rest[len(weights):]
    for t in range(STEPS):
        new = step(x[:, t], *states, *rest[:len(weights)])
        real = mask[0][:, t, None] if mask else True
        states = [np.where(real, a, b) for a, b in zip(new, states)]
        for received, expected in zip(made, states, strict=True):
            np.testing.assert_allclose(received[:, t], expected, rtol=1e-9, atol=1e-12)


# ---- gradients

def looped_lstm(x: Any, kernel: Any, h: Any, c: Any) -> Any:
    def turn(states: Any, x: Any) -> Any:
        states = lstm_step(x, *states, kernel)
        return states, states[0]
    (h, c), hs = loop.scan(turn, (h, c), ops.swapaxes(x, 0, 1), reverse=True)
    return h, c, hs


def check_gradients(function: Callable[..., Sequence[Any]], arrays: Sequence[np.ndarray], order: int) -> None:
    """Directional derivatives of a random projection, by rule and by differences; then those of the gradient."""
    floats = [i for i, array in enumerate(arrays) if array.dtype == np.float64]
    directions = {i: normal(*arrays[i].shape) for i in floats}
    weights = [normal(*y.shape) for y in run(function, *arrays)]

    def projection(*xs: Any) -> Any:
        return [sum(ops.sum(y * w) for y, w in zip(function(*xs), weights))]

    def gradient(*xs: Any) -> Any:
        return gradients(projection(*xs), [xs[i] for i in floats])

    def moved(step: float) -> list[np.ndarray]:
        return [array + step * directions[i] if i in directions else array for i, array in enumerate(arrays)]

    numeric = (run(projection, *moved(1e-5))[0] - run(projection, *moved(-1e-5))[0]) / 2e-5
    exact = sum(np.sum(g * directions[i]) for i, g in zip(floats, run(gradient, *arrays)))
    np.testing.assert_allclose(exact, numeric, rtol=1e-6, atol=1e-8)
    if order > 1:
        check_gradients(gradient, arrays, order - 1)


@each_cell
@with_mask
def test_gradients_of_cells_of_first_and_second_order(name: str, mask: tuple[np.ndarray, ...]) -> None:
    op, attrs, *_ = CELLS[name]
    check_gradients(lambda *xs: op(*xs, **attrs), [*inputs_of(name), *mask], order=2)


@pytest.mark.parametrize("activation", ["hard_sigmoid", "keras2_hard_sigmoid", "relu", "linear", "sigmoid"])
def test_gradients_of_other_activations(activation: str) -> None:
    attrs = {"activation": activation, "recurrent_activation": activation}
    check_gradients(lambda *xs: lstm_op(*xs, **attrs), [0.3 * array for array in inputs_of("lstm")], order=2)


def test_gradients_of_loops() -> None:
    check_gradients(looped_lstm, inputs_of("lstm"), order=3)


def test_only_floats_have_gradients() -> None:
    def function(x: Any, table: Any, places: Any) -> Any:
        def turn(carry: Any, step: Any) -> Any:
            (h, count), (x, place) = carry, step
            return (h * x + ops.take(table, place, axis=0), count + 1), h
        return loop.scan(turn, (x[0], np.int32(0)), (x, places))[0][:1]

    places = np.array([0, 2, 1, 2], "int32")
    check_gradients(function, [normal(4, 3), normal(3, 3), places], order=2)
    specs = [TensorSpec((4, 3), "float64"), TensorSpec((3, 3), "float64"), TensorSpec((4,), "int32")]
    graph = trace(lambda *xs: gradients(function(*xs), xs), *specs)
    assert graph.outputs[2] is None
