"""A document with a layer under another name, everywhere it is referred to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from zoo.errors import ConfigError
from zoo.io.document import CallRecord, LayerRecord, ModelDocument, ModelRecord, TensorRef, TrainingRecord
from zoo.io.edits.rebound import with_weights
from zoo.io.layouts.bound import Key


def with_layer_renamed(document: ModelDocument, old: str, new: str) -> ModelDocument:
    """The document with the layer `old` called `new`: in its model's wiring, its weights and the `compile` arguments.

    Args:
        old: path of the layer; one in a nested model has the names of the models before its own: ``block/dense``.
        new: its new name, without the models.

    Raises:
        ConfigError: there is no such layer, or another one has the new name.
        CannotExpress: the weights of the document do not fit its architecture.
    """
    if document.model is None:
        raise ConfigError(f"{document.path}: expected an architecture to rename a layer in, received weights alone")
    path = _path_of(document.model, old)
    siblings = _siblings(document.model, path)
    if not new or new != path[-1] and new in siblings:
        raise ConfigError(f"new name of layer {old!r}: expected one that no layer of its model has, received {new!r}; "
                          f"there are {sorted(siblings)[:40]}")
    model = _renamed(document.model, path, new)

    def moved(key: Key) -> Key:
        same = key[0][:len(path)] == path
        return ((*path[:-1], new, *key[0][len(path):]), key[1]) if same else key

    training = document.training
    if training is not None and len(path) == 1:
        training = _retrained(training, path[0], new)
    return replace(with_weights(document, model, moved), training=training)


def _path_of(model: ModelRecord, text: str) -> tuple[str, ...]:
    """The layer's path: names may hold slashes themselves, so whole paths are compared."""
    paths = [path for path, _ in model.walk() if "/".join(path) == text]
    if len(paths) != 1:
        known = ["/".join(path) for path, _ in model.walk()]
        raise ConfigError(f"layer {text!r}: expected one layer of that path, found {len(paths)}; there are "
                          f"{known[:40]}{' ...' if len(known) > 40 else ''}")
    return paths[0]


def _siblings(model: ModelRecord, path: tuple[str, ...]) -> set[str]:
    return {other[-1] for other, _ in model.walk() if other[:-1] == path[:-1]}


def _renamed(model: ModelRecord, path: tuple[str, ...], new: str) -> ModelRecord:
    name, *inner = path
    if inner:
        return replace(model, layers=[_with_inner(layer, tuple(inner), new) if layer.name == name else layer
                                      for layer in model.layers])
    layers = [_with_name(layer, new) if layer.name == name else layer for layer in model.layers]
    layers = [replace(layer, calls=[CallRecord(_refs(call.args, name, new), _refs(call.kwargs, name, new))
                                    for call in layer.calls]) for layer in layers]
    return replace(model, layers=layers, inputs=_refs(model.inputs, name, new), outputs=_refs(model.outputs, name, new))


def _with_inner(layer: LayerRecord, path: tuple[str, ...], new: str) -> LayerRecord:
    assert layer.model is not None
    return replace(layer, model=_renamed(layer.model, path, new))


def _with_name(layer: LayerRecord, new: str) -> LayerRecord:
    model = replace(layer.model, name=new) if layer.model is not None else None
    config = {**layer.config, "name": new} if "name" in layer.config else layer.config
    if model is not None and "name" in model.config:
        model.config = {**model.config, "name": new}
    return replace(layer, name=new, config=config, model=model)


def _refs(nest: Any, old: str, new: str) -> Any:
    if isinstance(nest, TensorRef):
        return replace(nest, layer=new) if nest.layer == old else nest
    if isinstance(nest, dict):
        return {key: _refs(item, old, new) for key, item in nest.items()}
    if isinstance(nest, slice):
        return slice(*(_refs(part, old, new) for part in (nest.start, nest.stop, nest.step)))
    return type(nest)(_refs(item, old, new) for item in nest) if isinstance(nest, (list, tuple)) else nest


def _retrained(training: TrainingRecord, old: str, new: str) -> TrainingRecord:
    """`compile` arguments with the new name where they are given by the names of outputs."""
    config = dict(training.config)
    for key in ("loss", "metrics", "weighted_metrics", "loss_weights", "sample_weight_mode"):
        value = config.get(key)
        if isinstance(value, dict) and "class_name" not in value and old in value:
            config[key] = {new if name == old else name: item for name, item in value.items()}
    return replace(training, config=config)
