"""Functional models: wiring, sharing, nesting, order of layers, sub-models."""

from __future__ import annotations

import numpy as np
import pytest

from zoo import Input, Model, Sequential, layers
from zoo.errors import ConfigError, ShapeError

RNG = np.random.default_rng(0)


def two_towers() -> Model:
    left, right = Input((4,), name="left"), Input((3, 2), name="right")
    a = layers.Dense(4, activation="relu", name="a")(left)
    joined = layers.Concatenate(name="joined")([a, layers.Flatten(name="flat")(right)])
    return Model([left, right], [layers.Dense(3, name="first")(joined), layers.Dense(2, name="second")(joined)])


def test_layers_stand_in_keras_order() -> None:
    # the order that real Keras gives for this wiring (corpus keras3/model_multi_input_output)
    assert [layer.name for layer in two_towers().layers] == ["left", "right", "a", "flat", "joined", "first", "second"]


def test_inputs_by_list_dict_and_name() -> None:
    model = two_towers()
    left, right = RNG.random((5, 4), "float32"), RNG.random((5, 3, 2), "float32")
    by_list = model.predict([left, right], verbose=0)
    by_name = model.predict({"right": right, "left": left}, verbose=0)
    for a, b in zip(by_list, by_name):
        np.testing.assert_array_equal(a, b)
    assert [y.shape for y in by_list] == [(5, 3), (5, 2)]


def test_wrong_inputs_are_named() -> None:
    model = two_towers()
    with pytest.raises(ConfigError, match="right"):
        model.predict({"left": np.zeros((1, 4), "float32")}, verbose=0)
    with pytest.raises(ConfigError, match="2 inputs"):
        model.predict_on_batch([np.zeros((1, 4), "float32")])
    with pytest.raises(ShapeError, match=r"'left'.*expected shape \(None, 4\), received \(1, 5\)"):
        model.predict_on_batch([np.zeros((1, 5), "float32"), np.zeros((1, 3, 2), "float32")])


def test_unreachable_input_is_named() -> None:
    a, b = Input((2,), name="a"), Input((2,), name="b")
    with pytest.raises(ConfigError, match="'b'"):
        Model(a, layers.Add()([a, b]))


def test_equal_names_are_refused() -> None:
    x = Input((2,))
    with pytest.raises(ConfigError, match="'twin'"):
        Model(x, layers.Dense(1, name="twin")(layers.Dense(1, name="twin")(x)))


def test_shared_layer_has_one_set_of_weights_and_two_calls() -> None:
    a, b = Input((3,)), Input((3,))
    shared = layers.Dense(2)
    model = Model([a, b], layers.Subtract()([shared(a), shared(b)]))
    x = RNG.random((4, 3), "float32")
    assert len(model.weights) == 2
    np.testing.assert_allclose(model.predict([x, x], verbose=0), 0, atol=1e-6)
    with pytest.raises(ConfigError, match="called 2 times"):
        shared.output


def test_nested_models_and_models_called_twice() -> None:
    inner = Sequential([Input((3,)), layers.Dense(3, activation="tanh"), layers.Dense(3)], name="inner")
    x = Input((3,))
    model = Model(x, inner(inner(x)))
    data = RNG.random((2, 3), "float32")
    once = inner.predict(data, verbose=0)
    np.testing.assert_allclose(model.predict(data, verbose=0), inner.predict(once, verbose=0), rtol=1e-5, atol=1e-6)
    assert len(model.weights) == 4


def test_sub_model_between_any_two_tensors() -> None:
    x = Input((3,))
    h1 = layers.Dense(4, name="h1", activation="relu")(x)
    h2 = layers.Dense(5, name="h2", activation="tanh")(h1)
    whole = Model(x, layers.Dense(2, name="out")(h2))
    front, back = Model(whole.input, whole.get_layer("h2").output), Model(h1, whole.output)
    data = RNG.random((6, 3), "float32")
    middle = Model(x, h1).predict(data, verbose=0)
    np.testing.assert_allclose(back.predict(middle, verbose=0), whole.predict(data, verbose=0), rtol=1e-6)
    assert front.output_shape == (None, 5)
    assert back.get_layer("out") is whole.get_layer("out")
    assert len(whole.get_layer("h2").calls) == 1            # the sub-model left no trace in the layers


def test_trainable_flags() -> None:
    model = two_towers()
    model.get_layer("a").trainable = False
    assert len(model.trainable_weights) == 4 and len(model.non_trainable_weights) == 2
    model.trainable = False
    assert model.trainable_weights == [] and len(model.non_trainable_weights) == 6


def test_dict_inputs_and_outputs() -> None:
    inputs = {"a": Input((3,), name="a"), "b": Input((2,), name="b")}
    joined = layers.Concatenate()([inputs["b"], inputs["a"]])
    model = Model(inputs, {"sum": layers.Dense(1)(joined), "prob": layers.Dense(2)(joined)})
    out = model.predict({"a": RNG.random((2, 3)), "b": RNG.random((2, 2))}, verbose=0)
    assert {key: value.shape for key, value in out.items()} == {"sum": (2, 1), "prob": (2, 2)}


def test_deep_models_do_not_exhaust_the_stack() -> None:
    x = y = Input((2,))
    for _ in range(1500):
        y = layers.Activation("linear")(y)
    model = Model(x, y)
    np.testing.assert_array_equal(model.predict(np.ones((1, 2), "float32"), verbose=0), [[1, 1]])


def test_user_layer_and_user_model() -> None:
    class Scale(layers.Layer):
        def build(self, input_shape):
            self.scale = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="scale")

        def call(self, x):
            return x * self.scale + 1

    class Mine(Model):
        def __init__(self):
            super().__init__()
            self.scale, self.dense = Scale(), layers.Dense(2)

        def call(self, x):
            return self.dense(self.scale(x))

    model = Mine()
    data = RNG.random((3, 4), "float32")
    assert model.predict(data, verbose=0).shape == (3, 2)
    assert [tuple(w.shape) for w in model.weights] == [(4,), (4, 2), (2,)]
    np.testing.assert_allclose(model(data), model.predict(data, verbose=0), rtol=1e-6)
