"""A document whose recurrent layers in cuDNN's layout are plain LSTM and GRU layers, which compute the same.

Keras 3 has no ``CuDNNLSTM`` and ``CuDNNGRU``. Their weights are those of `LSTM` and of `GRU` with ``reset_after``, with
each gate's part of a kernel transposed, and two biases for each gate (Keras 2.2's loader has the same rule).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from zoo.io import layouts
from zoo.io.document import LayerRecord, ModelDocument, ModelRecord, WeightTree
from zoo.io.layouts.bound import BoundWeights
from zoo.io.layouts.by_name import BY_NAME, encode_by_name
from zoo.io.tensors import TensorRecord

_OPTIONS = {"activation": "tanh", "recurrent_activation": "sigmoid", "use_bias": True, "dropout": 0.0,
            "recurrent_dropout": 0.0, "implementation": 2, "unroll": False}
PLAIN: Mapping[str, tuple[str, dict[str, Any], int]] = {        # class, its further arguments, number of gates
    "CuDNNLSTM": ("LSTM", _OPTIONS, 4),
    "CuDNNGRU": ("GRU", _OPTIONS | {"reset_after": True}, 3),
}


def has_cudnn(model: ModelRecord) -> bool:
    """Whether some layer, perhaps inside a wrapper, has cuDNN's layout."""
    return any(next(_inside(layer), None) for _, layer in model.walk())


def without_cudnn(document: ModelDocument) -> ModelDocument:
    """The document with plain recurrent layers; without the optimizer's state, whose arrays are laid out as weights."""
    if document.model is None or not has_cudnn(document.model):
        return document
    model = copy.deepcopy(document.model)
    gates: dict[tuple[str, ...], int] = {}
    for path, layer in model.walk():
        for config in _inside(layer):
            config["class_name"], options, gates[path] = PLAIN[config["class_name"]]
            config["config"] |= {key: value for key, value in options.items() if key not in config["config"]}
        if layer.class_name in PLAIN:
            layer.class_name, options, gates[path] = PLAIN[layer.class_name]
            layer.config = options | layer.config
            layer.weights = None
    training = document.training and replace(document.training, optimizer=None)
    if document.weights is None:
        return replace(document, model=model, training=training)
    bound, _ = layouts.bind_weights(document.model, document.weights)
    plain = BoundWeights()
    for (path, role), tensor in bound.items():
        if path in gates:
            before, _, name = role.rpartition("/")
            role, tensor = "/".join(filter(None, (before, "cell", name))), _plain(tensor, name, gates[path])
        plain[path, role] = tensor
    return replace(document, model=model, training=training, weights=WeightTree(BY_NAME, encode_by_name(plain)))


def _inside(layer: LayerRecord) -> Iterator[dict[str, Any]]:
    """Records of cuDNN layers: of the layer itself (as a copy), or in a wrapper's config."""
    if layer.class_name in PLAIN:
        yield {"class_name": layer.class_name, "config": dict(layer.config)}
    for value in layer.config.values():
        if isinstance(value, dict) and value.get("class_name") in PLAIN and isinstance(value.get("config"), dict):
            yield value


def _plain(tensor: TensorRecord, name: str, gates: int) -> TensorRecord:
    change, shape = _CHANGES[name](tensor.shape, gates)
    return replace(tensor, shape=shape, load=lambda: change(tensor.read()), blocks=None)


Change = tuple[Callable[[np.ndarray], np.ndarray], tuple[int, ...]]


def _kernel(shape: tuple[int, ...], gates: int) -> Change:
    def change(kernel: np.ndarray) -> np.ndarray:
        parts = np.split(kernel, gates, axis=-1)
        return np.concatenate([part.reshape(part.shape[::-1]).T for part in parts], axis=-1)
    return change, shape


def _bias(shape: tuple[int, ...], gates: int) -> Change:
    half = shape[0] // 2
    if gates == 4:                                          # one bias for each gate is enough: they are added
        return lambda bias: bias[:half] + bias[half:], (half,)
    return lambda bias: bias.reshape(2, half), (2, half)


_CHANGES = {"kernel": _kernel, "recurrent_kernel": _kernel, "bias": _bias}
