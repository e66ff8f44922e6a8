"""Which values a query may see."""

from __future__ import annotations

from functools import reduce
from typing import Any

from zoo import ops


def _positions(sequence: Any) -> Any:
    """1, 2, 3, ... along axis 1 of a tensor (batch, steps, ...): (1, steps)."""
    first = sequence[(slice(0, 1), slice(None), *(0,) * (sequence.ndim - 2))]
    return ops.cumsum(ops.ones_like(first, dtype="int32"), axis=-1)


def causal_mask(query: Any, value: Any) -> Any:
    """True where the value (last axis) is not after the query: (1, queries, values)."""
    return ops.greater_equal(ops.expand_dims(_positions(query), -1), ops.expand_dims(_positions(value), -2))


def window_mask(query: Any, value: Any, size: int) -> Any:
    """True where the value is less than `size` steps before or after the query: (1, queries, values)."""
    distance = ops.subtract(ops.expand_dims(_positions(query), -1), ops.expand_dims(_positions(value), -2))
    return ops.less(ops.absolute(distance), size)


def combined_mask(query: Any, value: Any, *, query_mask: Any = None, value_mask: Any = None, key_mask: Any = None,
                  attention_mask: Any = None, is_causal: bool = False, window: int | None = None) -> Any:
    """All that says which values are seen, in one mask (batch, queries, values); None if nothing does.

    Args:
        query, value: sequences (batch, steps, ...).
        query_mask, value_mask, key_mask: real steps of the sequences (batch, steps).
        attention_mask: which query sees which value.
        is_causal: only values that are not after the query.
        window: only values within less than this distance.
    """
    given = [attention_mask, None if query_mask is None else ops.expand_dims(query_mask, -1),
             *(None if mask is None else ops.expand_dims(mask, -2) for mask in (value_mask, key_mask)),
             causal_mask(query, value) if is_causal else None,
             None if window is None else window_mask(query, value, window)]
    masks = [ops.cast(mask, "bool") for mask in given if mask is not None]
    return reduce(ops.logical_and, masks) if masks else None
