"""Classes as vectors, and blocks of pixels as channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from zoo.config import config
from zoo.engine import dtypes, windows
from zoo.engine import primitives as p
from zoo.engine.spec import Dim, normalize_axis
from zoo.errors import ConfigError, ShapeError
from zoo.ops.layout import channels_last, per_axis
from zoo.ops.numpy_like.manipulation import expand_dims, moveaxis, reshape
from zoo.ops.numpy_like.reduction import any as any_, max as max_
from zoo.ops.promotion import Tensor, as_tensor, constant, dtype_of, known_size, rank_of, shape_of


def _dense(sparse: bool) -> None:
    if sparse:
        raise ConfigError("zoo has dense tensors only: use sparse=False.")


def one_hot(x: Any, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False) -> Tensor:
    """1 at the place of each class along a new axis, 0 elsewhere; all 0 for numbers that are no class."""
    _dense(sparse)
    x = as_tensor(x, "int32")
    at = normalize_axis(axis, rank_of(x) + 1)
    classes = np.arange(num_classes).reshape([-1 if i == at else 1 for i in range(rank_of(x) + 1)])
    hits = p.equal_op(expand_dims(x, at), constant(classes, "int32"))
    return as_tensor(hits, config.floatx if dtype is None else dtypes.standardize(dtype))


def multi_hot(inputs: Any, num_classes: int | None = None, axis: int = -1, dtype: Any = None,
              sparse: bool = False) -> Tensor:
    """1 at the places of all classes that occur in the last axis of the inputs, 0 elsewhere.

    Raises:
        ConfigError: `num_classes` is missing.
    """
    if num_classes is None:
        raise ConfigError("multi_hot: expected `num_classes`.")
    hits = one_hot(inputs, num_classes, axis, dtype, sparse)
    reduction = any_ if dtype_of(hits) == "bool" else max_
    return reduction(hits, 1 if rank_of(inputs) > 1 else 0)


def _times(size: Dim, factor: int) -> Dim:
    return None if size is None else size * factor


def depth_to_space(x: Any, block_size: int, data_format: str = "channels_last") -> Tensor:
    """Channels moved into blocks of ``block_size x block_size`` pixels.

    Raises:
        ShapeError: the channels are not divisible.
    """
    def spread(x: Tensor) -> Tensor:
        batch, rows, columns, _ = shape_of(x)
        channels = known_size("depth_to_space", x, -1)
        if channels % block_size ** 2:
            raise ShapeError(f"depth_to_space: {channels} channels are not divisible by {block_size} squared.")
        blocks = reshape(x, (batch, rows, columns, block_size, block_size, channels // block_size ** 2))
        return reshape(p.transpose_op(blocks, axes=(0, 1, 3, 2, 4, 5)),
                       (batch, _times(rows, block_size), _times(columns, block_size), channels // block_size ** 2))
    return channels_last(spread, as_tensor(x), data_format)


def space_to_depth(x: Any, block_size: int, data_format: str = "channels_last") -> Tensor:
    """Blocks of ``block_size x block_size`` pixels moved into channels.

    Raises:
        ShapeError: rows or columns are not divisible.
    """
    def gather(x: Tensor) -> Tensor:
        batch, rows, columns, channels = shape_of(x)
        if any(size is not None and size % block_size for size in (rows, columns)):
            raise ShapeError(f"space_to_depth: {rows} x {columns} pixels are not divisible by {block_size}.")
        heights, widths = (None if size is None else size // block_size for size in (rows, columns))
        blocks = reshape(x, (batch, heights, block_size, widths, block_size, channels))
        return reshape(p.transpose_op(blocks, axes=(0, 1, 3, 2, 4, 5)),
                       (batch, heights, widths, _times(channels, block_size ** 2)))
    return channels_last(gather, as_tensor(x), data_format)


Sizes = int | Sequence[int]


def unfold(x: Any, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1) -> Tensor:
    """The windows of channels-first images ``(batch, channels, rows, columns)`` as columns.

    Returns:
        A tensor ``(batch, channels * window, places)``.
    """
    x = as_tensor(x)
    window, channels = per_axis("kernel_size", kernel_size, 2), known_size("unfold", x, 1)
    taps = window[0] * window[1]
    picks = np.tile(np.eye(taps).reshape(*window, 1, taps), channels)           # one output a tap, for each channel
    margins = tuple((size, size) for size in per_axis("padding", padding, 2))
    patches = p.conv_op(moveaxis(x, 1, -1), constant(picks, dtype_of(x)), strides=per_axis("stride", stride, 2),
                        padding=margins, dilation=per_axis("dilation", dilation, 2), groups=channels)
    return moveaxis(reshape(patches, (shape_of(x)[0], -1, channels * taps)), -1, 1)


def fold(x: Any, output_size: Sizes, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0,
         stride: Sizes = 1) -> Tensor:
    """The sum of windows ``(batch, channels * window, places)`` at their places: the transpose of `unfold`."""
    x = as_tensor(x)
    window, sizes, gaps = (per_axis("size", value, 2) for value in (kernel_size, output_size, dilation))
    margins, steps = per_axis("padding", padding, 2), per_axis("stride", stride, 2)
    taps = window[0] * window[1]
    channels = shape_of(x)[1] // taps
    free = [n + 2 * m - windows.extent(w, d) for n, m, w, d in zip(sizes, margins, window, gaps)]
    counts = [room // s + 1 for room, s in zip(free, steps)]
    rest = tuple(room % s for room, s in zip(free, steps))
    picks = np.tile(np.eye(taps).reshape(*window, 1, taps), channels)
    places = reshape(moveaxis(x, 1, -1), (shape_of(x)[0], *counts, channels * taps))
    images = p.conv_transpose_op(places, constant(picks, dtype_of(x)), strides=steps,
                                 padding=tuple((m, m) for m in margins), output_padding=rest, dilation=gaps,
                                 groups=channels)
    return moveaxis(images, -1, 1)
