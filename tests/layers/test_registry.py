"""Layers by name."""

from __future__ import annotations

import numpy as np
import pytest

from zoo import layers
from zoo.errors import ConfigError, UnknownClass


class Doubling(layers.Layer):
    def call(self, inputs):
        return inputs * 2


def test_every_name_makes_its_class() -> None:
    assert layers.LAYERS["Convolution1D"] is layers.Convolution1D is layers.Conv1D
    assert layers.LAYERS["Convolution2D"] is layers.Conv2D
    assert layers.LAYERS["MaxPool2D"] is layers.MaxPooling2D
    assert all(issubclass(cls, layers.Layer) for cls in layers.LAYERS.values())


def test_exported_names_are_in_the_table() -> None:
    exported = {name for name, thing in vars(layers).items()
                if isinstance(thing, type) and issubclass(thing, layers.Layer) and thing is not layers.Layer}
    assert exported == set(layers.LAYERS)


def test_layers_come_from_names_classes_records_and_themselves() -> None:
    dense = layers.Dense(3)
    assert layers.get(dense) is dense
    assert type(layers.get("Flatten")) is type(layers.get(layers.Flatten)) is layers.Flatten
    assert layers.get({"class_name": "Dense", "config": {"units": 4}}).units == 4
    with pytest.raises(ConfigError):
        layers.get(3)


def test_unknown_layers_are_named() -> None:
    with pytest.raises(UnknownClass, match="'TFSMLayer'.*zoo does not run.*custom_objects"):
        layers.deserialize({"class_name": "TFSMLayer", "config": {}})
    with pytest.raises(UnknownClass, match="Did you mean 'Conv2D'"):
        layers.deserialize({"class_name": "Conv2d", "config": {}})
    with pytest.raises(UnknownClass, match="never runs"):
        layers.deserialize({"class_name": "Lambda", "config": {"function": "import os"}})


def test_no_class_is_both_ours_and_refused() -> None:
    assert not set(layers.registry.CODE) & set(layers.LAYERS)


def test_custom_objects_come_first() -> None:
    record = {"class_name": "Doubling", "config": {"name": "twice"}}
    assert not layers.is_known("Doubling")
    layer = layers.deserialize(record, custom_objects={"Doubling": Doubling})
    np.testing.assert_array_equal(layer(np.ones(2, "float32")), [2, 2])
    replaced = layers.deserialize({"class_name": "Dense", "config": {"name": "d"}}, custom_objects={"Dense": Doubling})
    assert type(replaced) is Doubling


def test_records_of_keras_with_modules_and_policies_are_read() -> None:
    layer = layers.deserialize({
        "module": "keras.layers", "class_name": "Dense", "registered_name": None, "build_config": {"input_shape": [2]},
        "config": {"name": "d", "trainable": False, "units": 2, "quantization_config": None,
                   "dtype": {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "mixed_float16"}},
                   "kernel_initializer": {"module": "keras.initializers", "class_name": "Zeros", "config": {}},
                   "activation": {"module": "keras.layers", "class_name": "ReLU", "config": {"name": "r"}}}})
    assert layer.dtype_policy.name == "mixed_float16" and not layer.trainable and type(layer.activation) is layers.ReLU
