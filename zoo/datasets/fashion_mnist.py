"""Articles of clothing: 28 x 28 grey images, 10 classes."""

from __future__ import annotations

import os

from zoo.datasets.local import KERAS_FILES, Split, idx, locate


def load_data(path: str | os.PathLike[str] = "fashion-mnist") -> Split:
    """``(x_train, y_train), (x_test, y_test)`` of a folder with the four files: uint8, (samples, 28, 28) and labels."""
    folder = locate(path, f"{KERAS_FILES} (train- and t10k-images-idx3-ubyte.gz, -labels-idx1-ubyte.gz)")
    train, test = ((idx(folder / f"{part}-images-idx3-ubyte.gz"), idx(folder / f"{part}-labels-idx1-ubyte.gz"))
                   for part in ("train", "t10k"))
    return train, test
