"""Statistics and normalisation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zoo.config import config
from zoo.engine import primitives as p
from zoo.engine.dtypes import result_type
from zoo.engine.spec import normalize_axis
from zoo.ops.linalg import norm
from zoo.ops.numpy_like.arithmetic import add, divide, maximum, minimum
from zoo.ops.numpy_like.elementwise import clip
from zoo.ops.numpy_like.manipulation import reshape
from zoo.ops.numpy_like.reduction import mean, sum as sum_
from zoo.ops.promotion import Axis, Tensor, as_float, as_tensor, axes_of, dtype_of, rank_of, shape_of

HALF_LIMIT = 65504.0                                        # the largest float16


def moments(x: Any, axes: Axis, keepdims: bool = False, synchronized: bool = False) -> tuple[Tensor, Tensor]:
    """Mean and variance; of half floats computed in float32, and held within their range."""
    x = as_float(x)
    dtype = dtype_of(x)
    wide = as_tensor(x, result_type(dtype, "float32"))
    results = p.moments_op(wide, axes=axes_of(axes, rank_of(wide)), keepdims=keepdims)
    if dtype not in ("float16", "bfloat16"):
        return results
    return tuple(as_tensor(clip(r, -HALF_LIMIT, HALF_LIMIT), dtype) for r in results)


def batch_normalization(x: Any, mean: Any, variance: Any, axis: int, offset: Any = None, scale: Any = None,
                        epsilon: float = 1e-3) -> Tensor:
    """``(x - mean) / sqrt(variance + epsilon) * scale + offset``, with vectors along `axis`."""
    x = as_float(x)
    at = normalize_axis(axis, rank_of(x))

    def along(vector: Any) -> Tensor:
        vector = as_tensor(vector, dtype_of(x))
        return vector if at == rank_of(x) - 1 else reshape(vector, [-1 if i == at else 1 for i in range(rank_of(x))])
    factor = p.rsqrt_op(add(along(variance), epsilon))
    factor = factor if scale is None else p.multiply_op(factor, along(scale))
    shift = p.negative_op(p.multiply_op(along(mean), factor))
    shift = shift if offset is None else p.add_op(shift, along(offset))
    return p.add_op(p.multiply_op(x, factor), shift)


def _in_shape_of_axes(vector: Any, x: Tensor, axes: Sequence[int]) -> Tensor:
    """A weight over the normalised axes, ready to be multiplied with x."""
    vector = as_tensor(vector, dtype_of(x))
    if rank_of(vector) == rank_of(x) or tuple(axes) == (rank_of(x) - 1,):
        return vector
    return reshape(vector, [size if i in axes else 1 for i, size in enumerate(shape_of(x))])


def layer_normalization(x: Any, gamma: Any = None, beta: Any = None, axis: Axis = -1,
                        epsilon: float | None = None) -> Tensor:
    """``(x - mean) / sqrt(variance + epsilon) * gamma + beta`` with the statistics of each element of the batch.

    Args:
        x: a tensor.
        gamma, beta: weights in the shape of the normalised axes.
        axis: the normalised axes.
        epsilon: that of `zoo.config` unless given.
    """
    own = dtype_of(as_float(x))
    x = as_tensor(x, result_type(own, "float32"))
    axes = axes_of(axis, rank_of(x))
    average, variance = moments(x, axes, keepdims=True)
    factor = p.rsqrt_op(add(variance, config.epsilon if epsilon is None else epsilon))
    factor = factor if gamma is None else p.multiply_op(factor, _in_shape_of_axes(gamma, x, axes))
    shift = p.negative_op(p.multiply_op(average, factor))
    shift = shift if beta is None else p.add_op(shift, _in_shape_of_axes(beta, x, axes))
    return as_tensor(p.add_op(p.multiply_op(x, factor), shift), own)


def rms_normalization(x: Any, scale: Any = None, axis: Axis = -1, epsilon: float | None = None) -> Tensor:
    """``x / sqrt(mean(x**2) + epsilon) * scale``."""
    own = dtype_of(as_float(x))
    x = as_tensor(x, result_type(own, "float32"))
    squares = mean(p.square_op(x), axis, keepdims=True)
    result = p.multiply_op(x, p.rsqrt_op(add(squares, config.epsilon if epsilon is None else epsilon)))
    result = result if scale is None else p.multiply_op(result, as_tensor(scale, dtype_of(x)))
    return as_tensor(result, own)


def normalize(x: Any, axis: Axis = -1, order: float = 2, epsilon: float | None = None) -> Tensor:
    """x divided by its norm of some order, or by `epsilon` where the norm is smaller."""
    x = as_float(x)
    epsilon = config.epsilon if epsilon is None else epsilon
    if order == 2:
        inverse = p.rsqrt_op(sum_(p.square_op(x), axis, keepdims=True))
        return p.multiply_op(x, minimum(inverse, 1 / epsilon))
    return divide(x, maximum(norm(x, ord=order, axis=axis, keepdims=True), epsilon))
