"""Decoding: every kind of file becomes upright 8-bit pixels or an error that says why."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.batch.pictures import BLUE, GREEN, RED, WHITE, bomb, corners, quarters, truncated
from zoo.batch.images import decode, middle
from zoo.errors import CorruptFile, FileError, UnknownFormat, UnsafeFile, UnsupportedFile

UPRIGHT = [RED, GREEN, BLUE, WHITE]

# EXIF orientation -> what a camera held that way stores.
STORED = {2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
          5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
          8: Image.Transpose.ROTATE_270}


@pytest.mark.parametrize("suffix", ["png", "bmp", "gif", "tiff", "webp", "ppm", "jp2"])
def test_lossless_formats_keep_every_pixel(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    quarters().save(path, **({"lossless": True} if suffix == "webp" else {}))
    assert np.array_equal(decode(path), quarters())


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA", "CMYK"])
def test_modes_become_rgb(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "a.tiff"
    original = quarters().convert(mode)
    original.save(path)
    decoded = decode(path)
    assert decoded.mode == "RGB"
    assert np.array_equal(decoded, original.convert("RGB"))


def test_transparency_is_dropped_as_keras_does(tmp_path: Path) -> None:
    Image.new("RGBA", (4, 4), (10, 20, 30, 0)).save(tmp_path / "a.png")
    assert decode(tmp_path / "a.png").getpixel((0, 0)) == (10, 20, 30)


def test_palette_with_transparent_entries(tmp_path: Path) -> None:
    image = quarters().convert("P", palette=Image.Palette.ADAPTIVE)
    image.save(tmp_path / "a.png", transparency=bytes([0, 128, 255]))
    assert corners(decode(tmp_path / "a.png")) == corners(image.convert("RGB"))


@pytest.mark.parametrize("name", ["a.png", "a.tiff", "a.pgm"])
def test_sixteen_bits_keep_their_range(tmp_path: Path, name: str) -> None:
    values = np.array([[0, 255, 256, 0x8000, 0xFFFF]], np.uint16)
    Image.fromarray(values).save(tmp_path / name)
    assert np.asarray(decode(tmp_path / name))[0, :, 1].tolist() == [0, 0, 1, 0x80, 0xFF]


@pytest.mark.parametrize("dtype", [np.int32, np.float32])
def test_pixels_without_a_range_are_refused(tmp_path: Path, dtype: type) -> None:
    Image.fromarray(np.ones((3, 3), dtype)).save(tmp_path / "a.tiff")
    with pytest.raises(UnsupportedFile, match="32-bit .* 8 or 16 bits"):
        decode(tmp_path / "a.tiff")


@pytest.mark.parametrize("suffix", ["jpg", "png", "tiff", "webp"])
@pytest.mark.parametrize("orientation", STORED)
def test_orientation_is_followed(tmp_path: Path, orientation: int, suffix: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    quarters().transpose(STORED[orientation]).save(tmp_path / f"a.{suffix}", exif=exif, quality=100)
    decoded = decode(tmp_path / f"a.{suffix}")
    assert decoded.size == (40, 20)
    assert np.abs(np.subtract(corners(decoded), UPRIGHT)).max() < 12


def test_first_frame_of_an_animation(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (5, 5), color) for color in (RED, BLUE)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert decode(tmp_path / "a.gif").getpixel((2, 2)) == RED


def test_the_suffix_does_not_matter(tmp_path: Path) -> None:
    quarters().save(tmp_path / "a.jpg", "PNG")
    assert corners(decode(tmp_path / "a.jpg")) == UPRIGHT


def test_grey(tmp_path: Path) -> None:
    quarters().save(tmp_path / "a.png")
    assert np.array_equal(decode(tmp_path / "a.png", mode="L"), quarters().convert("L"))


@pytest.mark.parametrize("content, error, message", [
    (b"", CorruptFile, "empty"),
    (b"GIF89a", UnknownFormat, "GIF89a"),
    (b"hello, world, this is no image", UnknownFormat, "hello"),
    (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", UnknownFormat, "PS-Ado"),
])
def test_what_is_no_image(tmp_path: Path, content: bytes, error: type, message: str) -> None:
    (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(error, match=message):
        decode(tmp_path / "a.jpg")


def test_truncated(tmp_path: Path) -> None:
    with pytest.raises(CorruptFile, match="damaged JPEG file: .*truncated"):
        decode(truncated(tmp_path / "a.jpg"))


def test_bomb_is_refused_before_it_is_expanded(tmp_path: Path) -> None:
    with pytest.raises(UnsafeFile, match="decompression bomb"):
        decode(bomb(tmp_path / "a.png"))


@pytest.mark.parametrize("name", [".", "missing.jpg"])
def test_what_cannot_be_opened(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileError, match="cannot be read: (Is a directory|No such file)"):
        decode(tmp_path / name)


@pytest.mark.parametrize("size, kept", [((3, 50_000), (3, 300)), ((50_000, 3), (300, 3)), ((200, 2), (200, 2))])
def test_very_long_images_are_cut_to_their_middle(size: tuple[int, int], kept: tuple[int, int]) -> None:
    image = Image.new("L", size)
    image.putpixel((size[0] // 2, size[1] // 2), 9)
    cut = middle(image)
    assert cut.size == kept
    assert cut.getpixel((kept[0] // 2, kept[1] // 2)) == 9


@pytest.mark.parametrize("content", [b"P6 0 0 255\n", b"P6 0 5 255\n",
                                     b"GIF89a\0\0\0\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\0\0\0\0\0\x02\0;"])
def test_images_without_pixels(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.ppm").write_bytes(content)
    with pytest.raises(FileError):
        decode(tmp_path / "a.ppm")


def test_damage_anywhere_is_a_file_error_or_an_image(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    noise = Image.fromarray(rng.integers(0, 255, (17, 23, 3), np.uint8))
    path, errors = tmp_path / "a", 0
    for suffix in ("JPEG", "PNG", "GIF", "WEBP", "TIFF"):
        noise.save(path, suffix)
        intact = path.read_bytes()
        for _ in range(20):
            damaged = bytearray(intact)
            for place in rng.integers(0, len(damaged), 3):
                damaged[place] = rng.integers(256)
            path.write_bytes(damaged[:rng.integers(len(damaged) // 2, len(damaged))])
            try:
                assert decode(path).mode == "RGB"
            except FileError:
                errors += 1
    assert errors > 20


@pytest.mark.parametrize(("at_least", "expected"), [(None, (160, 96)), ((81, 40), (160, 96)), ((80, 48), (80, 48)),
                                                    ((40, 24), (40, 24)), ((1, 1), (20, 12))])
def test_a_jpeg_may_be_decoded_smaller(tmp_path: Path, at_least: tuple[int, int] | None,
                                       expected: tuple[int, int]) -> None:
    picture = quarters().resize((160, 96), Image.Resampling.NEAREST)
    picture.save(tmp_path / "a.jpg", quality=95)
    picture.save(tmp_path / "a.png")
    decoded = decode(tmp_path / "a.jpg", at_least=at_least)
    assert decoded.size == expected and decode(tmp_path / "a.png", at_least=at_least).size == (160, 96)
    exact = np.asarray(picture.resize(expected, Image.Resampling.BOX), int)
    assert np.abs(np.asarray(decoded, int) - exact).mean() < 8


def test_a_jpeg_on_its_side_is_decoded_as_small_as_its_upright_form(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    quarters().resize((96, 160)).save(tmp_path / "a.jpg", exif=exif)
    assert decode(tmp_path / "a.jpg", at_least=(80, 48)).size == (80, 48)
    assert decode(tmp_path / "a.jpg", at_least=(80, 96)).size == (160, 96)
