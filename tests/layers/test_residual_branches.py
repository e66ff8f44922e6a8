"""The layers that Keras defines for its applications: values, and the modules that files name them by."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import zoo
from zoo import layers
from zoo.engine.rng import set_random_seed
from zoo.models import Model

MODULES = {"CustomScaleLayer": "keras.src.applications.inception_resnet_v2",
           "LayerScale": "keras.src.applications.convnext",
           "StochasticDepth": "keras.src.applications.convnext"}


def test_values() -> None:
    first, second = np.ones((2, 3), "float32"), np.arange(6, dtype="float32").reshape(2, 3)
    np.testing.assert_allclose(layers.CustomScaleLayer(0.5)([first, second]), 1 + second / 2)
    scale = layers.LayerScale(0.5, 3)
    np.testing.assert_allclose(scale(second), second / 2)
    scale.set_weights([np.array([1, 2, 3], "float32")])
    np.testing.assert_allclose(scale(second), second * [1, 2, 3])


def test_stochastic_depth_drops_whole_samples_in_training() -> None:
    set_random_seed(3)
    branch = np.ones((400, 2, 3), "float32")
    layer = layers.StochasticDepth(0.25)
    dropped = np.asarray(layer(branch, training=True))
    assert {sample.min() for sample in dropped} == {sample.max() for sample in dropped}
    assert set(np.unique(dropped)) == {np.float32(0), np.float32(1) / np.float32(0.75)}
    assert (dropped[:, 0, 0] == 0).mean() == pytest.approx(0.25, abs=0.07)
    np.testing.assert_array_equal(layer(branch), branch)


def _model() -> Model:
    images = layers.Input((4, 5, 3))
    x: Any = layers.CustomScaleLayer(0.2)([images, layers.Conv2D(3, 3, padding="same")(images)])
    return Model(images, layers.StochasticDepth(0.3)(layers.LayerScale(0.5, 3)(x)))


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_models_with_them_come_back(suffix: str, tmp_path: Path) -> None:
    model, images = _model(), np.random.default_rng(0).random((2, 4, 5, 3), "float32")
    model.save(tmp_path / f"model{suffix}")
    again = zoo.load_model(tmp_path / f"model{suffix}")
    np.testing.assert_array_equal(again.predict(images), model.predict(images))


def test_files_name_the_modules_of_keras(tmp_path: Path) -> None:
    _model().save(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as file:
        written = json.loads(file.read("config.json"))["config"]["layers"]
    assert {layer["class_name"]: layer["module"] for layer in written if layer["class_name"] in MODULES} == MODULES
