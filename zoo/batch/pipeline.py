"""Many images through one model: files are read and decoded ahead while the model computes.

Memory does not grow with the number of images: at most `ahead` prepared images wait, and as many full ones are being
decoded as there are threads. Each result belongs to its file by construction: an image and its path travel together,
position i of a batch is sample i, and an image that cannot be read leaves its position empty.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import islice

import numpy as np

from zoo.batch.rows import Row
from zoo.batch.sources import ImageSource
from zoo.batch.worker import Classifier
from zoo.engine.threads import thread_count
from zoo.errors import ConfigError, FileError

# Pillow decodes without Python's lock; more threads than this only take cores from the model.
MAX_DECODERS = 4


@dataclass(frozen=True, slots=True)
class Sample:
    """One image on its way to the model: its item of a batch, or why there is none."""

    path: str
    item: np.ndarray | None = None
    error: str | None = None


def classify(sources: Sequence[ImageSource], classifier: Classifier, *, batch_size: int = 32,
             decoders: int | None = None) -> Iterator[Row]:
    """One row for each source, in order, as soon as its batch is computed.

    All batches have the same size, so that the model is compiled once: the last one is filled up with zeros, whose
    results are dropped.

    Args:
        sources: from `zoo.batch.sources.find_images`.
        classifier: what is done with each image and batch.
        batch_size: images in one run of the model; never more than there are sources.
        decoders: threads that read and decode; as many as a run has, up to `MAX_DECODERS`, if None.

    Raises:
        ConfigError: `batch_size` is not positive.
        ShapeError: the model is no classifier.
    """
    for sample, scores in computed(sources, classifier.read, classifier.scores, classifier.item_shape,
                                   batch_size=batch_size, decoders=decoders):
        if scores is None:
            yield Row(sample.path, error=sample.error)
        elif not np.isfinite(scores).all():
            yield Row(sample.path, error="the model's output for this image is not finite")
        else:
            yield Row(sample.path, classifier.best(scores))


def computed(sources: Sequence[ImageSource], read: Callable[[str], np.ndarray],
             compute: Callable[[np.ndarray], np.ndarray], item_shape: tuple[int, ...], *, batch_size: int = 32,
             decoders: int | None = None) -> Iterator[tuple[Sample, np.ndarray | None]]:
    """Each source, in order, with the model's output for it; None if the image cannot be read.

    Args:
        sources, batch_size, decoders: as of `classify`.
        read: from a path to an item of a batch; called by several threads.
        compute: from a batch to outputs, the first axis that of the batch.
        item_shape: of what `read` gives.
    """
    if batch_size < 1:
        raise ConfigError(f"Expected a batch size of at least 1, received {batch_size}")
    size = min(batch_size, len(sources))
    decoders = decoders or min(thread_count(), MAX_DECODERS)
    with closing(read_ahead(sources, read, decoders=decoders, ahead=2 * size)) as samples:
        while group := list(islice(samples, size)):
            yield from _outputs(group, compute, (size, *item_shape))


def read_ahead(sources: Iterable[ImageSource], read: Callable[[str], np.ndarray], *, decoders: int,
               ahead: int) -> Iterator[Sample]:
    """Reads images with several threads, in order; at most `ahead` of them are read before they are asked for."""
    with ThreadPoolExecutor(decoders, thread_name_prefix="zoo-decoder") as pool:
        waiting: deque[Future[Sample]] = deque()
        try:
            for source in sources:
                waiting.append(pool.submit(_sample, source, read))
                if len(waiting) > ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:                                    # whoever stops early does not wait for images nobody will see
            for future in waiting:
                future.cancel()


def _sample(source: ImageSource, read: Callable[[str], np.ndarray]) -> Sample:
    if source.problem is not None:
        return Sample(source.path, error=source.problem)
    try:
        return Sample(source.path, read(source.path))
    except FileError as error:
        return Sample(source.path, error=str(error))


def _outputs(samples: list[Sample], compute: Callable[[np.ndarray], np.ndarray],
             shape: tuple[int, ...]) -> Iterator[tuple[Sample, np.ndarray | None]]:
    if all(sample.item is None for sample in samples):
        yield from ((sample, None) for sample in samples)
        return
    batch = np.zeros(shape, np.float32)
    for i, sample in enumerate(samples):
        if sample.item is not None:
            batch[i] = sample.item
    for sample, output in zip(samples, compute(batch)):
        yield sample, None if sample.item is None else output
