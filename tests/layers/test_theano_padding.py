"""Padding of Keras on Theano, element by element."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from zoo import Input, Sequential, layers


def run(layer: Any, x: np.ndarray) -> np.ndarray:
    return np.asarray(Sequential([Input(x.shape[1:]), layer]).predict_on_batch(x))


def windows(size: int, window: int, stride: int, before: int) -> list[list[int]]:
    """The positions of each of ``ceil(size / stride)`` windows that are in the data."""
    starts = range(-before, -before + -(-size // stride) * stride, stride)
    return [[i for i in range(start, start + window) if 0 <= i < size] for start in starts]


@pytest.mark.parametrize(("size", "window", "stride"), [*itertools.product((5, 6, 7), (1, 2, 3, 4, 5), (1, 2, 3))])
def test_pooling(size: int, window: int, stride: int) -> None:
    x = np.random.default_rng(0).normal(size=(1, size, 1)).astype("float32")
    before = window - 2 if window in (3, 5) else window - 1
    seen = windows(size, window, stride, before)
    arguments = {"pool_size": window, "strides": stride}
    for layer, expected in (
            (layers.MaxPooling1D(**arguments, padding="same_theano"), [x[0, own, 0].max() for own in seen]),
            (layers.AveragePooling1D(**arguments, padding="same_theano"), [x[0, own, 0].mean() for own in seen]),
            (layers.AveragePooling1D(**arguments, padding="same_theano_counted"),
             [x[0, own, 0].sum() / window for own in seen])):
        np.testing.assert_allclose(run(layer, x)[0, :, 0], expected, rtol=1e-5)


@pytest.mark.parametrize(("size", "window", "stride", "rate"),
                         [*itertools.product((5, 6), (1, 2, 3, 4), (1, 2, 3), (1,)), (6, 2, 1, 2), (7, 3, 1, 2)])
def test_convolution(size: int, window: int, stride: int, rate: int) -> None:
    x = np.random.default_rng(0).normal(size=(1, size, 1)).astype("float32")
    layer = layers.Conv1D(1, window, stride, "same_theano", dilation_rate=rate, use_bias=False)
    found = run(layer, x)[0, :, 0]
    before = ((window - 1) * rate + 1) // 2
    kernel = np.asarray(layer.kernel)[:, 0, 0]
    expected = [sum(kernel[k] * x[0, i, 0] for k in range(window) if 0 <= (i := start + k * rate) < size)
                for start in range(-before, -before + -(-size // stride) * stride, stride)]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("window", "stride"), [(3, 1), (3, 2), (5, 2), (5, 3)])
def test_transposed_convolution_is_the_gradient_of_the_convolution(window: int, stride: int) -> None:
    size = 4
    back = layers.Conv1DTranspose(1, window, stride, "same_theano", use_bias=False)
    there = layers.Conv1D(1, window, stride, "same_theano", use_bias=False)
    columns = np.stack([run(back, row[None, :, None])[0, :, 0] for row in np.eye(size, dtype="float32")])
    run(there, np.zeros((1, size * stride, 1), "float32"))
    there.set_weights(back.get_weights())
    rows = np.stack([run(there, row[None, :, None])[0, :, 0] for row in np.eye(size * stride, dtype="float32")])
    np.testing.assert_allclose(columns, rows.T, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("times", [2, 3])
def test_bilinear_between_left_upper_corners(times: int) -> None:
    x = np.asarray([0.0, 6.0, 12.0], "float32").reshape(1, 3, 1, 1) * np.ones((1, 1, 2, 1), "float32")
    found = run(layers.UpSampling2D(times, interpolation="bilinear_asymmetric"), x)
    assert found.shape == (1, 3 * times, 2 * times, 1)
    np.testing.assert_allclose(found[0, :, 0, 0], np.minimum(np.arange(3 * times) * 6.0 / times, 12.0), rtol=1e-6)
    first = layers.UpSampling2D(times, "channels_first", "bilinear_asymmetric")
    np.testing.assert_allclose(run(first, x.transpose(0, 3, 1, 2)).transpose(0, 2, 3, 1), found)
