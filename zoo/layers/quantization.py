"""Weights in few bits, in Keras 3's three ways, and numbers brought back from them.

- ``int8``: integers from -127 to 127 with a scale; Keras's dense layers bring their inputs to int8, too, at each call.
- ``int4``: two integers from -8 to 7 in a byte, with scales (and zero points) for groups of rows.
- ``float8``: weights stay float32, but are rounded to 8-bit floats (4 bits of exponent, 3 of mantissa) at each call.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo import ops
from zoo.dtype_policies import DTypePolicy, QuantizedDTypePolicy

_LARGEST_INT8 = 127
_EXACT_IN_FLOAT32 = 1024                                    # products of int8 that float32 sums without rounding
_LARGEST_FLOAT8, _LEAST_EXPONENT, _MANTISSA_BITS = 448.0, -6, 3


@dataclass(frozen=True)
class Scheme:
    """How a layer's weight is quantized.

    Args:
        mode: ``int8``, ``int4`` or ``float8``.
        group: of int4: rows that share a scale and a zero point; None if all do.
        inputs: whether the inputs are brought to int8 as well.
    """

    mode: str
    group: int | None = None
    inputs: bool = False


def scheme_of(policy: DTypePolicy, config: Mapping[str, Any] | None) -> Scheme | None:
    """The scheme of a policy and a layer's ``quantization_config``; None if nothing is quantized."""
    if not isinstance(policy, QuantizedDTypePolicy):
        return None
    kind, size = policy.quantization_mode, policy.mode.partition("/")[2]
    options = (config or {}).get("config", {})
    group = int(size) if size and int(size) > 0 else None
    inputs = kind == "int8" and config is None or options.get("activation_quantizer") is not None
    return Scheme(kind, group, inputs and group is None and kind != "float8")


def to_int8(x: Any, axis: int | tuple[int, ...]) -> tuple[Any, Any]:
    """x as whole numbers up to 127 (still of its dtype), and the scale by which to divide them: one along the axes."""
    scale = ops.divide(float(_LARGEST_INT8), ops.add(ops.max(ops.absolute(x), axis=axis, keepdims=True), 1e-7))
    whole = ops.clip(ops.round(ops.multiply(x, scale)), -_LARGEST_INT8, _LARGEST_INT8)
    return whole, scale


def product_dtype(terms: int | None) -> str:
    """The float dtype that sums so many products of int8 without rounding."""
    return "float32" if terms is not None and terms < _EXACT_IN_FLOAT32 else "float64"


def unpacked_int4(packed: Any, size: int) -> Any:
    """The integers from -8 to 7 of a tensor that holds two in each byte of its last axis, the low half first.

    Args:
        packed: int8.
        size: how many there are in the last axis.
    """
    low, high = ops.bitwise_and(packed, 15), ops.bitwise_and(ops.right_shift(packed, 4), 15)
    pairs = ops.stack([ops.subtract(ops.bitwise_xor(half, 8), 8) for half in (low, high)], axis=-1)
    return ops.reshape(pairs, (*packed.shape[:-1], -1))[..., :size]


def rounded_float8(x: Any, scale: Any) -> Any:
    """x divided by a scale, rounded to the nearest 8-bit float (1 sign, 4 exponent, 3 mantissa bits), and multiplied.

    Source: Micikevicius et al. 2022, https://arxiv.org/abs/2209.05433 (E4M3).
    """
    scaled = ops.clip(ops.divide(x, scale), -_LARGEST_FLOAT8, _LARGEST_FLOAT8)
    exponent = ops.maximum(ops.floor(ops.log2(ops.maximum(ops.absolute(scaled), 1e-30))), float(_LEAST_EXPONENT))
    step = ops.exp2(ops.subtract(exponent, float(_MANTISSA_BITS)))
    rounded = ops.multiply(ops.multiply(ops.round(ops.divide(scaled, step)), step), scale)
    return ops.add(x, ops.stop_gradient(ops.subtract(rounded, x)))     # its gradient is that of x


def group_indices(rows: int, group: int) -> np.ndarray:
    """The group of each row."""
    return (np.arange(rows) // group).astype("float32")
