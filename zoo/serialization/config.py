"""Configs from signatures: the arguments of ``__init__``, read back from the attributes of the same names."""

from __future__ import annotations

import inspect
from functools import cache
from typing import Any

import numpy as np

from zoo.errors import ConfigError
from zoo.serialization.registry import registered_name


@cache
def init_parameters(cls: type) -> tuple[str, ...]:
    """Names of all arguments that constructing `cls` takes, following ``**kwargs`` up the inheritance."""
    names: dict[str, None] = {}
    for base in cls.__mro__:
        if "__init__" not in vars(base) or base is object:
            continue
        parameters = list(inspect.signature(base.__init__).parameters.values())[1:]
        names.update({p.name: None for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)})
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            break
    return tuple(names)


def config_of(thing: Any, skip: tuple[str, ...] = ()) -> dict[str, Any]:
    """The config of an object that keeps each argument of its ``__init__`` as an attribute of the same name.

    Raises:
        ConfigError: an argument has no such attribute, or a value that cannot be written as plain data.
    """
    config = {}
    for name in init_parameters(type(thing)):
        if name in skip:
            continue
        if not hasattr(thing, name):
            raise ConfigError(f"{type(thing).__name__} takes the argument {name!r} but has no attribute of that name: "
                              f"keep it as self.{name}, or write get_config().")
        config[name] = to_plain(getattr(thing, name))
    return config


def to_plain(value: Any) -> Any:
    """Plain JSON-able data for a value of a config; objects become ``{"class_name": ..., "config": ...}``.

    Raises:
        ConfigError: there is no plain form.
    """
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, (list, tuple)):
        return [to_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: to_plain(item) for key, item in value.items()}
    if hasattr(value, "get_config") and not isinstance(value, type):
        return to_record(value)
    if callable(value) and hasattr(value, "__name__"):
        return registered_name(value) or value.__name__
    raise ConfigError(f"Cannot write {value!r} into a config: expected plain data or an object with get_config().")


def to_record(thing: Any) -> dict[str, Any]:
    """``{"class_name", "config"[, "registered_name"]}`` of an object."""
    record = {"class_name": type(thing).__name__, "config": thing.get_config()}
    if registered_name(type(thing)):
        record["registered_name"] = registered_name(type(thing))
    return record
