"""Prices of houses in Boston by 13 figures."""

from __future__ import annotations

import os

from zoo.datasets.local import KERAS_FILES, Split, arrays, divided, shuffled


def load_data(path: str | os.PathLike[str] = "boston_housing.npz", test_split: float = 0.2, seed: int = 113) -> Split:
    """``(x_train, y_train), (x_test, y_test)``: floats, (samples, 13) and (samples,).

    Args:
        path: of the file.
        test_split: share for the test.
        seed: of the order.
    """
    x, y = shuffled(arrays(path, f"{KERAS_FILES}boston_housing.npz", ("x", "y")), seed)
    return divided(x, y, test_split)
