"""Datasets of images and texts in folders."""

from __future__ import annotations

import os
import wave
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from zoo import ops
from zoo.config import config
from zoo.errors import ConfigError, CorruptFile, UnsupportedFile
from zoo.utils.dataset import Dataset
from zoo.utils.image_files import MODES, img_to_array, load_img
from zoo.utils.labelled_files import datasets, find

IMAGES = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
INTERPOLATIONS = ("bilinear", "nearest", "bicubic", "area", "lanczos3", "lanczos5")
Found = Dataset | tuple[Dataset, Dataset]


def image_dataset_from_directory(directory: str | os.PathLike[str], labels: Any = "inferred",
                                 label_mode: str | None = "int", class_names: Sequence[str] | None = None,
                                 color_mode: str = "rgb", batch_size: int | None = 32,
                                 image_size: int | tuple[int, int] = (256, 256), shuffle: bool = True,
                                 seed: int | None = None, validation_split: float | None = None,
                                 subset: str | None = None, interpolation: str = "bilinear",
                                 follow_links: bool = False, crop_to_aspect_ratio: bool = False,
                                 pad_to_aspect_ratio: bool = False, data_format: str | None = None,
                                 verbose: bool = True) -> Found:
    """Batches of images from a folder, decoded and resized by threads.

    Args:
        directory: with one folder for each class.
        labels: ``inferred`` from the folders; a list with the label of each file in alphabetic order; or None.
        label_mode: targets are ``int`` numbers, ``categorical`` one-hot rows, ``binary`` (batch, 1) floats; or None.
        class_names: which folders are classes, in this order.
        color_mode: ``rgb``, ``rgba`` or ``grayscale``.
        batch_size: None for single images.
        image_size: (rows, columns).
        shuffle: whether each iteration has a random order; the first order of the files is Keras's for that seed.
        seed: of the order.
        validation_split: share of the files for validation.
        subset: ``training``, ``validation``, or ``both`` for two datasets.
        interpolation: ``bilinear``, ``nearest``, ``bicubic``, ``area``, ``lanczos3`` or ``lanczos5``.
        follow_links: whether to enter folders by links.
        crop_to_aspect_ratio: whether to cut the middle instead of distorting.
        pad_to_aspect_ratio: whether to add black margins instead of distorting.
        data_format: ``channels_last`` or ``channels_first``.
        verbose: whether to say how many files there are.

    Returns:
        A `Dataset` of float32 images from 0 to 255, or of (images, targets), with the attributes ``class_names`` and
        ``file_paths``; two of them for ``both``.

    Raises:
        ConfigError: the arguments do not fit together, or there are no images.
    """
    if color_mode not in MODES or interpolation not in INTERPOLATIONS:
        raise ConfigError(f"Expected a color_mode of {', '.join(MODES)} and an interpolation of "
                          f"{', '.join(INTERPOLATIONS)}. Received: {color_mode!r}, {interpolation!r}")
    size = (image_size, image_size) if isinstance(image_size, int) else tuple(image_size)
    load = partial(_image, color_mode=color_mode, size=size, interpolation=interpolation, crop=crop_to_aspect_ratio,
                   pad=pad_to_aspect_ratio, data_format=data_format or config.image_data_format)
    files = find(directory, labels if label_mode is not None else None, IMAGES, class_names, follow_links)
    return datasets(files, load, label_mode=label_mode, batch_size=batch_size, shuffle=shuffle, seed=seed,
                    validation_split=validation_split, subset=subset, verbose=verbose)


def _image(path: str, color_mode: str, size: tuple[int, int], interpolation: str, crop: bool, pad: bool,
           data_format: str) -> np.ndarray:
    pixels = img_to_array(load_img(path, color_mode), "channels_last", "float32")
    resized = ops.image.resize(pixels, size, interpolation=interpolation, crop_to_aspect_ratio=crop,
                               pad_to_aspect_ratio=pad, data_format="channels_last")
    return np.asarray(resized if data_format == "channels_last" else np.transpose(resized, (2, 0, 1)))


def text_dataset_from_directory(directory: str | os.PathLike[str], labels: Any = "inferred",
                                label_mode: str | None = "int", class_names: Sequence[str] | None = None,
                                batch_size: int | None = 32, max_length: int | None = None, shuffle: bool = True,
                                seed: int | None = None, validation_split: float | None = None,
                                subset: str | None = None, follow_links: bool = False,
                                verbose: bool = True) -> Found:
    """Batches of the contents of ``.txt`` files; arguments as of `image_dataset_from_directory`.

    Args:
        max_length: longer texts are cut off after so many bytes.
    """
    def load(path: str) -> str:
        return Path(path).read_bytes()[:max_length].decode("utf-8", "ignore" if max_length else "strict")
    files = find(directory, labels if label_mode is not None else None, (".txt",), class_names, follow_links)
    return datasets(files, load, label_mode=label_mode, batch_size=batch_size, shuffle=shuffle, seed=seed,
                    validation_split=validation_split, subset=subset, verbose=verbose)


def audio_dataset_from_directory(directory: str | os.PathLike[str], labels: Any = "inferred",
                                 label_mode: str | None = "int", class_names: Sequence[str] | None = None,
                                 batch_size: int | None = 32, sampling_rate: int | None = None,
                                 output_sequence_length: int | None = None, ragged: bool = False,
                                 shuffle: bool = True, seed: int | None = None,
                                 validation_split: float | None = None, subset: str | None = None,
                                 follow_links: bool = False, verbose: bool = True) -> Found:
    """Batches of sounds, float32 from -1 to 1 of shape (batch, samples, channels), from 16-bit ``.wav`` files.

    Args:
        sampling_rate: only None: sounds are not resampled.
        output_sequence_length: to which sounds are cut, or filled with silence; needed unless all are equally long.
        ragged: only False.

    The other arguments are those of `image_dataset_from_directory`.
    """
    if sampling_rate is not None or ragged:
        raise ConfigError("audio_dataset_from_directory: sounds are not resampled, and arrays are not ragged. "
                          f"Received: sampling_rate={sampling_rate!r}, ragged={ragged!r}")
    files = find(directory, labels if label_mode is not None else None, (".wav",), class_names, follow_links)
    return datasets(files, partial(_sound, length=output_sequence_length), label_mode=label_mode,
                    batch_size=batch_size, shuffle=shuffle, seed=seed, validation_split=validation_split,
                    subset=subset, verbose=verbose)


def _sound(path: str, length: int | None) -> np.ndarray:
    try:
        with wave.open(path, "rb") as file:
            channels, width, data = file.getnchannels(), file.getsampwidth(), file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise CorruptFile(f"{path}: this sound file cannot be read: {error}") from error
    if width != 2:
        raise UnsupportedFile(f"{path}: expected samples of 16 bits, received {8 * width}.")
    samples = np.frombuffer(data, "<i2").reshape(-1, channels).astype("float32") / 32768
    return samples if length is None else np.pad(samples[:length], ((0, max(0, length - len(samples))), (0, 0)))
