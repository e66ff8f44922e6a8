"""Images cut into windows, and put together again."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from zoo.errors import ConfigError, ShapeError
from zoo.ops.image.batches import of_batch
from zoo.ops.layout import per_axis
from zoo.ops.nn.convolution import conv, conv_transpose
from zoo.ops.numpy_like.arithmetic import divide, maximum
from zoo.ops.numpy_like.manipulation import pad, slice_axis
from zoo.ops.promotion import Tensor, as_float, constant, dtype_of, known_size

Sizes = int | Sequence[int]
REDUCTIONS = ("mean", "sum")


def _patches(images: Any, size: Sizes, strides: Any, dilation_rate: Sizes, padding: str, data_format: str | None,
             spatial: int) -> Tensor:
    window = per_axis("size", size, spatial)

    def convert(x: Tensor) -> Tensor:
        channels = known_size("extract_patches", x, -1)
        count = math.prod(window) * channels
        kernel = constant(np.eye(count).reshape(*window, channels, count), dtype_of(x))
        return conv(x, kernel, window if strides is None else strides, padding, "channels_last", dilation_rate)
    return of_batch(convert, images, data_format, spatial)


def extract_patches(images: Any, size: Sizes, strides: Any = None, dilation_rate: Sizes = 1, padding: str = "valid",
                    data_format: str | None = None) -> Tensor:
    """The windows of images as channels: pixel by pixel, of each all channels.

    A `size` of three numbers is for volumes.
    """
    spatial = 3 if isinstance(size, (tuple, list)) and len(size) == 3 else 2
    return _patches(images, size, strides, dilation_rate, padding, data_format, spatial)


def extract_patches_3d(volumes: Any, size: Sizes, strides: Any = None, dilation_rate: Sizes = 1, padding: str = "valid",
                       data_format: str | None = None) -> Tensor:
    """The windows of volumes as channels (see `extract_patches`)."""
    return _patches(volumes, size, strides, dilation_rate, padding, data_format, 3)


def reconstruct_patches(patches: Any, size: Sizes, output_size: Sequence[int] | None = None, strides: Any = None,
                        padding: str = "valid", data_format: str | None = None, reduction: str = "mean",
                        dilation_rate: Sizes = 1) -> Tensor:
    """Images from their windows: what `extract_patches` does, undone.

    Args:
        patches: the windows as channels.
        size, strides, padding, data_format, dilation_rate: as they were extracted.
        output_size: height and width of the images (three sizes for volumes); with padding "valid" what the windows
            reach if None.
        reduction: "mean" or "sum" of what several windows say about a pixel. Pixels that no window has are zero.

    Raises:
        ConfigError: there is no such reduction, windows lie apart, or padding "same" comes without `output_size`.
        ShapeError: images of that size do not have these windows.
    """
    spatial = 3 if isinstance(size, (tuple, list)) and len(size) == 3 else 2
    window, rates = per_axis("size", size, spatial), per_axis("dilation_rate", dilation_rate, spatial)
    steps = window if strides is None else per_axis("strides", strides, spatial)
    if reduction not in REDUCTIONS or padding not in ("valid", "same"):
        raise ConfigError(f"reconstruct_patches: expected a reduction of {REDUCTIONS} and the padding 'valid' or "
                          f"'same', received {reduction!r} and {padding!r}.")
    if any(step > length for step, length in zip(steps, window)):
        raise ConfigError(f"reconstruct_patches: windows of {window} at distances of {steps} leave out pixels.")
    if output_size is None and padding == "same":
        raise ConfigError("reconstruct_patches: padding 'same' needs output_size, which the windows do not tell.")
    reach = tuple((length - 1) * rate + 1 for length, rate in zip(window, rates))

    def put_together(x: Tensor) -> Tensor:
        count = known_size("reconstruct_patches", x, -1)
        channels = count // math.prod(window)
        grid = [known_size("reconstruct_patches", x, axis + 1) for axis in range(spatial)]
        whole = [(number - 1) * step + length for number, step, length in zip(grid, steps, reach)]
        wanted = whole if output_size is None else list(per_axis("output_size", output_size, spatial))
        _require_windows(grid, wanted, steps, reach, padding)
        kernel = np.eye(count).reshape(*window, channels, count)

        def summed(values: Any) -> Tensor:
            weights = constant(kernel, dtype_of(values))
            total = conv_transpose(values, weights, steps, "valid", 0, "channels_last", rates)
            return _cut(total, whole, wanted, padding)
        total = summed(x)
        if reduction == "sum":
            return total
        return divide(total, maximum(summed(constant(np.ones((1, *grid, count)), dtype_of(x))), 1))
    return of_batch(put_together, as_float(patches), data_format, spatial)


def _require_windows(grid: list[int], wanted: list[int], steps: Sequence[int], reach: Sequence[int],
                     padding: str) -> None:
    """Refuses sizes of images that are not cut into such a grid."""
    numbers = [-(-size // step) if padding == "same" else (size - length) // step + 1
               for size, step, length in zip(wanted, steps, reach)]
    if numbers != grid:
        raise ShapeError(f"reconstruct_patches: images of size {tuple(wanted)} are cut into {tuple(numbers)} windows, "
                         f"received {tuple(grid)}.")


def _cut(x: Tensor, whole: list[int], wanted: list[int], padding: str) -> Tensor:
    """The part of what the windows cover that is the image; zeros where that ends earlier."""
    for axis, (size, target) in enumerate(zip(whole, wanted), start=1):
        start = (size - target) // 2 if padding == "same" and size > target else 0
        x = slice_axis(x, axis, start, min(start + target, size))
    missing = [(0, max(0, target - size)) for size, target in zip(whole, wanted)]
    return pad(x, ((0, 0), *missing, (0, 0))) if any(extra for _, extra in missing) else x
