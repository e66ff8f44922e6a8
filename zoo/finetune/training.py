"""The steps of a run: features of all images, a head on them, then perhaps the whole network.

The head is trained on features that are computed once, from images as they are: an epoch of it takes milliseconds,
whatever the network is. The images that train the whole network are turned, zoomed and mirrored at random. After each
epoch that is the best so far, the output is written, so that whatever ends the run, the best model is there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zoo import Model
from zoo.batch import features
from zoo.batch.features import Extractor
from zoo.callbacks import BackupAndRestore
from zoo.engine.rng import set_random_seed
from zoo.errors import ConfigError
from zoo.finetune import network, results
from zoo.finetune.network import Network
from zoo.finetune.photos import Photos, find, require_enough, split
from zoo.finetune.record import KeepBest, Record
from zoo.finetune.results import Failure, Result
from zoo.finetune.settings import THAWED_SLOWDOWN, Settings, Workplace
from zoo.io.atomic import replacing
from zoo.utils.dataset import Dataset

HEAD, WHOLE = "head", "whole network"

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Features:
    """What the frozen part of the network sees in the images.

    Args:
        vectors: (images that can be read, channels), float32.
        is_read: for each image whether it can be read.
        errors: for each image why not, empty if it can.
    """

    vectors: np.ndarray
    is_read: np.ndarray
    errors: np.ndarray


@dataclass(frozen=True)
class _Phase:
    """A part of the training: what is trained, how fast and long, and on what."""

    name: str
    model: Model
    learning_rate: float
    epochs: int
    training: tuple[Any, ...]
    validation: Any


def finetune(settings: Settings, *, overwrite: bool = False, tell: Tell = print) -> Result:
    """Teaches a network the classes of a folder of photos, and writes it.

    A run that was interrupted goes on where it was when it is asked for once more in the same way.

    Args:
        settings: what to do.
        overwrite: whether an existing output may be replaced.
        tell: takes lines about the progress.

    Raises:
        ConfigError: there are no classes, too few images, or arguments make no sense.
        FileExistsError: the output exists, and not from a run that this one goes on with.
        ZooError: the network cannot be had.
    """
    photos = find(settings.directory)
    place, record = Workplace(settings, photos), Record(settings.beside(".history.csv"))
    if place.is_resumed():
        record = Record.read(record.path)
        tell(f"going on with an interrupted run; {len(record.epochs)} epochs are done")
    elif Path(settings.output).exists() and not overwrite:
        raise FileExistsError(f"{settings.output} exists; --overwrite replaces it")
    else:
        record.path.unlink(missing_ok=True)
        place.begin()
    set_random_seed(settings.seed)
    extractor = features.choose(settings.model, variant=settings.variant, weights=settings.weights,
                                preprocess=settings.preprocess)
    for assumption in extractor.source.assumptions:
        tell(f"note: {assumption}")
    built = network.build(extractor, len(photos.classes))
    seen = _features(place, Extractor(built.images, extractor.shape), photos, settings.batch_size, tell)
    failures = [Failure(path, str(error)) for path, error in zip(photos.paths, seen.errors) if error]
    kept = photos.part(seen.is_read)
    require_enough(kept, f"{settings.directory}: expected at least 2 images in each folder that can be read")
    held_back = split(kept, settings.validation_split, settings.seed)
    for phase in (lambda: _head(built, seen.vectors, kept.labels, held_back, settings),
                  lambda: _whole(built, kept, held_back, settings)):
        set_random_seed(settings.seed)                      # each phase has its own numbers, also in a run that goes on
        _train(phase(), built, kept.classes, place, record, tell)
    result = _result(settings, kept, held_back, record, failures)
    place.end()
    return result


def _features(place: Workplace, extractor: Extractor, photos: Photos, batch_size: int, tell: Tell) -> Features:
    """The features of all images, computed unless an earlier run did."""
    if not place.features.exists():
        tell(f"{len(photos.paths)} images of {len(photos.classes)} classes; computing "
             f"{extractor.shape[0]} features of each")
        vectors = np.empty((len(photos.paths), *extractor.shape), np.float32)
        errors = []
        for sample, vector in features.extracted(photos.sources(), extractor, batch_size=batch_size):
            errors.append(sample.error or "")
            if vector is not None:
                vectors[len(errors) - 1] = vector
        with replacing(place.features) as draft, open(draft, "wb") as stream:
            np.savez(stream, vectors=vectors, errors=np.array(errors, str))
    with np.load(place.features, allow_pickle=False) as kept:
        is_read = kept["errors"] == ""
        return Features(kept["vectors"][is_read], is_read, kept["errors"])


def _head(built: Network, vectors: np.ndarray, labels: np.ndarray, held_back: np.ndarray,
          settings: Settings) -> _Phase:
    return _Phase(HEAD, built.frozen(), settings.learning_rate, settings.epochs,
                  (vectors[~held_back], labels[~held_back]), (vectors[held_back], labels[held_back]))


def _whole(built: Network, photos: Photos, held_back: np.ndarray, settings: Settings) -> _Phase:
    """The phase of the whole network; images are read anew in each epoch, so that memory does not grow with them."""
    training, validation = (_batches(built, photos.part(part), settings.batch_size, shuffle)
                            for part, shuffle in ((~held_back, True), (held_back, False)))
    return _Phase(WHOLE, built.thawed(), settings.learning_rate / THAWED_SLOWDOWN, settings.unfreeze_epochs,
                  (training,), validation)


def _batches(built: Network, photos: Photos, batch_size: int, shuffle: bool) -> Dataset:
    def sample(i: int) -> tuple[np.ndarray, np.int32]:
        return built.images.read(photos.paths[i]), photos.labels[i]
    return Dataset.of_samples(sample, len(photos.paths), shuffle).batch(batch_size).prefetch(1)


def _train(phase: _Phase, built: Network, classes: tuple[str, ...], place: Workplace, record: Record,
           tell: Tell) -> None:
    """One phase, or the rest of it; ends with the best weights so far in the network."""
    settings, output = place.settings, Path(place.settings.output)
    if not record.is_over(phase.name, phase.epochs, settings.patience):
        network.compile_for(phase.model, phase.learning_rate)
        keep = KeepBest(record, phase.name, settings.patience, lambda: built.save(output, classes), tell)
        backup = BackupAndRestore(place.backup(phase.name.split()[0]))
        phase.model.fit(*phase.training, validation_data=phase.validation, epochs=phase.epochs, verbose=0,
                        batch_size=settings.batch_size, callbacks=[keep, backup])
    if record.best() is None:
        raise ConfigError(f"The validation loss of no epoch is finite: the learning rate, "
                          f"{phase.learning_rate:g}, is too high for this network, or its preprocessing is wrong.")
    built.whole.load_weights(output)


def _result(settings: Settings, photos: Photos, held_back: np.ndarray, record: Record,
            failures: list[Failure]) -> Result:
    best = record.best()
    assert best is not None                                 # `_train` refuses to go on otherwise
    validation = photos.part(held_back)
    table = results.confusion(Path(settings.output), validation, settings.batch_size)
    results.write_confusion(settings.beside(".confusion.csv"), photos.classes, table)
    files = [Path(settings.output), record.path, settings.beside(".confusion.csv")]
    return Result(photos.classes, photos.part(~held_back).counts(), validation.counts(), table, tuple(record.epochs),
                  best, failures, files)
