"""Shapes of all tensors of a document's model, for rewrites of documents that have to know them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zoo import tree
from zoo.io.document import ModelDocument
from zoo.models import restore
from zoo.models.functional import Functional
from zoo.models.sequential import Sequential

Shapes = dict[tuple[tuple[str, ...], str, int, int], tuple[int | None, ...]]


def tensor_shapes(document: ModelDocument, custom_objects: Mapping[str, Any] | None = None) -> Shapes:
    """The shape of each tensor, by the path of its model, its layer, and the numbers of the call and of the tensor.

    The model is built, without weights, and asked. Models in wrappers have the path of the wrapper; the input of a
    `Sequential` without an input layer has the empty name.

    Raises:
        UnknownClass, ConfigError: the model cannot be built.
    """
    shapes: Shapes = {}
    _collect(restore.model(document, custom_objects=custom_objects, with_weights=False), (), shapes)
    return shapes


def _collect(model: Functional | Sequential, path: tuple[str, ...], shapes: Shapes) -> None:
    topology = model.topology
    for layer in topology.operations:
        for node, call in enumerate(topology.calls_of(layer)):
            for tensor in call.outputs:
                shapes[path, layer.name, node, tensor.index] = tensor.shape
        held = layer if isinstance(layer, (Functional, Sequential)) else getattr(layer, "layer", None)
        if isinstance(held, (Functional, Sequential)):
            _collect(held, (*path, layer.name), shapes)
    for tensor in tree.leaves(model.input):
        shapes.setdefault((path, "", 0, 0), tensor.shape)
