"""Weights in few bits: how numbers are brought to whole ones and back, and how layers are told to. `keras.quantizers`.

A quantizer gives whole numbers and the scale by which they were multiplied; dividing brings them back.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo import ops, serialization
from zoo.errors import ConfigError, ShapeError, Unsupported

Axis = int | Sequence[int]
INT8, INT4 = (-127, 127), (-8, 7)
_EPSILON = 1e-7


@dataclass(frozen=True)
class Float8:
    """A format of 8-bit floats. Source: Micikevicius et al. 2022, https://arxiv.org/abs/2209.05433.

    Args:
        largest: finite number.
        least_exponent: of a normal number.
        mantissa: its bits.
    """

    largest: float
    least_exponent: int
    mantissa: int


FLOAT8 = {"float8_e4m3fn": Float8(448.0, -6, 3), "float8_e5m2": Float8(57344.0, -14, 2)}


# ---- whole numbers

def abs_max_quantize(inputs: Any, axis: Axis, value_range: tuple[int, int] = INT8, dtype: str = "int8",
                     epsilon: float = _EPSILON, to_numpy: bool = False) -> tuple[Any, Any]:
    """Whole numbers of which the largest of each line stands for its largest absolute value.

    Args:
        inputs: floats.
        axis: along which all share a scale.
        value_range: of the numbers.
        dtype: of the numbers.
        epsilon: added to the largest absolute value.
        to_numpy: without effect.

    Returns:
        The numbers and the scales, with axes of size 1.
    """
    axis = axis if isinstance(axis, int) else tuple(axis)
    x = ops.convert_to_tensor(inputs)
    largest = ops.max(ops.absolute(x), axis=axis, keepdims=True)
    scale = ops.cast(ops.divide(value_range[1], ops.add(largest, epsilon)), ops.dtype(x))
    whole = ops.clip(ops.round(ops.multiply(x, scale)), *value_range)
    return ops.cast(whole, dtype), scale


def abs_max_quantize_grouped_with_zero_point(inputs: Any, block_size: int, value_range: tuple[int, int] = INT4,
                                             dtype: str = "int8", epsilon: float = _EPSILON,
                                             to_numpy: bool = False) -> tuple[Any, Any, Any]:
    """Whole numbers of the rows of a matrix; groups of rows share, column by column, a scale and a zero point.

    Args:
        inputs: (rows, columns).
        block_size: rows of a group; the last group counts as filled up with zeros.
        value_range, dtype, epsilon, to_numpy: as of `abs_max_quantize`.

    Returns:
        The numbers; scales and zero points (groups, columns): ``(number - zero point) * scale`` is the row.

    Raises:
        ShapeError: the inputs are no matrix.
    """
    x = np.asarray(inputs)
    if x.ndim != 2:
        raise ShapeError(f"Expected a matrix to quantize in groups of rows, received shape {x.shape}.")
    rows, columns = x.shape
    groups, (least, most) = math.ceil(rows / block_size), value_range
    grouped = np.pad(x, ((0, groups * block_size - rows), (0, 0))).reshape(groups, block_size, columns)
    low, high = grouped.min(1, keepdims=True), grouped.max(1, keepdims=True)
    scale = ((high - low + epsilon) / (most - least)).astype(x.dtype)
    zero = np.clip(np.round(-low / scale) + least, least, most)
    whole = np.clip(np.round(grouped / scale) + zero, least, most).astype(dtype)
    return whole.reshape(-1, columns)[:rows], scale[:, 0], zero[:, 0].astype("int8")


def pack_int4(arr: Any, axis: int = 0, dtype: str = "int8") -> tuple[np.ndarray, tuple[int, ...], int]:
    """Numbers of 4 bits, two in a byte: of each pair along an axis the first one in the low half.

    Returns:
        The bytes, their shape, and how many numbers the axis had.
    """
    x = np.moveaxis(_of_dtype(arr, dtype), axis, 0)
    count = x.shape[0]
    halves = np.pad(x, ((0, count % 2), *((0, 0) for _ in x.shape[1:]))).view("uint8") & 15
    packed = np.moveaxis((halves[::2] | halves[1::2] << 4).view(dtype), 0, axis)
    return packed, packed.shape, count


def unpack_int4(packed: Any, orig_len: int, axis: int = 0, dtype: str = "int8") -> Any:
    """The numbers that `pack_int4` put into bytes: from -8 to 7 for "int8", from 0 to 15 for "uint8".

    Args:
        orig_len: how many there are along the axis.
    """
    if dtype not in ("int8", "uint8"):
        raise ConfigError(f"unpack_int4: expected the dtype int8 or uint8, received {dtype!r}.")
    packed = ops.moveaxis(packed, axis, -1)
    halves = [ops.bitwise_and(packed, 15), ops.bitwise_and(ops.right_shift(packed, 4), 15)]
    if dtype == "int8":
        halves = [ops.subtract(ops.bitwise_xor(half, 8), 8) for half in halves]
    pairs = ops.reshape(ops.stack(halves, axis=-1), (*packed.shape[:-1], -1))[..., :orig_len]
    return ops.moveaxis(ops.cast(pairs, dtype), -1, axis)


def _of_dtype(x: Any, dtype: str) -> np.ndarray:
    x = np.asarray(x)
    if dtype not in ("int8", "uint8") or x.dtype != dtype:
        raise ConfigError(f"Expected a tensor of int8 or uint8 and its dtype, received {x.dtype} and {dtype!r}.")
    return np.ascontiguousarray(x)


# ---- rounding

def quantize_and_dequantize(inputs: Any, scale: Any, quantized_dtype: str, compute_dtype: str) -> Any:
    """The inputs divided by a scale, rounded to the nearest 8-bit float, and multiplied; gradients pass unchanged.

    Args:
        quantized_dtype: ``float8_e4m3fn`` or ``float8_e5m2``.
        compute_dtype: of the result.

    Raises:
        Unsupported: another dtype.
    """
    if quantized_dtype not in FLOAT8:
        raise Unsupported(f"quantize_and_dequantize: {quantized_dtype!r} is not supported, {', '.join(FLOAT8)} are.")
    form = FLOAT8[quantized_dtype]
    x, scale = ops.cast(inputs, compute_dtype), ops.cast(scale, compute_dtype)
    scaled = ops.clip(ops.divide(x, scale), -form.largest, form.largest)
    exponent = ops.maximum(ops.floor(ops.log2(ops.maximum(ops.absolute(scaled), 1e-30))), float(form.least_exponent))
    step = ops.exp2(ops.subtract(exponent, float(form.mantissa)))
    rounded = ops.multiply(ops.multiply(ops.round(ops.divide(scaled, step)), step), scale)
    return ops.add(x, ops.stop_gradient(ops.subtract(rounded, x)))


def compute_float8_scale(amax: Any, scale: Any, dtype_max: float, margin: int = 0) -> Any:
    """The scale at which the largest absolute value seen becomes ``dtype_max / 2**margin``; the old one if there is no
    such value."""
    usable = ops.logical_and(ops.greater(amax, 0.0), ops.isfinite(amax))
    safe = ops.where(usable, amax, 1.0)
    return ops.where(usable, ops.divide(ops.multiply(safe, 2.0 ** margin), dtype_max), scale)


def compute_float8_amax_history(x: Any, amax_history: Any) -> Any:
    """The largest absolute values of the last steps, with that of x as the newest, at the front."""
    newest = ops.reshape(ops.cast(ops.max(ops.absolute(x)), ops.dtype(amax_history)), (1,))
    return ops.concatenate([newest, ops.roll(amax_history, -1)[1:]])


def fake_quant_with_min_max_vars(inputs: Any, min_vals: Any, max_vals: Any, num_bits: int = 8,
                                 narrow_range: bool = False, axis: int | None = None) -> Any:
    """The nearest of evenly spaced numbers, zero among them, of which the first and the last are near two bounds.

    Gradients pass to inputs between these numbers, and to the bounds from the inputs beyond.

    Args:
        inputs: floats.
        min_vals, max_vals: the bounds; one for each index of `axis`, if that is given.
        num_bits: ``2 ** num_bits`` numbers, one fewer if `narrow_range`.
    """
    x, steps = ops.cast(inputs, "float32"), 2 ** num_bits - 1 - int(narrow_range)
    low, high = (_along(bound, axis, len(x.shape)) for bound in (min_vals, max_vals))
    scale = ops.divide(ops.subtract(high, low), float(steps))
    zero = ops.round(ops.clip(ops.divide(ops.negative(low), scale), 0, steps))
    first, last = ops.multiply(ops.negative(zero), scale), ops.multiply(ops.subtract(float(steps), zero), scale)
    first, last = ops.stop_gradient(first), ops.stop_gradient(last)
    inside = ops.where(ops.less(x, first), low, ops.where(ops.greater(x, last), high, x))
    clipped = ops.clip(ops.stop_gradient(x), first, last)
    number = ops.floor(ops.add(ops.divide(ops.subtract(clipped, first), scale), 0.5))
    result = ops.stop_gradient(ops.add(ops.multiply(number, scale), first))
    return ops.cast(ops.add(inside, ops.subtract(result, ops.stop_gradient(inside))), ops.dtype(inputs))


def _along(bound: Any, axis: int | None, rank: int) -> Any:
    """A bound in the shape in which it goes with the inputs."""
    bound = ops.cast(bound, "float32")
    if axis is None:
        return ops.reshape(bound, ())
    return ops.reshape(bound, [-1 if i == axis % rank else 1 for i in range(rank)])


# ---- objects

class Quantizer:
    """Base of what brings floats to few bits.

    Args:
        output_dtype: of the numbers.
    """

    def __init__(self, output_dtype: str = "int8"):
        self.output_dtype = output_dtype

    def __call__(self, x: Any) -> Any:
        return x

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal quantizer."""
        return serialization.config_of(self)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Quantizer:
        """The quantizer of a config."""
        return cls(**config)


class AbsMaxQuantizer(Quantizer):
    """`abs_max_quantize` as an object.

    Args:
        axis: along which all share a scale, where the call does not say; the last one if None.
        value_range, epsilon, output_dtype: as of `abs_max_quantize`.
    """

    def __init__(self, axis: Axis | None = None, value_range: tuple[int, int] = INT8, epsilon: float = _EPSILON,
                 output_dtype: str = "int8"):
        super().__init__(output_dtype)
        self.axis = None if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
        self.value_range, self.epsilon = tuple(value_range), epsilon
        if output_dtype == "int8" and not -128 <= value_range[0] < value_range[1] <= 127:
            raise ConfigError(f"AbsMaxQuantizer: int8 holds numbers from -128 to 127, received the range "
                              f"{tuple(value_range)}.")

    def __call__(self, x: Any, axis: Axis | None = None, to_numpy: bool = False) -> tuple[Any, Any]:
        """The numbers and the scales."""
        axis = axis if axis is not None else self.axis if self.axis is not None else -1
        return abs_max_quantize(x, axis, self.value_range, self.output_dtype, self.epsilon)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal quantizer."""
        config = super().get_config()
        return {name: value for name, value in config.items() if name != "axis" or value is not None}


class QuantizationConfig:
    """Base of what says how a layer is quantized.

    Args:
        weight_quantizer: for the weight; the mode's own if None.
        activation_quantizer: for inputs; None leaves them floats.
    """

    mode: str

    def __init__(self, weight_quantizer: Any = None, activation_quantizer: Any = None):
        self.weight_quantizer, self.activation_quantizer = get(weight_quantizer), get(activation_quantizer)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal config."""
        return serialization.config_of(self)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> QuantizationConfig:
        """The config of a record."""
        return cls(**config)


class Int8QuantizationConfig(QuantizationConfig):
    """Weights and inputs of int8.

    Args:
        weight_quantizer: for the weight.
        activation_quantizer: for inputs; one with a scale for each line if it is "default".
    """

    mode = "int8"

    def __init__(self, weight_quantizer: Any = None, activation_quantizer: Any = "default"):
        default = isinstance(activation_quantizer, str) and activation_quantizer == "default"
        super().__init__(weight_quantizer, AbsMaxQuantizer() if default else activation_quantizer)
        _require(self.weight_quantizer, "int8", None)


class Int4QuantizationConfig(QuantizationConfig):
    """Weights of int4.

    Args:
        weight_quantizer, activation_quantizer: only without groups; inputs stay floats by default.
        block_size: rows of a group; None or -1 for one group.
    """

    mode = "int4"

    def __init__(self, weight_quantizer: Any = None, activation_quantizer: Any = "default",
                 block_size: int | None = 128):
        default = isinstance(activation_quantizer, str) and activation_quantizer == "default"
        super().__init__(weight_quantizer, None if default else activation_quantizer)
        self.block_size = block_size
        if block_size is not None and block_size != -1 and block_size < 1:
            raise ConfigError(f"block_size: expected a positive number, -1 or None, received {block_size!r}.")
        if self.group is not None and (self.weight_quantizer or self.activation_quantizer):
            raise ConfigError(f"Quantizers of one's own need block_size=None: groups of {block_size} rows have zero "
                              f"points.")
        _require(self.weight_quantizer, "int8", INT4)

    @property
    def group(self) -> int | None:
        """Rows of a group; None for one group."""
        return self.block_size if self.block_size is not None and self.block_size > 0 else None

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> QuantizationConfig:
        """The config of a record; older ones have no groups."""
        return cls(**{"block_size": None, **config})


class Float8QuantizationConfig(QuantizationConfig):
    """Weights rounded to 8-bit floats."""

    mode = "float8"

    def __init__(self) -> None:
        super().__init__()


def _require(quantizer: Any, dtype: str, value_range: tuple[int, int] | None) -> None:
    """Refuses a quantizer of other numbers."""
    if quantizer is not None and (quantizer.output_dtype != dtype
                                  or value_range not in (None, tuple(quantizer.value_range))):
        raise ConfigError(f"Expected a weight_quantizer to {dtype}{'' if value_range is None else f' {value_range}'}, "
                          f"received {quantizer.get_config()}.")


CONFIGS = {cls.mode: cls for cls in (Int8QuantizationConfig, Int4QuantizationConfig, Float8QuantizationConfig)}
TABLE = {cls.__name__: cls for cls in (AbsMaxQuantizer, Quantizer, *CONFIGS.values())}


def get(identifier: Any) -> Any:
    """The quantizer (or config) given as itself, by name, or as a record; None for None."""
    return serialization.resolve(identifier, TABLE, "quantizer")


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The quantizer of a record."""
    with serialization.custom_object_scope(custom_objects):
        return get(config)


def serialize(quantizer: Any) -> dict[str, Any]:
    """The record of a quantizer."""
    return serialization.to_record(quantizer)


def chosen_config(mode: Any, config: Any) -> QuantizationConfig:
    """The config that `quantize` of a layer is asked for.

    Raises:
        ConfigError: neither a mode nor a config is given, or they contradict each other.
        Unsupported: a mode that zoo does not have.
    """
    mode, config = (config, None) if isinstance(config, str) else (mode, get(config))
    if config is None and mode is None or config is not None and mode not in (None, config.mode):
        raise ConfigError(f"quantize expects one of {', '.join(CONFIGS)} or a config of that mode, received "
                          f"{mode!r} and {config!r}.")
    if config is None and mode not in CONFIGS:
        raise Unsupported(f"Weights are quantized as {', '.join(CONFIGS)}, not as {mode!r}.")
    return config if config is not None else CONFIGS[mode]()
