"""How well the model in a file does on images that it was not trained on."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zoo.batch.classifiers import choose
from zoo.batch.pipeline import classify
from zoo.finetune.photos import Photos
from zoo.finetune.record import Epoch
from zoo.io.atomic import replacing


@dataclass(frozen=True)
class Failure:
    """An image that could not be read, and why."""

    path: str
    error: str


@dataclass(frozen=True)
class Result:
    """What a run came to.

    Args:
        classes: names of the classes.
        training, validation: numbers of images of each class.
        confusion: numbers of images for validation, (true class, class that the model names).
        epochs: of all phases.
        best: the epoch whose weights are in the file.
        unreadable: images that were left out.
        files: all that was written.
    """

    classes: tuple[str, ...]
    training: np.ndarray
    validation: np.ndarray
    confusion: np.ndarray
    epochs: Sequence[Epoch]
    best: Epoch
    unreadable: Sequence[Failure]
    files: Sequence[Path]

    @property
    def accuracies(self) -> np.ndarray:
        """For each class the share of its images that the model names rightly."""
        return np.diag(self.confusion) / self.confusion.sum(axis=1)

    @property
    def accuracy(self) -> float:
        """The share of all images."""
        return float(np.trace(self.confusion) / self.confusion.sum())


def confusion(model: Path, photos: Photos, batch_size: int) -> np.ndarray:
    """Classifies images with a model file, just as `zoo classify` does.

    Args:
        model: a file that names its classes.
        photos: images that can be read.

    Returns:
        How many images of each class (row) the model takes for each class (column).
    """
    table = np.zeros((len(photos.classes), len(photos.classes)), np.int64)
    classifier = choose(str(model), top_k=1).classifier
    for label, row in zip(photos.labels, classify(photos.sources(), classifier, batch_size=batch_size)):
        for found in row.predictions:
            table[label, found.index] += 1
    return table


def write_confusion(path: Path, classes: Sequence[str], table: np.ndarray) -> None:
    """Writes the table as CSV: a line for each true class, a column for each class that the model named."""
    with replacing(path) as draft, open(draft, "w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["class", *classes])
        writer.writerows([name, *row.tolist()] for name, row in zip(classes, table))
