"""Folders of small pictures, a folder for each class."""

from __future__ import annotations

import pathlib

import numpy as np
from PIL import Image


def write_pictures(root: pathlib.Path, classes: dict[str, int], size: tuple[int, int] = (6, 8)) -> None:
    """So many pictures for each class, all of one colour: red is the class, green the number inside it."""
    for k, (name, count) in enumerate(classes.items()):
        (root / name).mkdir(parents=True)
        for i in range(count):
            pixels = np.zeros((*size, 3), np.uint8)
            pixels[..., 0], pixels[..., 1] = 100 * k, 10 * i
            Image.fromarray(pixels).save(root / name / f"{i:02d}.png")
