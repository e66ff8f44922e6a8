"""Symbolic computation through K."""

from __future__ import annotations

import numpy as np
import pytest

from zoo import Model, Sequential, layers
from zoo import backend as K  # noqa: N812
from zoo.errors import ConfigError

X = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")


@pytest.fixture
def model() -> Sequential:
    return Sequential([layers.Dense(5, activation="tanh", input_shape=(3,)), layers.Dropout(0.5), layers.Dense(1)])


def test_functions_of_placeholders() -> None:
    x, y = K.placeholder((None, 3)), K.placeholder(ndim=2)
    total, both = K.function([x, y], [K.sum(x * y, axis=-1), K.concatenate([x, y])])([X, 2 * X])
    np.testing.assert_allclose(total, 2 * (X * X).sum(-1), rtol=1e-6)
    np.testing.assert_array_equal(both, np.hstack([X, 2 * X]))


def test_gradients_by_inputs_layers_and_variables(model: Sequential) -> None:
    loss = K.sum(K.square(model.output))
    hidden = model.layers[0].output
    weights = model.trainable_weights
    results = K.function([model.input], [loss, *K.gradients(loss, [model.input, hidden, *weights])])([X])

    def value(x: np.ndarray) -> float:
        return float(np.square(model.predict(x, verbose=0)).sum())
    direction = np.random.default_rng(1).normal(size=X.shape).astype("float32")
    slope = (value(X + 1e-2 * direction) - value(X - 1e-2 * direction)) / 2e-2
    assert results[0] == pytest.approx(value(X), rel=1e-5)
    assert (results[1] * direction).sum() == pytest.approx(slope, rel=2e-2)
    kernel = model.get_weights()[2]
    np.testing.assert_allclose(results[2], 2 * model.predict(X, verbose=0) @ kernel.T, rtol=1e-4)
    assert [r.shape for r in results[3:]] == [w.shape for w in weights]


def test_gradients_can_be_used_further(model: Sequential) -> None:
    gradient = K.gradients(K.mean(model.output), model.input)[0]
    gradient /= K.sqrt(K.mean(K.square(gradient))) + 1e-5
    result = K.function([model.input], [gradient])([X])[0]
    assert np.sqrt(np.mean(result ** 2)) == pytest.approx(1, rel=1e-3)


def test_gradients_of_gradients() -> None:
    x = K.placeholder((None,))
    first = K.gradients(K.sum(K.pow(x, 3)), x)[0]
    second = K.gradients(K.sum(first), x)[0]
    np.testing.assert_allclose(K.function([x], [second])([[1.0, 2.0]])[0], [6, 12], rtol=1e-5)


def test_gradients_of_what_is_not_symbolic_are_refused() -> None:
    with pytest.raises(ConfigError, match="GradientTape"):
        K.gradients(K.sum(K.variable([1.0])), K.variable([1.0]))
    x, y = K.placeholder((2,)), K.placeholder((2,))
    with pytest.raises(ConfigError, match="not among the inputs"):
        K.function([x], [x + y])([[1, 2]])
    with pytest.raises(ConfigError, match="does not depend"):
        K.function([x, y], K.gradients(K.sum(x), y))([[1, 2], [1, 2]])


def test_the_learning_phase(model: Sequential) -> None:
    phased = K.function([model.input, K.learning_phase()], [model.layers[1].output])
    assert (phased([X, 0])[0] != 0).all() and (phased([X, 1])[0] == 0).any()
    x = K.placeholder((None, 3))
    chosen = K.function([x, K.learning_phase()], [K.in_train_phase(x * 2, x), K.in_test_phase(x * 2, x)])
    np.testing.assert_array_equal(chosen([X, 1])[0], 2 * X)
    np.testing.assert_array_equal(chosen([X, 0])[1], 2 * X)


def test_a_phase_that_is_set(model: Sequential) -> None:
    K.set_learning_phase(1)
    try:
        assert K.learning_phase() == 1
        assert (K.function([model.input], [model.layers[1].output])([X])[0] == 0).any()
    finally:
        K.forget_learning_phase()


def test_phases_inside_a_layer() -> None:
    class Doubling(layers.Layer):
        def call(self, inputs):
            return K.in_train_phase(inputs * 2, inputs)
    layer = Doubling()
    np.testing.assert_array_equal(layer(X, training=True), 2 * X)
    np.testing.assert_array_equal(layer(X), X)


def test_updates() -> None:
    x, total = K.placeholder((None, 3)), K.variable(0.0)
    add = K.function([x], [K.sum(x)], updates=[K.update_add(total, K.sum(x))])
    add([np.ones((2, 3))])
    add([np.ones((1, 3))])
    assert K.get_value(total) == 9
    K.set_value(total, 1)
    assert K.eval(total) == 1 and K.batch_get_value([total]) == [1]


def test_models_between_tensors_of_other_models(model: Sequential) -> None:
    x = K.placeholder((None, 3))
    np.testing.assert_allclose(K.function([x], [model(x * 2)])([X])[0], model.predict(2 * X, verbose=0), rtol=1e-5)
    assert isinstance(Model(model.input, K.square(model.output)), Model)


def test_names_that_are_not_there() -> None:
    with pytest.raises(AttributeError, match=r"zoo\.ops\.gelu has that name"):
        K.gelu  # noqa: B018
