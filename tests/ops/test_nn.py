"""Functions of neural networks: data formats, padding, attention, losses, normalisation, blocks."""

from __future__ import annotations

import numpy as np
import pytest

from zoo import ops
from zoo.config import config
from zoo.engine.spec import TensorSpec
from zoo.engine.trace import trace
from zoo.errors import ConfigError, ShapeError

RNG = np.random.default_rng(0)


def normal(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape).astype("float32")


def first(x: np.ndarray) -> np.ndarray:
    return np.moveaxis(x, -1, 1)


X = normal(2, 6, 5, 4)
WITH_FORMAT = {
    "conv": lambda x, f: ops.conv(x, K, 2, "same", f),
    "grouped": lambda x, f: ops.conv(x, K[..., :2, :], 1, "valid", f),
    "depthwise": lambda x, f: ops.depthwise_conv(x, K[..., :3], 1, "same", f, 2),
    "separable": lambda x, f: ops.separable_conv(x, K[..., :2], K[:1, :1, :, :].repeat(2, 2), 1, "valid", f),
    "transpose": lambda x, f: ops.conv_transpose(x, np.swapaxes(K, 2, 3), 2, "same", None, f),
    "max_pool": lambda x, f: ops.max_pool(x, 2, None, "same", f),
    "average_pool": lambda x, f: ops.average_pool(x, (2, 3), 1, "same", f),
    "adaptive_max": lambda x, f: ops.adaptive_max_pool(x, (4, 2), f),
    "adaptive_avg": lambda x, f: ops.adaptive_average_pool(x, 3, f),
    "depth_to_space": lambda x, f: ops.depth_to_space(x, 2, f),
    "space_to_depth": lambda x, f: ops.space_to_depth(x[:, :4, :4, :4], 2, f),
    "resize": lambda x, f: ops.image.resize(x, (3, 7), "bicubic", data_format=f),
    "blur": lambda x, f: ops.image.gaussian_blur(x, data_format=f),
    "patches": lambda x, f: ops.image.extract_patches(x, 2, data_format=f),
    "pad": lambda x, f: ops.image.pad_images(x, 1, 2, 3, 4, data_format=f),
    "crop": lambda x, f: ops.image.crop_images(x, 1, 2, target_height=3, target_width=2, data_format=f),
    "affine": lambda x, f: ops.image.affine_transform(x, TRANSFORM, data_format=f),
}
K = normal(3, 2, 4, 6)
TRANSFORM = np.array([1, 0.1, 0.5, 0, 1, -1, 0, 0], "float32")


@pytest.mark.parametrize("name", WITH_FORMAT)
def test_channels_may_come_first(name: str) -> None:
    last = WITH_FORMAT[name](X, "channels_last")
    x = X[:, :4, :4] if name == "space_to_depth" else X
    result = WITH_FORMAT[name](first(x), "channels_first")
    np.testing.assert_allclose(result, first(last), rtol=1e-5, atol=1e-6)
    with config.using(image_data_format="channels_first"):
        np.testing.assert_array_equal(WITH_FORMAT[name](first(x), None), result)


@pytest.mark.parametrize("name", ["resize", "blur", "patches", "pad", "crop", "affine"])
def test_single_images(name: str) -> None:
    for image, data_format in ((X[0], "channels_last"), (np.moveaxis(X[0], -1, 0), "channels_first")):
        batch = WITH_FORMAT[name](image[None], data_format)
        np.testing.assert_allclose(WITH_FORMAT[name](image, data_format), batch[0], rtol=1e-5, atol=1e-6)


def test_wrong_arguments_of_windows() -> None:
    with pytest.raises(ConfigError, match="'channels_middle'"):
        ops.max_pool(X, 2, data_format="channels_middle")
    with pytest.raises(ConfigError, match="2 values of `strides`"):
        ops.conv(X, K, (1, 2, 3))
    with pytest.raises(ShapeError, match="multiple of 3 input channels"):
        ops.conv(X, normal(2, 2, 3, 1))
    with pytest.raises(ConfigError, match="1 to 3 spatial axes"):
        ops.max_pool(normal(2, 3), 2)


def test_unknown_sizes_of_windows() -> None:
    def shape(function, *sizes):
        return trace(function, TensorSpec(sizes)).specs.shape
    assert shape(lambda x: ops.conv(x, K, 2, "same"), None, None, 5, 4) == (None, None, 3, 6)
    assert shape(lambda x: ops.conv_transpose(x, np.swapaxes(K, 2, 3), 2, "same"), None, 3, None, 4) == (None, 6, None,
                                                                                                         6)
    assert shape(lambda x: ops.average_pool(x, 2), None, 5, None, 4) == (None, 2, None, 4)
    assert shape(lambda x: ops.depth_to_space(x, 2), None, None, 3, 8) == (None, None, 6, 2)
    assert shape(lambda x: ops.batch_normalization(x, np.zeros(4), np.ones(4), -1), None, None, 4) == (None, None, 4)
    assert shape(lambda x: ops.conv(x, K, 2, "same", "channels_first"), None, 4, 6, 5) == (None, 6, 3, 3)


def softmax(x: np.ndarray) -> np.ndarray:
    powers = np.exp(x - x.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


@pytest.mark.parametrize("heads", [4, 2, 1])
def test_attention(heads: int) -> None:
    query, key, value = normal(2, 3, 4, 5), normal(2, 6, heads, 5), normal(2, 6, heads, 5)
    bias, mask = normal(2, 4, 3, 6), RNG.random((2, 1, 3, 6)) > 0.3
    mask[..., 0] = True
    wide = [np.repeat(x, 4 // heads, axis=2) for x in (key, value)]
    logits = np.einsum("bthd,bshd->bhts", query, wide[0]) / np.sqrt(5)
    seen = np.tri(3, 6, dtype=bool)
    cases = [({}, logits), ({"bias": bias}, logits + bias), ({"mask": mask}, np.where(mask, logits, -np.inf)),
             ({"is_causal": True}, np.where(seen, logits, -np.inf)), ({"scale": 2.0}, logits * np.sqrt(5) * 2),
             ({"attn_logits_soft_cap": 0.5}, 0.5 * np.tanh(logits / 0.5))]
    for options, scores in cases:
        result = ops.dot_product_attention(query, key, value, **options)
        np.testing.assert_allclose(result, np.einsum("bhts,bshd->bthd", softmax(scores), wide[1]), rtol=1e-4, atol=1e-5)


def test_cross_entropies() -> None:
    logits, classes = normal(4, 5), np.array([0, 3, 3, 1])
    chosen = -np.log(softmax(logits)[np.arange(4), classes])
    target = np.eye(5, dtype="float32")[classes]
    for result in (ops.categorical_crossentropy(target, logits, from_logits=True),
                   ops.categorical_crossentropy(target, softmax(logits)),
                   ops.categorical_crossentropy(target.T, 3 * softmax(logits).T, axis=0),
                   ops.sparse_categorical_crossentropy(classes, logits, from_logits=True),
                   ops.sparse_categorical_crossentropy(classes[:, None], softmax(logits))):
        np.testing.assert_allclose(result, chosen, rtol=1e-4)
    odds = 1 / (1 + np.exp(-logits))
    expected = -(target * np.log(odds) + (1 - target) * np.log(1 - odds))
    np.testing.assert_allclose(ops.binary_crossentropy(target, logits, from_logits=True), expected, rtol=1e-4)
    np.testing.assert_allclose(ops.binary_crossentropy(target, odds), expected, rtol=1e-4)
    assert np.isfinite(ops.binary_crossentropy(np.ones(2, "float32"), np.array([0, 1], "float32"))).all()
    assert ops.binary_crossentropy(np.ones(1, "float32"), np.array([-1e4], "float32"), from_logits=True) == 1e4
    with pytest.raises(ShapeError, match="one shape"):
        ops.categorical_crossentropy(target, logits[:, :4])
    with pytest.raises(ShapeError, match="without the classes"):
        ops.sparse_categorical_crossentropy(target.astype("int32"), logits)


def all_alignments(labels: list[int], steps: int, classes: int):
    """Every sequence of classes that means `labels`: repetitions merged, blanks (0) dropped."""
    for path in np.ndindex(*(classes,) * steps):
        merged = [c for i, c in enumerate(path) if i == 0 or c != path[i - 1]]
        if [c for c in merged if c] == labels:
            yield path


def test_ctc_loss_is_the_sum_over_all_alignments() -> None:
    logits, labels = normal(3, 4, 3), np.array([[1, 2], [2, 2], [1, 0]])
    lengths, steps = np.array([2, 2, 1]), np.array([4, 4, 3])
    expected = []
    for line, label, length, count in zip(softmax(logits), labels, lengths, steps):
        paths = all_alignments(label[:length].tolist(), count, 3)
        expected.append(-np.log(sum(np.prod(line[np.arange(count), path]) for path in paths)))
    np.testing.assert_allclose(ops.ctc_loss(labels, logits, lengths, steps), expected, rtol=1e-5)


def test_ctc_decoding_merges_and_drops() -> None:
    best = np.array([[1, 1, 0, 1, 2], [0, 2, 2, 0, 0]])
    logits = np.eye(3, dtype="float32")[best] * 5
    labels, scores = ops.ctc_decode(logits, np.array([5, 3]))
    assert labels.tolist() == [[[1, 1, 2, -1, -1], [2, -1, -1, -1, -1]]]
    assert scores.tolist() == [[-25], [-15]]
    with pytest.raises(ConfigError, match="beam search"):
        ops.ctc_decode(logits, np.array([5, 3]), strategy="beam_search")


def test_normalisation() -> None:
    x, gamma = normal(2, 3, 4), normal(3, 4)
    result = ops.layer_normalization(x, gamma, axis=(1, 2), epsilon=1e-3)
    mean, variance = x.mean((1, 2), keepdims=True), x.var((1, 2), keepdims=True)
    np.testing.assert_allclose(result, (x - mean) / np.sqrt(variance + 1e-3) * gamma, rtol=1e-4, atol=1e-5)
    middle = ops.batch_normalization(x, x.mean((0, 2)), x.var((0, 2)), 1, offset=np.ones(3, "float32"), epsilon=0.0)
    np.testing.assert_allclose(np.mean(middle, (0, 2)), 1, atol=1e-5)
    np.testing.assert_allclose(np.var(middle, (0, 2)), 1, rtol=1e-4)
    np.testing.assert_allclose(ops.rms_normalization(x, axis=-1, epsilon=0.0),
                               x / np.sqrt((x ** 2).mean(-1, keepdims=True)), rtol=1e-4)
    np.testing.assert_allclose(np.abs(ops.normalize(x, axis=1, order=1)).sum(1), 1, rtol=1e-5)
    assert ops.normalize(np.zeros((1, 3), "float32")).tolist() == [[0, 0, 0]]
    assert ops.layer_normalization(x.astype("float16")).dtype == "float16"
    large = ops.moments(np.full((4,), 60000, "float16") * np.array([1, -1, 1, -1], "float16"), 0)
    assert large[1].dtype == "float16" and np.isfinite(large[1])


def test_encodings() -> None:
    assert ops.one_hot(np.array([0, 2, -1]), 3).tolist() == [[1, 0, 0], [0, 0, 1], [0, 0, 0]]
    assert ops.one_hot(np.array([[1]]), 2, axis=0, dtype="bool").tolist() == [[[False]], [[True]]]
    assert ops.multi_hot(np.array([[0, 2], [1, 1]]), 3).tolist() == [[1, 0, 1], [0, 1, 0]]
    assert ops.multi_hot(np.array([0, 2]), 3, dtype="bool").tolist() == [True, False, True]
    with pytest.raises(ConfigError, match="dense tensors only"):
        ops.one_hot(np.array([0]), 2, sparse=True)


@pytest.mark.parametrize("options", [{}, {"stride": 2}, {"padding": (1, 2)}, {"dilation": 2, "padding": 1}], ids=str)
def test_fold_is_the_transpose_of_unfold(options) -> None:
    x = normal(2, 3, 6, 5)
    columns = ops.unfold(x, (2, 3), **options)
    y = normal(*columns.shape)
    back = ops.fold(y, (6, 5), (2, 3), **options)
    np.testing.assert_allclose(np.sum(columns * y), np.sum(x * back), rtol=1e-4, atol=1e-3)
    if not options:
        np.testing.assert_array_equal(columns[0, :, 0], x[0, :, :2, :3].ravel())


def test_depth_and_space_are_inverse() -> None:
    x = normal(2, 3, 4, 8)
    np.testing.assert_array_equal(ops.space_to_depth(ops.depth_to_space(x, 2), 2), x)
    with pytest.raises(ShapeError, match="not divisible"):
        ops.depth_to_space(x, 3)
