"""Files as the failure modes have them: a sound file, and something that is changed in it."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np

import zoo
from zoo import layers

X = np.random.default_rng(0).normal(size=(4, 6)).astype("float32")
SEQUENCES = np.random.default_rng(1).normal(size=(2, 5, 3)).astype("float32")
IMAGES = np.random.default_rng(2).normal(size=(2, 8, 9, 3)).astype("float32")


def dense(**options: Any) -> zoo.Sequential:
    """Two dense layers."""
    return zoo.Sequential([zoo.Input((6,)), layers.Dense(5, activation="tanh", name="first"),
                           layers.Dense(2, name="second")], **options)


def of_layer(*made: layers.Layer, shape: tuple[int, ...] = (8, 9, 3)) -> zoo.Model:
    """The layers one after another, in a functional model."""
    x = inputs = zoo.Input(shape)
    for layer in made:
        x = layer(x)
    return zoo.Model(inputs, x)


def legacy(model: zoo.Model, path: Path) -> Path:
    """The model as an HDF5 file of tf.keras."""
    model.save(path, dialect="tfkeras", format="keras_h5")
    return path


def edited(path: Path, change: Callable[[dict[str, Any]], Any], attribute: str = "model_config") -> Path:
    """The HDF5 file with its JSON changed in place."""
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs[attribute])
        change(config)
        file.attrs[attribute] = json.dumps(config)
    return path


def layer_configs(config: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The entries of the layers by name."""
    return {entry["config"]["name"]: entry for entry in config["config"]["layers"]}


def rezipped(path: Path, member: str, change: Callable[[dict[str, Any]], Any]) -> Path:
    """The archive with the JSON of a member changed."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    content = json.loads(parts[member])
    change(content)
    parts[member] = json.dumps(content).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def same(model: zoo.Model, path: Path, x: np.ndarray, **options: Any) -> zoo.Model:
    """Loads the file, checks that it predicts as the model does, and gives the loaded one."""
    loaded = zoo.load_model(path, **options)
    np.testing.assert_allclose(loaded.predict_on_batch(x), model.predict_on_batch(x), rtol=1e-5, atol=1e-6)
    return loaded
