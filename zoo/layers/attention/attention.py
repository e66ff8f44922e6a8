"""Attention without projections: sums of values, weighted by how well their keys fit a query."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zoo import ops
from zoo.engine.rng import SeedGenerator
from zoo.errors import ConfigError, ShapeError
from zoo.layers import arguments
from zoo.layers.attention.attention_mask import causal_mask
from zoo.layers.layer import Layer

_FAR_BELOW = {"float16": 65504.0}                           # what is taken off the score of a masked value
_FAR_BELOW_OTHERWISE = 1e9


class Attention(Layer):
    """``softmax(query key') value``, of inputs [query, value] or [query, value, key].

    Weights: scale () and concat_score_weight (), where used.

    Args:
        use_scale: whether to scale the scores by a weight.
        score_mode: ``dot`` (products) or ``concat`` (the tanh of sums, weighted).
        dropout: share of the weights to drop in training.
        seed: of the dropout; drawn if None.
        causal: of tf.keras: whether a query sees only values up to its own position, in every call.
    """

    supports_masking = True
    not_in_config = frozenset({"causal"})

    def __init__(self, use_scale: bool = False, score_mode: str = "dot", dropout: float = 0.0, seed: int | None = None,
                 causal: bool = False, **kwargs: Any):
        super().__init__(**kwargs)
        self.use_scale = bool(use_scale)
        self.score_mode = arguments.choice(score_mode, ("dot", "concat"), "score_mode")
        self.dropout = arguments.number(dropout, "dropout", 0, 1)
        self.seed = seed
        self.causal = bool(causal)
        if dropout > 0:
            self.seed_generator = SeedGenerator(seed)

    def build(self, input_shape: Any) -> None:
        self._check(input_shape)
        self.scale = self.add_weight((), "ones", name="scale") if self.use_scale else None
        is_concat = self.score_mode == "concat"
        self.concat_score_weight = self.add_weight((), "ones", name="concat_score_weight") if is_concat else None

    def _check(self, shapes: Any) -> None:
        if not isinstance(shapes, (list, tuple)) or len(shapes) not in (2, 3) \
                or not all(isinstance(shape, (list, tuple)) for shape in shapes):
            raise ShapeError(f"Layer {self.name!r} ({type(self).__name__}) expects a list [query, value] or "
                             f"[query, value, key]. Received shapes: {shapes}")

    def scores(self, query: Any, key: Any) -> Any:
        """How well each key fits each query, (batch, queries, keys)."""
        if self.score_mode == "dot":
            scores = ops.matmul(query, ops.swapaxes(key, -2, -1))
            return scores if self.scale is None else ops.multiply(scores, self.scale)
        sums = _all_sums(query, key)
        sums = sums if self.scale is None else ops.multiply(sums, self.scale)
        return ops.multiply(ops.sum(ops.tanh(sums), axis=-1), self.concat_score_weight)

    def call(self, inputs: Sequence[Any], mask: Any = None, training: bool = False,
             return_attention_scores: bool = False, use_causal_mask: bool = False) -> Any:
        query, value, key = (*inputs, inputs[1])[:3]
        query_mask, value_mask = (None, None) if mask is None else mask[:2]
        scores = self.scores(query, key)
        seen = None if value_mask is None else ops.expand_dims(value_mask, -2)
        if use_causal_mask or self.causal:
            causal = causal_mask(query, value)
            seen = causal if seen is None else ops.logical_and(seen, causal)
        if seen is not None:
            scores = ops.where(seen, scores, scores - _FAR_BELOW.get(self.arithmetic_dtype, _FAR_BELOW_OTHERWISE))
        weights = shares = ops.softmax(scores, axis=-1)
        if training and self.dropout > 0:
            shares = ops.random.dropout(weights, self.dropout, seed=self.seed_generator)
        result = ops.matmul(shares, value)
        if query_mask is not None:
            result = ops.where(ops.expand_dims(query_mask, -1), result, ops.zeros_like(result))
        return (result, shares) if return_attention_scores else result

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """That of the query."""
        return None if previous_mask is None else [previous_mask[0]]

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer."""
        return super().get_config() | ({"causal": True} if self.causal else {})


class AdditiveAttention(Attention):
    """``softmax(sum(scale * tanh(query + key))) value``, of inputs [query, value] or [query, value, key].

    Weights: scale (features,), if used.

    Args:
        use_scale: whether to weight the features.
        dropout: share of the weights to drop in training.
        **kwargs: of `Attention`.

    Source: Bahdanau et al. 2014, https://arxiv.org/abs/1409.0473.
    """

    not_in_config = Attention.not_in_config | {"score_mode"}

    def __init__(self, use_scale: bool = True, dropout: float = 0.0, **kwargs: Any):
        super().__init__(use_scale=use_scale, dropout=dropout, **kwargs)
        if self.score_mode != "dot":
            raise ConfigError(f"AdditiveAttention has one way to score. Received: score_mode={self.score_mode!r}")

    def build(self, input_shape: Any) -> None:
        self._check(input_shape)
        size = input_shape[0][-1]
        self.scale = self.add_weight((size,), "glorot_uniform", name="scale") if self.use_scale else None

    def scores(self, query: Any, key: Any) -> Any:
        bent = ops.tanh(_all_sums(query, key))
        return ops.sum(bent if self.scale is None else ops.multiply(bent, self.scale), axis=-1)


def _all_sums(query: Any, key: Any) -> Any:
    """Of each query with each key, (batch, queries, keys, features)."""
    return ops.add(ops.expand_dims(query, -2), ops.expand_dims(key, -3))
