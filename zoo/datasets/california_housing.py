"""Prices of houses in California by 8 figures."""

from __future__ import annotations

import os

from zoo.datasets.local import KERAS_FILES, Split, arrays, divided, shuffled
from zoo.errors import ConfigError

SIZES = {"large": None, "small": 600}


def load_data(version: str = "large", path: str | os.PathLike[str] = "california_housing.npz", test_split: float = 0.2,
              seed: int = 113) -> Split:
    """``(x_train, y_train), (x_test, y_test)``: floats, (samples, 8) and (samples,).

    Args:
        version: ``large``, or ``small`` for the first 600 samples.
        path: of the file.
        test_split: share for the test.
        seed: of the order.
    """
    if version not in SIZES:
        raise ConfigError(f"`version` must be one of {', '.join(SIZES)}. Received: version={version!r}")
    found = arrays(path, f"{KERAS_FILES}california_housing.npz", ("x", "y"))
    return divided(*shuffled([part[:SIZES[version]] for part in found], seed), test_split)
