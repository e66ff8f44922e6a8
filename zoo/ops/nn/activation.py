"""Activation functions. Where one has a kink, the comparison is written so that its gradient there is Keras's."""

from __future__ import annotations

import math
from typing import Any

from zoo.engine import primitives as p
from zoo.engine.spec import normalize_axis
from zoo.ops.numpy_like.arithmetic import add, divide, maximum, minimum, multiply, subtract
from zoo.ops.numpy_like.elementwise import clip
from zoo.ops.numpy_like.logic import greater, less, less_equal
from zoo.ops.numpy_like.manipulation import flip, split
from zoo.ops.numpy_like.reduction import cumsum, max as max_, sum as sum_
from zoo.ops.numpy_like.statistics import sort
from zoo.ops.promotion import Tensor, as_float, as_tensor, dtype_of, rank_of

SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805     # Klambauer et al., 2017: fixed point (0, 1)


def _choose(condition: Tensor, x: Any, y: Any, like: Tensor) -> Tensor:
    """`x` where the condition holds, else `y`; numbers take the dtype of `like`."""
    return p.select_op(condition, as_tensor(x, dtype_of(like)), as_tensor(y, dtype_of(like)))


def relu(x: Any) -> Tensor:
    """max(x, 0)."""
    return p.relu_op(as_tensor(x))


def relu6(x: Any) -> Tensor:
    """max(x, 0), at most 6."""
    return minimum(6, p.relu_op(as_tensor(x)))


def leaky_relu(x: Any, negative_slope: float = 0.2) -> Tensor:
    """x where it is positive, else `negative_slope` x."""
    x = as_float(x)
    return p.select_op(greater(x, 0), x, multiply(x, negative_slope))


def sigmoid(x: Any) -> Tensor:
    """1 / (1 + exp(-x))."""
    return p.sigmoid_op(as_float(x))


def log_sigmoid(x: Any) -> Tensor:
    """log(sigmoid(x)), without overflow."""
    return p.negative_op(p.softplus_op(p.negative_op(as_float(x))))


def hard_sigmoid(x: Any) -> Tensor:
    """relu6(x + 3) / 6."""
    return divide(relu6(add(as_float(x), 3)), 6)


def sparse_sigmoid(x: Any) -> Tensor:
    """(x + 1) / 2, held between 0 and 1."""
    x = as_float(x)
    rising = multiply(add(x, 1), 0.5)
    return _choose(less_equal(x, -1), 0, _choose(less(x, 1), rising, 1, x), x)


def silu(x: Any) -> Tensor:
    """x sigmoid(x)."""
    x = as_float(x)
    return p.multiply_op(x, p.sigmoid_op(x))


def swish(x: Any) -> Tensor:
    """Another name of `silu`."""
    return silu(x)


def hard_silu(x: Any) -> Tensor:
    """x hard_sigmoid(x)."""
    x = as_float(x)
    return p.multiply_op(x, hard_sigmoid(x))


def hard_swish(x: Any) -> Tensor:
    """Another name of `hard_silu`."""
    return hard_silu(x)


def softplus(x: Any) -> Tensor:
    """log(1 + exp(x))."""
    return p.softplus_op(as_float(x))


def softsign(x: Any) -> Tensor:
    """x / (1 + |x|)."""
    x = as_float(x)
    return p.divide_op(x, add(p.absolute_op(x), 1))


def mish(x: Any) -> Tensor:
    """x tanh(softplus(x))."""
    x = as_float(x)
    return p.multiply_op(x, p.tanh_op(p.softplus_op(x)))


def squareplus(x: Any, b: float = 4) -> Tensor:
    """(x + sqrt(x**2 + b)) / 2."""
    x = as_float(x)
    return multiply(p.add_op(x, p.sqrt_op(add(p.square_op(x), b))), 0.5)


def sparse_plus(x: Any) -> Tensor:
    """0 below -1, x from 1 on, and (x + 1)**2 / 4 between."""
    x = as_float(x)
    bend = multiply(p.square_op(add(x, 1)), 0.25)
    return _choose(less_equal(x, -1), 0, _choose(less(x, 1), bend, x, x), x)


def elu(x: Any, alpha: float = 1.0) -> Tensor:
    """x where it is positive, else alpha (exp(x) - 1)."""
    x = as_float(x)
    rises = greater(x, 0) if alpha != 1 else p.logical_not_op(less(x, 0))
    return p.select_op(rises, x, multiply(p.expm1_op(minimum(x, 0)), alpha))


def selu(x: Any) -> Tensor:
    """A scaled `elu` that keeps mean 0 and variance 1."""
    x = as_float(x)
    falling = multiply(p.expm1_op(minimum(x, 0)), SELU_SCALE * SELU_ALPHA)
    return p.select_op(less(x, 0), falling, multiply(x, SELU_SCALE))


def celu(x: Any, alpha: float = 1.0) -> Tensor:
    """max(x, 0) + alpha (exp(min(x, 0) / alpha) - 1)."""
    x = as_float(x)
    return p.add_op(maximum(x, 0), multiply(p.expm1_op(divide(minimum(x, 0), alpha)), alpha))


def gelu(x: Any, approximate: bool = True) -> Tensor:
    """x times the normal distribution function of x; approximately by a tanh."""
    x = as_float(x)
    if approximate:
        inner = multiply(add(x, multiply(p.multiply_op(p.square_op(x), x), 0.044715)), math.sqrt(2 / math.pi))
        share = add(p.tanh_op(inner), 1)
    else:
        share = add(p.erf_op(multiply(x, math.sqrt(0.5))), 1)
    return p.multiply_op(multiply(x, 0.5), share)


def glu(x: Any, axis: int = -1) -> Tensor:
    """The first half along an axis times the sigmoid of the second."""
    value, gate = split(as_float(x), 2, axis)
    return p.multiply_op(value, p.sigmoid_op(gate))


def tanh_shrink(x: Any) -> Tensor:
    """x - tanh(x)."""
    x = as_float(x)
    return p.subtract_op(x, p.tanh_op(x))


def hard_tanh(x: Any) -> Tensor:
    """x held between -1 and 1."""
    return clip(as_float(x), -1.0, 1.0)


def hard_shrink(x: Any, threshold: float = 0.5) -> Tensor:
    """x where |x| is above the threshold, else 0."""
    x = as_float(x)
    return _choose(greater(p.absolute_op(x), threshold), x, 0, x)


def soft_shrink(x: Any, threshold: float = 0.5) -> Tensor:
    """x moved towards 0 by the threshold, and 0 where it is within."""
    x = as_float(x)
    below = _choose(less(x, -threshold), add(x, threshold), 0, x)
    return p.select_op(greater(x, threshold), subtract(x, threshold), below)


def threshold(x: Any, threshold: float, default_value: float) -> Tensor:
    """x where it is above the threshold, else `default_value`."""
    x = as_float(x)
    return _choose(greater(x, threshold), x, default_value, x)


def softmax(x: Any, axis: int | tuple[int, ...] | None = -1) -> Tensor:
    """exp(x) / sum(exp(x)) along an axis, along several together, or over the whole tensor."""
    x = as_float(x)
    if isinstance(axis, int):
        return p.softmax_op(x, axis=normalize_axis(axis, rank_of(x)))
    powers = p.exp_op(p.subtract_op(x, p.stop_gradient_op(max_(x, axis, keepdims=True))))
    return p.divide_op(powers, sum_(powers, axis, keepdims=True))


def log_softmax(x: Any, axis: int | tuple[int, ...] | None = -1) -> Tensor:
    """log(softmax(x)), exact for small probabilities."""
    x = as_float(x)
    if isinstance(axis, int):
        return p.log_softmax_op(x, axis=normalize_axis(axis, rank_of(x)))
    x = p.subtract_op(x, p.stop_gradient_op(max_(x, axis, keepdims=True)))
    return p.subtract_op(x, p.log_op(sum_(p.exp_op(x), axis, keepdims=True)))


def sparsemax(x: Any, axis: int = -1) -> Tensor:
    """Sparse probabilities as Keras computes them.

    Where one element is kept this is the projection on the simplex by Martins and Astudillo (2016). Where k > 1 are
    kept, Keras takes the sum of the first k running sums in place of the k-th one, and the result does not sum to 1.
    Models were trained with that, so it is what files mean.
    """
    x = as_float(x)
    dtype, falling = dtype_of(x), flip(sort(x, axis), axis)
    ranks = cumsum(p.full_like_op(falling, value=1, dtype=dtype), axis)
    sums = cumsum(falling, axis)
    support = greater(falling, p.divide_op(subtract(sums, 1), ranks))
    kept = sum_(as_tensor(support, dtype), axis, keepdims=True)
    total = sum_(_choose(support, sums, 0, x), axis, keepdims=True)
    return maximum(p.subtract_op(x, p.divide_op(subtract(total, 1), kept)), 0)
