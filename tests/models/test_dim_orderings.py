"""Weights alone of early Keras into models with the other order of dimensions, or another way to flatten."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from tests.keras1_weights import randomize, write
from zoo import layers
from zoo.config import config
from zoo.errors import CannotExpress, WeightsMismatch
from zoo.layers import Layer
from zoo.models import Model, Sequential

FIRST, LAST = "channels_first", "channels_last"
BACKENDS = {"th": "theano", "tf": "tensorflow"}


def network(data_format: str) -> Model:
    """Images of 8x10 pixels, flattened."""
    with config.using(image_data_format=data_format):
        images = layers.Input((3, 8, 10) if data_format == FIRST else (8, 10, 3))
        x = layers.Conv2D(4, (3, 2), padding="same", activation="relu", name="first")(images)
        x = layers.BatchNormalization(axis=1 if data_format == FIRST else -1, name="norm")(x)
        x = layers.PReLU(name="each")(layers.MaxPooling2D(2)(x))
        x = layers.Flatten()(layers.Conv2D(5, 3, name="second")(x))
        return Model(images, layers.Dense(6, name="last")(layers.Dense(7, activation="tanh", name="dense")(x)))


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(3).standard_normal((2, 8, 10, 3), "float32")


@pytest.fixture
def source() -> Model:
    model = network(LAST)
    randomize(model)
    model.get_layer("each").set_weights([np.zeros((4, 5, 4), "float32")])   # alike in both orders
    return model


@pytest.mark.parametrize("own", [LAST, FIRST])
@pytest.mark.parametrize("kernels", ["th", "tf"])
@pytest.mark.parametrize("ordering", ["th", "tf"])
def test_each_file_predicts_the_same_in_each_model(ordering: str, kernels: str, own: str, source: Model,
                                                   images: np.ndarray, tmp_path: Path) -> None:
    path = write(source, tmp_path / "old.h5", ordering, kernels)
    if ordering == "th":
        with h5py.File(path, "r+") as file:                 # PReLU has one number for each element
            del file["each/each_alpha"]
            file["each/each_alpha"] = np.zeros((4, 4, 5), "float32")
    model = network(own)
    report = model.load_weights(path, assume=BACKENDS[kernels])
    assert report.is_complete
    given = images if own == LAST else images.transpose(0, 3, 1, 2)
    np.testing.assert_allclose(model.predict(given), source.predict(images), rtol=1e-4, atol=1e-5)
    moved = ordering == "th" or own == FIRST
    assert any("rearranged" in note for note in report.notes) == moved


@pytest.mark.parametrize(("version", "rearranged"), [("2.1.6", True), ("2.2.0", False)])
def test_keras_2_flattened_another_way_at_first(version: str, rearranged: bool, tmp_path: Path) -> None:
    """Its kernels have one order; before 2.2 images with channels first were flattened as they were."""
    model = network(FIRST)
    randomize(model)
    kernel = model.get_layer("dense").weights[0].numpy()
    model.save_weights(tmp_path / "model.h5")
    with h5py.File(tmp_path / "model.h5", "r+") as file:
        file.attrs["keras_version"], file.attrs["backend"] = version, "tensorflow"
    other = network(FIRST)
    report = other.load_weights(tmp_path / "model.h5")
    rows, columns, channels = 2, 3, 5
    expected = kernel.reshape(channels, rows, columns, -1).transpose(1, 2, 0, 3).reshape(kernel.shape) if rearranged \
        else kernel
    np.testing.assert_array_equal(other.get_layer("dense").weights[0].numpy(), expected)
    assert any("rearranged" in note for note in report.notes) == rearranged


def test_by_name_only_named_layers_change(source: Model, tmp_path: Path) -> None:
    write(source, tmp_path / "old.h5", names={"dense": "other"})
    model = network(LAST)
    before = model.get_layer("dense").weights[0].numpy()
    model.load_weights(tmp_path / "old.h5", by_name=True, skip_mismatch=True, assume="theano")
    np.testing.assert_array_equal(model.get_layer("second").weights[0].numpy(), source.get_layer("second").weights[0])
    np.testing.assert_array_equal(model.get_layer("dense").weights[0].numpy(), before)


def test_what_fits_in_neither_order_is_refused(source: Model, tmp_path: Path) -> None:
    write(source, tmp_path / "old.h5")
    with h5py.File(tmp_path / "old.h5", "r+") as file:
        del file["second/second_W"]
        file["second/second_W"] = np.zeros((5, 4, 3, 2), "float32")
    with pytest.raises(WeightsMismatch, match="second/kernel"):
        network(LAST).load_weights(tmp_path / "old.h5", assume="theano")


class _Own(Layer):
    """A layer that nothing is known of."""

    def call(self, inputs):
        return inputs * 2.0


def test_layers_that_cannot_follow_are_named(tmp_path: Path) -> None:
    model = Sequential([layers.Input((8, 8, 3)), layers.Conv2D(4, 3, name="c"), _Own(name="mine"), layers.Flatten(),
                        layers.Dense(2, name="d")])
    write(model, tmp_path / "old.h5")
    with pytest.raises(CannotExpress, match="mine"):
        model.load_weights(tmp_path / "old.h5", assume="theano")
