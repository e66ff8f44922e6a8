"""A document whose hard sigmoids are those of Keras 3: the two functions of that name are not the same.

Keras 1 and 2 clip ``0.2 x + 0.5``, Keras 3 clips ``x / 6 + 0.5``: the older one of ``x`` is the newer one of ``1.2 x``.
So whatever computes ``x`` gets weights that are 1.2 times as large; a layer that is nothing but the activation becomes
a small model of layers that say ``0.2 x + 0.5`` and clip.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from zoo.io import layouts
from zoo.io.dialects.tfkeras import HARD_SIGMOID
from zoo.io.document import LayerRecord, ModelDocument, ModelRecord, WeightTree
from zoo.io.layouts.bound import BoundWeights, Key
from zoo.io.layouts.by_name import BY_NAME, encode_by_name
from zoo.io.tensors import TensorRecord

RATIO = np.float32(1.2)
NEW = "hard_sigmoid"

# Which gates the recurrent activation is for, of how many.
_GATES = {"LSTM": ((0, 1, 3), 4), "GRU": ((0, 1), 3), "ConvLSTM1D": ((0, 1, 3), 4), "ConvLSTM2D": ((0, 1, 3), 4),
          "ConvLSTM3D": ((0, 1, 3), 4)}
_GATES |= {f"{name}Cell": gates for name, gates in _GATES.items()}
# Layers whose activation is for a sum of products with these weights.
_LINEAR = {**dict.fromkeys(("Dense", "EinsumDense", "Conv1D", "Conv2D", "Conv3D", "Conv1DTranspose", "Conv2DTranspose",
                            "Conv3DTranspose", "DepthwiseConv1D", "DepthwiseConv2D", "LocallyConnected1D",
                            "LocallyConnected2D"), {"kernel", "bias"}),
           **dict.fromkeys(("SeparableConv1D", "SeparableConv2D"), {"pointwise_kernel", "bias"}),
           **dict.fromkeys(("SimpleRNN", "SimpleRNNCell"), {"kernel", "recurrent_kernel", "bias"})}

Scale = tuple[frozenset[str], tuple[int, ...], int]         # weights by name, parts of their last axis, of how many


def has_older_hard_sigmoid(model: ModelRecord) -> bool:
    """Whether some layer, perhaps inside a wrapper, has the hard sigmoid of Keras 1 and 2."""
    return any(HARD_SIGMOID in (config.get("activation"), config.get("recurrent_activation"))
               for _, layer in model.walk() for _, config in _inside(layer))


def with_todays_hard_sigmoid(document: ModelDocument) -> ModelDocument:
    """The document with Keras 3's hard sigmoid, where the two can be exchanged; without the optimizer's state.

    What cannot be exchanged (the output activation of an LSTM) stays as it is.
    """
    if document.model is None or not has_older_hard_sigmoid(document.model):
        return document
    model = copy.deepcopy(document.model)
    scales: dict[tuple[str, ...], Scale] = {}
    for path, layer in list(model.walk()):
        found = [exchange for class_name, config in _inside(layer) for exchange in _exchanges(class_name, config)]
        if len({scale for _, _, scale in found}) == 1:      # else cells of several kinds in one layer: left as they are
            scales[path] = found[0][2]
            for config, argument, _ in found:
                config[argument] = NEW
    _replace_activations(model)
    training = document.training and replace(document.training, optimizer=None)
    if document.weights is None:
        return replace(document, model=model, training=training)
    bound, _ = layouts.bind_weights(document.model, document.weights)
    larger = BoundWeights({key: _scaled(key, tensor, scales.get(key[0])) for key, tensor in bound.items()})
    return replace(document, model=model, training=training, weights=WeightTree(BY_NAME, encode_by_name(larger)))


def _inside(layer: LayerRecord) -> Iterator[tuple[str, dict[str, Any]]]:
    """Class and config of the layer, and of the layers in its config."""
    if layer.model is None:
        yield from _nested({"class_name": layer.class_name, "config": layer.config})


def _nested(value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(value, dict) and isinstance(value.get("config"), dict) and isinstance(value.get("class_name"), str):
        yield value["class_name"], value["config"]
        for inner in value["config"].values():
            yield from _nested(inner)
    elif isinstance(value, list):
        for item in value:
            yield from _nested(item)


def _exchanges(class_name: str, config: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str, Scale]]:
    """The activations in a config that can be exchanged, and which weights make up for it."""
    if config.get("recurrent_activation") == HARD_SIGMOID and class_name in _GATES:
        yield config, "recurrent_activation", (frozenset({"kernel", "recurrent_kernel", "bias"}), *_GATES[class_name])
    if config.get("activation") == HARD_SIGMOID and class_name in _LINEAR:
        yield config, "activation", (frozenset(_LINEAR[class_name]), (0,), 1)


def _replace_activations(model: ModelRecord) -> None:
    """Puts a small model in the place of each layer that is nothing but the activation."""
    for layer in model.layers:
        if layer.model is not None:
            _replace_activations(layer.model)
        elif layer.class_name == "Activation" and layer.config.get("activation") == HARD_SIGMOID:
            name, dtype = layer.name, layer.config.get("dtype", "float32")
            parts = [LayerRecord("Rescaling", f"{name}_line", {"name": f"{name}_line", "trainable": True,
                                                              "dtype": dtype, "scale": 0.2, "offset": 0.5}),
                     LayerRecord("ReLU", f"{name}_clip", {"name": f"{name}_clip", "trainable": True, "dtype": dtype,
                                                         "max_value": 1.0, "negative_slope": 0.0, "threshold": 0.0})]
            layer.class_name, layer.config, layer.weights = "Sequential", {"name": name, "trainable": True}, None
            layer.model = ModelRecord("sequential", name, parts, config={"name": name, "trainable": True},
                                      class_name="Sequential")


def _scaled(key: Key, tensor: TensorRecord, scale: Scale | None) -> TensorRecord:
    if scale is None or key[1].rpartition("/")[2] not in scale[0]:
        return tensor
    return replace(tensor, load=_larger(tensor, *scale[1:]), blocks=None)


def _larger(tensor: TensorRecord, parts: tuple[int, ...], count: int) -> Any:
    def load() -> np.ndarray:
        array = np.array(tensor.read())
        size = array.shape[-1] // count
        for part in parts:
            array[..., part * size:(part + 1) * size] *= RATIO.astype(array.dtype)
        return array
    return load
