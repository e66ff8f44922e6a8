"""Where batches come from: arrays, datasets with an index, generators."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from zoo import tree
from zoo.engine import rng
from zoo.errors import ConfigError

Batch = tuple[Any, Any, Any]                                # x, y, sample weights; None where there are none


class PyDataset:
    """Base of datasets of the user: batches by index.

    A subclass writes ``__len__`` (number of batches) and ``__getitem__(i) -> (x, y[, sample_weight])``.

    Args:
        workers: threads that make batches ahead.
        use_multiprocessing: accepted for old scripts; threads are used in any case, since NumPy lets them run.
        max_queue_size: batches ahead.
    """

    def __init__(self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10):
        self.workers, self.use_multiprocessing, self.max_queue_size = workers, use_multiprocessing, max_queue_size

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} does not define __len__().")

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError(f"{type(self).__name__} does not define __getitem__().")

    def on_epoch_begin(self) -> None:
        """Called before each epoch."""

    def on_epoch_end(self) -> None:
        """Called after each epoch."""


Sequence = PyDataset                                        # its name in Keras 2


class Source:
    """Batches, epoch after epoch.

    Attributes:
        steps: batches in an epoch, None if not known.
    """

    steps: int | None = None

    def epoch(self) -> Iterator[Batch]:
        """The batches of one epoch."""
        raise NotImplementedError

    def example(self) -> Batch:
        """A batch to see shapes by; the epochs still have it."""
        raise NotImplementedError


class Arrays(Source):
    """Slices of arrays, in a new random order each epoch if asked for."""

    def __init__(self, x: Any, y: Any, sample_weight: Any, batch_size: int, shuffle: bool):
        self.data = tuple(tree.map(as_array, part) if part is not None else None for part in (x, y, sample_weight))
        self.size = samples(self.data)
        self.batch_size, self.shuffle = batch_size, shuffle
        self.steps = -(-self.size // batch_size)

    def epoch(self) -> Iterator[Batch]:
        """Slices; the last one may be smaller."""
        order = np.random.Generator(np.random.Philox(rng.draw_seed())).permutation(self.size) if self.shuffle else None
        for start in range(0, self.size, self.batch_size):
            yield self.take(slice(start, start + self.batch_size) if order is None else
                            order[start:start + self.batch_size])

    def take(self, part: slice | np.ndarray) -> Batch:
        """Some samples, by their numbers."""
        return tree.map(lambda leaf: None if leaf is None else leaf[part], self.data)

    def example(self) -> Batch:
        """The first slice."""
        return self.take(slice(self.batch_size))


class Indexed(Source):
    """A `PyDataset`, or anything with a length and an index; batches are made ahead by threads."""

    def __init__(self, dataset: Any, shuffle: bool):
        self.dataset, self.shuffle, self.steps = dataset, shuffle, len(dataset)

    def epoch(self) -> Iterator[Batch]:
        """All batches, in random order if asked for."""
        getattr(self.dataset, "on_epoch_begin", lambda: None)()
        order = np.arange(self.steps)
        if self.shuffle:
            order = np.random.Generator(np.random.Philox(rng.draw_seed())).permutation(self.steps)
        ahead = max(1, getattr(self.dataset, "max_queue_size", 10))
        with ThreadPoolExecutor(max(1, getattr(self.dataset, "workers", 1))) as pool:
            indices = iter(order.tolist())
            waiting = [pool.submit(self.dataset.__getitem__, i) for i in itertools.islice(indices, ahead)]
            while waiting:
                batch = waiting.pop(0).result()
                waiting += [pool.submit(self.dataset.__getitem__, i) for i in itertools.islice(indices, 1)]
                yield unpack(batch)
        getattr(self.dataset, "on_epoch_end", lambda: None)()

    def example(self) -> Batch:
        """The first batch, made once more."""
        return unpack(self.dataset[0])


class Stream(Source):
    """An iterable of batches: iterated anew each epoch if that is possible, otherwise continued."""

    def __init__(self, batches: Iterable[Any], steps: int | None):
        self.batches = batches
        self.steps = len(batches) if steps is None and hasattr(batches, "__len__") else steps
        self.iterator = iter(batches) if iter(batches) is batches else None

    def epoch(self) -> Iterator[Batch]:
        """The next `steps` batches, or all that there are."""
        source = self.iterator if self.iterator is not None else iter(self.batches)
        taken = 0
        for batch in itertools.islice(source, self.steps) if self.steps is not None else source:
            taken += 1
            yield unpack(batch)
        if self.steps is not None and taken < self.steps and self.iterator is not None:
            raise ConfigError(f"The generator ended after {taken} batches, expected {self.steps} in each epoch: let it "
                              f"run for ever, or set steps_per_epoch.")

    def example(self) -> Batch:
        """The first batch; an iterator gets it back."""
        if self.iterator is None:
            return unpack(next(iter(self.batches)))
        batch = next(self.iterator)
        self.iterator = itertools.chain([batch], self.iterator)
        return unpack(batch)


class Counted(Source):
    """So many batches of another source, which begins anew when it ends.

    Args:
        source: has epochs of its own.
        steps: batches in an epoch of this one.
        continuing: whether an epoch goes on where the last one stopped, as in training; else it starts anew.
    """

    def __init__(self, source: Source, steps: int, continuing: bool):
        self.source, self.steps, self.continuing = source, steps, continuing
        self._rest = self._endless()

    def _endless(self) -> Iterator[Batch]:
        batch = None
        while True:
            for batch in self.source.epoch():
                yield batch
            if batch is None:
                raise ConfigError("The data have no batches.")

    def epoch(self) -> Iterator[Batch]:
        """The next batches."""
        if not self.continuing:
            self._rest = self._endless()
        return itertools.islice(self._rest, self.steps)

    def example(self) -> Batch:
        """That of the source."""
        return self.source.example()


def source(x: Any, y: Any = None, sample_weight: Any = None, *, batch_size: int | None = None, shuffle: bool = False,
           steps: int | None = None, continuing: bool = False) -> Source:
    """The source for whatever `fit`, `evaluate` or `predict` are given.

    Args:
        x, y, sample_weight: arrays or nests of arrays; or x alone a dataset or an iterable.
        batch_size: of arrays; 32 if None.
        shuffle: whether each epoch has an order of its own.
        steps: batches in an epoch, if these are not all.
        continuing: whether epochs of fewer batches than there are go on where the last one stopped.

    Raises:
        ConfigError: arrays of different lengths, none at all, or targets beside a dataset that has its own.
    """
    if isinstance(x, Source):
        return x
    if is_arrays(x):
        return _counted(Arrays(x, y, sample_weight, batch_size or 32, shuffle), steps, continuing)
    if y is not None or sample_weight is not None:
        raise ConfigError(f"{type(x).__name__} yields its own targets and weights: give neither y nor sample_weight.")
    if hasattr(x, "__getitem__") and hasattr(x, "__len__"):
        return _counted(Indexed(x, shuffle and isinstance(x, PyDataset)), steps, continuing)
    if hasattr(x, "__iter__"):
        return Stream(x, steps) if iter(x) is x else _counted(Stream(x, None), steps, continuing)
    raise ConfigError(f"Expected arrays, a PyDataset or an iterable of batches, received {type(x).__name__}.")


def _counted(source: Source, steps: int | None, continuing: bool) -> Source:
    return source if steps is None else Counted(source, steps, continuing)


def is_arrays(x: Any) -> bool:
    """Whether it is an array, or a nest of arrays, rather than a source of batches."""
    if isinstance(x, (list, tuple, dict)):
        return all(leaf is None or isinstance(leaf, (int, float, bool, str)) or is_arrays(leaf)
                   for leaf in tree.leaves(x))
    return hasattr(x, "shape") or hasattr(x, "__array__")


def as_array(leaf: Any) -> Any:
    """The leaf as an array; float64 stays what it is until a model's input casts it."""
    return leaf if leaf is None or hasattr(leaf, "shape") and hasattr(leaf, "dtype") and not hasattr(leaf, "columns") \
        else np.asarray(leaf)


def samples(nest: Any) -> int:
    """Length of the first axis of all arrays.

    Raises:
        ConfigError: there are none, or they differ.
    """
    sizes = {len(leaf) for leaf in tree.leaves(nest) if leaf is not None}
    if len(sizes) != 1 or sizes == {0}:
        raise ConfigError(f"Expected arrays with the same, positive number of samples, received {sorted(sizes)}.")
    return sizes.pop()


def unpack(batch: Any) -> Batch:
    """``(x, y, sample_weight)`` of what a generator yields: a tuple of up to three, or x alone."""
    parts = batch if isinstance(batch, tuple) else (batch,)
    if len(parts) > 3:
        raise ConfigError(f"A batch is x, (x, y) or (x, y, sample_weight); received a tuple of {len(parts)}.")
    return tuple(tree.map(as_array, part) if part is not None else None for part in (*parts, None, None)[:3])


def parts(batch: Any) -> tuple[Any, Any, Any]:
    """``(x, y, sample_weight)`` of what `packed` gives, as it is."""
    found = batch if isinstance(batch, tuple) else (batch,)
    return (*found, None, None)[:3]


def packed(x: Any, y: Any, sample_weight: Any) -> Any:
    """A batch as short as it can be: x alone, ``(x, y)`` or ``(x, y, sample_weight)``."""
    if sample_weight is not None:
        return x, y, sample_weight
    if y is not None:
        return x, y
    return (x,) if isinstance(x, (tuple, list)) else x


def split(nest: Any, fraction: float) -> tuple[Any, Any]:
    """The first and the last samples, the latter a `fraction` of all.

    Raises:
        ConfigError: the fraction is not between 0 and 1, or leaves one side empty.
    """
    arrays = tree.map(as_array, nest)
    size = samples(arrays)
    at = int(size * (1 - fraction))
    if not 0 < fraction < 1 or at in (0, size):
        raise ConfigError(f"validation_split must leave samples on both sides; received {fraction} for {size} samples.")
    return (tree.map(lambda leaf: None if leaf is None else leaf[:at], arrays),
            tree.map(lambda leaf: None if leaf is None else leaf[at:], arrays))
