"""Batches of images that a generator changes: from arrays, from folders, from a table of files."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator as Iterates
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from zoo.callbacks.progress import say
from zoo.config import config
from zoo.errors import ConfigError, ShapeError
from zoo.training.data import PyDataset
from zoo.utils.image_files import MODES, array_to_img, img_to_array, load_img
from zoo.utils.labelled_files import find

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".ppm", ".tif", ".tiff")
CHANNELS = {"rgb": 3, "rgba": 4, "grayscale": 1}
SUBSETS = ("training", "validation")


class Iterator(PyDataset):
    """Batches of samples, by number or one after the other without end.

    Random numbers are NumPy's global ones, in Keras's order: the same seeds give the same batches.

    Args:
        n: number of samples.
        batch_size: samples in a batch.
        shuffle: whether each epoch has another order.
        seed: of that order and of the changes.
    """

    def __init__(self, n: int, batch_size: int, shuffle: bool, seed: int | None):
        super().__init__()
        self.n, self.batch_size, self.shuffle, self.seed = n, batch_size, shuffle, seed
        self.batch_index = self.total_batches_seen = 0
        self.index_array: np.ndarray | None = None
        self.lock = threading.Lock()
        self._numbers = self._flow_index()

    def _draw_order(self) -> None:
        self.index_array = np.random.permutation(self.n) if self.shuffle else np.arange(self.n)

    def _seed(self) -> None:
        if self.seed is not None:
            np.random.seed(self.seed + self.total_batches_seen)

    def __len__(self) -> int:
        return -(-self.n // self.batch_size)

    def __getitem__(self, idx: int) -> Any:
        if not 0 <= idx < len(self):
            raise IndexError(f"There is no batch {idx}, only {len(self)}.")
        with self.lock:
            self._seed()
            self.total_batches_seen += 1
            if self.index_array is None:
                self._draw_order()
            numbers = self.index_array[self.batch_size * idx:self.batch_size * (idx + 1)]
            return self.batch(numbers)

    def on_epoch_end(self) -> None:
        """Draws the order of the next epoch."""
        self._draw_order()

    def reset(self) -> None:
        """Starts from the first batch again."""
        self.batch_index = 0

    def _flow_index(self) -> Iterates[np.ndarray]:
        self.reset()
        while True:
            self._seed()
            if self.batch_index == 0:
                self._draw_order()
            start = self.batch_index * self.batch_size % self.n if self.n else 0
            self.batch_index = self.batch_index + 1 if self.n > start + self.batch_size else 0
            self.total_batches_seen += 1
            yield self.index_array[start:start + self.batch_size]

    def __iter__(self) -> Iterator:
        return self

    def __next__(self) -> Any:
        with self.lock:
            return self.batch(next(self._numbers))

    next = __next__

    def batch(self, numbers: np.ndarray) -> Any:
        """The batch of some samples."""
        raise NotImplementedError(f"{type(self).__name__} does not define batch().")

    def _changed(self, generator: Any, x: np.ndarray) -> np.ndarray:
        """An image changed at random and normalised."""
        return generator.standardize(generator.apply_transform(x, generator.get_random_transform(x.shape)))

    def _save(self, images: np.ndarray, numbers: np.ndarray, digits: float) -> None:
        """Writes changed images as files, if asked to."""
        if not self.save_to_dir:
            return
        for image, number in zip(images, numbers):
            name = f"{self.save_prefix}_{number}_{np.random.randint(digits)}.{self.save_format}"
            array_to_img(image, self.data_format).save(os.path.join(self.save_to_dir, name))


class NumpyArrayIterator(Iterator):
    """Batches of changed images of an array.

    Args:
        x: images of rank 4; or a pair of them and further arrays (or a list of these), which are left alone.
        y: targets.
        image_data_generator: changes the images.
        batch_size, shuffle, seed: as of `Iterator`.
        sample_weight: one for each image.
        data_format: ``channels_last`` or ``channels_first``.
        save_to_dir, save_prefix, save_format: where and how to save what comes out; None for nowhere.
        subset: ``training`` or ``validation``, as the generator's ``validation_split`` divides; all if None.
        ignore_class_split: whether both subsets may have different classes.
        dtype: of the images.

    Raises:
        ShapeError: arrays differ in length, or the images are not of rank 4.
        ConfigError: an unknown subset, or the subsets have different classes.
    """

    def __init__(self, x: Any, y: Any, image_data_generator: Any, batch_size: int = 32, shuffle: bool = False,
                 sample_weight: Any = None, seed: int | None = None, data_format: str | None = None,
                 save_to_dir: str | None = None, save_prefix: str = "", save_format: str = "png",
                 subset: str | None = None, ignore_class_split: bool = False, dtype: Any = None):
        images, others = (x[0], x[1] if isinstance(x[1], list) else [x[1]]) if isinstance(x, (tuple, list)) else (x, [])
        parts = [np.asarray(images, dtype or config.floatx), *map(np.asarray, others)]
        targets = None if y is None else np.asarray(y)
        lengths = {len(part) for part in (*parts, targets, sample_weight) if part is not None}
        if parts[0].ndim != 4 or len(lengths) > 1:
            raise ShapeError(f"Expected images of rank 4, and targets and weights of one length. Received: shape "
                             f"{parts[0].shape}, lengths {sorted(lengths)}")
        chosen = _chosen(subset, image_data_generator, len(parts[0]))
        if subset is not None and targets is not None and not ignore_class_split:
            rest = [targets[_chosen(name, image_data_generator, len(targets))] for name in SUBSETS]
            if not np.array_equal(np.unique(rest[0]), np.unique(rest[1])):
                raise ConfigError("The subsets for training and validation have different classes: shuffle the arrays "
                                  "before, or pass ignore_class_split=True.")
        self.x, *self.x_misc = [part[chosen] for part in parts]
        self.y = None if targets is None else targets[chosen]
        self.sample_weight = None if sample_weight is None else np.asarray(sample_weight)[chosen]
        self.image_data_generator = image_data_generator
        self.data_format = data_format or config.image_data_format
        self.save_to_dir, self.save_prefix, self.save_format = save_to_dir, save_prefix, save_format
        super().__init__(len(self.x), batch_size, shuffle, seed)

    def batch(self, numbers: np.ndarray) -> Any:
        """Images alone, or a tuple with what else there is."""
        images = np.zeros((len(numbers), *self.x.shape[1:]), self.x.dtype)
        for i, number in enumerate(numbers):
            images[i] = self._changed(self.image_data_generator, self.x[number].copy())
        self._save(images, numbers, 1e4)
        x = [images, *(part[numbers] for part in self.x_misc)] if self.x_misc else images
        if self.y is None:
            return x
        return (x, self.y[numbers]) if self.sample_weight is None else (x, self.y[numbers], self.sample_weight[numbers])


class FileIterator(Iterator):
    """Batches of changed images from files; a subclass says which files, and which targets they have.

    Args:
        filepaths: of the images.
        classes: number of each image's class, a list of numbers where there are several, or None.
        class_indices: number of each class by its name.
        labels: targets for the modes ``raw`` and ``multi_output``.
        sample_weight: one for each image, or None.
        image_data_generator: changes the images; None leaves them.
        target_size: (rows, columns).
        color_mode: ``rgb``, ``rgba`` or ``grayscale``.
        class_mode: targets: ``categorical`` rows, ``binary`` or ``sparse`` numbers, ``input`` the images themselves,
            ``raw``, ``multi_output``, or None.
        interpolation, keep_aspect_ratio: as of `load_img`.
        The others are those of `NumpyArrayIterator`.
    """

    class_modes: tuple[str | None, ...] = ("categorical", "binary", "sparse", "input", None)

    def __init__(self, filepaths: Sequence[str], classes: Any, class_indices: dict[str, int], labels: Any,
                 sample_weight: Any, image_data_generator: Any, target_size: tuple[int, int], color_mode: str,
                 class_mode: str | None, batch_size: int, shuffle: bool, seed: int | None, data_format: str | None,
                 save_to_dir: str | None, save_prefix: str, save_format: str, interpolation: str,
                 keep_aspect_ratio: bool, dtype: Any):
        self.filepaths, self.classes, self.class_indices = list(filepaths), classes, class_indices
        self.labels, self.sample_weight = labels, sample_weight
        self.image_data_generator, self.target_size = image_data_generator, tuple(target_size)
        self.color_mode, self.class_mode = color_mode, class_mode
        self.data_format, self.dtype = data_format or config.image_data_format, dtype or config.floatx
        self.save_to_dir, self.save_prefix, self.save_format = save_to_dir, save_prefix, save_format
        self.interpolation, self.keep_aspect_ratio = interpolation, keep_aspect_ratio
        self.samples, self.num_classes = len(self.filepaths), len(class_indices)
        channels = (CHANNELS[color_mode],)
        self.image_shape = (*self.target_size, *channels) if self.data_format == "channels_last" else \
            (*channels, *self.target_size)
        super().__init__(self.samples, batch_size, shuffle, seed)

    @classmethod
    def check_modes(cls, color_mode: str, class_mode: str | None) -> None:
        """Refuses unknown modes.

        Raises:
            ConfigError: one is unknown.
        """
        if color_mode not in MODES or class_mode not in cls.class_modes:
            raise ConfigError(f"{cls.__name__}: expected a color_mode of {', '.join(MODES)} and a class_mode of "
                              f"{cls.class_modes}. Received: {color_mode!r}, {class_mode!r}")

    def batch(self, numbers: np.ndarray) -> Any:
        """Images alone, or a tuple with targets and weights."""
        images = np.zeros((len(numbers), *self.image_shape), self.dtype)
        for i, number in enumerate(numbers):
            image = load_img(self.filepaths[number], self.color_mode, self.target_size, self.interpolation,
                             self.keep_aspect_ratio)
            x = np.array(img_to_array(image, self.data_format, self.dtype))
            images[i] = x if self.image_data_generator is None else self._changed(self.image_data_generator, x)
        self._save(images, numbers, 1e7)
        if self.class_mode is None:
            return images
        targets = self._targets(images, numbers)
        return (images, targets) if self.sample_weight is None else (images, targets, self.sample_weight[numbers])

    def _targets(self, images: np.ndarray, numbers: np.ndarray) -> Any:
        if self.class_mode == "input":
            return images.copy()
        if self.class_mode == "multi_output":
            return [output[numbers] for output in self.labels]
        if self.class_mode == "raw":
            return self.labels[numbers]
        if self.class_mode != "categorical":
            return np.array([self.classes[number] for number in numbers], self.dtype)
        rows = np.zeros((len(numbers), len(self.class_indices)), self.dtype)
        for row, number in zip(rows, numbers):
            row[self.classes[number]] = 1
        return rows


class DirectoryIterator(FileIterator):
    """Batches of changed images from a folder with one folder for each class.

    Args:
        directory: the folder.
        classes: which folders are classes, in this order; all if None.
        follow_links: whether to enter folders by links.
        subset: ``training`` or ``validation``: the last or the first files of each class, as the generator divides.
        The others are those of `FileIterator`.
    """

    def __init__(self, directory: str | os.PathLike[str], image_data_generator: Any,
                 target_size: tuple[int, int] = (256, 256), color_mode: str = "rgb",
                 classes: Sequence[str] | None = None, class_mode: str | None = "categorical", batch_size: int = 32,
                 shuffle: bool = True, seed: int | None = None, data_format: str | None = None,
                 save_to_dir: str | None = None, save_prefix: str = "", save_format: str = "png",
                 follow_links: bool = False, subset: str | None = None, interpolation: str = "nearest",
                 keep_aspect_ratio: bool = False, dtype: Any = None):
        self.check_modes(color_mode, class_mode)
        found = find(directory, "inferred", SUFFIXES, classes, follow_links)
        by_class = [np.flatnonzero(found.labels == i) for i in range(len(found.class_names))]
        kept = np.concatenate([np.zeros(0, int), *(files[_chosen(subset, image_data_generator, len(files))]
                                                   for files in by_class)])
        paths = [found.paths[i] for i in kept]
        self.directory, self.filenames = directory, [os.path.relpath(path, directory) for path in paths]
        say(f"Found {len(paths)} images belonging to {len(found.class_names)} classes.")
        super().__init__(paths, found.labels[kept], {name: i for i, name in enumerate(found.class_names)}, None, None,
                         image_data_generator, target_size, color_mode, class_mode, batch_size, shuffle, seed,
                         data_format, save_to_dir, save_prefix, save_format, interpolation, keep_aspect_ratio, dtype)


class DataFrameIterator(FileIterator):
    """Batches of changed images that a pandas table names.

    Args:
        dataframe: the table.
        directory: where the files are; None if the table has whole paths.
        x_col: column of the names.
        y_col: column of the classes (texts, or lists of them) or targets; several for ``multi_output``.
        weight_col: column of the weights, or None.
        classes: names of the classes in their order; those in the table, sorted, if None.
        validate_filenames: whether rows whose file is not there, or is no image by its suffix, are left out.
        The others are those of `FileIterator` and `DirectoryIterator`.
    """

    class_modes = ("categorical", "binary", "sparse", "input", "multi_output", "raw", None)

    def __init__(self, dataframe: Any, directory: str | os.PathLike[str] | None = None,
                 image_data_generator: Any = None, x_col: str = "filename", y_col: Any = "class",
                 weight_col: str | None = None, target_size: tuple[int, int] = (256, 256),
                 color_mode: str = "rgb", classes: Sequence[str] | None = None,
                 class_mode: str | None = "categorical", batch_size: int = 32, shuffle: bool = True,
                 seed: int | None = None, data_format: str | None = None, save_to_dir: str | None = None,
                 save_prefix: str = "", save_format: str = "png", subset: str | None = None,
                 interpolation: str = "nearest", keep_aspect_ratio: bool = False, dtype: Any = None,
                 validate_filenames: bool = True):
        self.check_modes(color_mode, class_mode)
        paths = [os.path.join(directory or "", name) for name in dataframe[x_col]]
        rows = [i for i, path in enumerate(paths) if not validate_filenames or _is_image(path)]
        uses_classes = class_mode in ("categorical", "binary", "sparse")
        indices: dict[str, int] = {}
        labels = dataframe[y_col].tolist() if uses_classes else []
        if uses_classes:
            names = classes or sorted({name for i in rows for name in _names(labels[i])})
            indices = {name: i for i, name in enumerate(names)}
            rows = [i for i in rows if any(name in indices for name in _names(labels[i]))]
        if class_mode == "binary" and len(indices) != 2:
            raise ConfigError(f"class_mode='binary' needs two classes. Received: {sorted(indices)}")
        rows = rows[_chosen(subset, image_data_generator, len(rows))]
        numbers: Any = [[indices[name] for name in _names(labels[i]) if name in indices] for i in rows] \
            if uses_classes else None
        if class_mode in ("binary", "sparse"):
            numbers = [only[0] for only in numbers]
        targets = {"raw": lambda: dataframe[y_col].to_numpy()[rows],
                   "multi_output": lambda: [np.array(dataframe[column].tolist())[rows] for column in y_col]}
        self.directory, self.filenames = directory or "", [dataframe[x_col].tolist()[i] for i in rows]
        say(f"Found {len(rows)} image files" + (f" belonging to {len(indices)} classes." if uses_classes else "."))
        super().__init__([paths[i] for i in rows], numbers, indices, targets.get(class_mode, lambda: None)(),
                         dataframe[weight_col].to_numpy()[rows] if weight_col else None, image_data_generator,
                         target_size, color_mode, class_mode, batch_size, shuffle, seed, data_format, save_to_dir,
                         save_prefix, save_format, interpolation, keep_aspect_ratio, dtype)


def _chosen(subset: str | None, generator: Any, count: int) -> slice:
    """Which of so many samples a subset has: the first ones are for validation, as in Keras."""
    if subset is None:
        return slice(None)
    if subset not in SUBSETS:
        raise ConfigError(f"`subset` must be one of {', '.join(SUBSETS)}. Received: subset={subset!r}")
    at = int(generator.validation_split * count)
    return slice(at) if subset == "validation" else slice(at, None)


def _names(label: Any) -> list[str]:
    return list(label) if isinstance(label, (list, tuple)) else [label]


def _is_image(path: str) -> bool:
    return Path(path).suffix.lower() in SUFFIXES and os.path.isfile(path)
