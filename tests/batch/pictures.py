"""Image files of all kinds, made on the spot."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def quarters() -> Image.Image:
    """40 x 20 pixels: red and green above blue and white, so that every turn and mirror image can be told."""
    pixels = np.zeros((20, 40, 3), np.uint8)
    pixels[:10, :20], pixels[:10, 20:], pixels[10:, :20], pixels[10:, 20:] = RED, GREEN, BLUE, WHITE
    return Image.fromarray(pixels)


def corners(image: Image.Image) -> list[tuple[int, ...]]:
    """The pixels near the four corners: above left, above right, below left, below right."""
    right, bottom = image.width - 3, image.height - 3
    return [image.getpixel(place) for place in ((2, 2), (right, 2), (2, bottom), (right, bottom))]


def flat(path: Path, color: tuple[int, int, int], size: tuple[int, int] = (12, 9), **options: Any) -> Path:
    """An image of one colour."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, color).save(path, **options)
    return path


def truncated(path: Path) -> Path:
    """The first two thirds of a JPEG."""
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(path, "JPEG")
    data = path.read_bytes()
    path.write_bytes(data[:len(data) * 2 // 3])
    return path


def bomb(path: Path, width: int = 60_000, height: int = 60_000) -> Path:
    """A PNG of a hundred bytes whose header declares billions of pixels."""
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 99))
                     + chunk(b"IEND", b""))
    return path
