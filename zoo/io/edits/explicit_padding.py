"""A document whose convolutions pad as Theano did, in words that every Keras knows: zeros around, then ``valid``.

That says the same where the number of zeros does not depend on the size of the data: for windows of odd extent, and
with steps of 1. Convolutions inside of wrappers, pooling and transposed convolutions stay as they are.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

from zoo import theano_padding
from zoo.io import layouts
from zoo.io.document import LayerRecord, ModelDocument, ModelRecord, WeightTree
from zoo.io.layouts.bound import BoundWeights
from zoo.io.layouts.by_name import BY_NAME, encode_by_name

Pairs = list[list[int]]

_RANKS = {f"{name}{rank}D": rank for name in ("Conv", "SeparableConv", "DepthwiseConv") for rank in (1, 2, 3)}


def has_explicable_padding(model: ModelRecord) -> bool:
    """Whether some layer pads as Theano did and can be told otherwise."""
    return any(_margins(layer) is not None for _, layer in model.walk())


def with_explicit_padding(document: ModelDocument) -> ModelDocument:
    """The document with small models of padding and convolution in place of such layers; without the optimizer's
    state."""
    if document.model is None or not has_explicable_padding(document.model):
        return document
    model = copy.deepcopy(document.model)
    moved = {path for path, layer in document.model.walk() if _margins(layer) is not None}
    _replace_convolutions(model)
    training = document.training and replace(document.training, optimizer=None)
    if document.weights is None:
        return replace(document, model=model, training=training)
    bound, _ = layouts.bind_weights(document.model, document.weights)
    found = BoundWeights({((*path, path[-1]) if path in moved else path, role): tensor
                          for (path, role), tensor in bound.items()})
    return replace(document, model=model, training=training, weights=WeightTree(BY_NAME, encode_by_name(found)))


def _replace_convolutions(model: ModelRecord) -> None:
    for layer in model.layers:
        margins = _margins(layer)
        if layer.model is not None:
            _replace_convolutions(layer.model)
        elif margins is not None:
            name, rank = layer.name, _RANKS[layer.class_name]
            zeros: dict[str, Any] = {"name": f"{name}_padding", "trainable": True,
                                     "dtype": layer.config.get("dtype", "float32"),
                                     "padding": margins[0] if rank == 1 else margins}
            if rank > 1:
                zeros["data_format"] = layer.config.get("data_format")
            inner = replace(layer, config={**layer.config, "padding": "valid"}, calls=[], build_config=None)
            before = LayerRecord(f"ZeroPadding{rank}D", f"{name}_padding", zeros)
            config = {"name": name, "trainable": layer.trainable}
            layer.model = ModelRecord("sequential", name, [before, inner], config=config, class_name="Sequential")
            layer.class_name, layer.config, layer.weights, layer.build_config = "Sequential", config, None, None


def _margins(layer: LayerRecord) -> Pairs | None:
    """The zeros before and behind each axis; None where they depend on the size of the data, or nothing is to do."""
    rank, config = _RANKS.get(layer.class_name), layer.config
    if rank is None or layer.model is not None or config.get("padding") != theano_padding.SAME:
        return None
    sizes, strides, rates = (_sizes(config.get(name, 1), rank) for name in ("kernel_size", "strides", "dilation_rate"))
    if rank == 1 and config.get("data_format") == "channels_first":         # ZeroPadding1D knows the steps second only
        return None
    margins = []
    for size, stride, rate in zip(sizes, strides, rates, strict=True):
        extent = (size - 1) * rate + 1
        before = theano_padding.before_convolution(extent)
        if extent % 2 == 0 and stride > 1:
            return None
        margins.append([before, extent - 1 - before])
    return margins


def _sizes(value: Any, rank: int) -> list[int]:
    return [value] * rank if isinstance(value, int) else list(value)
