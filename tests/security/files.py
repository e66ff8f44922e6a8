"""Crafted files: what is known to have worked against somebody's reader, made anew for each test."""

from __future__ import annotations

import base64
import json
import marshal
import pathlib
import pickle
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import h5py
import numpy as np


class Runs:
    """Unpickling this calls a function."""

    def __reduce__(self) -> tuple[Any, ...]:
        return print, ("unpickled",)


def layer(class_name: str, name: str = "attack", module: str | None = "keras.layers", **config: Any) -> dict[str, Any]:
    """A layer's record as Keras 3 writes it."""
    return {"module": module, "class_name": class_name, "config": {"name": name, **config}, "registered_name": None}


def sequential(*layers: dict[str, Any], shape: tuple[int | None, ...] = (None, 4)) -> dict[str, Any]:
    """A model of these layers."""
    first = layer("InputLayer", "input", batch_shape=list(shape), dtype="float32")
    return {"module": "keras", "class_name": "Sequential", "config": {"name": "model", "layers": [first, *layers]},
            "registered_name": None}


def code(text: str = "lambda x: __import__('os').system('true')") -> str:
    """A lambda as Keras stores it."""
    return base64.b64encode(marshal.dumps(eval(text).__code__)).decode()      # noqa: S307 - of this file's own texts


def modern_lambda(name: str = "attack") -> dict[str, Any]:
    return layer("Lambda", name, function={"class_name": "__lambda__", "config": {
        "code": code(), "defaults": None, "closure": None}})


def weights(file: h5py.File) -> None:
    """Weights of one Dense layer of four inputs, as Keras 3 stores them."""
    group = file.create_group("layers/dense/vars")
    group["0"], group["1"] = np.zeros((4, 2), "f4"), np.zeros(2, "f4")


def hdf5(path: pathlib.Path, fill: Callable[[h5py.File], object]) -> bytes:
    """The bytes of an HDF5 file."""
    with h5py.File(path, "w") as file:
        fill(file)
    data = path.read_bytes()
    path.unlink()
    return data


def keras_archive(path: pathlib.Path, config: Any, fill: Callable[[h5py.File], object] = weights,
                  extra: Mapping[str, bytes] | None = None, compression: int = zipfile.ZIP_STORED) -> pathlib.Path:
    """A ``.keras`` file."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.9.0", "date_saved": "2025-01-01@00:00:00"}))
        archive.writestr("config.json", config if isinstance(config, (str, bytes)) else json.dumps(config))
        archive.writestr("model.weights.h5", hdf5(path.with_suffix(".tmp"), fill))
        for name, data in (extra or {}).items():
            archive.writestr(name, data)
    return path


def legacy(path: pathlib.Path, config: dict[str, Any] | None, fill: Callable[[h5py.File], object] = lambda file: None,
           **attributes: str) -> pathlib.Path:
    """A whole model in HDF5, as Keras 2 writes it."""
    with h5py.File(path, "w") as file:
        if config is not None:
            file.attrs["model_config"] = json.dumps(config)
        for name, value in {"keras_version": "2.3.1", "backend": "tensorflow", **attributes}.items():
            file.attrs[name] = value
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = np.zeros(0)
        fill(file)
    return path


def dense_model() -> dict[str, Any]:
    """A model without anything bad in it."""
    return sequential(layer("Dense", "dense", units=2))


def pickled() -> bytes:
    """A pickle that calls a function."""
    return pickle.dumps(Runs())
