"""Photos to inputs: resize, centre crop, normalise."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from zoo.applications import get_application, list_models
from zoo.applications.images import ImagePreprocess, preprocessing_of
from zoo.errors import ConfigError


@pytest.mark.parametrize("name", list_models())
@pytest.mark.parametrize("size", [(300, 451), (451, 300), (50, 60), (224, 224)])
def test_every_photo_gets_the_size_of_the_model(name: str, size: tuple[int, int]) -> None:
    result = preprocessing_of(name).apply(Image.new("RGB", size, (10, 20, 30)))
    size = get_application(name).size
    assert result.shape == (size, size, 3) and result.dtype == np.float32
    assert np.ptp(result, axis=(0, 1)).max() < 1e-5


def test_other_sizes_keep_the_proportion_of_the_crop() -> None:
    preprocess = preprocessing_of("mobilenet", size=(128, 192))
    assert preprocess.size == (128, 192) and preprocess.crop == 0.875
    assert preprocess.apply(Image.new("RGB", (500, 400))).shape == (128, 192, 3)


def test_the_crop_is_the_middle() -> None:
    """A photo of 8 columns by 4 rows whose pixels name their place; the crop keeps the inner half of the short side."""
    rows, columns = np.mgrid[:4, :8]
    photo = Image.fromarray(np.stack([rows, columns, rows], -1).astype("uint8"))
    result = ImagePreprocess((2, 2), crop=0.5, interpolation="nearest", mode="tf").apply(photo)
    pixels = np.rint((result + 1) * 127.5)
    np.testing.assert_array_equal(pixels[..., 0], [[1, 1], [2, 2]])
    np.testing.assert_array_equal(pixels[..., 1], [[3, 4], [3, 4]])


def test_modes_of_photos_become_rgb() -> None:
    preprocess = preprocessing_of("MobileNet")
    grey = preprocess.apply(Image.new("L", (256, 256), 255))
    clear = preprocess.apply(Image.new("RGBA", (256, 256), (255, 255, 255, 0)))
    np.testing.assert_allclose(grey, np.ones((224, 224, 3)))
    np.testing.assert_array_equal(grey, clear)


def test_unknown_model() -> None:
    with pytest.raises(ConfigError, match="no application 'nothing'"):
        preprocessing_of("nothing")


def test_pillow_is_imported_for_photos_only() -> None:
    code = "import sys, zoo.applications; assert 'PIL' not in sys.modules; " \
           "import zoo.applications.images; assert 'PIL' in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
