"""Round trips through every form that we write, and what a load reports."""

from __future__ import annotations

import json
import pathlib

import numpy as np
import pytest

import zoo
from zoo import Input, Model, Sequential, layers
from zoo.errors import ConfigError, UnknownClass, WeightsMismatch

RNG = np.random.default_rng(1)
IMAGES = RNG.random((2, 8, 8, 3), "float32")


def network() -> Model:
    """Nested, shared, frozen, branched: everything that makes files differ."""
    base = Sequential([Input((8, 8, 4)), layers.SeparableConv2D(4, 3, padding="same"), layers.BatchNormalization(),
                       layers.ReLU(max_value=6)], name="base")
    base.layers[0].trainable = False
    x = inputs = Input((8, 8, 3), name="photo")
    x = layers.Conv2D(4, 3, padding="same", name="stem")(x)
    x = layers.Add()([base(x), base(layers.PReLU(shared_axes=[1, 2])(x))])
    x = layers.GlobalAveragePooling2D()(layers.DepthwiseConv2D(3)(x))
    model = Model(inputs, [layers.Dense(3, activation="softmax", name="kind")(x), layers.Dense(1, name="age")(x)])
    model.set_weights([RNG.random(w.shape).astype("float32") for w in model.weights])
    return model


def assert_equal_predictions(a: Model, b: Model) -> None:
    for x, y in zip(a.predict(IMAGES, verbose=0), b.predict(IMAGES, verbose=0)):
        np.testing.assert_allclose(x, y, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", ["m.keras", "m.h5", "m.hdf5"])
def test_whole_model_round_trip(tmp_path: pathlib.Path, name: str) -> None:
    model = network()
    model.save(tmp_path / name)
    loaded = zoo.load_model(tmp_path / name)
    assert_equal_predictions(model, loaded)
    assert loaded.load_report.is_complete and len(loaded.load_report.loaded) == len(model.weights)
    assert [layer.name for layer in loaded.layers] == [layer.name for layer in model.layers]
    assert not loaded.get_layer("base").layers[0].trainable


@pytest.mark.parametrize("name", ["m.weights.h5", "m.h5"])
def test_weights_round_trip(tmp_path: pathlib.Path, name: str) -> None:
    model, other = network(), network()
    model.save_weights(tmp_path / name)
    report = other.load_weights(tmp_path / name)
    assert report.is_complete and len(report.loaded) == len(model.weights)
    assert_equal_predictions(model, other)


def test_json_round_trip_in_each_dialect() -> None:
    model = network()
    for dialect in ("keras3", "tfkeras"):
        text = model.to_json(dialect=dialect)
        loaded = zoo.models.model_from_json(text)
        assert [layer.name for layer in loaded.layers] == [layer.name for layer in model.layers]
        assert json.loads(loaded.to_json(dialect=dialect)) == json.loads(text)


def test_yaml_round_trip() -> None:
    model = network()
    text = model.to_yaml()
    assert text == zoo.models.model_from_yaml(text).to_yaml() and "!!" not in text
    assert json.loads(zoo.models.model_from_yaml(text).to_json(dialect="tfkeras")) == \
        json.loads(model.to_json(dialect="tfkeras"))


def test_whole_model_as_weights_and_weights_as_model(tmp_path: pathlib.Path) -> None:
    model, other = network(), network()
    model.save(tmp_path / "m.keras")
    other.load_weights(tmp_path / "m.keras")
    assert_equal_predictions(model, other)
    model.save_weights(tmp_path / "w.weights.h5")
    with pytest.raises(ConfigError, match="weights only"):
        zoo.load_model(tmp_path / "w.weights.h5")


def dense(units: int, name: str = "d") -> Model:
    return Sequential([Input((4,)), layers.Dense(3, name="same"), layers.Dense(units, name=name)])


@pytest.mark.parametrize("name", ["w.weights.h5", "w.h5"])
def test_a_misfit_is_refused_whole_and_listed(tmp_path: pathlib.Path, name: str) -> None:
    dense(2).save_weights(tmp_path / name)
    target = dense(5)
    before = target.get_weights()
    with pytest.raises(WeightsMismatch) as caught:
        target.load_weights(tmp_path / name)
    assert "(3, 5)" in str(caught.value) and "(3, 2)" in str(caught.value) and "(5,)" in str(caught.value)
    assert len(caught.value.report.mismatched) == 2
    for a, b in zip(before, target.get_weights()):
        np.testing.assert_array_equal(a, b)
    report = target.load_weights(tmp_path / name, skip_mismatch=True)
    assert len(report.loaded) == 2 and len(report.skipped) == 2


def test_by_name_and_nothing_loaded(tmp_path: pathlib.Path) -> None:
    source = dense(2, "other")
    source.save_weights(tmp_path / "w.h5")
    target = dense(2)
    report = target.load_weights(tmp_path / "w.h5", by_name=True)
    assert len(report.loaded) == 2 and len(report.missing) == 2 and len(report.unexpected) == 2
    np.testing.assert_array_equal(target.layers[0].get_weights()[0], source.layers[0].get_weights()[0])
    nothing = Sequential([Input((4,)), layers.Dense(7, name="elsewhere")])
    with pytest.raises(WeightsMismatch, match="no weight of this file fits"):
        nothing.load_weights(tmp_path / "w.h5", by_name=True)


def test_unknown_classes_are_all_listed(tmp_path: pathlib.Path) -> None:
    class Mystery(layers.Layer):
        def call(self, x):
            return x * 2

    x = Input((3,))
    model = Model(x, Mystery(name="m2")(Mystery(name="m1")(x)))
    model.save(tmp_path / "m.keras")
    with pytest.raises(UnknownClass, match=r"Mystery.*custom_objects.*m1, m2"):
        zoo.load_model(tmp_path / "m.keras")
    loaded = zoo.load_model(tmp_path / "m.keras", custom_objects={"Mystery": Mystery})
    np.testing.assert_array_equal(loaded.predict(np.ones((1, 3), "float32"), verbose=0), [[4, 4, 4]])


def test_existing_files_are_kept_on_request_and_never_half_written(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "m.keras"
    path.write_bytes(b"precious")
    with pytest.raises(FileExistsError):
        dense(2).save(path, overwrite=False)
    assert path.read_bytes() == b"precious"
    assert [p.name for p in tmp_path.iterdir()] == ["m.keras"]


def test_unbuilt_sequential_cannot_be_saved(tmp_path: pathlib.Path) -> None:
    model = Sequential([layers.Dense(2)])
    with pytest.raises(ConfigError, match="shape of its input"):
        model.save(tmp_path / "m.keras")
    model.predict(np.ones((1, 3), "float32"), verbose=0)
    model.save(tmp_path / "m.keras")
    assert zoo.load_model(tmp_path / "m.keras").output_shape == (None, 2)


def test_clone_has_its_own_weights() -> None:
    model = network()
    clone = zoo.models.clone_model(model)
    assert len(clone.weights) == len(model.weights)
    assert not any(a is b for a in clone.weights for b in model.weights)


def test_h5_of_what_only_keras_3_can_say(tmp_path: pathlib.Path) -> None:
    model = Sequential([Input((8, 8, 3)), layers.AdaptiveAveragePooling2D((2, 2)), layers.Flatten(), layers.Dense(2)])
    with pytest.warns(UserWarning, match="(?s)Keras 3 alone.*AdaptiveAveragePooling2D"):
        model.save(tmp_path / "m.h5")
    loaded = zoo.load_model(tmp_path / "m.h5")
    np.testing.assert_allclose(loaded.predict(IMAGES, verbose=0), model.predict(IMAGES, verbose=0), rtol=1e-6)
    with pytest.raises(zoo.errors.CannotExpress, match="AdaptiveAveragePooling2D"):
        model.save(tmp_path / "n.h5", dialect="tfkeras")
    assert not (tmp_path / "n.h5").exists()
