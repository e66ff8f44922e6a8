"""Windows of a time series."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from zoo.errors import ConfigError
from zoo.utils.dataset import Dataset, permutation


def timeseries_dataset_from_array(data: Any, targets: Any, sequence_length: int, sequence_stride: int = 1,
                                  sampling_rate: int = 1, batch_size: int | None = 128, shuffle: bool = False,
                                  seed: int | None = None, start_index: int | None = None,
                                  end_index: int | None = None) -> Dataset:
    """Batches of windows over an array whose first axis is time.

    Args:
        data: (times, ...).
        targets: one for the window that starts at each time; None for windows alone.
        sequence_length: steps in a window.
        sequence_stride: between starts of windows.
        sampling_rate: between steps inside a window.
        batch_size: None for single windows.
        shuffle, seed: whether windows come in random order, new each time, and by which seed.
        start_index, end_index: only times from the first to before the second are used.

    Raises:
        ConfigError: the numbers do not fit the data.
    """
    data = np.asarray(data)
    start, end = start_index or 0, len(data) if end_index is None else end_index
    for name, value in (("sequence_length", sequence_length), ("sequence_stride", sequence_stride),
                        ("sampling_rate", sampling_rate), ("start_index", start + 1), ("end_index", end)):
        if not 0 < value <= len(data):
            raise ConfigError(f"timeseries_dataset_from_array: {name} does not fit data of length {len(data)}. "
                              f"Received: {value}")
    part, wanted = data[start:end], None if targets is None else np.asarray(targets)[start:end]
    count = len(part) - (sequence_length - 1) * sampling_rate
    starts = np.arange(0, count if targets is None else min(count, len(targets)), sequence_stride)
    window, rounds = np.arange(sequence_length) * sampling_rate, itertools.count()
    size = batch_size or 1

    def iterate() -> Iterator[Any]:
        order = starts[permutation(len(starts), seed, next(rounds))] if shuffle else starts
        for i in range(0, len(order), size):
            chosen = order[i:i + size]
            windows = part[chosen[:, None] + window]
            yield windows if wanted is None else (windows, wanted[chosen])
    batches = Dataset(iterate, -(-len(starts) // size))
    return batches if batch_size is not None else batches.unbatch()
