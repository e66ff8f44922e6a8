"""What is particular to single layers: statistics, noise, broadcasting, adaptation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from zoo import layers
from zoo.config import config
from zoo.engine.function import Function
from zoo.errors import ConfigError, ShapeError
from zoo.layers import Input


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).normal(2.0, 3.0, (8, 5, 4, 3)).astype("float32")


# ---- batch normalisation

def test_batch_normalization_learns_its_statistics_in_training(images: np.ndarray) -> None:
    layer = layers.BatchNormalization(momentum=0.8, epsilon=1e-5)
    result = layer(images, training=True)
    np.testing.assert_allclose(result.mean((0, 1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(result.std((0, 1, 2)), 1, atol=1e-4)
    np.testing.assert_allclose(layer.moving_mean, 0.2 * images.mean((0, 1, 2)), rtol=1e-5)
    np.testing.assert_allclose(layer.moving_variance, 0.8 + 0.2 * images.var((0, 1, 2)), rtol=1e-5)


@pytest.mark.parametrize("renorm", [False, True])
def test_compiled_training_learns_the_same_statistics(images: np.ndarray, renorm: bool) -> None:
    eager, compiled = (layers.BatchNormalization(renorm=renorm) for _ in range(2))
    compiled(images)
    train = Function(lambda x: compiled(x, training=True))
    for batch in (images[:4], images[4:]):
        np.testing.assert_allclose(train(batch), eager(batch, training=True), rtol=1e-4, atol=1e-5)
    for a, b in zip(eager.get_weights(), compiled.get_weights()):
        np.testing.assert_allclose(a, b, rtol=1e-5)


def test_compiled_dropout_drops_anew_in_each_run() -> None:
    layer, x = layers.Dropout(0.5, seed=1), np.ones((4, 50), "float32")
    train = Function(lambda x: layer(x, training=True))
    first, second = train(x), train(x)
    assert (first != second).any() and set(np.unique(first)) == {0.0, 2.0}


def test_batch_normalization_uses_them_in_inference_and_when_frozen(images: np.ndarray) -> None:
    layer = layers.BatchNormalization()
    layer(images, training=True)
    before = layer.get_weights()
    expected = layer(images)
    layer.trainable = False
    np.testing.assert_array_equal(layer(images, training=True), expected)
    for old, new in zip(before, layer.get_weights()):
        np.testing.assert_array_equal(old, new)


def test_batch_normalization_ignores_masked_steps() -> None:
    x = np.random.default_rng(0).normal(size=(4, 6, 3)).astype("float32")
    mask = np.arange(6) < np.array([[6], [3], [1], [4]])
    layer = layers.BatchNormalization(momentum=0.0)
    layer(x, training=True, mask=mask)
    np.testing.assert_allclose(layer.moving_mean, x[mask].mean(0), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(layer.moving_variance, x[mask].var(0), rtol=1e-4)
    with pytest.raises(ShapeError, match="one axis less"):
        layer(x, training=True, mask=mask[..., None])


def test_batch_renormalization_follows_both_kinds_of_statistics(images: np.ndarray) -> None:
    layer = layers.BatchNormalization(renorm=True, momentum=0.9, renorm_momentum=0.5)
    result = layer(images, training=True)
    mean, stddev = images.mean((0, 1, 2)), np.sqrt(images.var((0, 1, 2)) + 1e-3)
    np.testing.assert_allclose(result, images, rtol=1e-4, atol=1e-4)    # corrected to the moving statistics 0 and 1
    np.testing.assert_allclose(layer.renorm_mean, 0.5 * mean, rtol=1e-5)
    np.testing.assert_allclose(layer.renorm_stddev, 0.5 + 0.5 * stddev, rtol=1e-5)
    np.testing.assert_allclose(layer.moving_stddev, 0.9 + 0.1 * stddev, rtol=1e-5)
    np.testing.assert_allclose(layer.moving_variance, (0.9 + 0.1 * stddev) ** 2 - 1e-3, rtol=1e-4)


# ---- noise

@pytest.mark.parametrize(("layer", "shared"), [
    (layers.Dropout(0.5, seed=1), ()), (layers.Dropout(0.5, noise_shape=(None, 1, 20)), (1,)),
    (layers.SpatialDropout1D(0.5), (1,))])
def test_dropout_drops_and_scales_in_training_only(layer: layers.Layer, shared: tuple[int, ...]) -> None:
    x = np.ones((30, 10, 20), "float32")
    np.testing.assert_array_equal(layer(x), x)
    result = layer(x, training=True)
    assert set(np.unique(result)) == {0.0, 2.0}
    assert 0.35 < (result == 0).mean() < 0.65
    assert all((np.diff(result, axis=axis) == 0).all() for axis in shared)
    assert (layer(x, training=True) != result).any()


def test_equal_seeds_drop_equally() -> None:
    x = np.ones((4, 50), "float32")
    np.testing.assert_array_equal(layers.Dropout(0.5, seed=3)(x, training=True),
                                  layers.Dropout(0.5, seed=3)(x, training=True))


@pytest.mark.parametrize("layer", [layers.AlphaDropout(0.3, seed=1), layers.GaussianDropout(0.3, seed=1),
                                   layers.GaussianNoise(0.3, seed=1)])
def test_noise_keeps_what_it_promises(layer: layers.Layer) -> None:
    x = np.random.default_rng(0).normal(size=(400, 100)).astype("float32")
    result = layer(x, training=True)
    spread = {"AlphaDropout": 1.0, "GaussianDropout": (1 + 0.3 / 0.7) ** 0.5, "GaussianNoise": 1.09 ** 0.5}
    assert abs(result.mean()) < 0.02
    assert abs(result.std() - spread[type(layer).__name__]) < 0.02
    np.testing.assert_array_equal(layer(x), x)


# ---- merging

@pytest.mark.parametrize(("name", "function"), [
    ("add", np.add), ("subtract", np.subtract), ("multiply", np.multiply), ("maximum", np.maximum),
    ("minimum", np.minimum), ("average", lambda a, b: (a + b) / 2)])
def test_lower_ranks_get_axes_behind_the_batch_axis(name: str, function: Any) -> None:
    a, b = np.random.default_rng(0).normal(size=(2, 3, 4)), np.random.default_rng(1).normal(size=(2, 4))
    result = getattr(layers, name)([a.astype("float32"), b.astype("float32")])
    np.testing.assert_allclose(result, function(a, b[:, None]), rtol=1e-5, atol=1e-6)


def test_functions_of_merging_make_symbolic_calls() -> None:
    a, b = Input((3, 4)), Input((5, 4))
    assert layers.concatenate([a, b], axis=1).shape == (None, 8, 4)
    assert layers.dot([a, b], axes=2).shape == (None, 3, 5)


def test_dot_of_vectors_is_a_column() -> None:
    a, b = np.array([[3.0, 4.0]], "float32"), np.array([[4.0, 3.0]], "float32")
    np.testing.assert_allclose(layers.dot([a, b], axes=1), [[24.0]])
    np.testing.assert_allclose(layers.dot([a, b], axes=1, normalize=True), [[24 / 25]], rtol=1e-6)


# ---- masks as arguments

def test_softmax_gives_masked_positions_nothing() -> None:
    result = layers.Softmax()(np.zeros((1, 4), "float32"), mask=np.array([[True, False, True, False]]))
    np.testing.assert_allclose(result, [[0.5, 0, 0.5, 0]])


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_global_average_pooling_leaves_masked_steps_out(data_format: str) -> None:
    x = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")
    mask = np.array([[1, 1, 0, 0, 0], [1, 1, 1, 1, 0]], bool)
    given = x if data_format == "channels_last" else np.moveaxis(x, -1, 1)
    result = layers.GlobalAveragePooling1D(data_format)(given, mask=mask)
    np.testing.assert_allclose(result, [x[0, :2].mean(0), x[1, :4].mean(0)], rtol=1e-5)


# ---- preprocessing

@pytest.mark.parametrize("batches", [False, True])
@pytest.mark.parametrize("axis", [-1, None, (1, 2)])
def test_normalization_adapts(axis: Any, batches: bool) -> None:
    data = np.random.default_rng(0).normal(5, 3, (20, 4, 3)).astype("float32")
    layer, inverse = layers.Normalization(axis), layers.Normalization(axis, invert=True)
    for one in (layer, inverse):
        one.adapt(iter((data[:3], data[3:])) if batches else data)
    reduced = {-1: (0, 1), None: None, (1, 2): 0}[axis]
    expected = (data - data.mean(reduced)) / data.std(reduced)
    np.testing.assert_allclose(layer(data), expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(inverse(layer(data)), data, rtol=1e-4, atol=1e-4)


def test_normalization_refuses_to_adapt_without_need_or_data() -> None:
    with pytest.raises(ConfigError, match="nothing to adapt"):
        layers.Normalization(mean=1.0, variance=2.0).adapt(np.ones((2, 3)))
    with pytest.raises(ConfigError, match="no data"):
        layers.Normalization().adapt([])
    layer = layers.Normalization()
    layer.adapt(np.ones((2, 3)))
    with pytest.raises(ShapeError, match="received shape"):
        layer.adapt(np.ones((2, 4)))


def test_integer_images_stay_integers() -> None:
    image = np.random.default_rng(0).integers(0, 256, (1, 6, 6, 3)).astype("uint8")
    result = layers.Resizing(4, 5, interpolation="bicubic")(image)
    exact = layers.Resizing(4, 5, interpolation="bicubic")(image.astype("float32"))
    assert result.dtype == "uint8"
    np.testing.assert_array_equal(result, np.clip(np.round(exact), 0, 255))


def test_single_images_are_resized_and_cropped() -> None:
    image = np.random.default_rng(0).normal(size=(6, 7, 3)).astype("float32")
    np.testing.assert_array_equal(layers.CenterCrop(4, 3)(image), image[1:5, 2:5])
    np.testing.assert_allclose(layers.Resizing(3, 3)(image), layers.Resizing(3, 3)(image[None])[0])


# ---- settings

def test_the_global_data_format_is_the_default() -> None:
    with config.using(image_data_format="channels_first"):
        layer = layers.Conv2D(2, 3)
    assert layer.get_config()["data_format"] == "channels_first"
    assert layer(np.ones((1, 4, 5, 5), "float32")).shape == (1, 2, 3, 3)


def test_causal_convolution_does_not_look_ahead() -> None:
    layer = layers.Conv1D(2, 3, padding="causal", dilation_rate=2)
    x = np.random.default_rng(0).normal(size=(1, 10, 3)).astype("float32")
    before, changed = layer(x), x.copy()
    changed[:, 6:] += 1
    after = layer(changed)
    np.testing.assert_array_equal(before[:, :6], after[:, :6])
    assert (before[:, 6:] != after[:, 6:]).all()


def test_an_input_takes_the_place_of_a_tensor() -> None:
    x = Input((None, 3), batch_size=4, dtype="int32", name="tokens")
    assert x.shape == (4, None, 3) and x.dtype == "int32" and x.call.layer.name == "tokens"
    again = Input(tensor=x)
    assert again.shape == x.shape and again.dtype == "int32"
    assert x.call.layer.get_config() == {"batch_shape": [4, None, 3], "dtype": "int32", "sparse": False,
                                         "ragged": False, "name": "tokens", "optional": False}
