"""Colours."""

from __future__ import annotations

from typing import Any

import numpy as np

from zoo.engine import primitives as p
from zoo.engine.dtypes import is_float
from zoo.errors import DtypeError, ShapeError
from zoo.ops.image.batches import of_batch
from zoo.ops.numpy_like.arithmetic import add, divide_no_nan, multiply, subtract
from zoo.ops.numpy_like.contraction import tensordot
from zoo.ops.numpy_like.elementwise import clip
from zoo.ops.numpy_like.indexing import where
from zoo.ops.numpy_like.logic import equal, less
from zoo.ops.numpy_like.manipulation import concatenate, expand_dims, split
from zoo.ops.numpy_like.reduction import max as max_, min as min_
from zoo.ops.promotion import Tensor, as_float, as_tensor, constant, dtype_of, shape_of

LUMA = (0.2989, 0.5870, 0.1140)                             # ITU-R BT.601


def rgb_to_grayscale(images: Any, data_format: str | None = None) -> Tensor:
    """The weighted mean of red, green and blue; images of one channel stay as they are."""
    def convert(x: Tensor) -> Tensor:
        channels = shape_of(x)[-1]
        if channels not in (1, 3):
            raise ShapeError(f"rgb_to_grayscale: expected 1 or 3 channels, received shape {shape_of(x)}.")
        if channels == 1:
            return x
        wide = as_float(x)
        return as_tensor(expand_dims(tensordot(wide, constant(LUMA, dtype_of(wide)), axes=1), -1), dtype_of(x))
    return of_batch(convert, images, data_format)


def _check_float(name: str, images: Any) -> None:
    if not is_float(dtype_of(images)):
        raise DtypeError(f"{name}: expected images of floats in [0, 1], received {dtype_of(images)}.")


def rgb_to_hsv(images: Any, data_format: str | None = None) -> Tensor:
    """Hue, saturation and value of red, green and blue, all in [0, 1]."""
    _check_float("rgb_to_hsv", images)

    def convert(x: Tensor) -> Tensor:
        red, green, blue = split(x, 3, -1)
        value = max_(x, -1, keepdims=True)
        spread = subtract(value, min_(x, -1, keepdims=True))
        sixth = divide_no_nan(1 / 6, spread)
        hue = where(equal(value, red), multiply(sixth, subtract(green, blue)),
                    where(equal(value, green), add(multiply(sixth, subtract(blue, red)), 2 / 6),
                          add(multiply(sixth, subtract(red, green)), 4 / 6)))
        hue = where(equal(spread, 0), 0.0, hue)
        return concatenate([where(less(hue, 0), add(hue, 1), hue), divide_no_nan(spread, value), value], -1)
    return of_batch(convert, images, data_format)


def hsv_to_rgb(images: Any, data_format: str | None = None) -> Tensor:
    """Red, green and blue of hue, saturation and value, all in [0, 1]."""
    _check_float("hsv_to_rgb", images)

    def convert(x: Tensor) -> Tensor:
        hue, saturation, value = split(x, 3, -1)
        centres, signs, offsets = (np.array(row, "float32") for row in ((3, 2, 4), (1, -1, -1), (-1, 2, 2)))
        distance = p.absolute_op(subtract(multiply(hue, 6), as_tensor(centres, dtype_of(x))))
        pure = clip(add(multiply(distance, as_tensor(signs, dtype_of(x))), as_tensor(offsets, dtype_of(x))), 0.0, 1.0)
        return multiply(add(subtract(1, saturation), multiply(saturation, pure)), value)
    return of_batch(convert, images, data_format)
