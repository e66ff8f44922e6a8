"""Attention against loops over heads, queries and values."""

from __future__ import annotations

import numpy as np
import pytest

import zoo
from zoo import layers, ops
from zoo.errors import ConfigError, ShapeError

RANDOM = np.random.default_rng(3)


def draw(*shape: int) -> np.ndarray:
    return RANDOM.normal(size=shape).astype("float32")


def attended(query: np.ndarray, key: np.ndarray, value: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """One example and one head: for each query the mean of the seen values, weighted by exp(query . key)."""
    result = np.zeros((len(query), value.shape[-1]))
    for t, q in enumerate(query):
        weights = np.array([np.exp(q @ k) if seen[t, s] else 0.0 for s, k in enumerate(key)])
        result[t] = weights @ value / weights.sum()
    return result


def by_loops(layer: layers.Layer, query: np.ndarray, value: np.ndarray, seen: np.ndarray, share: int = 1) -> np.ndarray:
    """What heads give, one after another, with the kernels of the layer."""
    (wq, bq), (wk, bk), (wv, bv), (wo, bo) = (
        (np.asarray(d.kernel), np.asarray(d.bias)) for d in (layer.query_dense, layer.key_dense, layer.value_dense,
                                                             layer.output_dense))
    result = np.zeros((*query.shape[:2], wo.shape[-1]))
    for b in range(len(query)):
        for head in range(wq.shape[1]):
            own = head // share
            q = (query[b] @ wq[:, head] + bq[head]) / np.sqrt(wq.shape[-1])
            k, v = value[b] @ wk[:, own] + bk[own], value[b] @ wv[:, own] + bv[own]
            result[b] += attended(q, k, v, seen[b]) @ wo[head]
    return result + bo


def seen_by(mask_of_values: np.ndarray, queries: int, causal: bool, window: int | None) -> np.ndarray:
    distance = np.arange(mask_of_values.shape[1])[None] - np.arange(queries)[:, None]
    near = np.ones_like(distance, bool) if window is None else np.abs(distance) < window
    return mask_of_values[:, None] & (distance <= 0 if causal else True) & near


@pytest.mark.parametrize(("causal", "window"), [(False, None), (True, None), (False, 2), (True, 3)])
@pytest.mark.parametrize("kind", ["multi_head", "grouped"])
def test_heads_one_by_one(kind: str, causal: bool, window: int | None) -> None:
    layer = layers.MultiHeadAttention(3, 4, bias_initializer="normal", sliding_window=window) if kind == "multi_head" \
        else layers.GroupedQueryAttention(4, 6, 2, bias_initializer="normal", sliding_window=window)
    query, value = draw(2, 5, 6), draw(2, 5, 6)
    mask = np.array([[True] * 5, [True, False, True, True, False]])
    received = layer(query, value, value_mask=mask, use_causal_mask=causal)
    expected = by_loops(layer, query, value, seen_by(mask, 5, causal, window), 1 if kind == "multi_head" else 3)
    np.testing.assert_allclose(received, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("causal", [False, True])
def test_dot_attention(causal: bool) -> None:
    query, value, key = draw(2, 3, 4), draw(2, 5, 6), draw(2, 5, 4)
    received = layers.Attention(causal=causal)([query, value, key])
    seen = seen_by(np.ones((2, 5), bool), 3, causal, None)
    expected = [attended(q, k, v, s) for q, k, v, s in zip(query, key, value, seen)]
    np.testing.assert_allclose(received, expected, rtol=1e-4, atol=1e-5)


def test_masks_come_with_tensors_and_pass_on() -> None:
    ids = layers.Input((5,), dtype="int32")
    tokens = layers.Embedding(7, 4, mask_zero=True)(ids)
    attention = layers.MultiHeadAttention(2, 3)
    pooled = layers.GlobalAveragePooling1D()(attention(tokens, tokens))
    model = zoo.Model(ids, pooled)
    short, padded = np.array([[3, 4, 5]]), np.array([[3, 4, 5, 0, 0]])
    embedded = model.layers[1](short)
    alone = attention(embedded, embedded, attention_mask=np.ones((1, 3, 3), bool))
    np.testing.assert_allclose(model.predict_on_batch(padded), np.mean(alone, axis=1), rtol=1e-4, atol=1e-5)


def test_scores_sum_to_one_over_all_attended_axes() -> None:
    x = draw(2, 3, 4, 5)
    result, scores = layers.MultiHeadAttention(2, 3)(x, x, return_attention_scores=True)
    assert result.shape == x.shape and scores.shape == (2, 2, 3, 4, 3, 4)
    np.testing.assert_allclose(np.sum(scores, (-1, -2)), 1, rtol=1e-5)
    result, scores = layers.MultiHeadAttention(2, 3, attention_axes=2)(x, x, return_attention_scores=True)
    assert scores.shape == (2, 3, 2, 4, 4)
    np.testing.assert_allclose(np.sum(scores, -1), 1, rtol=1e-5)


def test_dropout_needs_training_and_seeds_repeat() -> None:
    x = draw(1, 6, 4)
    one, two = (layers.MultiHeadAttention(2, 3, dropout=0.5, seed=4) for _ in range(2))
    calm = one(x, x)
    two(x, x)
    two.set_weights(one.get_weights())
    first = one(x, x, training=True)
    np.testing.assert_array_equal(first, two(x, x, training=True))
    assert not np.allclose(first, calm) and not np.allclose(first, one(x, x, training=True))


def test_the_projections_are_penalized() -> None:
    layer = layers.MultiHeadAttention(1, 2, activity_regularizer="l2")
    assert all(dense.activity_regularizer is not None for _, dense in layer.sublayers())
    layer(draw(1, 2, 3), draw(1, 2, 3))
    assert [name for name, _ in layer.sublayers()] == ["query_dense", "key_dense", "value_dense", "output_dense"]
    assert all(dense.activity_regularizer is layer.activity_regularizer for _, dense in layer.sublayers())
    assert ops.shape(layer.output_dense.kernel) == (1, 2, 3)


def test_what_is_wrong_is_said() -> None:
    with pytest.raises(ConfigError, match="a multiple of `num_key_value_heads`"):
        layers.GroupedQueryAttention(2, 3, 2)
    with pytest.raises(ShapeError, match="a key for each value"):
        layers.MultiHeadAttention(1, 2)(draw(1, 2, 3), draw(1, 4, 3), draw(1, 5, 3))
    with pytest.raises(ShapeError, match="expects a list .query, value."):
        layers.Attention()(draw(1, 2, 3))
