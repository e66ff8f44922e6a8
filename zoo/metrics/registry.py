"""Metrics by name: the closed table, and metrics from and to their records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zoo import serialization

ALL: dict[str, Any] = {}                                    # filled by zoo/metrics/__init__.py, aliases included
FUNCTIONS: dict[str, Any] = {}                              # what a wrapper may be of, by name


def get(identifier: Any) -> Any:
    """A metric given as itself, a function, a class, a name or a config.

    Returns:
        A `Metric` for itself, a class or its name; the function for a function or its name; None for None.

    Raises:
        UnknownClass: there is no metric of that name.
        ConfigError: the identifier is of another sort, or the config does not fit.
    """
    return serialization.resolve(identifier, ALL, "metric")


def serialize(metric: Any) -> Any:
    """The record ``{"class_name", "config"}`` of a metric; the name of a function."""
    return serialization.to_plain(metric)


def deserialize(record: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The metric that a record or a name describes.

    Args:
        record: as `serialize` gives it.
        custom_objects: what names of the user's own classes and functions mean.
    """
    with serialization.custom_object_scope(custom_objects):
        return get(record)
