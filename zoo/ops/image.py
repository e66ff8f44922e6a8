"""Images ``(batch, height, width, channels)``, or single ones, in either data format: `keras.ops.image`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from zoo.engine import dtypes
from zoo.engine import primitives as p
from zoo.engine.spec import Dim
from zoo.errors import ConfigError, ShapeError
from zoo.ops.core import saturate_cast
from zoo.ops.layout import channels_last
from zoo.ops.numpy_like.elementwise import round as round_
from zoo.ops.numpy_like.manipulation import expand_dims, pad, slice_axis, squeeze
from zoo.ops.promotion import Tensor, as_float, as_tensor, dtype_of, rank_of, shape_of

Size = tuple[Dim, Dim]


def resize(images: Any, size: Sequence[Dim], interpolation: str = "bilinear", antialias: bool = False,
           crop_to_aspect_ratio: bool = False, pad_to_aspect_ratio: bool = False, fill_mode: str = "constant",
           fill_value: float = 0.0, data_format: str | None = None) -> Tensor:
    """Images of another size. Integers are rounded and stay what they are.

    Args:
        images: a batch or a single image.
        size: (height, width) of the result.
        interpolation: "bilinear", "nearest", "bicubic", "lanczos3", "lanczos5" or "area".
        antialias: whether to blend all covered pixels when the image becomes smaller.
        crop_to_aspect_ratio: cut the middle out of the image, in the shape of the result, before resizing.
        pad_to_aspect_ratio: pad the image, evenly on both sides, to the shape of the result before resizing.
        fill_mode: how to pad: "constant".
        fill_value: what to pad with.
        data_format: "channels_last", "channels_first", or None for what `zoo.config` says.

    Raises:
        ConfigError: both cropping and padding, or another fill mode.
        ShapeError: the images have another rank.
    """
    images = as_tensor(images)
    if fill_mode != "constant" or crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ConfigError(f"resize: expected fill_mode 'constant', and at most one of crop_to_aspect_ratio and "
                          f"pad_to_aspect_ratio; received {fill_mode!r}, {crop_to_aspect_ratio}, {pad_to_aspect_ratio}.")
    if rank_of(images) not in (3, 4) or len(size) != 2:
        raise ShapeError(f"resize: expected images of rank 3 or 4 and a size (height, width), received shape "
                         f"{shape_of(images)} and size {size}.")
    own, height, width = dtype_of(images), *size

    def resample(x: Tensor) -> Tensor:
        single = rank_of(x) == 3
        x = expand_dims(x, 0) if single else x
        if crop_to_aspect_ratio and None not in shape_of(x)[1:3]:
            x = _cropped(x, (height, width))
        if pad_to_aspect_ratio and None not in shape_of(x)[1:3]:
            x = _padded(x, (height, width), fill_value)
        x = x if interpolation == "nearest" else as_float(x)
        x = p.resize_op(x, size=(height, width), method=interpolation, antialias=bool(antialias))
        return squeeze(x, 0) if single else x
    resized = channels_last(resample, images, data_format, channel_axis=-3)
    if dtype_of(resized) == own:
        return resized
    return saturate_cast(resized if dtypes.is_float(own) else round_(resized), own)


def _aligned(present: Size, target: Size) -> Size:
    """For each side the length that, with the other side as it is, has the target's proportions."""
    (height, width), (rows, columns) = present, target
    # as TensorFlow: a quotient in float32, cut
    return int(np.float32(width * rows) / np.float32(columns)), int(np.float32(height * columns) / np.float32(rows))


def _cropped(x: Tensor, target: Size) -> Tensor:
    present = shape_of(x)[1:3]
    for axis, (have, want) in enumerate(zip(present, _aligned(present, target)), start=1):
        length = max(min(have, want), 1)
        start = (have - length) // 2
        x = slice_axis(x, axis, start, start + length)
    return x


def _padded(x: Tensor, target: Size, value: float) -> Tensor:
    present = shape_of(x)[1:3]
    sides = [max(want - have, 0) // 2 for have, want in zip(present, _aligned(present, target))]
    return pad(x, ((0, 0), *((side, side) for side in sides), (0, 0)), constant_values=value)
