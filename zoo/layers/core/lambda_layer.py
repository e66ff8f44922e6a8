"""A function of the user's as a layer."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from zoo import serialization
from zoo.errors import ConfigError, UnknownClass
from zoo.layers.layer import Layer


class Lambda(Layer):
    """Applies a Python function, written in `zoo.ops`.

    No code comes from files: a file names the function, and whoever loads it says what the name means, by
    ``custom_objects`` or `register_keras_serializable`. A lambda has no name: give the layer's name for it.

    Args:
        function: of the inputs; it may take ``mask`` and ``training`` as well.
        output_shape: ignored: shapes follow from the function.
        mask: the mask of the output, or a function of inputs and mask that gives it.
        arguments: further keyword arguments of the function.

    Example:
        >>> Lambda(lambda x: x ** 2)(np.array([1.0, 3.0]))
        array([1., 9.], dtype=float32)
    """

    not_in_config = frozenset({"output_shape", "activity_regularizer"})

    def __init__(self, function: Callable[..., Any], output_shape: Any = None, mask: Any = None,
                 arguments: Mapping[str, Any] | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        if not callable(function):
            raise ConfigError(f"Lambda {self.name!r} expects a function. Received: function={function!r}")
        self.function, self.output_shape, self.mask = function, output_shape, mask
        self.arguments = dict(arguments or {})
        self.supports_masking = mask is not None

    def call(self, inputs: Any, mask: Any = None, training: bool = False) -> Any:
        taken = inspect.signature(self.function).parameters
        given = {name: value for name, value in (("mask", mask), ("training", training)) if name in taken}
        return self.function(inputs, **{**self.arguments, **given})

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """What the `mask` argument says."""
        return self.mask(inputs, previous_mask) if callable(self.mask) else self.mask

    def get_config(self) -> dict[str, Any]:
        """The arguments, with functions by their names; a lambda is called ``<lambda>``."""
        functions = {"function": self.function, "mask": self.mask}
        records = {argument: _record(function) for argument, function in functions.items() if callable(function)}
        return super().get_config() | records

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Layer:
        """A layer of that config, whose functions are those that the user knows by their names.

        Raises:
            UnknownClass: nobody knows one of them; the message says how to name it.
        """
        name = config.get("name")
        found = {argument: _known(config[argument], name, argument) for argument in ("function", "mask")
                 if config.get(argument) is not None}
        return super().from_config({**config, **found})


def _record(function: Callable[..., Any]) -> dict[str, Any]:
    return {"class_name": "function", "config": function.__name__,
            "registered_name": serialization.registered_name(function) or function.__name__}


def _known(value: Any, layer: str | None, argument: str) -> Callable[..., Any]:
    """The user's function of the name in a record, or of the layer's name."""
    if callable(value):
        return value
    record = value if isinstance(value, dict) else {"config": value}
    named = record.get("config") if isinstance(record.get("config"), str) else None
    found = serialization.custom_object(record.get("registered_name"), named, layer)
    if found is None:
        what = f"the function {named!r}" if named not in (None, "<lambda>") else "a lambda"
        raise UnknownClass(f"Lambda {layer!r} holds {what}; zoo never runs code from a file. Pass "
                           f"custom_objects={{{layer!r}: function}} with the function that it stands for.")
    return found
