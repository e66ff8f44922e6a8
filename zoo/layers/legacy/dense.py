"""Dense layers of Keras 1, with the arguments that they had there."""

from __future__ import annotations

from typing import Any

from zoo import ops
from zoo.engine.spec import Shape
from zoo.engine.variable import Variable
from zoo.layers import arguments, registry, weight_options
from zoo.layers.input_spec import InputSpec
from zoo.layers.layer import Layer


class DenseOfKeras1(Layer):
    """Base of layers with weights W and b.

    Args:
        init: initializer of the weights.
        W_regularizer, b_regularizer, W_constraint, b_constraint: of the weights.
        bias: whether to add a bias.
        **kwargs: of `Layer`.
    """

    def __init__(self, init: Any, W_regularizer: Any, b_regularizer: Any, W_constraint: Any,  # noqa: N803
                 b_constraint: Any, bias: bool, **kwargs: Any):
        super().__init__(**kwargs)
        weight_options.keep(self, "W", init, W_regularizer, W_constraint)
        weight_options.keep(self, "b", "zeros", b_regularizer, b_constraint)
        self.bias = bool(bias)

    @property
    def init(self) -> Any:
        """Initializer of the weights."""
        return self.W_initializer

    def add_bias(self, shape: Shape) -> Variable | None:
        """The weight b, if the layer has a bias."""
        return weight_options.add(self, "b", shape) if self.bias else None


class TimeDistributedDense(DenseOfKeras1):
    """``activation(x W + b)`` for each step of (batch, steps, features). Today: `Dense`.

    Args:
        output_dim: size of the output.
        activation: name, function or layer.
        **kwargs: of `Layer`; the others are those of `DenseOfKeras1`.
    """

    supports_masking = True

    def __init__(self, output_dim: int, init: Any = "glorot_uniform", activation: Any = None,
                 W_regularizer: Any = None, b_regularizer: Any = None, activity_regularizer: Any = None,  # noqa: N803
                 W_constraint: Any = None, b_constraint: Any = None, bias: bool = True, **kwargs: Any):  # noqa: N803
        super().__init__(init, W_regularizer, b_regularizer, W_constraint, b_constraint, bias,
                         activity_regularizer=activity_regularizer, **kwargs)
        self.output_dim = arguments.integer(output_dim, "output_dim")
        self.activation = registry.activation(activation)
        self.input_spec = InputSpec(ndim=3)

    def build(self, input_shape: Shape) -> None:
        self.W = weight_options.add(self, "W", (input_shape[-1], self.output_dim))
        self.b = self.add_bias((self.output_dim,))

    def call(self, inputs: Any) -> Any:
        x = ops.matmul(inputs, self.W)
        return self.activation(x if self.b is None else ops.add(x, self.b))


class MaxoutDense(DenseOfKeras1):
    """The largest of several linear functions of (batch, features).

    Weights: W (nb_feature, features, output_dim), b (nb_feature, output_dim).

    Args:
        output_dim: size of the output.
        nb_feature: number of linear functions.
        **kwargs: of `Layer`; the others are those of `DenseOfKeras1`.

    Source: Goodfellow et al., 2013, https://arxiv.org/abs/1302.4389.
    """

    def __init__(self, output_dim: int, nb_feature: int = 4, init: Any = "glorot_uniform",
                 W_regularizer: Any = None, b_regularizer: Any = None, activity_regularizer: Any = None,  # noqa: N803
                 W_constraint: Any = None, b_constraint: Any = None, bias: bool = True, **kwargs: Any):  # noqa: N803
        super().__init__(init, W_regularizer, b_regularizer, W_constraint, b_constraint, bias,
                         activity_regularizer=activity_regularizer, **kwargs)
        self.output_dim = arguments.integer(output_dim, "output_dim")
        self.nb_feature = arguments.integer(nb_feature, "nb_feature")
        self.input_spec = InputSpec(ndim=2)

    def build(self, input_shape: Shape) -> None:
        self.W = weight_options.add(self, "W", (self.nb_feature, input_shape[-1], self.output_dim))
        self.b = self.add_bias((self.nb_feature, self.output_dim))

    def call(self, inputs: Any) -> Any:
        x = ops.einsum("bi,fio->bfo", inputs, self.W)
        return ops.max(x if self.b is None else ops.add(x, self.b), axis=1)


class Highway(DenseOfKeras1):
    """``g * activation(x W + b) + (1 - g) * x`` with the gate ``g = sigmoid(x W_carry + b_carry)``.

    Weights: W, W_carry (features, features), b, b_carry (features,).

    Args:
        activation: name, function or layer.
        transform_bias: initial value of b_carry.
        **kwargs: of `Layer`; the others are those of `DenseOfKeras1`.

    Source: Srivastava et al., 2015, https://arxiv.org/abs/1505.00387.
    """

    not_in_config = frozenset({"transform_bias"})           # of Keras 0.3 alone

    def __init__(self, init: Any = "glorot_uniform", activation: Any = None, W_regularizer: Any = None,  # noqa: N803
                 b_regularizer: Any = None, activity_regularizer: Any = None, W_constraint: Any = None,  # noqa: N803
                 b_constraint: Any = None, bias: bool = True, transform_bias: float = 1.0, **kwargs: Any):
        super().__init__(init, W_regularizer, b_regularizer, W_constraint, b_constraint, bias,
                         activity_regularizer=activity_regularizer, **kwargs)
        self.activation = registry.activation(activation)
        self.transform_bias = transform_bias
        self.input_spec = InputSpec(ndim=2)

    def build(self, input_shape: Shape) -> None:
        size = input_shape[-1]
        self.W = weight_options.add(self, "W", (size, size))
        self.W_carry = self.add_weight((size, size), self.init, name="W_carry")
        self.b = self.add_bias((size,))
        self.b_carry = None
        if self.bias:
            start = {"class_name": "Constant", "config": {"value": self.transform_bias}}
            self.b_carry = self.add_weight((size,), start, name="b_carry")

    def call(self, inputs: Any) -> Any:
        gate, x = ops.matmul(inputs, self.W_carry), ops.matmul(inputs, self.W)
        if self.bias:
            gate, x = ops.add(gate, self.b_carry), ops.add(x, self.b)
        gate = ops.sigmoid(gate)
        return ops.add(ops.multiply(gate, self.activation(x)), ops.multiply(ops.subtract(1, gate), inputs))
