"""Masks: where they arise, how they go along, who minds them."""

from __future__ import annotations

import numpy as np
import pytest

from zoo import conventions, layers
from zoo.engine.function import Function
from zoo.layers import Input
from zoo.layers.masks import mask_of
from zoo.layers.penalties import collecting_penalties
from zoo.models import Model, Sequential

TOKENS = np.array([[3, 1, 0, 0], [2, 0, 4, 0]], "int32")


@pytest.fixture
def steps() -> np.ndarray:
    x = np.random.default_rng(0).normal(size=(2, 4, 3)).astype("float32")
    x[0, 2:] = x[1, 1] = 0
    return x


def test_masks_arise_from_padding(steps: np.ndarray) -> None:
    np.testing.assert_array_equal(mask_of(layers.Masking()(steps)), steps.any(-1))
    np.testing.assert_array_equal(mask_of(layers.Embedding(5, 3, mask_zero=True)(TOKENS)), TOKENS != 0)
    assert mask_of(layers.Embedding(5, 3)(TOKENS)) is None


@pytest.mark.parametrize("after", [layers.Dense(2), layers.Dropout(0.5), layers.LayerNormalization(), layers.ReLU(),
                                   layers.Identity()])
def test_masks_go_along(after: layers.Layer, steps: np.ndarray) -> None:
    np.testing.assert_array_equal(mask_of(after(layers.Masking()(steps))), steps.any(-1))


@pytest.mark.parametrize("after", [layers.Flatten(), layers.Conv1D(2, 1), layers.GlobalAveragePooling1D()])
def test_masks_end_where_steps_lose_their_meaning(after: layers.Layer, steps: np.ndarray) -> None:
    assert mask_of(after(layers.Masking()(steps))) is None


def test_averages_leave_padding_out(steps: np.ndarray) -> None:
    expected = [steps[0, :2].mean(0), steps[1, [0, 2, 3]].mean(0)]
    chain = [layers.Masking(), layers.ReLU(negative_slope=1.0), layers.GlobalAveragePooling1D()]
    result = steps
    for layer in chain:
        result = layer(result)
    np.testing.assert_allclose(result, expected, rtol=1e-5)
    model = Sequential([Input((4, 3)), *[type(layer).from_config(layer.get_config()) for layer in chain]])
    np.testing.assert_allclose(model.predict(steps), expected, rtol=1e-5)
    np.testing.assert_allclose(Function(model)(steps), expected, rtol=1e-5)


def test_a_mask_that_is_given_comes_before_one_that_goes_along(steps: np.ndarray) -> None:
    masked = layers.Masking()(steps)
    everything = np.ones((2, 4), bool)
    np.testing.assert_allclose(layers.GlobalAveragePooling1D()(masked, mask=everything), steps.mean(1), rtol=1e-5)


def test_masks_reach_functional_models(steps: np.ndarray) -> None:
    tokens = Input((4,), dtype="int32")
    embedding = layers.Embedding(5, 3, mask_zero=True)
    model = Model(tokens, layers.GlobalAveragePooling1D()(layers.Dropout(0.2)(embedding(tokens))))
    table = np.asarray(embedding.embeddings)
    expected = [table[[3, 1]].mean(0), table[[2, 4]].mean(0)]
    np.testing.assert_allclose(model.predict(TOKENS), expected, rtol=1e-5)


@pytest.mark.parametrize(("name", "both", "only"), [
    ("add", lambda a, b: a + b, None), ("multiply", lambda a, b: a * b, 0.0),
    ("maximum", np.maximum, None), ("minimum", np.minimum, None)])
def test_merging_of_masked_tensors(name: str, both: object, only: float | None) -> None:
    generator = np.random.default_rng(1)
    a, b = generator.normal(size=(2, 1, 4, 2)).astype("float32")
    a[0, 2:], b[0, 1], b[0, 3] = 9, 9, 9                    # padding: a lacks steps 2 and 3, b lacks 1 and 3
    merged = getattr(layers, name)([layers.Masking(9.0)(a), layers.Masking(9.0)(b)])
    np.testing.assert_array_equal(mask_of(merged), [[True, True, True, False]])
    a[a == 9], b[b == 9] = 0, 0
    np.testing.assert_allclose(merged[0, 0], both(a[0, 0], b[0, 0]), rtol=1e-6)
    if name != "add":
        np.testing.assert_allclose(merged[0, 1:3], [a[0, 1], b[0, 2]], rtol=1e-6)
    if only is not None:
        np.testing.assert_array_equal(merged[0, 3], only)


def test_concatenation_keeps_a_step_that_one_input_has(steps: np.ndarray) -> None:
    other = np.ones((2, 4, 2), "float32")
    joined = layers.concatenate([layers.Masking()(steps), layers.Masking(1.0)(other)])
    np.testing.assert_array_equal(mask_of(joined), steps.any(-1))
    longer = layers.concatenate([layers.Masking()(steps), steps], axis=1)
    np.testing.assert_array_equal(mask_of(longer), np.concatenate([steps.any(-1), np.ones((2, 4), bool)], 1))


def test_penalties_on_outputs_are_means_over_the_batch(steps: np.ndarray) -> None:
    layer = layers.ActivityRegularization(l1=0.1, l2=0.01)
    with collecting_penalties() as penalties:
        layer(steps)
    expected = (0.1 * np.abs(steps).sum() + 0.01 * np.square(steps).sum()) / 2
    np.testing.assert_allclose(sum(penalties), expected, rtol=1e-5)


@pytest.mark.parametrize("second_mask", [True, False])
@pytest.mark.parametrize("merge", [layers.Add(), layers.Multiply(), layers.Maximum(), layers.Concatenate()])
def test_masks_meet_as_in_the_release_that_wrote_the_model(merge: layers.Layer, second_mask: bool) -> None:
    others = np.array([[1, 0, 3, 4], [1, 2, 0, 4]], "int32")
    tokens, other = Input((4,), dtype="int32"), Input((4,), dtype="int32")
    merged = merge([layers.Embedding(5, 3, mask_zero=True)(tokens), layers.Embedding(5, 3, mask_zero=second_mask)(other)])
    model = Model([tokens, other], [merged, layers.LSTM(2)(merged)])
    plain = merge([model.layers[2].embeddings[TOKENS], model.layers[3].embeddings[others]])
    model.conventions = conventions.TFKERAS
    values, state = model.predict([TOKENS, others], verbose=0)
    real = (TOKENS != 0) & ((others != 0) | (not second_mask))
    np.testing.assert_allclose(values, plain, rtol=1e-6)    # padding is merged like everything else
    np.testing.assert_allclose(state, model.layers[-1](plain, mask=real), rtol=1e-5)
    np.testing.assert_allclose(model([TOKENS, others])[1], state, rtol=1e-5)
    model.conventions = conventions.TODAY
    if second_mask or isinstance(merge, layers.Concatenate):
        real = (TOKENS != 0) | (others != 0) | (not second_mask)
        values, state = model.predict([TOKENS, others], verbose=0)
        np.testing.assert_allclose(state, model.layers[-1](values, mask=real), rtol=1e-5)
