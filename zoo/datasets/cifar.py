"""CIFAR's binary files: records of labels and 32 x 32 colour images, channel after channel.

Source: https://www.cs.toronto.edu/~kriz/cifar.html, "Binary version".
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from zoo.config import config
from zoo.datasets.local import records

SIZE, CHANNELS = 32, 3


def read(paths: list[Path], labels: int, column: int) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels (samples, 1) of some files.

    Args:
        paths: of the files.
        labels: how many there are in a record.
        column: which of them to give.
    """
    parts = [records(path, labels, CHANNELS * SIZE * SIZE) for path in paths]
    images = np.concatenate([content for _, content in parts]).reshape(-1, CHANNELS, SIZE, SIZE)
    numbers = np.concatenate([numbers[:, column:column + 1] for numbers, _ in parts])
    return images if config.image_data_format == "channels_first" else images.transpose(0, 2, 3, 1), numbers
