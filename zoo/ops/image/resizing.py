"""Other sizes: resampling, padding, cropping, patches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from zoo.engine import primitives as p
from zoo.engine.dtypes import is_float
from zoo.engine.spec import Dim
from zoo.errors import ConfigError
from zoo.ops.core import saturate_cast
from zoo.ops.image.batches import of_batch
from zoo.ops.layout import per_axis
from zoo.ops.numpy_like.arithmetic import divide, maximum, multiply, subtract
from zoo.ops.numpy_like.contraction import tensordot
from zoo.ops.numpy_like.elementwise import absolute, clip, round as round_, sinc
from zoo.ops.numpy_like.indexing import where
from zoo.ops.numpy_like.logic import greater, greater_equal, less, less_equal, logical_and
from zoo.ops.numpy_like.manipulation import expand_dims, moveaxis, pad, slice_axis, unstack
from zoo.ops.numpy_like.reduction import max as max_, min as min_, sum as sum_
from zoo.ops.promotion import Tensor, as_float, as_tensor, dtype_of, known_size, promote, shape_of

Sizes = int | Sequence[int]


def resize(images: Any, size: int | Sequence[Dim], interpolation: str = "bilinear", antialias: bool = False,
           crop_to_aspect_ratio: bool = False, pad_to_aspect_ratio: bool = False, fill_mode: str = "constant",
           fill_value: float = 0.0, data_format: str | None = None) -> Tensor:
    """Images resampled to ``(height, width)``; pixel centres lie at halves. Integers are rounded and stay integers.

    Args:
        images: one image or a batch.
        size: height and width; None where they follow from an unknown size, while shapes are inferred.
        interpolation: "nearest", "bilinear", "bicubic", "lanczos3", "lanczos5" or "area".
        antialias: smooth images that shrink.
        crop_to_aspect_ratio: first cut the middle that has the new ratio of height to width.
        pad_to_aspect_ratio: first pad to the new ratio of height to width.
        fill_mode, fill_value: what to pad with: "constant".
        data_format: "channels_last", "channels_first", or None for what `zoo.config` says.
    """
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ConfigError("resize: only one of crop_to_aspect_ratio and pad_to_aspect_ratio can be true.")
    if fill_mode != "constant":
        raise ConfigError(f"resize: expected fill_mode 'constant', received {fill_mode!r}.")
    height, width = size if isinstance(size, (tuple, list)) and None in size else per_axis("size", size, 2)
    own = dtype_of(images)

    def convert(x: Tensor) -> Tensor:
        if crop_to_aspect_ratio or pad_to_aspect_ratio:
            x = _to_ratio(x, height, width, crop_to_aspect_ratio, fill_value)
        x = x if interpolation == "nearest" else as_float(x)
        x = p.resize_op(x, size=(height, width), method=interpolation, antialias=bool(antialias))
        return x if dtype_of(x) == own or is_float(own) else saturate_cast(round_(x), own)
    return of_batch(convert, images, data_format)


def _to_ratio(x: Tensor, height: int, width: int, crop: bool, fill_value: float) -> Tensor:
    """Rows or columns cut off, or added, equally on both sides."""
    rows, columns = shape_of(x)[1:3]
    if None in (rows, columns):                             # only the shape is asked for: such graphs never run
        return x
    wanted = columns * height // width, rows * width // height
    if crop:
        kept = [max(min(have, want), 1) for have, want in zip((rows, columns), wanted)]
        for axis, have, keep in ((1, rows, kept[0]), (2, columns, kept[1])):
            x = slice_axis(x, axis, (have - keep) // 2, (have - keep) // 2 + keep)
        return x
    margins = [(max(want - have, 0) // 2,) * 2 for have, want in zip((rows, columns), wanted)]
    return pad(x, [(0, 0), *margins, (0, 0)], constant_values=fill_value)


def _margins(name: str, x: Tensor, axis: int, low: int | None, high: int | None, target: int | None,
             growth: int) -> tuple[int, int]:
    """What is added (growth 1) or cut off (growth -1) before and after an axis, from two of three numbers.

    Raises:
        ConfigError: not two of them are given, or they do not fit the size of x.
    """
    if (low, high, target).count(None) != 1:
        raise ConfigError(f"{name}: expected for axis {axis} two of: before, after, target size; "
                          f"received {low}, {high}, {target}.")
    if target is not None:
        total = growth * (target - known_size(name, x, axis))
        low, high = (total - high, high) if low is None else (low, total - low)
    if min(low, high) < 0:
        raise ConfigError(f"{name}: {low} before and {high} after axis {axis} do not fit images of shape "
                          f"{shape_of(x)}.")
    return low, high


def pad_images(images: Any, top_padding: int | None = None, left_padding: int | None = None,
               bottom_padding: int | None = None, right_padding: int | None = None, target_height: int | None = None,
               target_width: int | None = None, data_format: str | None = None) -> Tensor:
    """Images with zeros around them, given by the sizes of two sides, or by one and the size of the result."""
    def convert(x: Tensor) -> Tensor:
        rows = _margins("pad_images", x, 1, top_padding, bottom_padding, target_height, 1)
        columns = _margins("pad_images", x, 2, left_padding, right_padding, target_width, 1)
        return pad(x, [(0, 0), rows, columns, (0, 0)])
    return of_batch(convert, images, data_format)


def crop_images(images: Any, top_cropping: int | None = None, left_cropping: int | None = None,
                bottom_cropping: int | None = None, right_cropping: int | None = None, target_height: int | None = None,
                target_width: int | None = None, data_format: str | None = None) -> Tensor:
    """A piece of images, given by what is cut off on two sides, or by one and the size of the result."""
    def convert(x: Tensor) -> Tensor:
        for axis, low, high, target in ((1, top_cropping, bottom_cropping, target_height),
                                        (2, left_cropping, right_cropping, target_width)):
            before, after = _margins("crop_images", x, axis, low, high, target, -1)
            x = slice_axis(x, axis, before, -after or None)
        return x
    return of_batch(convert, images, data_format)


def _triangle(x: Tensor) -> Tensor:
    return maximum(subtract(1, x), 0)


def _cubic(x: Tensor) -> Tensor:
    near = (1.5 * x - 2.5) * x * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return where(less(x, 1), near, where(less(x, 2), far, 0.0))


def _lanczos(radius: float) -> Callable[[Tensor], Tensor]:
    return lambda x: where(less_equal(x, radius), multiply(sinc(x), sinc(divide(x, radius))), 0.0)


#: method of `scale_and_translate` -> weight of a pixel at a distance
WEIGHTS: dict[str, Callable[[Tensor], Tensor]] = {
    **dict.fromkeys(("linear", "bilinear", "trilinear"), _triangle),
    **dict.fromkeys(("cubic", "bicubic", "tricubic"), _cubic),
    "lanczos3": _lanczos(3.0), "lanczos5": _lanczos(5.0),
}


def scale_and_translate(images: Any, output_shape: Sequence[int], scale: Any, translation: Any,
                        spatial_dims: Sequence[int], method: str, antialias: bool = True) -> Tensor:
    """A tensor scaled and moved along some axes: ``output position = scale * input position + translation``.

    Args:
        images: a tensor of any rank.
        output_shape: the shape of the result.
        scale, translation: one number for each of the axes.
        spatial_dims: the axes.
        method: "linear", "cubic", "lanczos3" or "lanczos5" (or their names with "bi", "tri").
        antialias: smooth along axes that shrink.
    """
    if method not in WEIGHTS:
        raise ConfigError(f"scale_and_translate: expected a method of {tuple(WEIGHTS)}, received {method!r}.")
    images = as_tensor(images)
    x = as_float(images)
    scales, shifts = (unstack(part, len(spatial_dims)) for part in promote(scale, translation, dtype="~float"))
    for axis, scale_, shift in zip(spatial_dims, scales, shifts):
        table = _weights(shape_of(x)[axis], output_shape[axis], scale_, shift, WEIGHTS[method], antialias)
        x = moveaxis(tensordot(x, as_tensor(table, dtype_of(x)), axes=([axis], [0])), -1, axis)
    if is_float(dtype_of(images)):
        return x
    return as_tensor(clip(round_(x), min_(images), max_(images)), dtype_of(images))


def _weights(source: int, target: int, scale: Tensor, shift: Tensor, weight: Callable[[Tensor], Tensor],
             antialias: bool) -> Tensor:
    """The matrix ``(source, target)``; positions outside of the source have no weight."""
    inverse = divide(1.0, scale)
    stretch = maximum(inverse, 1.0) if antialias else 1.0
    places = (np.arange(target, dtype="float32") + 0.5 - shift) * inverse - 0.5
    distance = divide(absolute(subtract(expand_dims(places, 0), np.arange(source, dtype="float32")[:, None])), stretch)
    table = weight(distance)
    total = sum_(table, 0, keepdims=True)
    defined = greater(absolute(total), 1000 * float(np.finfo(np.float32).eps))
    table = where(defined, divide(table, where(defined, total, 1.0)), 0.0)
    inside = logical_and(greater_equal(places, -0.5), less_equal(places, source - 0.5))
    return where(expand_dims(inside, 0), table, 0.0)
