"""Layers that padded in Theano's own way: ``same`` in files that Theano wrote, `theano_padding.SAME` in records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

from zoo import theano_padding
from zoo.io.document import ModelRecord

Config = dict[str, Any]
Test = Callable[[Config, int, str], bool]

# What files say -> what it means where Theano wrote them and its way makes a difference.
MEANINGS = {"same": theano_padding.SAME, "valid": theano_padding.VALID}


def _convolution(config: Config, rank: int, dialect: str) -> bool:
    return config.get("padding") == "same" and any(
        theano_padding.differs(extent, stride, theano_padding.before_convolution(extent))
        for extent, stride in zip(_extents(config, rank), _sizes(config.get("strides", 1), rank)))


def _volume(config: Config, rank: int, dialect: str) -> bool:
    """Until Keras 1 these were padded before Theano saw them, as TensorFlow pads."""
    return dialect == "keras2" and _convolution(config, rank, dialect)


def _recurrent(config: Config, rank: int, dialect: str) -> bool:
    """The states are convolved with padding in any case, with strides of 1."""
    states = {"kernel_size": config.get("kernel_size"), "padding": "same"}
    return _convolution(states, rank, dialect) or _convolution(config, rank, dialect)


def _pooling(config: Config, rank: int, dialect: str) -> bool:
    window = _sizes(config.get("pool_size", 2), rank)
    strides = window if config.get("strides") is None else _sizes(config["strides"], rank)
    return config.get("padding") == "same" and any(
        theano_padding.differs(size, stride, theano_padding.before_pooling(size))
        for size, stride in zip(window, strides))


def _table(*rows: tuple[str, Test]) -> dict[str, tuple[int, Test]]:
    """By class name: how many spatial axes there are, and whether the padding differs."""
    return {name: (int(next(letter for letter in reversed(name) if letter.isdecimal())), test)
            for names, test in rows for name in names.split()}


_CLASSES = _table(
    ("Conv1D Conv2D SeparableConv1D SeparableConv2D DepthwiseConv1D DepthwiseConv2D Conv2DTranspose Conv3DTranspose",
     _convolution), ("Conv3D", _volume), ("ConvLSTM2D ConvLSTM2DCell", _recurrent),
    ("AveragePooling1D AveragePooling2D AveragePooling3D MaxPooling1D MaxPooling2D MaxPooling3D", _pooling))


def with_theano_padding(model: ModelRecord, dialect: str) -> ModelRecord:
    """Gives the layers of a model that Theano ran the padding that it had; the record is changed.

    Args:
        model: as decoded.
        dialect: of the file.
    """
    for _, config in _differing(model, dialect):
        config["padding"] = MEANINGS[config.get("padding") or "valid"]
    return model


def without_theano_padding(model: ModelRecord) -> ModelRecord:
    """A copy of the model in the words of files that Theano wrote."""
    plain = deepcopy(model)
    words = {meaning: word for word, meaning in MEANINGS.items()}
    for _, config in _configs(plain):
        if config.get("padding") in words:
            config["padding"] = words[config["padding"]]
    return plain


def padded_by_theano(model: ModelRecord, dialect: str) -> list[str]:
    """The layers whose padding depends on the backend, as paths."""
    return [path for path, _ in _differing(model, dialect)]


def has_theano_padding(config: Config) -> bool:
    """Whether a layer of that config pads in Theano's way."""
    return config.get("padding") in MEANINGS.values()


def _differing(model: ModelRecord, dialect: str) -> Iterator[tuple[str, Config]]:
    for path, class_name, config in _objects(model):
        rank, test = _CLASSES.get(class_name, (0, None))
        if test is not None and test(config, rank, dialect):
            yield path, config


def _configs(model: ModelRecord) -> Iterator[tuple[str, Config]]:
    return ((path, config) for path, _, config in _objects(model))


def _objects(model: ModelRecord) -> Iterator[tuple[str, str, Config]]:
    """Path, class name and config of all layers, those inside of others too."""
    for names, layer in model.walk():
        path = "/".join(names)
        yield path, layer.class_name, layer.config
        for class_name, config in _inside(layer.config):
            yield path, class_name, config


def _inside(value: Any) -> Iterator[tuple[str, Config]]:
    if isinstance(value, list):
        for item in value:
            yield from _inside(item)
    elif isinstance(value, dict):
        if isinstance(value.get("class_name"), str) and isinstance(value.get("config"), dict):
            yield value["class_name"], value["config"]
        for item in value.values():
            yield from _inside(item)


def _extents(config: Config, rank: int) -> list[int]:
    rates = _sizes(config.get("dilation_rate", 1), rank)
    return [(size - 1) * rate + 1 for size, rate in zip(_sizes(config.get("kernel_size"), rank), rates)]


def _sizes(value: Any, rank: int) -> list[int]:
    """One number for each axis; none if the config does not say it properly, which building the layer will tell."""
    if isinstance(value, int):
        return [value] * rank
    return list(value) if isinstance(value, (list, tuple)) and all(isinstance(size, int) for size in value) else []
