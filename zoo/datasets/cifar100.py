"""Photos of a hundred kinds of things, in twenty groups: 32 x 32 in colour."""

from __future__ import annotations

import os

from zoo.datasets import cifar
from zoo.datasets.local import Split, locate
from zoo.errors import ConfigError

ORIGIN = "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz (unpacked)"
COLUMNS = {"coarse": 0, "fine": 1}


def load_data(label_mode: str = "fine", path: str | os.PathLike[str] = "cifar-100-binary") -> Split:
    """``(x_train, y_train), (x_test, y_test)`` of the folder of the binary version: uint8, labels (samples, 1).

    Args:
        label_mode: ``fine`` for the kind, ``coarse`` for the group.
        path: of the folder.
    """
    if label_mode not in COLUMNS:
        raise ConfigError(f"`label_mode` must be one of {', '.join(COLUMNS)}. Received: label_mode={label_mode!r}")
    folder = locate(path, ORIGIN)
    train, test = (cifar.read([folder / name], 2, COLUMNS[label_mode]) for name in ("train.bin", "test.bin"))
    return train, test
