"""Photos of ten kinds of things: 32 x 32 in colour."""

from __future__ import annotations

import os

from zoo.datasets import cifar
from zoo.datasets.local import Split, locate

ORIGIN = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz (unpacked)"


def load_data(path: str | os.PathLike[str] = "cifar-10-batches-bin") -> Split:
    """``(x_train, y_train), (x_test, y_test)`` of the folder of the binary version: uint8, labels (samples, 1)."""
    folder = locate(path, ORIGIN)
    return (cifar.read([folder / f"data_batch_{i}.bin" for i in range(1, 6)], 1, 0),
            cifar.read([folder / "test_batch.bin"], 1, 0))
