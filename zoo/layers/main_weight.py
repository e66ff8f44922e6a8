"""Layers with one large weight, to which an adapter of low rank can be added, and which can be quantized."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from zoo import initializers, ops, quantizers, serialization
from zoo.engine.spec import Shape
from zoo.engine.variable import Variable
from zoo.errors import ConfigError, Unsupported
from zoo.layers import arguments, quantization, weight_options
from zoo.layers.layer import Layer

_OPTIONS = ("lora_rank", "lora_alpha", "quantization_config")
_HISTORY = 1024


class MainWeight(Layer):
    """Base of layers with a kernel or a table of embeddings.

    `build_main` creates the weight, `main_weight` is what to compute with.

    Args:
        lora_rank: rank of an adapter to train instead of the weight; none if None. See `enable_lora`.
        lora_alpha: the adapter counts ``lora_alpha / lora_rank`` times; once if None.
        quantization_config: Keras's record of how the weight is quantized, where the dtype policy says that it is.
    """

    main: ClassVar[str] = "kernel"
    bias: Variable | None = None
    quantizable: ClassVar[bool] = False
    without_modes: ClassVar[frozenset[str]] = frozenset()   # of quantizing, which Keras does not have for the class

    def __init__(self, *args: Any, lora_rank: int | None = None, lora_alpha: float | None = None,
                 quantization_config: Mapping[str, Any] | None = None, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.lora_rank = None if lora_rank is None else arguments.integer(lora_rank, "lora_rank")
        self.lora_alpha = lora_alpha if lora_alpha is not None else self.lora_rank
        self.lora_enabled = False
        self.quantization_config = quantization_config
        self.scheme = quantization.scheme_of(self.dtype_policy, quantization_config)
        if self.scheme is not None and not self.quantizable:
            raise Unsupported(f"{type(self).__name__} {self.name!r}: quantized weights of this class are not "
                              f"supported.")
        if self.scheme is not None and lora_rank is not None:
            raise Unsupported(f"{type(self).__name__} {self.name!r}: adapters of quantized weights are not supported.")

    # ---- building

    def build_main(self, shape: Shape, scale_shape: Shape = ()) -> None:
        """Creates the weight.

        Args:
            shape: of the weight.
            scale_shape: of its scale, where it is quantized to int8.
        """
        self._main_shape, self._scale_shape = shape, scale_shape
        if self.scheme is None or self.scheme.mode == "float8":
            variable = weight_options.add(self, self.main, shape)
        else:
            stored = shape if self.scheme.mode == "int8" else self.packed_shape(shape)
            variable = self.add_weight(stored, "zeros", "int8", trainable=False, name=self.main)
        setattr(self, self.main, variable)

    def packed_shape(self, shape: Shape) -> Shape:
        """The shape in which int4 is stored, two in a byte."""
        return (*shape[:-1], -(-shape[-1] // 2))

    def group_scale_shape(self, shape: Shape) -> Shape:
        """The shape of the scales of int4."""
        group = self.scheme.group
        return (shape[-1],) if group is None else (math.ceil(shape[0] / group), shape[-1])

    def build_extras(self) -> None:
        """Creates what goes with the weight: scales, or an adapter. Called when the other weights exist."""
        if self.scheme is not None:
            getattr(self, f"_build_{self.scheme.mode}")()
        elif self.lora_rank is not None:
            self._add_adapter(self.lora_rank, "he_uniform", "zeros")

    def _build_int8(self) -> None:
        self.scale = self._statistic("scale", self._scale_shape)

    def _build_int4(self) -> None:
        shape, group = self.group_scale_shape(self._main_shape), self.scheme.group
        self.scale = self._statistic("scale", shape)
        if group is not None:
            self.zero = self._statistic("zero", shape, "zeros", "int8")
            rows = self.grouped_size(self._main_shape)
            self.group_index = self.add_weight((rows,), "zeros", trainable=False, name="g_idx")
            self.group_index.assign(quantization.group_indices(rows, group))

    def grouped_size(self, shape: Shape) -> int:
        """How many rows are divided into groups."""
        return shape[0]

    def _build_float8(self) -> None:
        for name in ("inputs", self.main, "outputs_grad"):
            scale = self.add_weight((), "ones", name=f"{name}_scale")
            self.add_weight((_HISTORY,), "zeros", name=f"{name}_amax_history")
            setattr(self, "inputs_scale" if name == "inputs" else f"_{name}_scale", scale)
        self.scale = getattr(self, f"_{self.main}_scale")

    def _statistic(self, name: str, shape: Shape, initializer: str = "ones", dtype: str | None = None) -> Variable:
        return self.add_weight(shape, initializer, dtype, trainable=False, name=f"{self.main}_{name}")

    # ---- what to compute with

    def main_weight(self) -> Any:
        """The weight as floats: with its adapter, or brought back from a quantized one."""
        weight = getattr(self, self.main)
        if self.lora_enabled:
            change = ops.matmul(self.lora_a, self.lora_b)
            return ops.add(weight, ops.multiply(change, self.lora_alpha / self.lora_rank))
        if self.scheme is None:
            return weight
        return getattr(self, f"from_{self.scheme.mode}")(weight)

    def aligned_bias(self) -> Any:
        """The bias; with float8 it is rounded to bfloat16, as Keras does."""
        if self.scheme is None or self.scheme.mode != "float8":
            return self.bias
        return ops.cast(ops.cast(self.bias, "bfloat16"), self.variable_dtype)

    def from_float8(self, weight: Any) -> Any:
        """The weight rounded to 8 bits."""
        return quantization.rounded_float8(weight, self.scale)

    def from_int8(self, weight: Any) -> Any:
        """The weight from int8."""
        return ops.divide(ops.cast(weight, self.arithmetic_dtype), self.scale)

    def from_int4(self, weight: Any) -> Any:
        """The weight from int4."""
        whole = ops.cast(quantization.unpacked_int4(weight, self._main_shape[-1]), self.arithmetic_dtype)
        if self.scheme.group is None:
            return ops.divide(whole, self.scale)
        group = ops.cast(self.group_index, "int32")
        zero, scale = (ops.take(x, group, axis=0) for x in (self.zero, self.scale))
        return ops.multiply(ops.subtract(whole, ops.cast(zero, self.arithmetic_dtype)), scale)

    # ---- quantizing

    @classmethod
    def takes_mode(cls, mode: str) -> bool:
        """Whether `quantize` has this mode."""
        return cls.quantizable and mode not in cls.without_modes

    def quantize(self, mode: str | None = None, config: Any = None) -> None:
        """Brings the weight to few bits; the dtype policy says so from then on.

        Args:
            mode: ``int8``, ``int4`` or ``float8``.
            config: a `zoo.quantizers.QuantizationConfig` instead, for more than the mode.

        Raises:
            Unsupported: a class or a mode that has no quantized weights.
            ConfigError: the layer is not built, has an adapter, or is quantized already.
        """
        config = quantizers.chosen_config(mode, config)
        if not self.takes_mode(config.mode):
            raise Unsupported(f"{type(self).__name__} {self.name!r}: weights of this class are not quantized as "
                              f"{config.mode}.")
        self._require_plain("quantize")
        main, others = getattr(self, self.main), {v.name: v.numpy() for v in self._variables}
        values = {} if config.mode == "float8" else self._quantized(main.numpy(), config)
        scope = main.path.removesuffix(main.name)
        self.built = False
        self.dtype_policy = quantization.policy_of(config, self.dtype_policy)
        self.quantization_config = serialization.to_record(config)
        self.scheme = quantization.scheme_of(self.dtype_policy, self.quantization_config)
        self._variables.clear()
        self.build(self._build_shapes)
        for variable in self._variables:
            variable.path = scope + variable.name
            value = values.get(variable.name, others.get(variable.name))
            if value is not None:
                variable.assign(value)

    def _quantized(self, weight: np.ndarray, config: quantizers.QuantizationConfig) -> dict[str, np.ndarray]:
        """The weight and what goes with it, by names of variables."""
        if config.mode == "int8":
            quantizer = config.weight_quantizer or quantizers.AbsMaxQuantizer(axis=self.summed_axes())
            whole, scale = quantizer(weight)
            return {self.main: whole, f"{self.main}_scale": self.scale_as_stored(np.asarray(scale))}
        whole, scale, zero = quantization.quantized_rows(self.rows_of(weight), config)
        packed, _, _ = quantizers.pack_int4(self.from_rows(whole), axis=-1)
        found = {self.main: packed, f"{self.main}_scale": self.from_rows(scale)}
        return found if zero is None else found | {f"{self.main}_zero": self.from_rows(zero)}

    def summed_axes(self) -> tuple[int, ...]:
        """The axes of the weight along which int8 has one scale."""
        return (0,)

    def scale_as_stored(self, scale: np.ndarray) -> np.ndarray:
        """The scale of int8, which comes with the axes of the weight, in its own shape."""
        return scale.reshape(self._scale_shape)

    def rows_of(self, weight: np.ndarray) -> np.ndarray:
        """The weight as the rows that int4 divides into groups."""
        return weight

    def from_rows(self, rows: np.ndarray) -> np.ndarray:
        """What was computed of such rows, as it is stored."""
        return rows

    # ---- adapters

    def enable_lora(self, rank: int, a_initializer: Any = "he_uniform", b_initializer: Any = "zeros",
                    lora_alpha: float | None = None) -> None:
        """Adds an adapter: from now on training changes two thin matrices instead of the weight.

        Args:
            rank: their inner size.
            a_initializer, b_initializer: of the matrices; their product is added to the weight.
            lora_alpha: the product counts ``lora_alpha / rank`` times; once if None.

        Raises:
            ConfigError: the layer is not built, has an adapter, or is quantized.

        Source: Hu et al. 2021, https://arxiv.org/abs/2106.09685.
        """
        self._require_plain("enable_lora")
        self.lora_rank = arguments.integer(rank, "rank")
        self.lora_alpha = rank if lora_alpha is None else lora_alpha
        self._add_adapter(self.lora_rank, a_initializer, b_initializer)

    def _require_plain(self, method: str) -> None:
        if not self.built or self.lora_enabled or self.scheme is not None:
            why = "is not built" if not self.built else "has an adapter" if self.lora_enabled else "is quantized"
            raise ConfigError(f"{type(self).__name__} {self.name!r} {why}: {method} needs a built layer without an "
                              f"adapter, of floats.")

    def _add_adapter(self, rank: int, a_initializer: Any, b_initializer: Any) -> None:
        weight: Variable = getattr(self, self.main)
        first, second = initializers.get(a_initializer), initializers.get(b_initializer)
        self.lora_a = self.add_weight((*weight.shape[:-1], rank), first, name=f"lora_{self.main}_a")
        self.lora_b = self.add_weight((rank, weight.shape[-1]), second, name=f"lora_{self.main}_b")
        weight.trainable = False
        weight.merged = self.main_weight
        self.lora_enabled = True

    # ---- weights and config

    def own_variables(self) -> list[Variable]:
        """Variables held directly: in order of creation where there is an adapter, or a quantized weight."""
        if self.lora_enabled or self.scheme is not None:
            return list(self._variables)
        return super().own_variables()

    @property
    def weights(self) -> list[Variable]:
        """All variables in Keras's order."""
        return list(self._variables) if self.lora_enabled else super().own_variables()

    variables = weights

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer."""
        config = super().get_config()
        return {name: value for name, value in config.items() if name not in _OPTIONS or value is not None}
