"""Arguments that every layer takes: Keras's ways to give an input shape to a first layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zoo import serialization
from zoo.engine.spec import Shape
from zoo.errors import ConfigError, Unsupported

INPUT_ARGUMENTS = ("batch_input_shape", "batch_shape", "input_shape", "input_dim", "input_length", "batch_size",
                   "weights")


def check(cls: type, arguments: Mapping[str, Any], only_as: Mapping[str, Any]) -> None:
    """Refuses further arguments of a layer that nobody knows, or that are not supported.

    Args:
        cls: the class of the layer.
        arguments: what its ``__init__`` did not name.
        only_as: arguments that may only have the value given here.

    Raises:
        ConfigError: unknown arguments.
        Unsupported: another value than the one in `only_as`.
    """
    unknown = sorted(set(arguments) - set(INPUT_ARGUMENTS) - set(only_as))
    if unknown:
        raise ConfigError(f"{cls.__name__}: unknown argument{'s' * (len(unknown) > 1)} "
                          f"{', '.join(map(repr, unknown))}. Known: {', '.join(serialization.init_parameters(cls))}.")
    for name, value in only_as.items():
        if arguments.get(name, value) != value:
            raise Unsupported(f"{cls.__name__}: {name}={arguments[name]!r} is not supported, only {value!r} is.")


def given_batch_shape(kwargs: dict[str, Any]) -> Shape | None:
    """The shape, with the batch axis, that the arguments give to the input of a first layer; None if they give none."""
    for name in ("batch_input_shape", "batch_shape"):
        if kwargs.get(name) is not None:
            return tuple(kwargs[name])
    shape = kwargs.get("input_shape")
    if shape is None and kwargs.get("input_dim") is not None:
        length = kwargs.get("input_length")
        shape = (kwargs["input_dim"],) if length is None else (length, kwargs["input_dim"])
    return None if shape is None else (kwargs.get("batch_size"), *shape)
