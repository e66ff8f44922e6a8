"""Attention in several heads, each with projections of its own."""

from __future__ import annotations

import math
import string
from collections.abc import Sequence
from typing import Any

from zoo import ops
from zoo.engine.rng import SeedGenerator
from zoo.engine.spec import Dim, Shape
from zoo.errors import ConfigError, ShapeError
from zoo.layers import arguments, weight_options
from zoo.layers.activations.activation import masked_softmax
from zoo.layers.attention.attention_mask import combined_mask
from zoo.layers.core.einsum_dense import EinsumDense
from zoo.layers.core.wrapper import build_held
from zoo.layers.layer import Layer


class ProjectedAttention(Layer):
    """Base of attention with heads: projects, attends, and projects back.

    Weights: those of query_dense, key_dense, gate_dense (if used), value_dense and output_dense.

    Args:
        dropout: share of the attention weights to drop in training.
        use_bias: whether the projections have biases.
        sliding_window: how far from itself a query sees: less than this many steps.
        flash_attention: there is no separate kernel; only None and False are accepted.
        use_gate: whether a sigmoid of the query multiplies the result of each head.
        seed: of the dropout; drawn if None.
        **kwargs: of `Layer`, and initializer, regularizer and constraint of kernels and biases.
    """

    supports_masking = True
    not_in_config = frozenset({"flash_attention"})
    attention_axes: tuple[int, ...] = (1,)
    heads_per_value = 1                                     # how many heads share one head of keys and values

    def __init__(self, dropout: float = 0.0, use_bias: bool = True, sliding_window: int | None = None,
                 flash_attention: bool | None = None, kernel_initializer: Any = "glorot_uniform",
                 bias_initializer: Any = "zeros", kernel_regularizer: Any = None, bias_regularizer: Any = None,
                 activity_regularizer: Any = None, kernel_constraint: Any = None, bias_constraint: Any = None,
                 use_gate: bool = False, seed: int | None = None, **kwargs: Any):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.dropout = arguments.number(dropout, "dropout", 0, 1)
        self.use_bias, self.use_gate = bool(use_bias), bool(use_gate)
        self.sliding_window = None if sliding_window is None else arguments.integer(sliding_window, "sliding_window")
        arguments.choice(flash_attention, (None, False), "flash_attention")
        weight_options.keep(self, "kernel", kernel_initializer, kernel_regularizer, kernel_constraint)
        weight_options.keep(self, "bias", bias_initializer, bias_regularizer, bias_constraint)
        self.seed = seed
        if dropout > 0:
            self.seed_generator = SeedGenerator(seed)

    def _penalize(self, outputs: Any) -> None:
        """Nothing: the projections have the activity regularizer."""

    def project(self, name: str, shape: Shape, summed: int, made: Sequence[int], activation: Any = None) -> EinsumDense:
        """A built projection from the last `summed` axes of a shape to axes of the sizes `made`."""
        kept = string.ascii_lowercase[:len(shape) - summed]
        given = string.ascii_lowercase[len(kept):len(shape)]
        new = string.ascii_lowercase[len(shape):len(shape) + len(made)]
        dense = EinsumDense(f"{kept}{given},{given}{new}->{kept}{new}", (*(None,) * (len(kept) - 1), *made), activation,
                            new if self.use_bias else None, self.kernel_initializer, self.bias_initializer,
                            self.kernel_regularizer, self.bias_regularizer, self.kernel_constraint,
                            self.bias_constraint, activity_regularizer=self.activity_regularizer, name=name,
                            dtype=self.dtype_policy)
        build_held(dense, shape)
        return dense

    def call(self, query: Any, value: Any, key: Any = None, query_mask: Any = None, value_mask: Any = None,
             key_mask: Any = None, attention_mask: Any = None, return_attention_scores: bool = False,
             training: bool = False, use_causal_mask: bool = False) -> Any:
        """The result (batch, queries, features), with the attention weights (batch, heads, queries, values) if asked.

        Args:
            query, value, key: (batch, steps, features); the value is the key if that is None.
            query_mask, value_mask, key_mask: real steps; those that the tensors carry if not given.
            attention_mask: which query sees which value, (batch, queries, values).
            return_attention_scores: whether to give the weights, too.
            training: whether to drop weights.
            use_causal_mask: whether a query sees only values that are not after it.
        """
        key = value if key is None else key
        mask = combined_mask(query, value, query_mask=query_mask, value_mask=value_mask, key_mask=key_mask,
                             attention_mask=attention_mask, is_causal=use_causal_mask, window=self.sliding_window)
        gate = self.gate_dense(query) if self.use_gate else None
        query, key, value = self.query_dense(query), self.key_dense(key), self.value_dense(value)
        if self.heads_per_value > 1:
            key, value = (ops.repeat(x, self.heads_per_value, axis=2) for x in (key, value))
        result, scores = self.attend(query, key, value, mask, training)
        result = self.output_dense(result if gate is None else ops.multiply(result, gate))
        return (result, scores) if return_attention_scores else result

    def attend(self, query: Any, key: Any, value: Any, mask: Any, training: bool) -> tuple[Any, Any]:
        """The values (batch, ..., heads, features) that each query gets, and their weights."""
        fitting, combining = attention_equations(query.ndim, self.attention_axes)
        query = ops.multiply(query, 1 / math.sqrt(query.shape[-1]))
        scores = ops.einsum(fitting, key, query)
        if mask is not None:
            missing = scores.ndim - mask.ndim               # the heads, and what is attended to as one
            first = mask.ndim - 2 * len(self.attention_axes)
            mask = ops.expand_dims(mask, tuple(range(first, first + missing))) if missing else mask
        count = len(self.attention_axes)
        weights = shares = masked_softmax(scores, mask, tuple(range(scores.ndim - count, scores.ndim)))
        if training and self.dropout > 0:
            shares = ops.random.dropout(weights, self.dropout, seed=self.seed_generator)
        return ops.einsum(combining, shares, value), weights


class MultiHeadAttention(ProjectedAttention):
    """Attention in several heads; see `ProjectedAttention` for the other arguments, and `call` for how to call it.

    Args:
        num_heads: number of heads.
        key_dim: features of queries and keys in each head.
        value_dim: features of values in each head; as many as of keys if None.
        output_shape: features of the result; those of the query if None.
        attention_axes: axes of the query over which to attend; all between batch and features if None.

    Source: Vaswani et al. 2017, https://arxiv.org/abs/1706.03762.

    Example:
        >>> x = Input((8, 16))
        >>> MultiHeadAttention(num_heads=2, key_dim=4)(x, x).shape
        (None, 8, 16)
    """

    only_as = {**Layer.only_as, "softmax_robust_masking": False}

    def __init__(self, num_heads: int, key_dim: int, value_dim: int | None = None, dropout: float = 0.0,
                 use_bias: bool = True, output_shape: int | Sequence[Dim] | None = None,
                 attention_axes: int | Sequence[int] | None = None, **kwargs: Any):
        super().__init__(dropout, use_bias, **kwargs)
        self.num_heads = arguments.integer(num_heads, "num_heads")
        self.key_dim = arguments.integer(key_dim, "key_dim")
        self.value_dim = self.key_dim if value_dim is None else arguments.integer(value_dim, "value_dim")
        self.output_shape = (output_shape,) if isinstance(output_shape, int) else tuple(output_shape or ()) or None
        axes = None if attention_axes is None else arguments.axes(attention_axes, "attention_axes")
        self.attention_axes = (axes,) if isinstance(axes, int) else axes

    def build(self, query_shape: Shape, value_shape: Shape, key_shape: Shape | None = None) -> None:
        key_shape = value_shape if key_shape is None else key_shape
        check_lengths(self, value_shape, key_shape)
        rank = len(query_shape)
        self.attention_axes = tuple(range(1, rank - 1)) if self.attention_axes is None else \
            tuple(axis if axis >= 0 else rank + axis for axis in self.attention_axes)
        heads = self.num_heads
        self.query_dense = self.project("query", query_shape, 1, (heads, self.key_dim))
        self.key_dense = self.project("key", key_shape, 1, (heads, self.key_dim))
        if self.use_gate:
            self.gate_dense = self.project("gate", query_shape, 1, (heads, self.value_dim), "sigmoid")
        self.value_dense = self.project("value", value_shape, 1, (heads, self.value_dim))
        self.output_dense = self.project("attention_output", (*query_shape[:-1], heads, self.value_dim), 2,
                                         self.output_shape or (query_shape[-1],))


class GroupedQueryAttention(ProjectedAttention):
    """Attention in which groups of query heads share keys and values; see `ProjectedAttention` for other arguments.

    Args:
        head_dim: features in each head.
        num_query_heads: number of heads.
        num_key_value_heads: number of heads of keys and values, of which `num_query_heads` is a multiple.

    Source: Ainslie et al. 2023, https://arxiv.org/abs/2305.13245.
    """

    def __init__(self, head_dim: int, num_query_heads: int, num_key_value_heads: int, dropout: float = 0.0,
                 use_bias: bool = True, **kwargs: Any):
        super().__init__(dropout, use_bias, **kwargs)
        self.head_dim = arguments.integer(head_dim, "head_dim")
        self.num_query_heads = arguments.integer(num_query_heads, "num_query_heads")
        self.num_key_value_heads = arguments.integer(num_key_value_heads, "num_key_value_heads")
        self.heads_per_value, rest = divmod(self.num_query_heads, self.num_key_value_heads)
        if rest:
            raise ConfigError(f"`num_query_heads` must be a multiple of `num_key_value_heads`. Received: "
                              f"num_query_heads={num_query_heads}, num_key_value_heads={num_key_value_heads}")

    def build(self, query_shape: Shape, value_shape: Shape, key_shape: Shape | None = None) -> None:
        key_shape = value_shape if key_shape is None else key_shape
        check_lengths(self, value_shape, key_shape)
        heads, shared = (self.num_query_heads, self.head_dim), (self.num_key_value_heads, self.head_dim)
        self.query_dense = self.project("query", query_shape, 1, heads)
        self.key_dense = self.project("key", key_shape, 1, shared)
        if self.use_gate:
            self.gate_dense = self.project("gate", query_shape, 1, heads, "sigmoid")
        self.value_dense = self.project("value", value_shape, 1, shared)
        self.output_dense = self.project("attention_output", (*query_shape[:-1], *heads), 2, (query_shape[-1],))


def check_lengths(layer: Layer, value_shape: Shape, key_shape: Shape) -> None:
    """Raises `ShapeError` unless there is a key for each value."""
    pairs = zip(value_shape[1:-1], key_shape[1:-1])
    if len(value_shape) != len(key_shape) or any(None not in pair and pair[0] != pair[1] for pair in pairs):
        raise ShapeError(f"Layer {layer.name!r} ({type(layer).__name__}) expects a key for each value. Received "
                         f"shapes: value {tuple(value_shape)}, key {tuple(key_shape)}")


def attention_equations(rank: int, axes: Sequence[int]) -> tuple[str, str]:
    """The Einstein sums of attention over some axes of tensors (batch, ..., heads, features).

    Returns:
        Scores ``key, query -> (other axes, heads, query axes, key axes)``, and results ``scores, value -> query``.
    """
    query = string.ascii_lowercase[:rank]
    key = "".join(string.ascii_lowercase[rank + i] if i in axes else letter for i, letter in enumerate(query))
    others = [letter for i, letter in enumerate(query[:-1]) if i not in axes]
    scores = "".join([*others, *(query[i] for i in axes), *(key[i] for i in axes)])
    return f"{key},{query}->{scores}", f"{scores},{key}->{query}"
