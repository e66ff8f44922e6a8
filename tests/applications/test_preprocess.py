"""Normalisation of pixels against Keras's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.corpus import CORPUS, require_corpus
from zoo import applications, layers
from zoo.applications import imagenet_utils
from zoo.applications.preprocess import MODES, preprocess_input
from zoo.config import config
from zoo.errors import ConfigError, ShapeError
from zoo.models import Model

#: The networks of these modules normalise pixels themselves: `preprocess_input` gives back what it got.
UNCHANGED = ("convnext", "efficientnet", "efficientnet_v2", "mobilenet_v3")
MODULES = ("densenet", "inception_resnet_v2", "inception_v3", "mobilenet", "mobilenet_v2", "nasnet", "resnet",
           "resnet50", "resnet_v2", "vgg16", "vgg19", "xception")


@pytest.fixture(scope="module")
def golden() -> dict[str, np.ndarray]:
    with np.load(CORPUS / "applications" / "_preprocess_input" / "io.npz", allow_pickle=False) as file:
        return dict(file)


def assert_equal(actual: np.ndarray, expected: np.ndarray) -> None:
    assert actual.dtype == np.float32
    np.testing.assert_allclose(actual, expected, rtol=1e-6, atol=1e-5)


@require_corpus
@pytest.mark.parametrize("module", MODULES)
def test_modules_normalise_as_keras(module: str, golden: dict[str, np.ndarray]) -> None:
    normalise = getattr(applications, module).preprocess_input
    pixels = golden["x_float32"]
    assert_equal(normalise(pixels), golden[f"{module}__float32"])
    assert_equal(normalise(golden["x_uint8"]), golden[f"{module}__uint8"])
    assert_equal(normalise(pixels[0]), golden[f"{module}__one_image"])
    first = np.moveaxis(pixels, -1, 1)
    assert_equal(normalise(first, data_format="channels_first"), golden[f"{module}__channels_first"])
    assert_equal(normalise(first[0], data_format="channels_first"), golden[f"{module}__channels_first"][0])
    with config.using(image_data_format="channels_first"):
        assert_equal(normalise(first), golden[f"{module}__channels_first"])


@require_corpus
@pytest.mark.parametrize("module", UNCHANGED)
def test_modules_leave_pixels_as_keras_does(module: str, golden: dict[str, np.ndarray]) -> None:
    normalise = getattr(applications, module).preprocess_input
    for kind in ("float32", "uint8"):
        pixels = golden[f"x_{kind}"]
        assert normalise(pixels) is pixels
        np.testing.assert_array_equal(pixels, golden[f"{module}__{kind}"])


@require_corpus
def test_every_recorded_module_is_checked(golden: dict[str, np.ndarray]) -> None:
    recorded = {key.partition("__")[0] for key in golden if "__" in key}
    assert recorded == {*MODULES, *UNCHANGED, "imagenet_utils"}


@require_corpus
@pytest.mark.parametrize("mode", ["caffe", "tf", "torch"])
def test_modes_normalise_as_keras(mode: str, golden: dict[str, np.ndarray]) -> None:
    assert_equal(imagenet_utils.preprocess_input(golden["x_float32"], mode=mode), golden[f"imagenet_utils__{mode}"])


def test_lite_and_the_mode_by_default() -> None:
    pixels = np.array([[[0, 127, 255]]], "uint8")
    assert_equal(applications.efficientnet_lite.preprocess_input(pixels), np.float32([[[-127 / 128, 0, 1]]]))
    assert_equal(preprocess_input(pixels), np.float32([[[255 - 103.939, 127 - 116.779, 0 - 123.68]]]))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8", "int64"])
def test_the_given_array_is_left_alone(mode: str, dtype: str) -> None:
    pixels = np.full((2, 3, 3, 3), 7, dtype)
    result = preprocess_input(pixels, mode=mode)
    assert (pixels == 7).all() and result.dtype == np.float32 and result.shape == pixels.shape


class Normalise(layers.Layer):
    def __init__(self, mode: str):
        super().__init__()
        self.mode = mode

    def call(self, pixels: Any) -> Any:
        return preprocess_input(pixels, mode=self.mode)


@pytest.mark.parametrize("mode", MODES)
def test_normalisation_can_be_part_of_a_model(mode: str) -> None:
    start = layers.Input((4, 5, 3), dtype="uint8")
    model = Model(start, Normalise(mode)(start))
    pixels = np.arange(120, dtype="uint8").reshape(2, 4, 5, 3)
    np.testing.assert_allclose(model.predict(pixels), preprocess_input(pixels, mode=mode), rtol=1e-6, atol=1e-5)


def test_wrong_arguments() -> None:
    pixels = np.zeros((1, 2, 2, 4), "float32")
    with pytest.raises(ConfigError, match="caffe, tf, torch, lite.*mode='keras'"):
        preprocess_input(pixels, mode="keras")
    with pytest.raises(ConfigError, match="data_format='NHWC'"):
        preprocess_input(pixels, data_format="NHWC")
    with pytest.raises(ShapeError, match=r"3 channels \(channels_last\).*\(1, 2, 2, 4\)"):
        preprocess_input(pixels, mode="caffe")
    assert preprocess_input(pixels, mode="tf").shape == pixels.shape
