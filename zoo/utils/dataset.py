"""Data that can be gone through again and again, changed on the way."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from zoo import tree
from zoo.config import config
from zoo.engine import rng
from zoo.errors import ConfigError

_END = object()


class Dataset:
    """Elements that each iteration yields anew: samples, or batches of them.

    The methods give new datasets, in the words of `tf.data`. `fit`, `evaluate` and `predict` take one of batches.

    Args:
        iterate: starts an iteration.
        length: number of elements, None if not known.
        notes: attributes that datasets made from this one have too, as ``class_names`` and ``file_paths``.

    Example:
        >>> numbers = Dataset(lambda: iter(range(5)), 5)
        >>> [batch.tolist() for batch in numbers.map(lambda n: n * n).batch(2)]
        [[0, 1], [4, 9], [16]]
    """

    def __init__(self, iterate: Callable[[], Iterator[Any]], length: int | None = None,
                 notes: dict[str, Any] | None = None):
        self._iterate, self._length, self._notes = iterate, length, notes or {}
        vars(self).update(self._notes)

    @classmethod
    def of_samples(cls, load: Callable[[int], Any], size: int, shuffle: bool = False, seed: int | None = None,
                   workers: int | None = None, notes: dict[str, Any] | None = None) -> Dataset:
        """Samples by number, loaded ahead by threads.

        Args:
            load: gives a sample.
            size: how many there are.
            shuffle: whether each iteration has another order.
            seed: of these orders; drawn anew for each one if None.
            workers: threads; those of `zoo.config`, or four, if None.
            notes: attributes.
        """
        rounds = itertools.count()

        def iterate() -> Iterator[Any]:
            order = permutation(size, seed, next(rounds)) if shuffle else range(size)
            return ahead(load, order, workers or config.threads or 4)
        return cls(iterate, size, notes)

    def _derived(self, iterate: Callable[[], Iterator[Any]], length: int | None) -> Dataset:
        return Dataset(iterate, length, self._notes)

    def __iter__(self) -> Iterator[Any]:
        return self._iterate()

    def __len__(self) -> int:
        if self._length is None:
            raise TypeError("The length of this dataset is not known.")
        return self._length

    def cardinality(self) -> int:
        """Number of elements, -2 if not known (as in `tf.data`)."""
        return -2 if self._length is None else self._length

    def as_numpy_iterator(self) -> Iterator[Any]:
        """The elements."""
        return iter(self)

    # ---- other datasets

    def map(self, function: Callable[..., Any], num_parallel_calls: int | None = None) -> Dataset:
        """The function's results; it takes the parts of an element that is a tuple.

        Args:
            function: takes and gives arrays.
            num_parallel_calls: threads that compute ahead; none if None.
        """
        def apply(element: Any) -> Any:
            return function(*element) if isinstance(element, tuple) else function(element)
        if num_parallel_calls is None:
            return self._derived(lambda: map(apply, self), self._length)
        return self._derived(lambda: ahead(apply, self, num_parallel_calls if num_parallel_calls > 0 else 4),
                             self._length)

    def batch(self, batch_size: int, drop_remainder: bool = False) -> Dataset:
        """So many elements stacked; the last batch may be smaller, or is dropped."""
        _positive(batch_size, "batch_size")
        length = self._length
        if length is not None:
            length = length // batch_size if drop_remainder else -(-length // batch_size)

        def iterate() -> Iterator[Any]:
            elements = iter(self)
            while group := list(itertools.islice(elements, batch_size)):
                if len(group) == batch_size or not drop_remainder:
                    yield stacked(group)
        return self._derived(iterate, length)

    def unbatch(self) -> Dataset:
        """The elements that were stacked."""
        def iterate() -> Iterator[Any]:
            for batch in self:
                count = len(next(leaf for leaf in tree.leaves(batch) if leaf is not None))
                yield from (tree.map(lambda leaf, i=i: None if leaf is None else leaf[i], batch) for i in range(count))
        return self._derived(iterate, None)

    def take(self, count: int) -> Dataset:
        """The first elements."""
        return self._derived(lambda: itertools.islice(self, count), None if self._length is None else
                             min(count, self._length))

    def skip(self, count: int) -> Dataset:
        """All but the first elements."""
        return self._derived(lambda: itertools.islice(self, count, None), None if self._length is None else
                             max(self._length - count, 0))

    def repeat(self, count: int | None = None) -> Dataset:
        """The elements so many times, or for ever."""
        rounds = (lambda: itertools.repeat(self)) if count is None else (lambda: itertools.repeat(self, count))
        return self._derived(lambda: itertools.chain.from_iterable(rounds()),
                             None if count is None or self._length is None else count * self._length)

    def shuffle(self, buffer_size: int, seed: int | None = None, reshuffle_each_iteration: bool = True) -> Dataset:
        """The elements in random order, drawn from a buffer of so many."""
        _positive(buffer_size, "buffer_size")
        rounds, fixed = itertools.count(), rng.draw_seed() if seed is None and not reshuffle_each_iteration else seed

        def iterate() -> Iterator[Any]:
            draw, elements = generator(fixed, next(rounds) if reshuffle_each_iteration else 0), iter(self)
            buffer = list(itertools.islice(elements, buffer_size))
            for element in elements:
                i = int(draw.integers(len(buffer)))
                chosen, buffer[i] = buffer[i], element
                yield chosen
            yield from (buffer[i] for i in draw.permutation(len(buffer)))
        return self._derived(iterate, self._length)

    def prefetch(self, buffer_size: int) -> Dataset:
        """The elements, so many of them made ahead by a thread; a negative number for two."""
        def iterate() -> Iterator[Any]:
            elements = iter(self)
            steps = itertools.takewhile(lambda element: element is not _END, ahead(
                lambda _: next(elements, _END), itertools.repeat(None), 1, buffer_size if buffer_size > 0 else 2))
            yield from steps
        return self._derived(iterate, self._length)

    def cache(self) -> Dataset:
        """The elements, kept in memory by the first complete iteration."""
        kept: list[Any] = []
        complete = False

        def iterate() -> Iterator[Any]:
            nonlocal kept, complete
            if complete:
                yield from kept
                return
            seen = []
            for element in self:
                seen.append(element)
                yield element
            kept, complete = seen, True
        return self._derived(iterate, self._length)

    def __repr__(self) -> str:
        return f"<Dataset of {'an unknown number of' if self._length is None else self._length} elements>"


def ahead(function: Callable[[Any], Any], items: Iterable[Any], workers: int,
          depth: int | None = None) -> Iterator[Any]:
    """The function's results in order, computed by threads before they are asked for.

    Args:
        function: is called in other threads.
        items: what it is called on.
        workers: how many threads.
        depth: how many results may wait; four for each thread if None.
    """
    remaining, waiting = iter(items), deque()
    with ThreadPoolExecutor(workers) as pool:
        try:
            waiting.extend(pool.submit(function, item) for item in itertools.islice(remaining, depth or 4 * workers))
            while waiting:
                result = waiting.popleft().result()
                waiting.extend(pool.submit(function, item) for item in itertools.islice(remaining, 1))
                yield result
        finally:
            for future in waiting:
                future.cancel()


def stacked(elements: list[Any]) -> Any:
    """Elements of one structure as one batch; texts become an array of objects."""
    def stack(*leaves: Any) -> Any:
        if leaves[0] is None:
            return None
        return np.array(leaves, object) if isinstance(leaves[0], str) else np.stack([np.asarray(x) for x in leaves])
    return tree.map(stack, *elements)


def generator(seed: int | None, turn: int = 0) -> np.random.Generator:
    """Random numbers: those of the seed's n-th turn, or new ones without a seed."""
    return np.random.Generator(np.random.Philox(rng.draw_seed() if seed is None else [seed, turn]))


def permutation(size: int, seed: int | None, turn: int) -> list[int]:
    """A random order."""
    return generator(seed, turn).permutation(size).tolist()


def _positive(number: int, name: str) -> None:
    if not isinstance(number, int) or number < 1:
        raise ConfigError(f"`{name}` must be a positive integer. Received: {name}={number!r}")
