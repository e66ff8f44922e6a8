"""Parts of batches and of datasets."""

from __future__ import annotations

from typing import Any

import numpy as np

from zoo import tree
from zoo.errors import ConfigError
from zoo.training import data
from zoo.utils.dataset import Dataset, permutation


def pack_x_y_sample_weight(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """The batch that a generator would yield: x, (x, y) or (x, y, sample_weight)."""
    if y is None:
        return (x,) if isinstance(x, (tuple, list)) else x
    return (x, y) if sample_weight is None else (x, y, sample_weight)


def unpack_x_y_sample_weight(batch: Any) -> tuple[Any, Any, Any]:
    """``(x, y, sample_weight)`` of a batch, None for what it lacks.

    Raises:
        ConfigError: it has more parts.
    """
    parts = tuple(batch) if isinstance(batch, (tuple, list)) else (batch,)
    if not 1 <= len(parts) <= 3:
        raise ConfigError(f"A batch is x, (x, y) or (x, y, sample_weight); received {len(parts)} parts.")
    return (*parts, None, None)[:3]


def split_dataset(dataset: Any, left_size: float | int | None = None, right_size: float | int | None = None,
                  shuffle: bool = False, seed: int | None = None) -> tuple[Dataset, Dataset]:
    """Two datasets of samples: the first ones and the last ones.

    Args:
        dataset: an array, a nest of arrays, a list of samples, or a `Dataset` (whose elements are then the samples).
        left_size, right_size: how many, or which share; one of them is enough.
        shuffle, seed: whether the samples are divided at random, and by which seed.

    Returns:
        Datasets of single samples: `Dataset.batch` makes batches for `fit`.

    Raises:
        ConfigError: a size makes no sense.
    """
    samples = _samples(dataset)
    left, right = _sizes(left_size, right_size, len(samples))
    order = permutation(len(samples), seed, 0) if shuffle else list(range(len(samples)))

    def part(chosen: list[int]) -> Dataset:
        return Dataset(lambda: iter([samples[i] for i in chosen]), len(chosen))
    return part(order[:left]), part(order[len(order) - right:])


def _samples(dataset: Any) -> list[Any]:
    if isinstance(dataset, Dataset):
        return list(dataset)
    is_nest = isinstance(dataset, dict) or isinstance(dataset, (tuple, list)) and any(np.ndim(x) for x in dataset) \
        and all(isinstance(x, (np.ndarray, dict, list, tuple)) for x in dataset)
    if not (is_nest and data.is_arrays(dataset)):
        return list(dataset)
    return [tree.map(lambda leaf, i=i: leaf[i], dataset) for i in range(data.samples(dataset))]


def _sizes(left: float | int | None, right: float | int | None, total: int) -> tuple[int, int]:
    given = {"left_size": left, "right_size": right}
    if left is None and right is None:
        raise ConfigError("split_dataset: give left_size, right_size, or both.")
    for name, size in given.items():
        if size is not None and not (0 < size < 1 if isinstance(size, float) else 0 < size < total):
            raise ConfigError(f"split_dataset: {name} must be a share between 0 and 1, or a number below {total}. "
                              f"Received: {name}={size!r}")
    counts = {name: None if size is None else int(round(size * total)) if isinstance(size, float) else size
              for name, size in given.items()}
    left_count = counts["left_size"] if counts["left_size"] is not None else total - counts["right_size"]
    right_count = counts["right_size"] if counts["right_size"] is not None else total - left_count
    if left_count + right_count > total or not left_count or not right_count:
        raise ConfigError(f"split_dataset: {left_count} and {right_count} do not fit {total} samples.")
    return left_count, right_count
