"""Random changes of one image: what `ImageDataGenerator` is made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import ImageEnhance

from zoo.errors import ConfigError
from zoo.preprocessing.image.affine import apply_affine_transform
from zoo.utils.image_files import array_to_img, img_to_array


def flip_axis(x: np.ndarray, axis: int) -> np.ndarray:
    """The array backwards along an axis."""
    return np.flip(x, axis)


def apply_channel_shift(x: np.ndarray, intensity: float, channel_axis: int = 0) -> np.ndarray:
    """The image with a number added to all values, which stay between its least and its greatest one."""
    return np.clip(x + intensity, x.min(), x.max()).astype(x.dtype)


def apply_brightness_shift(x: np.ndarray, brightness: float, scale: bool = True) -> np.ndarray:
    """The image made brighter or darker by Pillow, in steps of 8 bits.

    Args:
        x: of rank 3.
        brightness: 1 leaves it as it is, 0 makes it black.
        scale: whether its values are stretched to 0 to 255 before.
    """
    low, high = x.min(), x.max()
    is_outside = bool(low < 0 or high > 255)
    image = ImageEnhance.Brightness(array_to_img(x, scale=is_outside or scale)).enhance(brightness)
    changed = img_to_array(image)
    return changed / 255 * (high - low) + low if not scale and is_outside else changed


def _pair(numbers: Sequence[float], name: str) -> tuple[float, float]:
    if not isinstance(numbers, (tuple, list)) or len(numbers) != 2:
        raise ConfigError(f"`{name}` must be two numbers. Received: {name}={numbers!r}")
    return numbers[0], numbers[1]


def random_rotation(x: np.ndarray, rg: float, row_axis: int = 1, col_axis: int = 2, channel_axis: int = 0,
                    fill_mode: str = "nearest", cval: float = 0.0, interpolation_order: int = 1) -> np.ndarray:
    """The image turned by up to `rg` degrees; the other arguments are those of `apply_affine_transform`."""
    return apply_affine_transform(x, theta=np.random.uniform(-rg, rg), row_axis=row_axis, col_axis=col_axis,
                                  channel_axis=channel_axis, fill_mode=fill_mode, cval=cval, order=interpolation_order)


def random_shift(x: np.ndarray, wrg: float, hrg: float, row_axis: int = 1, col_axis: int = 2, channel_axis: int = 0,
                 fill_mode: str = "nearest", cval: float = 0.0, interpolation_order: int = 1) -> np.ndarray:
    """The image shifted by up to the shares `wrg` of its width and `hrg` of its height."""
    ty = np.random.uniform(-hrg, hrg) * x.shape[row_axis]
    tx = np.random.uniform(-wrg, wrg) * x.shape[col_axis]
    return apply_affine_transform(x, tx=tx, ty=ty, row_axis=row_axis, col_axis=col_axis, channel_axis=channel_axis,
                                  fill_mode=fill_mode, cval=cval, order=interpolation_order)


def random_shear(x: np.ndarray, intensity: float, row_axis: int = 1, col_axis: int = 2, channel_axis: int = 0,
                 fill_mode: str = "nearest", cval: float = 0.0, interpolation_order: int = 1) -> np.ndarray:
    """The image sheared by up to `intensity` degrees."""
    return apply_affine_transform(x, shear=np.random.uniform(-intensity, intensity), row_axis=row_axis,
                                  col_axis=col_axis, channel_axis=channel_axis, fill_mode=fill_mode, cval=cval,
                                  order=interpolation_order)


def random_zoom(x: np.ndarray, zoom_range: Sequence[float], row_axis: int = 1, col_axis: int = 2, channel_axis: int = 0,
                fill_mode: str = "nearest", cval: float = 0.0, interpolation_order: int = 1) -> np.ndarray:
    """The image zoomed by factors from `zoom_range`, one for each direction."""
    low, high = _pair(zoom_range, "zoom_range")
    zx, zy = (1, 1) if low == high == 1 else np.random.uniform(low, high, 2)
    return apply_affine_transform(x, zx=zx, zy=zy, row_axis=row_axis, col_axis=col_axis, channel_axis=channel_axis,
                                  fill_mode=fill_mode, cval=cval, order=interpolation_order)


def random_channel_shift(x: np.ndarray, intensity_range: float, channel_axis: int = 0) -> np.ndarray:
    """The image with a random number added to all values."""
    return apply_channel_shift(x, np.random.uniform(-intensity_range, intensity_range), channel_axis)


def random_brightness(x: np.ndarray, brightness_range: Sequence[float], scale: bool = True) -> np.ndarray:
    """The image made brighter or darker by a random factor."""
    return apply_brightness_shift(x, np.random.uniform(*_pair(brightness_range, "brightness_range")), scale)


def drawn_shift(reach: Any, size: int) -> float:
    """A random shift in pixels.

    Args:
        reach: a share of the size below 1, a number of pixels, or a list of numbers of pixels (or shares).
        size: of the image along the axis.
    """
    if not np.any(reach):
        return 0.0
    if np.ndim(reach) or isinstance(reach, (int, np.integer)):
        shift = float(np.random.choice(reach)) * np.random.choice([-1, 1])
    else:
        shift = np.random.uniform(-reach, reach)
    return shift * size if np.max(reach) < 1 else shift
