"""Files in folders, each folder a class: the index that datasets of images, texts and sounds have in common."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from zoo.callbacks.progress import say
from zoo.errors import ConfigError
from zoo.utils.dataset import Dataset

LABEL_MODES = ("int", "categorical", "binary", None)
SUBSETS = ("training", "validation", "both", None)


@dataclass(frozen=True)
class LabelledFiles:
    """Files with their classes.

    Args:
        paths: of the files.
        labels: number of each file's class; None without classes.
        class_names: in the order of the numbers; None without classes.
    """

    paths: tuple[str, ...]
    labels: np.ndarray | None
    class_names: tuple[str, ...] | None

    def shuffled(self, seed: int) -> LabelledFiles:
        """In random order: the one that Keras has for that seed."""
        paths, labels = list(self.paths), None if self.labels is None else self.labels.copy()
        np.random.RandomState(seed).shuffle(paths)
        if labels is not None:
            np.random.RandomState(seed).shuffle(labels)
        return replace(self, paths=tuple(paths), labels=labels)

    def part(self, validation_split: float, subset: str) -> LabelledFiles:
        """The files for ``training``, or the last ones, for ``validation``."""
        at = len(self.paths) - int(validation_split * len(self.paths))
        chosen = slice(at) if subset == "training" else slice(at, None)
        return replace(self, paths=self.paths[chosen], labels=None if self.labels is None else self.labels[chosen])

    def encoded(self, label_mode: str | None) -> np.ndarray | None:
        """The labels as targets: int32, float32 of shape (files, 1), or one-hot rows in float32."""
        if self.labels is None or label_mode is None:
            return None
        if label_mode == "binary":
            return self.labels.astype("float32")[:, None]
        one_hot = label_mode == "categorical"
        return np.eye(len(self.class_names), dtype="float32")[self.labels] if one_hot else self.labels


def find(directory: str | os.PathLike[str], labels: Any, suffixes: Sequence[str],
         class_names: Sequence[str] | None = None, follow_links: bool = False) -> LabelledFiles:
    """The files of some suffixes in a folder and the folders in it, in alphabetic order.

    Args:
        directory: with a folder for each class if the labels are inferred.
        labels: ``inferred``, a list with the label of each file, or None.
        suffixes: in lower case.
        class_names: which folders are classes, in this order; all if None.
        follow_links: whether to enter folders by links.

    Raises:
        ConfigError: a class has no folder, or the labels are not as many as the files.
    """
    root = os.fspath(directory)
    if labels != "inferred":
        return _without_folders(root, labels, suffixes, class_names, follow_links)
    folders = sorted(entry.name for entry in os.scandir(root) if entry.is_dir() and not entry.name.startswith("."))
    missing = sorted(set(class_names or ()) - set(folders))
    if missing:
        raise ConfigError(f"{root}: the classes {missing} have no folders; there are {folders}.")
    names = tuple(class_names or folders)
    found = [[path for path in _walk(os.path.join(root, name), suffixes, follow_links)] for name in names]
    numbers = np.repeat(np.arange(len(names), dtype="int32"), [len(paths) for paths in found])
    return LabelledFiles(tuple(path for paths in found for path in paths), numbers, names)


def _without_folders(root: str, labels: Any, suffixes: Sequence[str], class_names: Any,
                     follow_links: bool) -> LabelledFiles:
    if class_names is not None:
        raise ConfigError("`class_names` says which folders are classes: it needs labels='inferred'.")
    paths = tuple(_walk(root, suffixes, follow_links))
    if labels is None:
        return LabelledFiles(paths, None, None)
    if not isinstance(labels, (list, tuple)) or len(labels) != len(paths):
        raise ConfigError(f"{root}: expected labels='inferred', None, or a list with the label of each of the "
                          f"{len(paths)} files in it. Received: labels={labels!r:.80}")
    return LabelledFiles(paths, np.asarray(labels, "int32"), tuple(map(str, sorted(set(labels)))))


def _walk(root: str, suffixes: Sequence[str], follow_links: bool) -> list[str]:
    walked = sorted(os.walk(root, followlinks=follow_links))
    return [os.path.join(folder, name) for folder, _, names in walked for name in sorted(names)
            if Path(name).suffix.lower() in suffixes]


def datasets(files: LabelledFiles, load: Callable[[str], Any], *, label_mode: str | None, batch_size: int | None,
             shuffle: bool, seed: int | None, validation_split: float | None, subset: str | None,
             verbose: bool) -> Dataset | tuple[Dataset, Dataset]:
    """Batches of loaded files and their targets: one dataset, or one for training and one for validation.

    Args:
        files: all of them.
        load: makes a sample of a path.
        label_mode: ``int``, ``categorical``, ``binary``, or None for no targets.
        batch_size: None for single samples.
        shuffle, seed: whether there is a random order, new each time, and by which seed.
        validation_split, subset: the share of the files for validation, and which part is asked for.
        verbose: whether to say how many files there are.

    Raises:
        ConfigError: the arguments do not fit together, or there are no files.
    """
    _check(files, label_mode, shuffle, seed, validation_split, subset)
    if verbose:
        classes = "" if files.class_names is None else f" belonging to {len(files.class_names)} classes"
        say(f"Found {len(files.paths)} files{classes}.")
    if shuffle:
        files = files.shuffled(int(np.random.randint(1_000_000)) if seed is None else seed)
    made = []
    for name in ("training", "validation") if subset == "both" else (subset,):
        part = files if name is None else files.part(validation_split, name)
        if name is not None and verbose:
            say(f"Using {len(part.paths)} files for {name}.")
        if not part.paths:
            raise ConfigError("There are no files" + (f" for {name}." if name else ": check the folder and suffixes."))
        again = shuffle and not (subset == "both" and name == "validation")
        made.append(_dataset(part, load, label_mode, batch_size, again, seed))
    return made[0] if len(made) == 1 else (made[0], made[1])


def _dataset(files: LabelledFiles, load: Callable[[str], Any], label_mode: str | None, batch_size: int | None,
             shuffle: bool, seed: int | None) -> Dataset:
    targets = files.encoded(label_mode)

    def sample(i: int) -> Any:
        x = load(files.paths[i])
        return x if targets is None else (x, targets[i])
    notes = {"class_names": None if files.class_names is None else list(files.class_names),
             "file_paths": list(files.paths)}
    dataset = Dataset.of_samples(sample, len(files.paths), shuffle, seed, notes=notes)
    return dataset if batch_size is None else dataset.batch(batch_size).prefetch(1)


def _check(files: LabelledFiles, label_mode: str | None, shuffle: bool, seed: int | None,
           validation_split: float | None, subset: str | None) -> None:
    if label_mode not in LABEL_MODES:
        raise ConfigError(f"`label_mode` must be one of {LABEL_MODES}. Received: label_mode={label_mode!r}")
    if label_mode == "binary" and files.class_names is not None and len(files.class_names) != 2:
        raise ConfigError(f"label_mode='binary' needs two classes. Received: {list(files.class_names)}")
    if subset not in SUBSETS or bool(validation_split) != bool(subset):
        raise ConfigError(f"`validation_split` and `subset` (one of {SUBSETS}) belong together. "
                          f"Received: validation_split={validation_split!r}, subset={subset!r}")
    if validation_split and not 0 < validation_split < 1:
        raise ConfigError(f"`validation_split` must be between 0 and 1. Received: {validation_split!r}")
    if validation_split and shuffle and seed is None:
        raise ConfigError("With `validation_split` and shuffle=True, give a `seed`: otherwise the parts would overlap.")
