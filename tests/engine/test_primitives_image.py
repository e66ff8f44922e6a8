"""Resizing: properties of the methods, and small results worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from zoo.engine.primitives import resize_op
from zoo.engine.primitives.image import RESIZE_METHODS


def line(values, size: int, method: str, antialias: bool = False) -> np.ndarray:
    x = np.asarray(values, "float32").reshape(1, -1, 1)
    return resize_op(x, size=(size,), method=method, antialias=antialias).ravel()


@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize("method", RESIZE_METHODS)
@pytest.mark.parametrize("size", [(1, 1), (3, 7), (5, 4), (13, 2)])
def test_a_constant_image_stays_constant(method: str, antialias: bool, size) -> None:
    x = np.full((2, 5, 4, 3), 0.75, "float32")
    np.testing.assert_allclose(resize_op(x, size=size, method=method, antialias=antialias), 0.75, rtol=1e-5)


@pytest.mark.parametrize("method", RESIZE_METHODS)
def test_the_same_size_changes_nothing(method: str) -> None:
    x = np.random.default_rng(0).normal(size=(2, 5, 4, 3)).astype("float32")
    np.testing.assert_array_equal(resize_op(x, size=(5, 4), method=method, antialias=False), x)


@pytest.mark.parametrize("method", [m for m in RESIZE_METHODS if m not in ("nearest", "area")])
def test_a_ramp_stays_a_ramp_inside(method: str) -> None:
    """Kernels are symmetric: doubling a ramp halves its slope away from the edges."""
    ramp = line(np.arange(40), 80, method)
    tolerance = 0.02 if method.startswith("lanczos") else 1e-4
    np.testing.assert_allclose(ramp[20:60], (np.arange(20, 60) + 0.5) / 2 - 0.5, atol=tolerance)


def test_small_results() -> None:
    np.testing.assert_allclose(line([0, 4], 4, "bilinear"), [0, 1, 3, 4])
    np.testing.assert_allclose(line([0, 1, 2, 3, 4], 2, "nearest"), [1, 3])
    np.testing.assert_allclose(line([0, 1, 2, 3], 2, "area"), [0.5, 2.5])
    np.testing.assert_allclose(line([0, 3, 6], 2, "area"), [1, 5])
    np.testing.assert_allclose(line([0, 1, 2, 3], 2, "bilinear"), [0.5, 2.5])
    np.testing.assert_allclose(line([0, 8, 0, 0], 2, "bilinear", True), [24 / 7, 8 / 7], rtol=1e-6)
    np.testing.assert_allclose(line([0, 0, 16, 0, 0], 10, "bicubic")[3:7], [3.625, 13.875, 13.875, 3.625])


def test_nearest_keeps_integers() -> None:
    x = np.arange(6, dtype="uint8").reshape(1, 2, 3, 1)
    result = resize_op(x, size=(4, 3), method="nearest", antialias=False)
    assert result.dtype == np.uint8
    assert result[0, :, 0, 0].tolist() == [0, 0, 3, 3]


def test_axes_are_independent() -> None:
    x = np.random.default_rng(1).normal(size=(1, 5, 6, 1)).astype("float32")
    both = resize_op(x, size=(3, 9), method="bicubic", antialias=True)
    rows = resize_op(x, size=(3, 6), method="bicubic", antialias=True)
    np.testing.assert_allclose(resize_op(rows, size=(3, 9), method="bicubic", antialias=True), both, rtol=1e-5)
