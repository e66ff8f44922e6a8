"""Scores against their definitions."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from zoo import scores
from zoo.errors import ShapeError
from zoo.scores.weighting import align_ranks, masked_weight

RNG = np.random.default_rng(0)


def test_ctc_is_the_sum_over_all_alignments() -> None:
    logits, label = RNG.standard_normal((1, 4, 3)).astype("float32"), [1, 2]
    p = np.exp(logits[0]) / np.exp(logits[0]).sum(-1, keepdims=True)
    total = 0.0
    for path in itertools.product(range(3), repeat=4):
        merged = [a for a, b in zip(path, (None, *path[:-1])) if a != b]
        if [a for a in merged if a != 0] == label:
            total += np.prod([p[t, a] for t, a in enumerate(path)])
    np.testing.assert_allclose(scores.ctc(np.array([[1, 2, 0]]), logits), [-np.log(total)], rtol=1e-5)


def test_ctc_needs_sequences() -> None:
    with pytest.raises(ShapeError, match="frames, classes"):
        scores.ctc(np.ones(3), np.ones((3, 4)))


def test_hinge_takes_binary_targets() -> None:
    y_pred = RNG.standard_normal((3, 4)).astype("float32")
    ones = RNG.integers(0, 2, (3, 4)).astype("float32")
    np.testing.assert_allclose(scores.hinge(ones, y_pred), scores.hinge(2 * ones - 1, y_pred))
    np.testing.assert_allclose(scores.squared_hinge(2 * ones - 1, y_pred),
                               (np.maximum(0, 1 - (2 * ones - 1) * y_pred) ** 2).mean(-1), rtol=1e-6)


def test_correlations() -> None:
    x, y = RNG.standard_normal((2, 5, 9)).astype("float32")
    expected = [np.corrcoef(a, b)[0, 1] for a, b in zip(x, y)]
    np.testing.assert_allclose(scores.pearson_correlation(x, y), expected, rtol=1e-4)
    np.testing.assert_allclose(scores.concordance_correlation(x, x), 1, rtol=1e-5)
    np.testing.assert_allclose(scores.cosine_similarity(x, y), -scores.cosine_proximity(x, y))


def test_focal_crossentropy_without_focus_is_crossentropy() -> None:
    y_true, y_pred = np.eye(3, dtype="float32"), np.full((3, 3), 1 / 3, "float32")
    np.testing.assert_allclose(scores.categorical_focal_crossentropy(y_true, y_pred, alpha=1.0, gamma=0.0),
                               scores.categorical_crossentropy(y_true, y_pred), rtol=1e-6)
    np.testing.assert_allclose(scores.binary_focal_crossentropy(y_true, y_pred, gamma=0.0),
                               scores.binary_crossentropy(y_true, y_pred), rtol=1e-6)


def test_generalized_crossentropy_tends_to_crossentropy() -> None:
    y_pred = np.array([[0.2, 0.8], [0.6, 0.4]], "float32")
    np.testing.assert_allclose(scores.categorical_generalized_cross_entropy([1, 1], y_pred, q=1e-3),
                               -np.log([0.8, 0.4]), rtol=1e-3)


@pytest.mark.parametrize("function", [scores.dice, scores.tversky])
def test_equal_sets_overlap_fully(function: object) -> None:
    y = RNG.integers(0, 2, (4, 5)).astype("float32")
    np.testing.assert_allclose(function(y, y), 0, atol=1e-6)
    np.testing.assert_allclose(function(y, 1 - y), 1, atol=1e-6)
    assert function(y, y, axis=1).shape == (4,)


@pytest.mark.parametrize(("y_true", "shape"), [((4,), (4,)), ((4, 1), (4,)), ((4, 2), (4, 2))])
def test_shapes_of_accuracy(y_true: tuple[int, ...], shape: tuple[int, ...]) -> None:
    y_pred = RNG.random((*shape, 3)).astype("float32")
    labels = RNG.integers(0, 3, y_true)
    received = scores.sparse_categorical_accuracy(labels, y_pred)
    np.testing.assert_array_equal(received, labels.reshape(shape) == y_pred.argmax(-1))
    np.testing.assert_array_equal(scores.sparse_top_k_categorical_accuracy(labels, y_pred, 1).reshape(shape), received)
    assert (scores.sparse_top_k_categorical_accuracy(labels, y_pred, 3) == 1).all()


def test_ranks() -> None:
    vector, column, matrix = np.ones(3), np.ones((3, 1)), np.ones((3, 2))
    assert [x.shape for x in align_ranks(vector, column)] == [(3, 1), (3, 1)]
    assert [x.shape for x in align_ranks(column, vector, widen_vectors=False)] == [(3,), (3,)]
    assert [x.shape for x in align_ranks(matrix, matrix[..., None])] == [(3, 2), (3, 2)]
    assert [x.shape for x in align_ranks(vector, matrix)] == [(3,), (3, 2)]


def test_masked_weights() -> None:
    mask = np.array([[True, False], [True, True]])
    assert masked_weight(None, None, "float32") is None
    np.testing.assert_allclose(masked_weight(None, mask, "float32", keep_mean=True), mask * 4 / 3)
    np.testing.assert_allclose(masked_weight(np.array([[2.0], [3.0]]), mask, "float32"), [[2, 0], [3, 3]])
