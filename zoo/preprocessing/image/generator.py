"""`ImageDataGenerator`: random changes and normalisation of images, batch after batch."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from zoo.config import config
from zoo.errors import ConfigError, ShapeError
from zoo.preprocessing.image.affine import apply_affine_transform
from zoo.preprocessing.image.changes import apply_brightness_shift, apply_channel_shift, drawn_shift, flip_axis
from zoo.preprocessing.image.iterators import DataFrameIterator, DirectoryIterator, NumpyArrayIterator

_EPSILON = 1e-6                                             # added to standard deviations
AXES = {"channels_last": (1, 2, 3), "channels_first": (2, 3, 1)}                       # rows, columns, channels


class ImageDataGenerator:
    """Changes images at random and normalises them.

    Args:
        featurewise_center, featurewise_std_normalization: whether the mean of the data that `fit` saw is subtracted,
            and whether it is divided by their standard deviation; both of each channel.
        samplewise_center, samplewise_std_normalization: likewise with those of the image itself.
        zca_whitening, zca_epsilon: whether correlations between pixels, as `fit` saw them, are taken away.
        rotation_range: greatest angle in degrees.
        width_shift_range, height_shift_range: greatest shift of columns, of rows (tf.keras takes one for the other):
            a share below 1, pixels, or a list of pixels.
        brightness_range: factors of the brightness, (least, greatest).
        shear_range: greatest angle in degrees.
        zoom_range: greatest change of size, or (least, greatest) factor.
        channel_shift_range: greatest number to add to all values.
        fill_mode, cval, interpolation_order: as of `apply_affine_transform`.
        horizontal_flip, vertical_flip: whether half of the images are flipped.
        rescale: factor of the values.
        preprocessing_function: called on each changed image.
        data_format: ``channels_last`` or ``channels_first``.
        validation_split: share of the first samples that the subset ``validation`` has.
        dtype: of the results.

    Raises:
        ConfigError: an argument makes no sense.
    """

    def __init__(self, featurewise_center: bool = False, samplewise_center: bool = False,
                 featurewise_std_normalization: bool = False, samplewise_std_normalization: bool = False,
                 zca_whitening: bool = False, zca_epsilon: float = 1e-6, rotation_range: float = 0,
                 width_shift_range: Any = 0.0, height_shift_range: Any = 0.0,
                 brightness_range: Sequence[float] | None = None, shear_range: float = 0.0, zoom_range: Any = 0.0,
                 channel_shift_range: float = 0.0, fill_mode: str = "nearest", cval: float = 0.0,
                 horizontal_flip: bool = False, vertical_flip: bool = False, rescale: float | None = None,
                 preprocessing_function: Callable[[np.ndarray], np.ndarray] | None = None,
                 data_format: str | None = None, validation_split: float = 0.0, interpolation_order: int = 1,
                 dtype: Any = None):
        self.zca_whitening, self.zca_epsilon = zca_whitening, zca_epsilon
        self.featurewise_center = featurewise_center or featurewise_std_normalization or zca_whitening
        self.featurewise_std_normalization = featurewise_std_normalization and not zca_whitening
        self.samplewise_center = samplewise_center or samplewise_std_normalization
        self.samplewise_std_normalization = samplewise_std_normalization
        self.rotation_range, self.shear_range = rotation_range, shear_range
        self.width_shift_range, self.height_shift_range = width_shift_range, height_shift_range
        self.brightness_range, self.channel_shift_range = brightness_range, channel_shift_range
        self.zoom_range = [1 - zoom_range, 1 + zoom_range] if np.ndim(zoom_range) == 0 else list(zoom_range)
        self.fill_mode, self.cval, self.interpolation_order = fill_mode, cval, interpolation_order
        self.horizontal_flip, self.vertical_flip = horizontal_flip, vertical_flip
        self.rescale, self.preprocessing_function = rescale, preprocessing_function
        self.data_format = data_format or config.image_data_format
        self.validation_split, self.dtype = validation_split, dtype or config.floatx
        self.mean: np.ndarray | None = None
        self.std: np.ndarray | None = None
        self.zca_whitening_matrix: np.ndarray | None = None
        self._check()
        self.row_axis, self.col_axis, self.channel_axis = AXES[self.data_format]

    def _check(self) -> None:
        if self.data_format not in AXES:
            raise ConfigError(f"`data_format` must be one of {', '.join(AXES)}. Received: {self.data_format!r}")
        if self.validation_split and not 0 < self.validation_split < 1:
            raise ConfigError(f"`validation_split` must be between 0 and 1. Received: {self.validation_split!r}")
        for name, pair in (("zoom_range", self.zoom_range), ("brightness_range", self.brightness_range)):
            if pair is not None and len(pair) != 2:
                raise ConfigError(f"`{name}` must be two numbers. Received: {name}={pair!r}")

    # ---- batches

    def flow(self, x: Any, y: Any = None, batch_size: int = 32, shuffle: bool = True, sample_weight: Any = None,
             seed: int | None = None, save_to_dir: str | None = None, save_prefix: str = "", save_format: str = "png",
             ignore_class_split: bool = False, subset: str | None = None) -> NumpyArrayIterator:
        """Batches of changed images from an array; see `NumpyArrayIterator`."""
        return NumpyArrayIterator(x, y, self, batch_size, shuffle, sample_weight, seed, self.data_format, save_to_dir,
                                  save_prefix, save_format, subset, ignore_class_split, self.dtype)

    def flow_from_directory(self, directory: str | os.PathLike[str], **options: Any) -> DirectoryIterator:
        """Batches of changed images from a folder; the options are those of `DirectoryIterator`."""
        return DirectoryIterator(directory, self, **{"data_format": self.data_format, "dtype": self.dtype, **options})

    def flow_from_dataframe(self, dataframe: Any, directory: str | os.PathLike[str] | None = None,
                            **options: Any) -> DataFrameIterator:
        """Batches of changed images named in a pandas table; the options are those of `DataFrameIterator`."""
        return DataFrameIterator(dataframe, directory, self, **{"data_format": self.data_format, "dtype": self.dtype,
                                                                **options})

    # ---- one image

    def standardize(self, x: np.ndarray) -> np.ndarray:
        """An image (or a batch) normalised as the arguments say; float arrays are changed in place."""
        x = x if self.preprocessing_function is None else self.preprocessing_function(x)
        if self.rescale:
            x *= self.rescale
        if self.samplewise_center:
            x -= np.mean(x, keepdims=True)
        if self.samplewise_std_normalization:
            x /= np.std(x, keepdims=True) + _EPSILON
        if self.featurewise_center and self._is_fitted(self.mean, "featurewise_center"):
            x -= self.mean
        if self.featurewise_std_normalization and self._is_fitted(self.std, "featurewise_std_normalization"):
            x /= self.std + _EPSILON
        if self.zca_whitening and self._is_fitted(self.zca_whitening_matrix, "zca_whitening"):
            x = (x.reshape(-1, int(np.prod(x.shape[-3:]))) @ self.zca_whitening_matrix).reshape(x.shape)
        return x

    def _is_fitted(self, statistic: Any, name: str) -> bool:
        if statistic is None:
            warnings.warn(f"ImageDataGenerator: {name} needs statistics of the data: call fit(x) before. The images "
                          f"are left without it.", stacklevel=4)
        return statistic is not None

    def get_random_transform(self, img_shape: tuple[int, ...], seed: int | None = None) -> dict[str, Any]:
        """Random parameters of one change, drawn from NumPy's global generator in Keras's order.

        Args:
            img_shape: of the image.
            seed: for that generator.
        """
        if seed is not None:
            np.random.seed(seed)

        def drawn(reach: float) -> float:
            return np.random.uniform(-reach, reach) if reach else 0.0
        theta = drawn(self.rotation_range)
        ty = drawn_shift(self.height_shift_range, img_shape[self.row_axis - 1])
        tx = drawn_shift(self.width_shift_range, img_shape[self.col_axis - 1])
        shear = drawn(self.shear_range)
        zx, zy = (1, 1) if self.zoom_range == [1, 1] else np.random.uniform(*self.zoom_range, 2)
        flips = [bool(np.random.random() < 0.5) and wanted for wanted in (self.horizontal_flip, self.vertical_flip)]
        intensity = drawn(self.channel_shift_range) if self.channel_shift_range else None
        brightness = None if self.brightness_range is None else np.random.uniform(*self.brightness_range)
        return {"theta": theta, "tx": tx, "ty": ty, "shear": shear, "zx": zx, "zy": zy, "flip_horizontal": flips[0],
                "flip_vertical": flips[1], "channel_shift_intensity": intensity, "brightness": brightness}

    def apply_transform(self, x: np.ndarray, transform_parameters: dict[str, Any]) -> np.ndarray:
        """An image changed by parameters as `get_random_transform` gives them; those left out change nothing."""
        given = transform_parameters.get
        row, column, channel = self.row_axis - 1, self.col_axis - 1, self.channel_axis - 1
        x = apply_affine_transform(x, given("theta", 0), given("tx", 0), given("ty", 0), given("shear", 0),
                                   given("zx", 1), given("zy", 1), row, column, channel, self.fill_mode, self.cval,
                                   self.interpolation_order)
        if given("channel_shift_intensity") is not None:
            x = apply_channel_shift(x, given("channel_shift_intensity"), channel)
        x = flip_axis(x, column) if given("flip_horizontal") else x
        x = flip_axis(x, row) if given("flip_vertical") else x
        return x if given("brightness") is None else apply_brightness_shift(x, given("brightness"), scale=False)

    def random_transform(self, x: np.ndarray, seed: int | None = None) -> np.ndarray:
        """An image changed at random."""
        return self.apply_transform(x, self.get_random_transform(x.shape, seed))

    def fit(self, x: Any, augment: bool = False, rounds: int = 1, seed: int | None = None) -> None:
        """Computes the statistics that normalisation needs.

        Args:
            x: images (samples, rows, columns, channels), or as `data_format` says.
            augment: whether they are changed at random before.
            rounds: how often they are then used.
            seed: for NumPy's global generator.
        """
        x = np.array(x, self.dtype)
        if x.ndim != 4:
            raise ShapeError(f"ImageDataGenerator.fit: expected images of rank 4, received shape {x.shape}.")
        if seed is not None:
            np.random.seed(seed)
        x = x * self.rescale if self.rescale else x
        if augment:
            x = np.stack([self.random_transform(image) for _ in range(rounds) for image in x])
        axes, shape = (0, self.row_axis, self.col_axis), [1, 1, 1]
        shape[self.channel_axis - 1] = x.shape[self.channel_axis]
        if self.featurewise_center:
            self.mean = np.mean(x, axis=axes).reshape(shape)
            x = x - self.mean
        if self.featurewise_std_normalization:
            self.std = np.std(x, axis=axes).reshape(shape)
            x = x / (self.std + _EPSILON)
        if self.zca_whitening:
            u, s, _ = np.linalg.svd(x.reshape(len(x), -1).T, full_matrices=False)
            self.zca_whitening_matrix = (u * (np.sqrt(len(x)) / (s + self.zca_epsilon))) @ u.T
