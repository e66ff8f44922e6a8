"""Activation functions by name, as in `keras.activations`.

Most are the functions of `zoo.ops`; those here have other defaults or more arguments than their namesakes there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zoo import ops, serialization
from zoo.ops import nn
from zoo.ops import tanh as tanh
from zoo.ops.nn import (
    celu as celu,
    elu as elu,
    glu as glu,
    hard_shrink as hard_shrink,
    hard_sigmoid as hard_sigmoid,
    hard_silu as hard_silu,
    hard_tanh as hard_tanh,
    leaky_relu as leaky_relu,
    log_sigmoid as log_sigmoid,
    log_softmax as log_softmax,
    mish as mish,
    relu6 as relu6,
    selu as selu,
    sigmoid as sigmoid,
    silu as silu,
    soft_shrink as soft_shrink,
    softmax as softmax,
    softplus as softplus,
    softsign as softsign,
    sparse_plus as sparse_plus,
    sparse_sigmoid as sparse_sigmoid,
    sparsemax as sparsemax,
    squareplus as squareplus,
    tanh_shrink as tanh_shrink,
    threshold as threshold,
)

swish, hard_swish = silu, hard_silu


def linear(x: Any) -> Any:
    """x itself."""
    return x


def exponential(x: Any) -> Any:
    """exp(x)."""
    return ops.exp(x)


def gelu(x: Any, approximate: bool = False) -> Any:
    """x times the normal distribution function of x; exactly, unless `approximate`."""
    return nn.gelu(x, approximate)


def relu(x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Any:
    """x above the threshold, at most `max_value`; below it, ``negative_slope * (x - threshold)``.

    Args:
        x: a tensor.
        negative_slope: slope below the threshold.
        max_value: upper limit, or None.
        threshold: where x begins to pass.
    """
    if negative_slope and max_value is None and not threshold:
        return nn.leaky_relu(x, negative_slope)
    if threshold:
        passed = ops.where(ops.greater(x, threshold), x, 0.0)
    else:
        passed = nn.relu6(x) if max_value == 6 else nn.relu(x)
    if max_value is not None and (threshold or max_value != 6):
        passed = ops.clip(passed, 0.0, float(max_value))
    if not negative_slope:
        return passed
    return ops.subtract(passed, ops.multiply(nn.relu(ops.subtract(threshold, x)), negative_slope))


@serialization.register_keras_serializable("keras2", "hard_sigmoid")
def hard_sigmoid_of_keras2(x: Any) -> Any:
    """0.2 x + 0.5, held between 0 and 1: what `hard_sigmoid` meant before Keras 3."""
    return ops.clip(ops.add(ops.multiply(x, 0.2), 0.5), 0.0, 1.0)


#: every name, aliases included
ALL: dict[str, Callable[..., Any]] = {
    **{function.__name__: function for function in (
        celu, elu, exponential, gelu, glu, hard_shrink, hard_sigmoid, hard_silu, hard_tanh, leaky_relu, linear,
        log_sigmoid, log_softmax, mish, relu, relu6, selu, sigmoid, silu, soft_shrink, softmax, softplus, softsign,
        sparse_plus, sparse_sigmoid, sparsemax, squareplus, tanh, tanh_shrink, threshold)},
    "swish": silu,
    "hard_swish": hard_silu,
    "keras2>hard_sigmoid": hard_sigmoid_of_keras2,
}


def get(identifier: Any) -> Callable[..., Any]:
    """An activation by name, by record, or itself; None is `linear`.

    Raises:
        UnknownClass: no activation has that name.
        ConfigError: the identifier is of another sort.
    """
    return linear if identifier is None else serialization.resolve(identifier, ALL, "activation")


def serialize(activation: Callable[..., Any]) -> Any:
    """The name of an activation, or the record of an object that is one."""
    return serialization.to_plain(activation)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Callable[..., Any]:
    """The inverse of `serialize`; `custom_objects` give names a meaning of your own."""
    with serialization.custom_object_scope(custom_objects):
        return get(config)
