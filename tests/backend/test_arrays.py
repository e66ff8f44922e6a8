"""Functions of K, against NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from zoo import backend as K  # noqa: N812
from zoo.config import config
from zoo.engine.function import Function

X = np.random.default_rng(0).uniform(0.1, 0.9, (2, 3, 4)).astype("float32")
IMAGE = np.random.default_rng(1).normal(size=(2, 4, 6, 3)).astype("float32")
SMALL = X[:, 0]

#: what, K's result, NumPy's
CASES: list[tuple[str, Callable[[Any], Any], Callable[[Any], Any]]] = [
    ("concatenate", lambda x: K.concatenate([x, x]), lambda x: np.concatenate([x, x], -1)),
    ("stack", lambda x: K.stack([x, x], 1), lambda x: np.stack([x, x], 1)),
    ("argmax", K.argmax, lambda x: x.argmax(-1)),
    ("argmin", K.argmin, lambda x: x.argmin(-1)),
    ("permute_dimensions", lambda x: K.permute_dimensions(x, (0, 2, 1)), lambda x: x.transpose(0, 2, 1)),
    ("repeat_elements", lambda x: K.repeat_elements(x, 2, axis=1), lambda x: x.repeat(2, 1)),
    ("repeat", lambda x: K.repeat(x[:, 0], 5), lambda x: np.repeat(x[:, :1], 5, 1)),
    ("tile", lambda x: K.tile(x, [1, 2, 1]), lambda x: np.tile(x, (1, 2, 1))),
    ("flatten", K.flatten, np.ravel),
    ("batch_flatten", K.batch_flatten, lambda x: x.reshape(2, -1)),
    ("expand_dims", K.expand_dims, lambda x: x[..., None]),
    ("squeeze", lambda x: K.squeeze(x[:, :1], 1), lambda x: x[:, 0]),
    ("reverse", lambda x: K.reverse(x, [1, 2]), lambda x: x[:, ::-1, ::-1]),
    ("gather", lambda x: K.gather(x, [1, 0, 1]), lambda x: x[[1, 0, 1]]),
    ("clip", lambda x: K.clip(x, 0.2, None), lambda x: x.clip(0.2)),
    ("pow", lambda x: K.pow(x, 3), lambda x: x ** 3),
    ("cumsum", K.cumsum, lambda x: x.cumsum(0)),
    ("cumprod", lambda x: K.cumprod(x, 1), lambda x: x.cumprod(1)),
    ("logsumexp", lambda x: K.logsumexp(x, -1), lambda x: np.log(np.exp(x).sum(-1))),
    ("std", lambda x: K.std(x, axis=0), lambda x: x.std(0)),
    ("dot", lambda x: K.dot(x, np.ones((4, 2), "float32")), lambda x: x @ np.ones((4, 2))),
    ("batch_dot", lambda x: K.batch_dot(x, x, (2, 2)), lambda x: np.einsum("bik,bjk->bij", x, x)),
    ("batch_dot by default", lambda x: K.batch_dot(x, K.permute_dimensions(x, (0, 2, 1))),
     lambda x: np.einsum("bik,bjk->bij", x, x)),
    ("batch_dot of vectors", lambda x: K.batch_dot(x[:, 0], x[:, 1], 1), lambda x: (x[:, 0] * x[:, 1]).sum(1)[:, None]),
    ("one_hot", lambda x: K.one_hot(K.argmax(x), 4), lambda x: np.eye(4)[x.argmax(-1)]),
    ("zeros_like", K.zeros_like, np.zeros_like),
    ("ones_like", K.ones_like, np.ones_like),
    ("identity", K.identity, lambda x: x),
    ("relu", lambda x: K.relu(x - 0.5, alpha=0.1, max_value=0.3),
     lambda x: np.where(x < 0.5, 0.1 * (x - 0.5), np.minimum(x - 0.5, 0.3))),
    ("hard_sigmoid", lambda x: K.hard_sigmoid(4 * x), lambda x: np.clip(0.8 * x + 0.5, 0, 1)),
    ("elu", lambda x: K.elu(x - 0.5, 2.0), lambda x: np.where(x > 0.5, x - 0.5, 2 * np.expm1(x - 0.5))),
    ("softmax", lambda x: K.softmax(x, 1), lambda x: np.exp(x) / np.exp(x).sum(1, keepdims=True)),
    ("l2_normalize", lambda x: K.l2_normalize(x, 1), lambda x: x / np.sqrt((x ** 2).sum(1, keepdims=True))),
    ("l2_normalize of all", K.l2_normalize, lambda x: x / np.sqrt((x ** 2).sum())),
    ("binary_crossentropy", lambda x: K.binary_crossentropy(np.ones_like(X), x), lambda x: -np.log(x)),
    ("in_top_k", lambda x: K.in_top_k(x[:, 0], [0, 3], 2), lambda x: np.array(
        [(x[i, 0] > x[i, 0, t]).sum() < 2 for i, t in enumerate((0, 3))])),
    ("switch of tensors", lambda x: K.switch(K.greater(x, 0.5), x, -x), lambda x: np.where(x > 0.5, x, -x)),
    ("switch by example", lambda x: K.switch(K.greater(x[:, 0, 0], 0.5), x, lambda: -x),
     lambda x: np.where((x[:, 0, 0] > 0.5)[:, None, None], x, -x)),
    ("switch by a number", lambda x: K.switch(1, x, -x), lambda x: x),
    ("temporal_padding", lambda x: K.temporal_padding(x, (1, 2)), lambda x: np.pad(x, ((0, 0), (1, 2), (0, 0)))),
    ("foldl", lambda x: K.foldl(lambda a, b: a - b, x), lambda x: x[0] - x[1]),
    ("foldr", lambda x: K.foldr(lambda a, b: a - b, x, 1.0), lambda x: 1 - x[1] - x[0]),
    ("map_fn", lambda x: K.map_fn(lambda part: K.sum(part), x), lambda x: x.sum((1, 2))),
    ("stop_gradient", K.stop_gradient, lambda x: x),
]


@pytest.mark.parametrize(("function", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_functions_are_numpy_s(function: Callable[[Any], Any], expected: Callable[[Any], Any]) -> None:
    np.testing.assert_allclose(np.asarray(function(X)), expected(X), rtol=2e-5, atol=1e-6)
    np.testing.assert_allclose(Function(function)(X), expected(X), rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_images(data_format: str) -> None:
    def arranged(x: Any) -> Any:
        return np.moveaxis(np.asarray(x), -1, 1) if data_format == "channels_first" else np.asarray(x)
    x = arranged(IMAGE)
    with config.using(image_data_format=data_format):
        np.testing.assert_array_equal(K.resize_images(x, 2, 3, data_format),
                                      arranged(IMAGE.repeat(2, 1).repeat(3, 2)))
        np.testing.assert_array_equal(K.spatial_2d_padding(x, ((1, 2), (0, 1))),
                                      arranged(np.pad(IMAGE, ((0, 0), (1, 2), (0, 1), (0, 0)))))
        np.testing.assert_allclose(K.bias_add(x, np.arange(3, dtype="float32")), arranged(IMAGE + np.arange(3)),
                                   rtol=1e-6)
        pooled = IMAGE.reshape(2, 2, 2, 3, 2, 3)
        np.testing.assert_allclose(K.pool2d(x, (2, 2), (2, 2)), arranged(pooled.max((2, 4))), rtol=1e-6)
        np.testing.assert_allclose(K.pool2d(x, (2, 2), (2, 2), pool_mode="avg"), arranged(pooled.mean((2, 4))),
                                   rtol=1e-4, atol=1e-6)
        kernel = np.random.default_rng(2).normal(size=(1, 1, 3, 5)).astype("float32")
        np.testing.assert_allclose(K.conv2d(x, kernel), arranged(IMAGE @ kernel[0, 0]), rtol=1e-4, atol=1e-5)


def test_causal_convolution_sees_no_later_step() -> None:
    kernel = np.ones((2, 4, 1), "float32")
    expected = X.sum(-1, keepdims=True) + np.pad(X.sum(-1, keepdims=True), ((0, 0), (1, 0), (0, 0)))[:, :-1]
    np.testing.assert_allclose(K.conv1d(X, kernel, padding="causal"), expected, rtol=1e-5)


def test_loops_over_time() -> None:
    def step(x: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        return x + states[0] * states[1], [x + states[0]]
    start, constant = np.zeros((2, 4), "float32"), np.full((2, 4), 2, "float32")
    last, outputs, states = K.rnn(step, X, [start], constants=[constant])
    before = np.concatenate([np.zeros((2, 1, 4)), X.cumsum(1)[:, :-1]], 1)
    np.testing.assert_allclose(outputs, X + 2 * before, rtol=1e-5)
    np.testing.assert_allclose(last, outputs[:, -1])
    np.testing.assert_allclose(states[0], X.sum(1), rtol=1e-5)
    mask = np.array([[1, 0, 1], [1, 1, 0]], bool)
    _, outputs, states = K.rnn(step, X, [start], mask=mask, constants=[constant])
    np.testing.assert_allclose(states[0], (X * mask[..., None]).sum(1), rtol=1e-5)
    np.testing.assert_allclose(outputs[0, 1], outputs[0, 0])


def test_random_numbers() -> None:
    drawn = np.asarray(K.truncated_normal((20000,), 1.0, 2.0, seed=3))
    assert abs(drawn - 1).max() <= 4 and drawn.mean() == pytest.approx(1, abs=0.05)
    assert drawn.std() == pytest.approx(2 * 0.8796, rel=0.03)
    assert np.asarray(K.random_binomial((10000,), 0.3, seed=1)).mean() == pytest.approx(0.3, abs=0.02)
    assert K.random_normal_variable((2, 3), 0.0, 1.0, seed=1).shape == (2, 3)


def test_settings() -> None:
    assert (K.image_dim_ordering(), K.floatx(), K.epsilon(), K.backend()) == ("tf", "float32", 1e-7, "numpy")
    with config.using(image_data_format="channels_last", floatx="float32"):
        K.set_image_dim_ordering("th")
        K.set_floatx("float64")
        assert K.image_data_format() == "channels_first" and K.variable(1).dtype == "float64"
    assert K.get_uid("thing") + 1 == K.get_uid("thing")
    assert (K.int_shape(X), K.ndim(X), K.dtype(X), K.count_params(X)) == ((2, 3, 4), 3, "float32", 24)
    assert K.eval(K.eye(2)).tolist() == [[1, 0], [0, 1]]


def test_printing(capsys: pytest.CaptureFixture[str]) -> None:
    assert K.print_tensor(SMALL, "small: ") is SMALL
    assert capsys.readouterr().out.startswith("small: [[")
