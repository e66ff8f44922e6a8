"""Optimizers by name: the closed table, and optimizers from and to their records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zoo import serialization
from zoo.errors import ConfigError

ALL: dict[str, Any] = {}                                    # filled by zoo/optimizers/__init__.py, aliases included


def get(identifier: Any) -> Any:
    """An optimizer given as itself, a class, a name (in any case) or a config; None stays None.

    Raises:
        UnknownClass: there is no optimizer of that name.
        ConfigError: the identifier is of another sort, or the config does not fit.
    """
    name = identifier.get("class_name") if isinstance(identifier, dict) else identifier
    if isinstance(name, str) and serialization.custom_object(name) is None:
        known = name.removeprefix("Custom>").lower()        # so tf.keras writes its own optimizers into .h5 files
        name = known if known in ALL else name
        identifier = {**identifier, "class_name": name} if isinstance(identifier, dict) else name
    found = serialization.resolve(identifier, ALL, "optimizer")
    if found is not None and not hasattr(found, "get_config"):
        raise ConfigError(f"Expected an optimizer as name, object or config, received {identifier!r}.")
    return found


def serialize(optimizer: Any) -> dict[str, Any]:
    """The record ``{"class_name", "config"}`` of an optimizer."""
    return serialization.to_record(optimizer)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The optimizer that a record or a name describes.

    Args:
        config: as `serialize` gives it.
        custom_objects: what names of the user's own classes mean.
    """
    with serialization.custom_object_scope(custom_objects):
        return get(config)
