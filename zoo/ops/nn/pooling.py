"""Pooling, with Keras's arguments: numbers or one for each spatial axis, either data format."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from zoo.engine import primitives as p
from zoo.engine.op import Op
from zoo.engine.windows import Padding
from zoo.ops.layout import channels_last, per_axis, spatial_rank
from zoo.ops.numpy_like.manipulation import concatenate, repeat, slice_axis
from zoo.ops.numpy_like.reduction import max as max_, mean
from zoo.ops.promotion import Tensor, as_float, as_tensor, shape_of

Sizes = int | Sequence[int]


def _pool(op: Op, inputs: Tensor, pool_size: Sizes, strides: Sizes | None, padding: Padding,
          data_format: str | None) -> Tensor:
    rank = spatial_rank(op.name, inputs)
    window = per_axis("pool_size", pool_size, rank)
    steps = window if strides is None else per_axis("strides", strides, rank)
    chosen = padding.lower() if isinstance(padding, str) else padding
    return channels_last(lambda x: op(x, window=window, strides=steps, padding=chosen), inputs, data_format)


def max_pool(inputs: Any, pool_size: Sizes, strides: Sizes | None = None, padding: Padding = "valid",
             data_format: str | None = None) -> Tensor:
    """The largest element of each window; windows do not overlap unless `strides` says so."""
    return _pool(p.max_pool_op, as_tensor(inputs), pool_size, strides, padding, data_format)


def average_pool(inputs: Any, pool_size: Sizes, strides: Sizes | None = None, padding: Padding = "valid",
                 data_format: str | None = None) -> Tensor:
    """The mean of each window, padding not counted; windows do not overlap unless `strides` says so."""
    return _pool(p.avg_pool_op, as_float(inputs), pool_size, strides, padding, data_format)


def _adaptive(reduction: Callable[..., Tensor], inputs: Tensor, output_size: Sizes, data_format: str | None) -> Tensor:
    counts = per_axis("output_size", output_size, spatial_rank("adaptive pooling", inputs))

    def pool(x: Tensor) -> Tensor:
        for axis, count in enumerate(counts, start=1):
            size = shape_of(x)[axis]
            if size is None:                                # only the shape is asked for: such graphs never run
                x = repeat(reduction(x, axis, keepdims=True), count, axis)
                continue
            bounds = ((i * size // count, -(-(i + 1) * size // count)) for i in range(count))
            pieces = [slice_axis(x, axis, low, high) for low, high in bounds]
            x = concatenate([reduction(piece, axis, keepdims=True) for piece in pieces], axis)
        return x
    return channels_last(pool, inputs, data_format)


def adaptive_average_pool(inputs: Any, output_size: Sizes, data_format: str | None = None) -> Tensor:
    """Means over so many windows that cover each spatial axis evenly."""
    return _adaptive(mean, as_float(inputs), output_size, data_format)


def adaptive_max_pool(inputs: Any, output_size: Sizes, data_format: str | None = None) -> Tensor:
    """Largest elements of so many windows that cover each spatial axis evenly."""
    return _adaptive(max_, as_tensor(inputs), output_size, data_format)
