"""Small HDF5 files for the tests of this folder."""

from __future__ import annotations

import pathlib
from collections.abc import Callable

import h5py
import numpy as np

from zoo.io import hdf5
from zoo.io.limits import DEFAULT_LIMITS, Limits
from zoo.io.source import FileRange


def make(path: pathlib.Path, fill: Callable[[h5py.File], object], **options: object) -> pathlib.Path:
    """An HDF5 file that `fill` wrote into."""
    with h5py.File(path, "w", **options) as file:
        fill(file)
    return path


def read(path: pathlib.Path, limits: Limits = DEFAULT_LIMITS) -> hdf5.Group:
    """The guarded structure of a file."""
    return hdf5.read(FileRange.whole(path), limits)


def legacy_weights(file: h5py.File) -> None:
    """Weights by layer, as Keras 2 writes them."""
    file.attrs["layer_names"] = np.array([b"dense", b"relu"])
    file.attrs["backend"] = b"tensorflow"
    file.attrs["keras_version"] = b"2.2.4"
    dense = file.create_group("dense")
    dense.attrs["weight_names"] = np.array([b"dense/kernel:0", b"dense/bias:0"])
    dense["dense/kernel:0"] = np.arange(6, dtype=np.float32).reshape(2, 3)
    dense["dense/bias:0"] = np.zeros(3, np.float32)
    file.create_group("relu").attrs["weight_names"] = np.zeros(0)
