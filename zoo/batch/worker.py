"""What is done with each image and with each batch; knows nothing of where images come from or rows go to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from PIL import Image

from zoo import tree
from zoo.batch import images
from zoo.batch.rows import Prediction
from zoo.errors import ConfigError, ShapeError


class BatchModel(Protocol):
    """The part of a model that is needed here."""

    def predict_on_batch(self, x: np.ndarray) -> Any:
        """Outputs for one batch."""


@dataclass(frozen=True)
class Classifier:
    """A model with all it takes to get from a file to labels.

    Args:
        model: takes one batch of images, gives (batch, classes).
        preprocess: from an upright image in `mode` to one item of a batch, float32.
        item_shape: shape of one item of a batch.
        labels: a name for each class.
        mode: of the image that `preprocess` takes: ``RGB`` or ``L`` (grey).
        top_k: how many classes to name.
        at_least: width and height of photos that are enough for `preprocess`; see `zoo.batch.images.decode`.
    """

    model: BatchModel
    preprocess: Callable[[Image.Image], np.ndarray]
    item_shape: tuple[int, ...]
    labels: Sequence[str]
    mode: str = "RGB"
    top_k: int = 5
    at_least: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if self.top_k < 1:
            raise ConfigError(f"Expected to name at least 1 class, received top_k={self.top_k}")

    def read(self, path: str) -> np.ndarray:
        """The item of a batch that the image at `path` becomes.

        Raises:
            FileError: it cannot be read as an image.
        """
        return self.preprocess(images.middle(images.decode(path, mode=self.mode, at_least=self.at_least)))

    def scores(self, batch: np.ndarray) -> np.ndarray:
        """The outputs for one batch, (batch, classes).

        Raises:
            ShapeError: the model gives something else.
        """
        outputs = tree.leaves(self.model.predict_on_batch(batch))
        expected, shapes = (len(batch), len(self.labels)), [np.shape(output) for output in outputs]
        if shapes != [expected]:
            raise ShapeError(f"Expected scores of shape (batch, classes) = {expected}, received {shapes}: this model "
                             "is no classifier of images, or the labels are those of another one")
        return np.asarray(outputs[0])

    def best(self, scores: np.ndarray) -> tuple[Prediction, ...]:
        """The classes with the highest scores, highest first; of equal ones the first class first.

        Args:
            scores: of one image, (classes,).
        """
        order = np.argsort(-scores.astype(np.float64), kind="stable")[:self.top_k]
        return tuple(Prediction(int(i), self.labels[i], _shortest(scores[i])) for i in order)


def _shortest(score: np.floating) -> float:
    """The float whose text is as short as float32 allows: 0.1 rather than 0.10000000149."""
    return float(str(score))
