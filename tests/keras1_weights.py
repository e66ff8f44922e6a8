"""Weights files as Keras 1 wrote them, made of a model of today with channels last."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import h5py
import numpy as np

from zoo.layers import Layer
from zoo.models import Model

SHORT_NAMES = {"kernel": "W", "bias": "b", "moving_mean": "running_mean", "moving_variance": "running_std"}


def randomize(model: Model) -> None:
    """Random weights with which outputs of deep networks stay in range and differ from image to image."""
    random = np.random.default_rng(0)
    for weight in model.weights:
        shape = weight.shape
        noise = random.standard_normal(shape, "float32")
        values = noise * np.sqrt(2 / np.prod(shape[:-1])) if len(shape) > 1 else 1 + abs(noise) / 10 \
            if weight.name in ("gamma", "moving_variance") else noise / 10
        weight.assign(values.astype("float32"))


def write(model: Model, path: Path, ordering: str = "th", kernels: str = "th", names: Mapping[str, str] | None = None,
          suffix: str = "") -> Path:
    """Writes the model's weights.

    Args:
        ordering: ``th`` or ``tf``: kernels are (out, in, rows, columns), and maps were flattened channels first.
        kernels: ``th``: rotated by 180 degrees, as Theano's convolutions had them.
        names: of layers then, by those of today.
        suffix: of the names of weights: TensorFlow's end in ``:0``.
    """
    with h5py.File(path, "w") as file:
        layers = [layer for layer in model.layers if type(layer).__name__ != "InputLayer"]
        then = [(names or {}).get(layer.name, layer.name) for layer in layers]
        file.attrs["layer_names"] = np.array([name.encode() for name in then])
        for layer, name in zip(layers, then):
            group = file.create_group(name)
            arrays = {f"{name}_{SHORT_NAMES.get(weight.name, weight.name)}{suffix}":
                      _then(weight.numpy(), _flattened_shape(model, layer), ordering, kernels)
                      for weight in layer.weights}
            group.attrs["weight_names"] = np.array([key.encode() for key in arrays], "S")
            for key, array in arrays.items():
                group[key] = array
    return path


def _flattened_shape(model: Model, layer: Layer) -> tuple[int, ...] | None:
    """The shape of the map whose elements are the rows of a dense kernel, if they are those of one."""
    source = layer.calls[0].inputs[0].call.layer
    return source.calls[0].inputs[0].shape[1:] if type(source).__name__ == "Flatten" else None


def _then(array: np.ndarray, flattened: tuple[int, ...] | None, ordering: str, kernels: str) -> np.ndarray:
    if array.ndim == 4:
        array = array[::-1, ::-1] if kernels == "th" else array
        return array.transpose(3, 2, 0, 1) if ordering == "th" else array
    if array.ndim == 2 and flattened is not None and ordering == "th":
        return array.reshape(*flattened, -1).transpose(2, 0, 1, 3).reshape(array.shape)
    return array
