"""Dense layers: every output from every input."""

from __future__ import annotations

from typing import Any

from zoo import ops
from zoo.engine.spec import Shape
from zoo.errors import ShapeError
from zoo.layers import arguments, quantization, registry, weight_options
from zoo.layers.input_spec import InputSpec
from zoo.layers.main_weight import MainWeight


class Dense(MainWeight):
    """``activation(x @ kernel + bias)`` over the last axis.

    Weights: kernel (inputs, units), bias (units,).

    Args:
        units: size of the output's last axis.
        activation: name, function or layer.
        use_bias: whether to add a bias.
        **kwargs: of `MainWeight`, and initializer, regularizer and constraint of kernel and bias.

    Example:
        >>> Dense(4)(Input((3, 2))).shape
        (None, 3, 4)
    """

    supports_masking = True

    quantizable = True

    def __init__(self, units: int, activation: Any = None, use_bias: bool = True,
                 kernel_initializer: Any = "glorot_uniform", bias_initializer: Any = "zeros",
                 kernel_regularizer: Any = None, bias_regularizer: Any = None, activity_regularizer: Any = None,
                 kernel_constraint: Any = None, bias_constraint: Any = None, **kwargs: Any):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.units = arguments.integer(units, "units")
        self.activation = registry.activation(activation)
        self.use_bias = bool(use_bias)
        weight_options.keep(self, "kernel", kernel_initializer, kernel_regularizer, kernel_constraint)
        weight_options.keep(self, "bias", bias_initializer, bias_regularizer, bias_constraint)
        self.input_spec = InputSpec(min_ndim=2)

    def build(self, input_shape: Shape) -> None:
        inputs = input_shape[-1]
        if inputs is None:
            raise ShapeError(f"{self.name}: the size of the last axis of the input must be known. "
                             f"Received shape: {tuple(input_shape)}.")
        self.build_main((inputs, self.units), scale_shape=(self.units,))
        self.bias = weight_options.add(self, "bias", (self.units,)) if self.use_bias else None
        self.build_extras()
        self.input_spec = InputSpec(min_ndim=2, axes={-1: inputs})

    def product(self, inputs: Any) -> Any:
        """The inputs times the kernel, as its quantization does it."""
        if self.scheme is None:
            return ops.matmul(inputs, self.main_weight())
        if self.scheme.mode == "float8":
            return ops.matmul(quantization.rounded_float8(inputs, self.inputs_scale), self.main_weight())
        if not self.scheme.inputs:
            return ops.matmul(inputs, self.main_weight())
        whole, scale = quantization.to_int8(inputs, axis=-1)
        wide = quantization.product_dtype(inputs.shape[-1])
        kernel = self.kernel if self.scheme.mode == "int8" else quantization.unpacked_int4(self.kernel, self.units)
        sums = ops.cast(ops.matmul(ops.cast(whole, wide), ops.cast(kernel, wide)), self.arithmetic_dtype)
        return ops.divide(sums, ops.multiply(scale, self.scale))

    def call(self, inputs: Any) -> Any:
        x = self.product(inputs)
        if self.bias is not None:
            x = ops.add(x, self.aligned_bias())
        return self.activation(x)
