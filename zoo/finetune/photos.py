"""Photos in folders, each folder a class, and which of them are held back to validate with."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zoo.batch.sources import ImageSource, find_images, natural_key
from zoo.errors import ConfigError

FEWEST = 2                              # images of a class: one to learn from, one to validate with


@dataclass(frozen=True)
class Photos:
    """Images of known classes.

    Args:
        classes: names of the classes.
        paths: of the images.
        labels: for each image the number of its class, int32.
    """

    classes: tuple[str, ...]
    paths: tuple[str, ...]
    labels: np.ndarray

    def sources(self) -> list[ImageSource]:
        """The images, for `zoo.batch.pipeline`."""
        return [ImageSource(path) for path in self.paths]

    def part(self, chosen: np.ndarray) -> Photos:
        """Some of the images.

        Args:
            chosen: their numbers, or a boolean for each image.
        """
        numbers = np.arange(len(self.paths))[chosen]
        return Photos(self.classes, tuple(self.paths[i] for i in numbers), self.labels[numbers])

    def counts(self) -> np.ndarray:
        """How many images there are of each class."""
        return np.bincount(self.labels, minlength=len(self.classes))


def find(directory: str | os.PathLike[str]) -> Photos:
    """The images below each folder in `directory`; folders are in natural order, hidden ones are passed over.

    Raises:
        ConfigError: there are not at least two folders with at least two images each.
        OSError: the folder cannot be listed.
    """
    root = Path(directory)
    folders = sorted((entry for entry in root.iterdir() if entry.is_dir() and not entry.name.startswith(".")),
                     key=lambda entry: natural_key(entry.name))
    if len(folders) < 2:
        found = f"one, {folders[0].name!r}" if folders else "none"
        raise ConfigError(f"{root}: expected a folder of images for each class, at least two; found {found}.")
    paths = [_images(folder) for folder in folders]
    photos = Photos(tuple(folder.name for folder in folders), tuple(path for own in paths for path in own),
                    np.repeat(np.arange(len(folders), dtype=np.int32), [len(own) for own in paths]))
    require_enough(photos, f"{root}: expected at least {FEWEST} images in each folder")
    return photos


def split(photos: Photos, share: float, seed: int) -> np.ndarray:
    """Which images are for validation: of each class about the `share`, at least one and not all.

    Args:
        share: between 0 and 1.
        seed: the same images and seed give the same split; a class does not depend on how many images others have.

    Returns:
        A boolean for each image.
    """
    held_back = np.zeros(len(photos.paths), bool)
    for number in range(len(photos.classes)):
        own = np.flatnonzero(photos.labels == number)
        count = min(max(round(share * len(own)), 1), len(own) - 1)
        order = np.random.Generator(np.random.Philox([seed, number])).permutation(own)
        held_back[order[:count]] = True
    return held_back


def require_enough(photos: Photos, expectation: str) -> None:
    """Refuses classes with fewer than `FEWEST` images.

    Raises:
        ConfigError: begins with `expectation`, and names all such classes.
    """
    few = [f"{name!r} has {count}" for name, count in zip(photos.classes, photos.counts()) if count < FEWEST]
    if few:
        raise ConfigError(f"{expectation}; {', '.join(few)}.")


def _images(folder: Path) -> Sequence[str]:
    try:
        return [source.path for source in find_images([folder])]
    except ConfigError:                                     # there are none, which is counted and told with the others
        return []
