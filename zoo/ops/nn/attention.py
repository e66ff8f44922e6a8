"""Scaled dot-product attention."""

from __future__ import annotations

import math
from typing import Any

from zoo.engine import primitives as p
from zoo.engine.dtypes import result_type
from zoo.errors import ConfigError, ShapeError
from zoo.ops.numpy_like.arithmetic import divide, multiply
from zoo.ops.numpy_like.manipulation import repeat
from zoo.ops.promotion import Tensor, as_tensor, constant, dtype_of, known_size, promote, rank_of, shape_of

_LEAST = {"float16": -0.7 * 65500.0}                        # a masked logit: far down, but not infinite
_LEAST_OTHERWISE = -0.7 * 3.38953e38


def dot_product_attention(query: Any, key: Any, value: Any, bias: Any = None, mask: Any = None,
                          scale: float | None = None, is_causal: bool = False, flash_attention: bool | None = None,
                          attn_logits_soft_cap: float | None = None) -> Tensor:
    """softmax(query key' * scale + bias) value, for each head.

    Args:
        query: ``(batch, targets, heads, size)``.
        key, value: ``(batch, sources, heads, size)``; fewer heads are shared by groups of query heads.
        bias: added to the logits ``(batch, heads, targets, sources)``.
        mask: where it is false, a source is not seen.
        scale: 1 / sqrt(size) unless given.
        is_causal: hide sources after the target.
        flash_attention: there is no separate kernel; only None and False are accepted.
        attn_logits_soft_cap: hold logits within this size by a tanh.
    """
    if flash_attention:
        raise ConfigError("dot_product_attention: flash_attention=True is not supported.")
    query, key, value = promote(query, key, value)
    if {rank_of(x) for x in (query, key, value)} != {4}:
        raise ShapeError(f"dot_product_attention: expected rank 4, received {shape_of(query)}, {shape_of(key)}, "
                         f"{shape_of(value)}.")
    heads, shared = shape_of(query)[2], shape_of(key)[2]
    if heads != shared:
        key, value = (repeat(x, heads // shared, axis=2) for x in (key, value))
    logits = as_tensor(p.einsum_op(query, key, equation="bthd,bshd->bhts"), result_type(dtype_of(query), "float32"))
    logits = multiply(logits, 1 / math.sqrt(known_size("dot_product_attention", key, -1)) if scale is None else scale)
    if attn_logits_soft_cap is not None:
        logits = multiply(p.tanh_op(divide(logits, attn_logits_soft_cap)), attn_logits_soft_cap)
    if bias is not None:
        logits = p.add_op(logits, as_tensor(bias, dtype_of(logits)))
    hidden = constant(_LEAST.get(dtype_of(logits), _LEAST_OTHERWISE), dtype_of(logits))
    if mask is not None:
        logits = p.select_op(as_tensor(mask, "bool"), logits, hidden)
    if is_causal:
        logits = p.select_op(_causal(logits), logits, hidden)
    shares = as_tensor(p.softmax_op(logits, axis=3), dtype_of(key))
    return p.einsum_op(shares, value, equation="bhts,bshd->bthd")


def _causal(logits: Tensor) -> Tensor:
    """Whether the source (last axis) is not after the target (last but one)."""
    ones = p.full_like_op(logits, value=1, dtype="int32")
    return p.greater_equal_op(p.cumsum_op(ones, axis=2), p.cumsum_op(ones, axis=3))
