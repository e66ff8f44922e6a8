"""Sequential models and prediction over data."""

from __future__ import annotations

import numpy as np
import pytest

from zoo import Input, Sequential, layers
from zoo.errors import ConfigError

RNG = np.random.default_rng(2)


@pytest.mark.parametrize("first", [
    lambda: [Input((4,)), layers.Dense(3)],
    lambda: [layers.Dense(3, input_shape=(4,))],
    lambda: [layers.Dense(3, input_dim=4)],
    lambda: [layers.Dense(3, batch_input_shape=(None, 4))],
    lambda: [layers.InputLayer(shape=(4,)), layers.Dense(3)],
])
def test_ways_to_give_the_input_shape(first) -> None:
    model = Sequential(first())
    model.add(layers.Dense(2))
    assert model.input_shape == (None, 4) and model.output_shape == (None, 2)
    assert [type(layer).__name__ for layer in model.layers] == ["Dense", "Dense"]


def test_shape_from_the_first_data() -> None:
    model = Sequential([layers.Dense(3), layers.Dense(2)])
    with pytest.raises(ConfigError, match="shape of its input"):
        model.input_shape
    assert model.predict(RNG.random((5, 4)), verbose=0).shape == (5, 2)
    assert model.count_params() == 4 * 3 + 3 + 3 * 2 + 2


def test_pop_and_add() -> None:
    model = Sequential([Input((4,)), layers.Dense(3), layers.Dense(2)])
    model.pop()
    model.add(layers.Dense(7))
    assert model.output_shape == (None, 7)
    assert model.predict(np.zeros((1, 4)), verbose=0).shape == (1, 7)


def test_batches_of_any_size_give_the_same_numbers() -> None:
    model = Sequential([Input((6, 6, 2)), layers.Conv2D(3, 3, activation="relu"), layers.Flatten(), layers.Dense(2)])
    x = RNG.random((11, 6, 6, 2), "float32")
    whole = model.predict(x, batch_size=11, verbose=0)
    for size in (1, 4, 32):
        np.testing.assert_allclose(model.predict(x, batch_size=size, verbose=0), whole, rtol=1e-5, atol=1e-6)
    batches = (x[i:i + 4] for i in range(0, 11, 4))
    np.testing.assert_allclose(model.predict(batches, verbose=0), whole, rtol=1e-5, atol=1e-6)


def test_results_belong_to_the_caller() -> None:
    model = Sequential([Input((3,)), layers.Dense(3)])
    first = model.predict_on_batch(np.ones((1, 3), "float32"))
    kept = first.copy()
    model.predict_on_batch(np.zeros((1, 3), "float32"))
    np.testing.assert_array_equal(first, kept)


def test_new_weights_are_used_at_once() -> None:
    model = Sequential([Input((3,)), layers.Dense(2), layers.BatchNormalization()])
    x = np.ones((1, 3), "float32")
    before = model.predict(x, verbose=0)
    model.set_weights([w + 1 for w in model.get_weights()])
    after = model.predict(x, verbose=0)
    assert not np.allclose(before, after)
    np.testing.assert_allclose(after, model(x), rtol=1e-5)


def test_no_samples_is_an_error() -> None:
    with pytest.raises(ConfigError, match="positive number of samples"):
        Sequential([Input((3,)), layers.Dense(2)]).predict(np.zeros((0, 3)), verbose=0)


def test_summary_lists_layers_shapes_and_totals() -> None:
    model = Sequential([Input((4,)), layers.Dense(3, name="hidden"), layers.BatchNormalization(name="bn")], name="net")
    lines: list[str] = []
    model.summary(print_fn=lines.append)
    text = lines[0]
    for part in ('Model: "net"', "hidden (Dense)", "(None, 3)", "15", "Total params: 27", "Trainable params: 21",
                 "Non-trainable params: 6"):
        assert part in text
