"""`Merge` and `merge` of Keras 1."""

from __future__ import annotations

import pathlib
from typing import Any

import numpy as np
import pytest

from zoo import Model, Sequential, layers, load_model
from zoo.errors import ConfigError

GENERATOR = np.random.default_rng(3)
A, B = GENERATOR.normal(size=(2, 5, 4)).astype("float32")
C = GENERATOR.normal(size=(5, 6, 4)).astype("float32")
EXPECTED = {
    "sum": A + B, "mul": A * B, "ave": (A + B) / 2, "max": np.maximum(A, B), "concat": np.hstack([A, B]),
    "dot": (A * B).sum(1, keepdims=True),
    "cos": ((A * B).sum(1) / np.sqrt((A * A).sum(1) * (B * B).sum(1)))[:, None, None],
}


@pytest.mark.parametrize("mode", EXPECTED)
def test_modes(mode: str) -> None:
    np.testing.assert_allclose(layers.Merge(mode=mode)([A, B]), EXPECTED[mode], rtol=1e-5)
    x, y = layers.Input((4,)), layers.Input((4,))
    model = Model([x, y], layers.merge([x, y], mode=mode))
    np.testing.assert_allclose(model.predict([A, B], verbose=0), EXPECTED[mode], rtol=1e-5)


def test_dot_of_sequences() -> None:
    np.testing.assert_allclose(layers.Merge(mode="dot", dot_axes=(2, 2))([C, C]), np.einsum("bik,bjk->bij", C, C),
                               rtol=1e-5)


def test_functions() -> None:
    layer = layers.Merge(mode=lambda tensors, by: tensors[0] - by * tensors[1], arguments={"by": 2})
    np.testing.assert_allclose(layer([A, B]), A - 2 * B, rtol=1e-6)


def branches() -> tuple[Sequential, Sequential]:
    return Sequential([layers.Dense(3, input_shape=(4,))]), Sequential([layers.Dense(3, input_shape=(4,))])


@pytest.mark.parametrize("mode", [*EXPECTED, lambda tensors: tensors[0] - 2 * tensors[1]],
                         ids=lambda mode: mode if isinstance(mode, str) else "function")
def test_branches_make_a_sequential_with_several_inputs(mode: Any) -> None:
    left, right = branches()
    model = Sequential([layers.Merge([left, right], mode=mode), layers.Flatten(), layers.Dense(1)])
    model.compile("sgd", "mse")
    before = left.get_weights()[0]
    model.fit([A, B], np.ones((5, 1)), epochs=2, verbose=0)
    assert len(model.weights) == 6 and len(model.inputs) == 2
    assert not np.array_equal(before, left.get_weights()[0])
    merged = layers.Merge(mode=mode)([left.predict(A, verbose=0), right.predict(B, verbose=0)])
    expected = np.reshape(merged, (5, -1)) @ model.get_weights()[-2] + model.get_weights()[-1]
    np.testing.assert_allclose(model.predict([A, B], verbose=0), expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_branches_are_saved_as_a_functional_model(tmp_path: pathlib.Path, suffix: str) -> None:
    model = Sequential([layers.Merge(list(branches()), mode="concat"), layers.Dense(1)])
    model.save(tmp_path / f"model{suffix}")
    again = load_model(tmp_path / f"model{suffix}")
    assert again.kind == "functional" and "Merge" not in [type(layer).__name__ for layer in again.layers]
    np.testing.assert_allclose(again.predict([A, B], verbose=0), model.predict([A, B], verbose=0), rtol=1e-6)


def test_unknown_modes_are_refused() -> None:
    with pytest.raises(ConfigError, match="one of sum, mul"):
        layers.Merge(mode="difference")
