"""Layers by name: the closed table, and layers from and to their records."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from zoo import activations, serialization
from zoo.errors import UnknownClass
from zoo.io.dialects import vocabulary
from zoo.layers.layer import Layer

LAYERS: dict[str, type[Layer]] = {}                         # filled by zoo/layers/__init__.py, aliases included
MODELS: dict[str, Callable[[dict[str, Any]], Layer]] = {}   # readers of models inside of layers: zoo/models/restore.py

CODE = {"TFSMLayer": "it names a folder with a TensorFlow program, which zoo does not run",
        "TorchModuleWrapper": "it holds a pickled PyTorch module, which zoo does not load",
        "JaxLayer": "it holds Python code, which zoo never runs from a file",
        "FlaxLayer": "it holds Python code, which zoo never runs from a file"}


def get(identifier: Any) -> Layer | None:
    """A layer given as itself, a class, a name or a ``{"class_name", "config"}`` record.

    Raises:
        UnknownClass: there is no layer of that name.
        ConfigError: the identifier is of another sort, or the config does not fit.
    """
    if isinstance(identifier, Layer):
        return identifier
    name = identifier.get("class_name") if isinstance(identifier, dict) else identifier
    registered = identifier.get("registered_name") if isinstance(identifier, dict) else None
    if isinstance(identifier, dict) and name in MODELS and serialization.custom_object(registered, name) is None:
        return MODELS[name](identifier)
    if isinstance(name, str) and not is_known(name, registered):
        raise UnknownClass(f"Unknown layer {name!r}: {why_unknown(name)}.")
    return serialization.resolve(identifier, LAYERS, "layer")


def deserialize(record: dict[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Layer:
    """The layer that a record describes.

    Args:
        record: ``{"class_name", "config"[, "registered_name"]}``.
        custom_objects: what names of the user's own classes and functions mean.
    """
    with serialization.custom_object_scope(custom_objects):
        return get(record)


def serialize(layer: Layer) -> dict[str, Any]:
    """``{"class_name", "config"[, "registered_name"]}`` of a layer."""
    return serialization.to_record(layer)


def is_known(class_name: str, registered_name: str | None = None) -> bool:
    """Whether a layer of that name can be made: it is ours, or the user's."""
    return class_name in LAYERS or serialization.custom_object(registered_name, class_name) is not None


def why_unknown(class_name: str) -> str:
    """Why a layer of that name cannot be made, and what to do."""
    if class_name in CODE:
        return f"{CODE[class_name]}; pass custom_objects={{{class_name!r}: ...}} with a layer of your own in its place"
    if class_name in vocabulary.LAYERS - LAYERS.keys():
        return f"known to Keras, not yet in zoo; pass custom_objects={{{class_name!r}: ...}} if you have one"
    try:
        serialization.lookup(class_name, LAYERS, "layer")
    except UnknownClass as error:
        return str(error).partition(". ")[2].rstrip(".")
    return "it can be made"


def activation(identifier: Any) -> Callable[[Any], Any]:
    """An activation given by name, function or record of `zoo.activations`, or as one of our layers."""
    if isinstance(identifier, Layer):
        return identifier
    if isinstance(identifier, dict) and identifier.get("class_name") in LAYERS:
        return get(identifier)
    return activations.get(identifier)
