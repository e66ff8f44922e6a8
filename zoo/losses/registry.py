"""Losses by name: the closed table, and losses from and to their records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zoo import serialization

ALL: dict[str, Any] = {}                                    # filled by zoo/losses/__init__.py, aliases included


def get(identifier: Any) -> Any:
    """A loss given as itself, a function, a class, a name or a config.

    Returns:
        A `Loss` for itself, a class or its name; the function for a function or its name; None for None.

    Raises:
        UnknownClass: there is no loss of that name.
        ConfigError: the identifier is of another sort, or the config does not fit.
    """
    return serialization.resolve(identifier, ALL, "loss")


def serialize(loss: Any) -> Any:
    """The record ``{"class_name", "config"}`` of a loss; the name of a function."""
    return serialization.to_plain(loss)


def deserialize(record: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The loss that a record or a name describes.

    Args:
        record: as `serialize` gives it.
        custom_objects: what names of the user's own classes and functions mean.
    """
    with serialization.custom_object_scope(custom_objects):
        return get(record)

