"""Handwritten digits: 28 x 28 grey images, 10 classes."""

from __future__ import annotations

import os

from zoo.datasets.local import KERAS_FILES, Split, arrays


def load_data(path: str | os.PathLike[str] = "mnist.npz") -> Split:
    """``(x_train, y_train), (x_test, y_test)`` of the file ``mnist.npz``: uint8, (samples, 28, 28) and (samples,)."""
    names = ("x_train", "y_train", "x_test", "y_test")
    x_train, y_train, x_test, y_test = arrays(path, f"{KERAS_FILES}mnist.npz", names)
    return (x_train, y_train), (x_test, y_test)
