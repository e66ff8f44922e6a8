"""Images: files, Pillow's objects and arrays. The functions of `keras.utils`."""

from __future__ import annotations

import io
import os
import warnings
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from zoo import ops
from zoo.config import config
from zoo.errors import ConfigError, CorruptFile, ShapeError, UnknownFormat
from zoo.spelling import Spelling, accepts

#: Formats that are pixels and nothing else. Pillow reads more, among them EPS, for which it runs an interpreter.
FORMATS = ("AVIF", "BMP", "GIF", "ICO", "JPEG", "JPEG2000", "PNG", "PPM", "TIFF", "WEBP")
MODES = {"grayscale": ("L", "I;16", "I"), "rgb": ("RGB",), "rgba": ("RGBA",)}          # the first one is converted to
INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "hamming", "box", "lanczos")
MODE_OF_CHANNELS = {1: "L", 3: "RGB", 4: "RGBA"}

Image.init()
_AVAILABLE = tuple(name for name in FORMATS if name in Image.OPEN)
_GRAYSCALE = Spelling(("grayscale",), ("color_mode",), lambda grey: "grayscale" if grey else "rgb")
_ORDERING = Spelling(("dim_ordering",), ("data_format",), {"tf": "channels_last", "th": "channels_first"}.get)


@accepts((_GRAYSCALE,))
def load_img(path: str | os.PathLike[str] | io.BytesIO, color_mode: str = "rgb",
             target_size: tuple[int, int] | None = None, interpolation: str = "nearest",
             keep_aspect_ratio: bool = False) -> Image.Image:
    """An image file as an object of Pillow, as Keras loads it: the camera's orientation is not followed.

    Args:
        path: of the file, or its bytes.
        color_mode: ``rgb``, ``rgba`` or ``grayscale`` (8, 16 or 32 bits, as in the file).
        target_size: (rows, columns) to resize to; None for the size in the file.
        interpolation: ``nearest``, ``bilinear``, ``bicubic``, ``hamming``, ``box`` or ``lanczos``.
        keep_aspect_ratio: whether to cut the middle that has the new shape, instead of distorting.

    Raises:
        UnknownFormat, CorruptFile: it is no image that can be read.
        ConfigError: an argument makes no sense.
    """
    if color_mode not in MODES or interpolation not in INTERPOLATIONS:
        raise ConfigError(f"load_img: expected a color_mode of {', '.join(MODES)} and an interpolation of "
                          f"{', '.join(INTERPOLATIONS)}. Received: {color_mode!r}, {interpolation!r}")
    image = _open(path)
    image = image if image.mode in MODES[color_mode] else image.convert(MODES[color_mode][0])
    if target_size is None or image.size == (target_size[1], target_size[0]):
        return image
    box = _middle(image.size, target_size) if keep_aspect_ratio else None
    return image.resize((target_size[1], target_size[0]), Image.Resampling[interpolation.upper()], box=box)


def _open(path: Any) -> Image.Image:
    try:
        if isinstance(path, io.BytesIO):
            image = Image.open(path, formats=_AVAILABLE)
        else:
            with open(path, "rb") as stream:
                image = Image.open(io.BytesIO(stream.read()), formats=_AVAILABLE)
        image.load()
    except UnidentifiedImageError as error:
        raise UnknownFormat(f"{path}: this is no image that can be read ({', '.join(_AVAILABLE)}).") from error
    except (SyntaxError, EOFError, ValueError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise                                           # the file, not its content
        raise CorruptFile(f"{path}: damaged image file: {error}") from error
    return image


def _middle(size: tuple[int, int], target_size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Edges of the largest part in the middle that has the shape of the target."""
    (width, height), (rows, columns) = size, target_size
    crop_width, crop_height = min(width, height * columns // rows), min(height, width * rows // columns)
    left, top = (width - crop_width) // 2, (height - crop_height) // 2
    return left, top, left + crop_width, top + crop_height


@accepts((_ORDERING,))
def img_to_array(img: Image.Image, data_format: str | None = None, dtype: Any = None) -> np.ndarray:
    """An image as an array (rows, columns, channels), or (channels, rows, columns) for ``channels_first``."""
    array = np.asarray(img, dtype or config.floatx)
    array = array[:, :, None] if array.ndim == 2 else array
    if array.ndim != 3:
        raise ShapeError(f"img_to_array: expected an image, received shape {array.shape}.")
    return array.transpose(2, 0, 1) if _format(data_format) == "channels_first" else array


@accepts((_ORDERING,))
def array_to_img(x: Any, data_format: str | None = None, scale: bool = True, dtype: Any = None) -> Image.Image:
    """An array (rows, columns, channels) as an image.

    Args:
        x: with 1, 3 or 4 channels.
        data_format: ``channels_last`` or ``channels_first``.
        scale: whether the least number becomes 0 and the greatest 255.
        dtype: in which that is computed.

    Raises:
        ShapeError: it is no image.
    """
    x = np.asarray(x, dtype or config.floatx)
    if x.ndim != 3:
        raise ShapeError(f"array_to_img: expected an array of rank 3, received shape {x.shape}.")
    x = x.transpose(1, 2, 0) if _format(data_format) == "channels_first" else x
    if x.shape[2] not in MODE_OF_CHANNELS:
        raise ShapeError(f"array_to_img: expected 1, 3 or 4 channels, received shape {x.shape}.")
    if scale:
        x = x - x.min()
        x = x / (x.max() or 1) * 255
    if x.shape[2] == 1:
        x = x[:, :, 0]
        return Image.fromarray(x.astype("int32" if x.max() > 255 else "uint8"))
    return Image.fromarray(x.astype("uint8"))


def save_img(path: str | os.PathLike[str] | io.BytesIO, x: Any, data_format: str | None = None,
             file_format: str | None = None, scale: bool = True, **options: Any) -> None:
    """Writes an array as an image file.

    Args:
        path: of the file; its suffix says the format unless `file_format` does.
        x, data_format, scale: as of `array_to_img`.
        options: of Pillow's `save`.
    """
    image = array_to_img(x, data_format, scale)
    suffix = "" if isinstance(path, io.BytesIO) else os.path.splitext(os.fspath(path))[1][1:].lower()
    name = (file_format or suffix).replace("jpg", "jpeg")
    if image.mode == "RGBA" and name == "jpeg":
        warnings.warn("JPEG has no transparency: it is dropped.", stacklevel=2)
        image = image.convert("RGB")
    image.save(path, format=name or None, **options)


def smart_resize(x: Any, size: tuple[int, int], interpolation: str = "bilinear",
                 data_format: str = "channels_last") -> Any:
    """Images resized without distortion: the middle that has the new shape is cut out before.

    Args:
        x: one image or a batch.
        size: (rows, columns).
        interpolation: as of `zoo.ops.image.resize`.
        data_format: ``channels_last`` or ``channels_first``.
    """
    rank = np.ndim(x)
    if rank not in (3, 4):
        raise ShapeError(f"smart_resize: expected an image or a batch of them, received rank {rank}.")
    axes = (rank - 3, rank - 2) if data_format == "channels_last" else (rank - 2, rank - 1)
    (height, width), (rows, columns) = (x.shape[axis] for axis in axes), size
    cuts = [slice(None)] * rank
    for axis, whole, part in ((axes[0], height, width * rows / columns), (axes[1], width, height * columns / rows)):
        length = max(1, min(whole, int(part)))
        start = (whole - length) // 2
        cuts[axis] = slice(start, start + length)
    return ops.image.resize(x[tuple(cuts)], size, interpolation=interpolation, data_format=data_format)


def _format(data_format: str | None) -> str:
    if data_format not in (None, "channels_last", "channels_first"):
        raise ConfigError(f"`data_format` must be channels_last or channels_first. Received: {data_format!r}")
    return data_format or config.image_data_format
