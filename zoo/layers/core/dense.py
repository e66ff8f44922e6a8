"""Dense layers: every output from every input."""

from __future__ import annotations

from typing import Any

from zoo import ops
from zoo.engine.spec import Shape
from zoo.layers import arguments, registry, weight_options
from zoo.layers.input_spec import InputSpec
from zoo.layers.layer import Layer


class Dense(Layer):
    """``activation(x @ kernel + bias)`` over the last axis.

    Weights: kernel (inputs, units), bias (units,).

    Args:
        units: size of the output's last axis.
        activation: name, function or layer.
        use_bias: whether to add a bias.
        **kwargs: of `Layer`, and initializer, regularizer and constraint of kernel and bias.

    Example:
        >>> Dense(4)(Input((3, 2))).shape
        (None, 3, 4)
    """

    supports_masking = True

    only_as = {**Layer.only_as, "lora_rank": None, "lora_alpha": None, "quantization_config": None}

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
        self.kernel = weight_options.add(self, "kernel", (inputs, self.units))
        self.bias = weight_options.add(self, "bias", (self.units,)) if self.use_bias else None
        self.input_spec = InputSpec(min_ndim=2, axes={-1: inputs})

    def call(self, inputs: Any) -> Any:
        x = ops.matmul(inputs, self.kernel)
        if self.bias is not None:
            x = ops.add(x, self.bias)
        return self.activation(x)
