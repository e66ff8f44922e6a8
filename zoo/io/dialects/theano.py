"""What the words of a file mean where Theano wrote it: its own padding for ``same``, its own grid for ``bilinear``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

from zoo import theano_padding
from zoo.io.document import ModelRecord

Config = dict[str, Any]
Meaning = str | None                            # in the canonical vocabulary; None: the same as with TensorFlow
Rule = Callable[[Config, int], Meaning]

# Argument -> canonical value that is Theano's own -> what files say.
_WORDS = {"padding": {theano_padding.SAME: "same", theano_padding.COUNTED: "same", theano_padding.VALID: "valid"},
          "interpolation": {"bilinear_asymmetric": "bilinear"}}


def _convolution(config: Config, rank: int) -> Meaning:
    moved = any(theano_padding.differs(extent, stride, theano_padding.before_convolution(extent))
                for extent, stride in zip(_extents(config, rank), _sizes(config.get("strides", 1), rank)))
    return theano_padding.SAME if moved and config.get("padding") == "same" else None


def _recurrent(config: Config, rank: int) -> Meaning:
    """The states are convolved with padding in any case, with strides of 1."""
    states = _convolution({"kernel_size": config.get("kernel_size"), "padding": "same"}, rank)
    padding = config.get("padding", "valid")
    if padding == "valid":
        return states and theano_padding.VALID
    return theano_padding.SAME if padding == "same" and states else _convolution(config, rank)


def _pooling(config: Config, rank: int) -> Meaning:
    window = _sizes(config.get("pool_size", 2), rank)
    strides = window if config.get("strides") is None else _sizes(config["strides"], rank)
    moved = any(theano_padding.differs(size, stride, theano_padding.before_pooling(size))
                for size, stride in zip(window, strides))
    return theano_padding.SAME if moved and config.get("padding") == "same" else None


def _counted(config: Config, rank: int) -> Meaning:
    return theano_padding.COUNTED if config.get("padding") == "same" else None


def _enlarging(config: Config, rank: int) -> Meaning:
    return "bilinear_asymmetric" if config.get("interpolation") == "bilinear" else None


def _table(*rows: tuple[str, Rule, str]) -> dict[str, tuple[str, int, Rule]]:
    """By class name: the argument, how many spatial axes there are, and what the argument means."""
    return {name: (argument, int(next(letter for letter in reversed(name) if letter.isdecimal())), rule)
            for names, rule, argument in rows for name in names.split()}


_RULES = _table(
    ("Conv1D Conv2D Conv3D SeparableConv1D SeparableConv2D DepthwiseConv1D DepthwiseConv2D Conv2DTranspose "
     "Conv3DTranspose", _convolution, "padding"), ("ConvLSTM2D ConvLSTM2DCell", _recurrent, "padding"),
    ("AveragePooling1D AveragePooling2D AveragePooling3D MaxPooling1D MaxPooling2D MaxPooling3D", _pooling, "padding"),
    ("UpSampling2D", _enlarging, "interpolation"))
_OF_KERAS_2_0 = _RULES | _table(("AveragePooling1D AveragePooling2D", _counted, "padding"))
_OF_KERAS_0 = {name: rule for name, rule in _RULES.items() if name != "Conv3D"}         # which it padded itself


def with_meanings_of_theano(model: ModelRecord, dialect: str, keras_version: str | None) -> None:
    """Gives the layers of a model that Theano ran what its words meant there.

    Args:
        model: as decoded; it is changed.
        dialect, keras_version: of the file; the version if it says that.
    """
    for _, config, argument, meaning in _differing(model, dialect, keras_version):
        config[argument] = meaning


def without_meanings_of_theano(model: ModelRecord) -> ModelRecord:
    """A copy of the model in the words of files that Theano wrote."""
    plain = deepcopy(model)
    for _, _, config in _objects(plain):
        for argument in only_theano_means(config):
            config[argument] = _WORDS[argument][config[argument]]
    return plain


def only_theano_means(config: Config) -> list[str]:
    """The arguments of a layer whose values are Theano's own."""
    return [argument for argument, words in _WORDS.items()
            if isinstance(config.get(argument), str) and config[argument] in words]


def meant_otherwise_by_theano(model: ModelRecord, dialect: str, keras_version: str | None) -> list[str]:
    """The layers that compute something else if Theano ran the model, as paths."""
    return [path for path, *_ in _differing(model, dialect, keras_version)]


def _differing(model: ModelRecord, dialect: str, version: str | None) -> Iterator[tuple[str, Config, str, str]]:
    rules = _OF_KERAS_0 if dialect == "keras0" else _OF_KERAS_2_0 if re.match(r"2\.0\.", version or "") else _RULES
    for path, class_name, config in _objects(model):
        if class_name in rules:
            argument, rank, rule = rules[class_name]
            meaning = rule(config, rank)
            if meaning is not None:
                yield path, config, argument, meaning


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
