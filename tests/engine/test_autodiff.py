"""Gradients of graphs: what accumulates, what stops them, gradients of gradients, tapes, functions with their own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from zoo import ops
from zoo.engine import graph as graphs
from zoo.engine.autodiff import gradients
from zoo.engine.function import Function
from zoo.engine.loop import scan
from zoo.engine.spec import TensorSpec
from zoo.engine.tape import GradientTape
from zoo.engine.variable import Variable
from zoo.errors import ConfigError, DtypeError, ShapeError

X = np.array([0.5, -1.0, 2.0], "float32")


def differentiated(function: Any, *arrays: np.ndarray, cotangents: Any = None) -> list[Any]:
    """The gradients of a function by each argument, compiled."""
    return Function(lambda *xs: gradients([function(*xs)], list(xs), cotangents))(*arrays)


# ---- gradients(graph, ys, xs)

def test_uses_of_one_value_add_up() -> None:
    (gradient,) = differentiated(lambda x: x * x + ops.sin(x) + x, X)
    np.testing.assert_allclose(gradient, 2 * X + np.cos(X) + 1, rtol=1e-6)


def test_several_results_add_up() -> None:
    def both(x: Any) -> Any:
        return gradients([ops.square(x), ops.sum(x)], [x])
    np.testing.assert_allclose(Function(both)(X)[0], 2 * X + 1, rtol=1e-6)


def test_what_nothing_depends_on_has_no_gradient() -> None:
    by_x, by_y = differentiated(lambda x, y: x * 2, X, X)
    assert by_y is None
    np.testing.assert_array_equal(by_x, [2, 2, 2])


def test_cotangents_weigh_results() -> None:
    ct = np.array([1, 10, 100], "float32")
    (gradient,) = differentiated(lambda x: x * x, X, cotangents=[ct])
    np.testing.assert_allclose(gradient, 2 * X * ct, rtol=1e-6)


def test_a_cotangent_of_another_shape_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"cotangent of shape \(3,\)"):
        differentiated(lambda x: x * x, X, cotangents=[np.ones(2, "float32")])


def test_by_values_on_the_way_and_by_variables() -> None:
    w = Variable(np.array([1.0, 2.0, 3.0], "float32"))

    def run(x: Any) -> Any:
        hidden = x * w
        return gradients([ops.sum(ops.square(hidden))], [hidden, graphs.current().reads[w]])
    by_hidden, by_w = Function(run)(X)
    np.testing.assert_allclose(by_hidden, 2 * X * w.numpy(), rtol=1e-6)
    np.testing.assert_allclose(by_w, 2 * X * X * w.numpy(), rtol=1e-6)


def test_a_result_is_its_own_gradient() -> None:
    np.testing.assert_array_equal(differentiated(lambda x: x, X)[0], [1, 1, 1])


def test_gradients_of_gradients() -> None:
    def thrice(x: Any) -> Any:
        y = x * x * x * x
        for _ in range(3):
            (y,) = gradients([y], [x])
        return y
    np.testing.assert_allclose(Function(thrice)(X), 24 * X, rtol=1e-5)


def test_gradient_penalty() -> None:
    """The gradient by a weight of the squared gradient by an input, as WGAN-GP has it."""
    w = np.array([[1.0, -2.0], [0.5, 3.0]], "float32")
    x = np.array([[0.3, 0.7]], "float32")

    def penalty(w: Any, x: Any) -> Any:
        (by_x,) = gradients([ops.sum(ops.tanh(ops.matmul(x, w)))], [x])
        return ops.sum(ops.square(by_x))

    gradient = Function(lambda w, x: gradients([penalty(w, x)], [w])[0])(w, x)
    step = np.float32(1e-2)
    for place in np.ndindex(2, 2):
        change = np.zeros_like(w)
        change[place] = step
        high, low = (Function(penalty)(w + sign * change, x) for sign in (1, -1))
        assert gradient[place] == pytest.approx((high - low) / (2 * step), rel=2e-2, abs=1e-2)


def test_stop_gradient() -> None:
    (gradient,) = differentiated(lambda x: x * ops.stop_gradient(x), X)
    np.testing.assert_array_equal(gradient, X)


def test_no_gradient_through_integers() -> None:
    assert differentiated(lambda x: ops.cast(ops.cast(x, "int32"), "float32") * 2.5, X) == [None]


def test_scatter_with_places_named_twice() -> None:
    """The last update wins; a product's factors see the others, zeros among them."""
    x, indices = np.array([1.0, 2.0], "float32"), np.array([[0], [0], [1]], "int32")
    updates = np.array([3.0, 0.0, 5.0], "float32")
    by_x, by_updates = differentiated(lambda x, u: ops.scatter_update(x, indices, u), x, updates)
    assert by_x.tolist() == [0, 0] and by_updates.tolist() == [0, 1, 1]
    by_x, by_updates = differentiated(lambda x, u: ops.scatter_update(x, indices, u, "mul"), x, updates)
    assert by_x.tolist() == [0, 5] and by_updates.tolist() == [0, 3, 2]
    by_x, by_updates = differentiated(lambda x, u: ops.scatter_update(x, indices, u, "max"), x, updates)
    assert by_x.tolist() == [0, 0] and by_updates.tolist() == [1, 0, 1]


# ---- tapes

def test_tape_watches_variables() -> None:
    w, unused = Variable(np.array([2.0, 3.0], "float32")), Variable(np.ones(2, "float32"))
    with GradientTape() as tape:
        loss = ops.sum(ops.square(w))
    found = tape.gradient(loss, {"w": w, "unused": unused})
    np.testing.assert_array_equal(found["w"], [4, 6])
    assert found["unused"] is None
    assert float(loss) == 13.0


def test_tape_watches_arrays_that_it_is_given() -> None:
    with GradientTape() as tape:
        x = tape.watch(X)
        y = x * x
    np.testing.assert_allclose(tape.gradient(y, x, np.array([1, 0, 2], "float32")), 2 * X * [1, 0, 2])


def test_tape_serves_once_unless_persistent() -> None:
    for persistent in (False, True):
        with GradientTape(persistent) as tape:
            x = tape.watch(X)
            y = ops.exp(x)
        tape.gradient(y, x)
        if persistent:
            np.testing.assert_allclose(tape.gradient(y, x), np.exp(X), rtol=1e-6)
        else:
            with pytest.raises(ConfigError, match="persistent=True"):
                tape.gradient(y, x)


def test_tape_refuses_what_it_did_not_see() -> None:
    with GradientTape() as tape:
        x = tape.watch(X)
    with pytest.raises(ConfigError, match="not computed under the tape"):
        tape.gradient(np.ones(3), x)


def test_values_under_a_tape_have_numbers_and_traced_ones_have_not() -> None:
    with GradientTape() as tape:
        y = tape.watch(X) * 2
        assert float(y[0]) == 1.0 and bool(y[0] > 0)
    with pytest.raises(DtypeError, match="being traced"):
        Function(lambda x: float(x[0]))(X)


# ---- custom_gradient

@ops.custom_gradient
def softplus(x: Any) -> Any:
    """log(1 + exp(x)), with a gradient that does not overflow."""
    powers = ops.exp(x)
    return ops.log(1 + powers), lambda upstream: upstream * (1 - 1 / (1 + powers))


@ops.custom_gradient
def scaled(x: Any, y: Any, factor: float = 1.0) -> Any:
    """x + y and x; their gradients are not theirs."""
    return (x + y, x), lambda a, b: (factor * a + b * y, None)


def test_custom_gradient_is_used_and_values_are_unchanged() -> None:
    extreme = np.array([0.0, 1.0, 100.0], "float32")
    np.testing.assert_array_equal(Function(softplus)(extreme), Function(lambda x: ops.log(1 + ops.exp(x)))(extreme))
    np.testing.assert_array_equal(softplus(extreme), Function(softplus)(extreme))
    (own,) = differentiated(softplus, extreme)
    np.testing.assert_allclose(own, [0.5, 0.7310586, 1.0], rtol=1e-6)
    assert np.isnan(differentiated(lambda x: ops.log(1 + ops.exp(x)), extreme)[0][2])


def test_custom_gradients_of_several_tensors() -> None:
    def run(x: Any, y: Any) -> Any:
        return gradients(list(scaled(x, y, factor=3.0)), [x, y], [np.full(3, 2, "float32"), None])
    by_x, by_y = Function(run)(X, 2 * X)
    np.testing.assert_allclose(by_x, 6 + 2 * X)
    np.testing.assert_array_equal(by_y, 0)


def test_custom_gradient_has_gradients() -> None:
    def second(x: Any) -> Any:
        return gradients(gradients([softplus(x)], [x]), [x])[0]
    y = 1 / (1 + np.exp(-X))
    np.testing.assert_allclose(Function(second)(X), y * (1 - y), rtol=1e-5)


def test_custom_gradient_in_a_loop_equals_the_loop_written_out() -> None:
    xs = np.linspace(-1, 1, 12, dtype="float32").reshape(4, 3)

    def looped(h: Any, xs: Any) -> Any:
        return scan(lambda h, x: (softplus(h * x), None), h, xs)[0]

    def written_out(h: Any, xs: Any) -> Any:
        for i in range(4):
            h = softplus(h * xs[i])
        return h
    for one, other in zip(differentiated(looped, X, xs), differentiated(written_out, X, xs)):
        np.testing.assert_allclose(one, other, rtol=1e-5)


def test_custom_gradient_under_a_tape() -> None:
    w = Variable(X)
    with GradientTape() as tape:
        loss = ops.sum(softplus(w))
    np.testing.assert_allclose(tape.gradient(loss, w), 1 / (1 + np.exp(-X)), rtol=1e-6)


def test_custom_gradients_of_the_wrong_form_are_refused() -> None:
    two = ops.custom_gradient(lambda x: (x, lambda upstream: (upstream, upstream)))
    with pytest.raises(ConfigError, match="2 cotangents for 1 arguments"):
        Function(two)(X)
    flat = ops.custom_gradient(lambda x: (x, lambda upstream: ops.sum(upstream)))
    with pytest.raises(ShapeError, match="for an argument"):
        Function(flat)(X)


def test_nothing_is_left_of_a_custom_gradient_when_compiled() -> None:
    _, program = Function(softplus).compiled(TensorSpec((3,)))
    assert "custom_gradient" not in str(program)
