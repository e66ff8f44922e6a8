"""An image file as 8-bit RGB or grey pixels.

The content decides what a file is, never its suffix. Transparency is dropped and CMYK converted as Keras's own image
loading does it; unlike there, the camera's orientation is followed and 16-bit grey keeps its range. The full image is
decoded unless a smaller one is asked for: JPEG's reduced-size decoding is several times faster on large photos, but
changes the pixels that a model sees a little.
"""

from __future__ import annotations

import os
import struct
import zlib
from typing import BinaryIO

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from zoo.errors import CorruptFile, FileError, UnknownFormat, UnsafeFile, UnsupportedFile

# Formats that are pixels and nothing else, and that have a signature. Pillow reads more, among them EPS, for which it
# runs an interpreter, and TGA, which any bytes may happen to be.
FORMATS = ("AVIF", "BMP", "GIF", "ICO", "JPEG", "JPEG2000", "PNG", "PPM", "TIFF", "WEBP")

LONGEST = 100                                       # times the shorter side; models see about a square

# What Pillow's plugins let through when bytes are damaged: each of them trusts its file in its own way. Warnings are
# among it for programs that turn them into errors.
_DAMAGE = (OSError, SyntaxError, EOFError, struct.error, zlib.error, ArithmeticError, AssertionError, AttributeError,
           LookupError, MemoryError, RuntimeError, TypeError, ValueError, Warning)

_UPRIGHT = {                                                        # EXIF orientation -> what undoes it
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ON_ITS_SIDE = (5, 6, 7, 8)

Image.init()                                                        # registers the plugins once, before threads do
_AVAILABLE = tuple(name for name in FORMATS if name in Image.OPEN)


def decode(path: str | os.PathLike[str], *, mode: str = "RGB",
           at_least: tuple[int, int] | None = None) -> Image.Image:
    """The first (or only) frame of an image file, upright.

    Args:
        path: the file.
        mode: ``RGB`` or ``L`` (grey).
        at_least: width and height that are enough: of a JPEG file, the half, quarter or eighth that is no smaller is
            decoded. None for the full size.

    Raises:
        FileError: the file cannot be opened, is no image, is damaged, too large, or has pixels without a defined
            range. The message gives the reason alone: whoever asked knows the path.
    """
    try:
        with open(path, "rb") as stream:
            return _decode(stream, mode, at_least)
    except OSError as error:
        raise FileError(f"the file cannot be read: {error.strerror or error}") from error


def middle(image: Image.Image) -> Image.Image:
    """The image without the ends that no model sees, if it is very long: resized as a whole, it would be enormous."""
    longest = LONGEST * min(image.size)
    width, height = min(image.width, longest), min(image.height, longest)
    if (width, height) == image.size:
        return image
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


def _decode(stream: BinaryIO, mode: str, at_least: tuple[int, int] | None) -> Image.Image:
    name = "image"
    try:
        with Image.open(stream, formats=_AVAILABLE) as image:
            name = image.format or name
            if at_least is not None:
                image.draft(None, at_least[::-1] if _orientation(image) in _ON_ITS_SIDE else at_least)
            image.load()
            pixels = _upright(image, _eight_bits(image))
            return pixels if pixels.mode == mode else pixels.convert(mode)
    except UnidentifiedImageError as error:
        raise _not_an_image(stream) from error
    except Image.DecompressionBombError as error:
        raise UnsafeFile(f"refused as a decompression bomb: {error}") from error
    except _DAMAGE as error:
        raise CorruptFile(f"damaged {name} file: {error or type(error).__name__}") from error


def _eight_bits(image: Image.Image) -> Image.Image:
    """An image that `convert` reduces to RGB or grey without loss of range and without a warning."""
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format in ("PNG", "PPM")):
        # The high byte, as Pillow itself takes it of 16-bit RGB; its `convert` would cut everything above 255.
        return Image.fromarray((np.asarray(image).clip(0, 0xFFFF) >> 8).astype(np.uint8))
    if image.mode in ("I", "F"):
        raise UnsupportedFile(f"the pixels are 32-bit {'integers' if image.mode == 'I' else 'floats'}, for which no "
                              "value means white; save the image with 8 or 16 bits")
    return image.convert("RGBA") if "transparency" in image.info else image


def _upright(image: Image.Image, pixels: Image.Image) -> Image.Image:
    method = _UPRIGHT.get(_orientation(image))
    return pixels if method is None else pixels.transpose(method)


def _orientation(image: Image.Image) -> int | None:
    """How the camera was held, as EXIF counts it."""
    return image.getexif().get(ExifTags.Base.Orientation)


def _not_an_image(stream: BinaryIO) -> FileError:
    stream.seek(0)
    start = stream.read(8)
    if not start:
        return CorruptFile("the file is empty")
    return UnknownFormat(f"no image that can be read ({', '.join(_AVAILABLE)}): the file begins with {start!r}; it is "
                         "of another format, or cut off right after its beginning")
