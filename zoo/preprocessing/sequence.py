"""Sequences for models: windows of time series, pairs of words."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence as Numbers
from typing import Any

import numpy as np

from zoo.errors import ConfigError, ShapeError
from zoo.training.data import PyDataset
from zoo.utils.sequences import pad_sequences as pad_sequences

_EULER_GAMMA = 0.577                                        # as precise as the published tables have it


class TimeseriesGenerator(PyDataset):
    """Batches of windows of a time series with the target that follows each.

    Args:
        data: (times, ...).
        targets: one for each time.
        length: times that a window reaches back.
        sampling_rate: between steps inside a window.
        stride: between windows.
        start_index, end_index: the first and the last time that is used.
        shuffle: whether windows are drawn at random.
        reverse: whether windows go backwards.
        batch_size: windows in a batch.

    Raises:
        ConfigError: there is no room for a window.
        ShapeError: data and targets differ in length.
    """

    def __init__(self, data: Any, targets: Any, length: int, sampling_rate: int = 1, stride: int = 1,
                 start_index: int = 0, end_index: int | None = None, shuffle: bool = False, reverse: bool = False,
                 batch_size: int = 128):
        super().__init__()
        if len(data) != len(targets):
            raise ShapeError(f"TimeseriesGenerator: {len(data)} times in `data`, {len(targets)} in `targets`.")
        self.data, self.targets, self.length, self.sampling_rate = data, targets, length, sampling_rate
        self.stride, self.start_index = stride, start_index + length
        self.end_index = len(data) - 1 if end_index is None else end_index
        self.shuffle, self.reverse, self.batch_size = shuffle, reverse, batch_size
        if self.start_index > self.end_index:
            raise ConfigError(f"TimeseriesGenerator: a window of {length} from {start_index} on ends behind "
                              f"end_index={self.end_index}.")

    def __len__(self) -> int:
        step = self.batch_size * self.stride
        return (self.end_index - self.start_index + step) // step

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        if self.shuffle:
            ends = np.random.randint(self.start_index, self.end_index + 1, size=self.batch_size)
        else:
            first = self.start_index + self.batch_size * self.stride * index
            ends = np.arange(first, min(first + self.batch_size * self.stride, self.end_index + 1), self.stride)
        windows = np.array([self.data[end - self.length:end:self.sampling_rate] for end in ends])
        return windows[:, ::-1] if self.reverse else windows, np.array([self.targets[end] for end in ends])

    def get_config(self) -> dict[str, Any]:
        """The arguments, the data as JSON texts."""
        names = ("length", "sampling_rate", "stride", "start_index", "end_index", "shuffle", "reverse", "batch_size")
        arrays = {name: json.dumps(np.asarray(getattr(self, name)).tolist()) for name in ("data", "targets")}
        return arrays | {name: getattr(self, name) for name in names}

    def to_json(self, **json_options: Any) -> str:
        """The config as JSON."""
        return json.dumps({"class_name": type(self).__name__, "config": self.get_config()}, **json_options)


def make_sampling_table(size: int, sampling_factor: float = 1e-5) -> np.ndarray:
    """The probability to keep the word of each rank, if frequencies fall with the rank by Zipf's law.

    Args:
        size: number of ranks.
        sampling_factor: the frequency that is always kept.

    Source: Mikolov et al. 2013, https://arxiv.org/abs/1310.4546.
    """
    rank = np.maximum(np.arange(size), 1)
    inverse_frequency = rank * (np.log(rank) + _EULER_GAMMA) + 0.5 - 1 / (12 * rank)
    return np.minimum(1.0, np.sqrt(sampling_factor * inverse_frequency))


def skipgrams(sequence: Numbers[int], vocabulary_size: int, window_size: int = 4, negative_samples: float = 1.0,
              shuffle: bool = True, categorical: bool = False, sampling_table: Any = None,
              seed: int | None = None) -> tuple[list[list[int]], list[Any]]:
    """Pairs of words, of which some stand near each other and some do not.

    Args:
        sequence: of word numbers; 0 is no word.
        vocabulary_size: one more than the largest number.
        window_size: how far apart near words may be.
        negative_samples: how many random pairs there are for each near one.
        shuffle: whether the order is random.
        categorical: labels are [0, 1] for near pairs and [1, 0] for random ones, instead of 1 and 0.
        sampling_table: probability to keep a word, by its number.
        seed: of the order.

    Returns:
        The pairs, and their labels.
    """
    couples = []
    for i, word in enumerate(sequence):
        if not word or sampling_table is not None and sampling_table[word] < random.random():
            continue
        near = range(max(0, i - window_size), min(len(sequence), i + window_size + 1))
        couples += [[word, sequence[j]] for j in near if j != i and sequence[j]]
    near_label, far_label = ([0, 1], [1, 0]) if categorical else (1, 0)
    labels: list[Any] = [near_label] * len(couples)
    if negative_samples > 0:
        words = [word for word, _ in couples]
        random.shuffle(words)
        count = int(len(labels) * negative_samples)
        couples += [[words[i % len(words)], random.randint(1, int(vocabulary_size - 1))] for i in range(count)]
        labels += [far_label] * count
    if shuffle:
        seed = random.randint(0, 10 ** 7) if seed is None else seed
        for items in (couples, labels):                     # in the same order
            random.seed(seed)
            random.shuffle(items)
    return couples, labels
