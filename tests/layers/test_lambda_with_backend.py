"""Lambda layers, custom layers and losses written with `zoo.backend`, as scripts of Keras 1 and 2 have them."""

from __future__ import annotations

import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import zoo
from zoo import backend as K  # noqa: N812 - what everybody calls it
from zoo import layers

X = np.random.default_rng(0).normal(size=(3, 4, 2)).astype("float32")


def antirectifier(x: Any) -> Any:
    """The example of Keras 1's documentation of Lambda."""
    x = x - K.mean(x, axis=1, keepdims=True)
    x = K.l2_normalize(x, axis=1)
    return K.concatenate([K.relu(x), K.relu(-x)], axis=-1)


def centred() -> np.ndarray:
    x = X - X.mean(1, keepdims=True)
    return x / np.sqrt((x ** 2).sum(1, keepdims=True))


CASES: dict[str, tuple[Callable[..., Any], Callable[[], np.ndarray]]] = {
    "mean": (lambda x: K.mean(x, axis=1), lambda: X.mean(1)),
    "l2_normalize": (lambda x: K.l2_normalize(x, axis=-1), lambda: X / np.linalg.norm(X, axis=-1, keepdims=True)),
    "antirectifier": (antirectifier, lambda: np.concatenate([np.maximum(centred(), 0), np.maximum(-centred(), 0)], -1)),
    "slice": (lambda x: x[:, -1, :], lambda: X[:, -1]),
    "batch_dot": (lambda x: K.batch_dot(x, x, axes=[1, 1]), lambda: np.einsum("bti,btj->bij", X, X)),
    "reverse": (lambda x: K.reverse(x, axes=1), lambda: X[:, ::-1]),
    "reshape": (lambda x: K.reshape(x, (-1, 8)), lambda: X.reshape(3, 8)),
    "permute": (lambda x: K.permute_dimensions(x, (0, 2, 1)), lambda: X.swapaxes(1, 2)),
    "shape": (lambda x: K.ones_like(x) * K.cast(K.shape(x)[1], "float32"), lambda: np.full_like(X, 4)),
    "switch": (lambda x: K.switch(K.greater(x, 0), x, K.zeros_like(x)), lambda: np.maximum(X, 0)),
    "expand_and_repeat": (lambda x: K.repeat_elements(K.expand_dims(x, 1), 2, axis=1),
                          lambda: np.repeat(X[:, None], 2, 1)),
    "softmax": (lambda x: K.softmax(x), lambda: np.exp(X) / np.exp(X).sum(-1, keepdims=True)),
    "clip_and_epsilon": (lambda x: K.log(K.clip(x, K.epsilon(), None)), lambda: np.log(np.maximum(X, 1e-7))),
}


@pytest.mark.parametrize("name", CASES)
def test_functions_of_the_backend(name: str) -> None:
    function, expected = CASES[name]
    x = layers.Input((4, 2))
    model = zoo.Model(x, layers.Lambda(function)(x))
    received = model.predict(X, verbose=0)
    np.testing.assert_allclose(received, expected(), rtol=1e-4, atol=1e-6)
    assert model.output_shape[1:] == received.shape[1:]


def test_arguments_training_and_output_shapes_of_old_lambdas() -> None:
    def scaled(x: Any, by: float = 1.0) -> Any:
        return K.in_train_phase(x * by, x)

    x = layers.Input((4, 2))
    model = zoo.Model(x, layers.Lambda(scaled, output_shape=(4, 2), arguments={"by": 3.0})(x))
    np.testing.assert_allclose(model.predict(X, verbose=0), X)
    np.testing.assert_allclose(model(X, training=True), 3 * X, rtol=1e-6)


def test_lambdas_of_several_tensors_train() -> None:
    """The distance of a siamese network, and its contrastive loss."""
    def distance(pair: list[Any]) -> Any:
        x, y = pair
        return K.sqrt(K.maximum(K.sum(K.square(x - y), axis=1, keepdims=True), K.epsilon()))

    def contrastive(y_true: Any, y_pred: Any) -> Any:
        return K.mean(y_true * K.square(y_pred) + (1 - y_true) * K.square(K.maximum(1 - y_pred, 0)))

    a, b = layers.Input((8,)), layers.Input((8,))
    shared = layers.Dense(3, kernel_initializer="ones")
    model = zoo.Model([a, b], layers.Lambda(distance)([shared(a), shared(b)]))
    model.compile("sgd", contrastive)
    x, y = X.reshape(3, 8), X[::-1].reshape(3, 8)
    expected = np.sqrt(np.maximum(3 * (x.sum(1) - y.sum(1)) ** 2, 1e-7))[:, None]
    np.testing.assert_allclose(model.predict([x, y], verbose=0), expected, rtol=1e-4)
    target = np.array([[1], [0], [1]], "float32")
    wanted = np.mean(target * expected ** 2 + (1 - target) * np.maximum(1 - expected, 0) ** 2)
    assert model.train_on_batch([x, y], target) == pytest.approx(wanted, rel=1e-4)
    assert not np.allclose(shared.kernel, 1)


def test_a_lambda_comes_back_under_its_name(tmp_path: pathlib.Path) -> None:
    x = layers.Input((4, 2))
    model = zoo.Model(x, layers.Lambda(antirectifier)(x))
    model.save(tmp_path / "model.keras")
    again = zoo.load_model(tmp_path / "model.keras", custom_objects={"antirectifier": antirectifier})
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))


def test_a_layer_of_ones_own_in_the_words_of_keras_1() -> None:
    class MyLayer(layers.Layer):
        def __init__(self, output_dim: int, **kwargs: Any):
            self.output_dim = output_dim
            super().__init__(**kwargs)

        def build(self, input_shape: Any) -> None:
            self.W = self.add_weight(shape=(input_shape[-1], self.output_dim), initializer="ones", trainable=True,
                                     name="W")
            super().build(input_shape)

        def call(self, x: Any, mask: Any = None) -> Any:
            return K.dot(x, self.W)

    layer = MyLayer(5, input_shape=(2,))
    model = zoo.Sequential([layer])
    assert layer.built and len(layer.weights) == 1
    np.testing.assert_allclose(model.predict(X[:, 0], verbose=0), np.repeat(X[:, 0].sum(-1, keepdims=True), 5, 1),
                               rtol=1e-5)
