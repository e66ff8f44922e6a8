"""Numbers of categories as vectors."""

from __future__ import annotations

from typing import Any

from zoo import ops
from zoo.errors import ConfigError
from zoo.layers import arguments
from zoo.layers.layer import Layer

MODES = ("int", "one_hot", "multi_hot", "count")


class CategoryEncoding(Layer):
    """Vectors for the numbers of categories.

    Args:
        num_tokens: of the categories; numbers out of range count for nothing.
        output_mode: ``one_hot`` (a vector for each number), ``multi_hot`` (a vector for the numbers of a row, 1 where
            one occurs) or ``count`` (how often each occurs).
        sparse: only False.

    Example:
        >>> CategoryEncoding(4, output_mode="count")(np.array([[0, 1, 1]]))
        array([[1., 2., 0., 0.]], dtype=float32)
    """

    not_in_config = frozenset({"sparse"})

    def __init__(self, num_tokens: int | None = None, output_mode: str = "multi_hot", sparse: bool = False,
                 **kwargs: Any):
        super().__init__(**kwargs)
        self.num_tokens = arguments.integer(num_tokens, "num_tokens")
        self.output_mode = arguments.choice("multi_hot" if output_mode == "binary" else output_mode, MODES[1:],
                                            "output_mode")
        self.sparse = arguments.only_dense(sparse)

    def call(self, inputs: Any, count_weights: Any = None) -> Any:
        if count_weights is not None:
            if self.output_mode != "count":
                raise ConfigError(f"Layer {self.name!r} (CategoryEncoding): count_weights go with output_mode='count'. "
                                  f"Received: output_mode={self.output_mode!r}")
            count_weights = ops.cast(count_weights, self.arithmetic_dtype)
        return encode(inputs, self.output_mode, self.num_tokens, self.arithmetic_dtype, count_weights)


def encode(inputs: Any, mode: str, depth: int, dtype: str, count_weights: Any = None) -> Any:
    """Numbers of categories in one of the `MODES`.

    Args:
        inputs: integers.
        mode: ``int`` leaves the numbers as they are.
        depth: number of categories; numbers out of range count for nothing.
        dtype: of the result.
        count_weights: of each number, for ``count``.
    """
    if mode == "int":
        return ops.cast(inputs, dtype)
    inputs = ops.cast(inputs, "int64")
    if inputs.ndim == 0:
        inputs = ops.expand_dims(inputs, 0)
    if mode == "one_hot":
        if inputs.ndim > 1 and inputs.shape[-1] == 1:
            inputs = ops.squeeze(inputs, -1)
        return ops.one_hot(inputs, depth, dtype=dtype)
    if inputs.ndim > 2:
        hits = ops.one_hot(inputs, depth, dtype=dtype)
        hits = hits if count_weights is None else ops.multiply(hits, ops.expand_dims(count_weights, -1))
        return ops.max(hits, 1) if mode == "multi_hot" else ops.sum(hits, 1)
    counts = _counted(inputs, depth, dtype, count_weights)
    return ops.minimum(counts, ops.ones_like(counts)) if mode == "multi_hot" else counts


def _counted(inputs: Any, depth: int, dtype: str, weights: Any) -> Any:
    """How often each category occurs in each row, without a vector for each number on the way."""
    table = inputs if inputs.ndim == 2 else ops.expand_dims(inputs, 0)
    weights = ops.ones_like(table, dtype=dtype) if weights is None else ops.reshape(weights, table.shape)
    row = ops.cumsum(ops.ones_like(table), 0) - 1
    outside = ops.logical_or(ops.less(table, 0), ops.greater_equal(table, depth))
    places = ops.stack([row, ops.where(outside, depth, table)], -1)
    empty = ops.broadcast_to(ops.zeros_like(table[:, :1], dtype=dtype), (table.shape[0], depth + 1))
    counts = ops.scatter_update(empty, places, weights, reduction="add")[:, :depth]
    return counts if inputs.ndim == 2 else ops.squeeze(counts, 0)
