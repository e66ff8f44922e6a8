"""When layers are built, by whom, and under which names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import zoo
from zoo import layers, ops
from zoo.errors import ConfigError
from zoo.layers import Layer


class Scale(Layer):
    """Creates a weight; counts how often."""

    builds = 0

    def build(self, input_shape: Any) -> None:
        self.builds += 1
        self.scale = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="scale")

    def call(self, x: Any) -> Any:
        return ops.multiply(x, self.scale)


class ScaleAndShift(Scale):
    """Goes on with what its base class builds, as layers of Keras 2 do, and marks itself."""

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        self.shift = self.add_weight(shape=(input_shape[-1],), initializer="zeros", name="shift")
        Layer.build(self, input_shape)
        self.built = True


class Both(Layer):
    """Takes two shapes."""

    def build(self, x_shape: Any, y_shape: Any = None) -> None:
        self.shapes = x_shape, y_shape

    def call(self, x: Any, y: Any = None) -> Any:
        return x


class Holder(Layer):
    """Has no `build`: the layer inside is built by the first call."""

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self.inner = layers.Dense(3)

    def call(self, x: Any) -> Any:
        return self.inner(x)


@pytest.mark.parametrize("cls", [Scale, ScaleAndShift])
def test_building_by_hand_is_building_once(cls: type[Scale]) -> None:
    layer = cls(name="mine")
    layer.build((None, 4))
    assert layer.built and [w.path for w in layer.weights] == ["mine/scale", "mine/shift"][:len(layer.weights)]
    weights = layer.weights
    assert layer(np.ones((2, 4), "float32")).shape == (2, 4)
    assert layer.weights == weights and layer.builds == 1


def test_building_a_second_time_is_refused() -> None:
    layer = layers.Dense(3)
    layer.build((None, 4))
    with pytest.raises(ConfigError, match="is built already"):
        layer.build((None, 5))


def test_given_weights_are_set_by_either_way_of_building() -> None:
    given = [np.full((2, 1), 3.0, "float32"), np.ones(1, "float32")]
    by_hand, by_call = layers.Dense(1, weights=given), layers.Dense(1, weights=given)
    by_hand.build((None, 2))
    by_call(np.zeros((1, 2), "float32"))
    for layer in (by_hand, by_call):
        np.testing.assert_array_equal(layer.kernel, given[0])


def test_shapes_are_kept_by_name_where_there_are_several() -> None:
    by_hand, by_call = Both(), Both()
    by_hand.build((None, 2), y_shape=(None, 3))
    by_call(np.zeros((1, 2)), np.zeros((1, 3)))
    assert by_hand.shapes == ((None, 2), (None, 3)) and by_call.shapes == ((1, 2), (1, 3))
    assert by_hand._build_shapes == {"x_shape": (None, 2), "y_shape": (None, 3)}


@pytest.mark.parametrize("make", [Holder, lambda: layers.Bidirectional(layers.LSTM(2)), lambda: layers.CuDNNGRU(2),
                                  lambda: layers.TimeDistributed(layers.Dense(2))])
def test_layers_inside_are_built_as_by_a_call(make: Any) -> None:
    by_hand, by_call = make(), make()
    by_hand.build((2, 3, 4))
    by_call(np.zeros((2, 3, 4), "float32"))
    assert by_hand.weights and [w.shape for w in by_hand.weights] == [w.shape for w in by_call.weights]
    assert [w.path.count("/") for w in by_hand.weights] == [w.path.count("/") for w in by_call.weights]


def test_a_model_with_a_call_of_its_own_is_built_from_a_shape() -> None:
    class Own(zoo.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = layers.Dense(3)

        def call(self, x: Any) -> Any:
            return self.dense(x)

    model = Own()
    model.build((None, 4))
    assert model.built and model.count_params() == 15
    assert model.predict(np.zeros((2, 4), "float32"), verbose=0).shape == (2, 3)


def test_building_does_not_disturb_a_built_model() -> None:
    model = zoo.Sequential([layers.Input((4,)), layers.Dense(3)])
    weights = model.weights
    model.build((None, 4))
    zoo.Model(model.input, model.output).build((None, 4))
    assert model.weights == weights


def test_a_failed_build_leaves_the_layer_unbuilt() -> None:
    layer = layers.Normalization()
    with pytest.raises(Exception, match="must be known"):
        layer.build((None, None))
    assert not layer.built
    layer.build((None, 2))
    assert layer.built
