"""Arrays for models: classes as vectors, vectors of length 1."""

from __future__ import annotations

from typing import Any

import numpy as np

from zoo.errors import ConfigError
from zoo.spelling import accepts, spellings


@accepts(spellings({"nb_classes": "num_classes"}))
def to_categorical(x: Any, num_classes: int | None = None) -> np.ndarray:
    """Class numbers as vectors with a 1 at that place.

    Args:
        x: integers of any shape; a last axis of size 1 is dropped.
        num_classes: length of the vectors; one more than the largest number if None.

    Returns:
        floats of shape (*x.shape, num_classes).

    Raises:
        ConfigError: a number is negative, or too large.

    Example:
        >>> to_categorical([0, 2])
        array([[1., 0., 0.],
               [0., 0., 1.]])
    """
    classes = np.asarray(x).astype("int64")
    if classes.ndim > 1 and classes.shape[-1] == 1:
        classes = classes[..., 0]
    count = int(classes.max()) + 1 if num_classes is None else num_classes
    if classes.size and not 0 <= classes.min() <= classes.max() < count:
        raise ConfigError(f"to_categorical: expected classes from 0 to {count - 1}, received {classes.min()} to "
                          f"{classes.max()}.")
    return np.eye(count)[classes]


def probas_to_classes(y_pred: Any) -> np.ndarray:
    """Classes of probabilities: the likeliest of several, or whether a single one exceeds a half; of Keras 0 and 1."""
    y_pred = np.asarray(y_pred)
    return y_pred.argmax(1) if y_pred.ndim > 1 and y_pred.shape[1] > 1 else (y_pred > 0.5).astype("int64")


def categorical_probas_to_classes(p: Any) -> np.ndarray:
    """The likeliest of several classes."""
    return np.argmax(np.asarray(p), axis=1)


def normalize(x: Any, axis: int = -1, order: float = 2) -> np.ndarray:
    """The array divided by its length along an axis; zeros stay.

    Args:
        x: an array.
        axis: along which.
        order: of the norm.
    """
    x = np.asarray(x)
    lengths = np.atleast_1d(np.linalg.norm(x, order, axis))
    return x / np.expand_dims(np.where(lengths == 0, 1, lengths), axis)
