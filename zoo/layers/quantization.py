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

from zoo import dtype_policies, ops, quantizers
from zoo.dtype_policies import DTypePolicy, QuantizedDTypePolicy
from zoo.quantizers import QuantizationConfig

_EXACT_IN_FLOAT32 = 1024                                    # products of int8 that float32 sums without rounding


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
    return quantizers.abs_max_quantize(x, axis, dtype=ops.dtype(x))


def product_dtype(terms: int | None) -> str:
    """The float dtype that sums so many products of int8 without rounding."""
    return "float32" if terms is not None and terms < _EXACT_IN_FLOAT32 else "float64"


def unpacked_int4(packed: Any, size: int) -> Any:
    """The integers from -8 to 7 of a tensor that holds two in each byte of its last axis, the low half first.

    Args:
        packed: int8.
        size: how many there are in the last axis.
    """
    return quantizers.unpack_int4(packed, size, axis=-1)


def rounded_float8(x: Any, scale: Any) -> Any:
    """x divided by a scale, rounded to the nearest 8-bit float (4 bits of exponent, 3 of mantissa), and multiplied."""
    return quantizers.quantize_and_dequantize(x, scale, "float8_e4m3fn", ops.dtype(x))


def policy_of(config: QuantizationConfig, source: DTypePolicy) -> DTypePolicy:
    """The policy of a layer that is quantized, which had another one before."""
    group = f"/{config.group or -1}" if isinstance(config, quantizers.Int4QuantizationConfig) else ""
    return dtype_policies.get(f"{config.mode}{group}_from_{source.name}")


def quantized_rows(rows: np.ndarray, config: QuantizationConfig) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Rows in int4, not packed: the numbers; their scales, one for each column or (groups, columns); zero points."""
    if config.group is not None:
        return quantizers.abs_max_quantize_grouped_with_zero_point(rows, config.group)
    quantizer = config.weight_quantizer or quantizers.AbsMaxQuantizer(axis=0, value_range=quantizers.INT4)
    whole, scale = quantizer(rows)
    return whole, np.squeeze(scale, 0), None


def group_indices(rows: int, group: int) -> np.ndarray:
    """The group of each row."""
    return (np.arange(rows) // group).astype("float32")
