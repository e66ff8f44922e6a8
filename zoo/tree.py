"""Nested structures (tuples, lists, dicts) of leaves, in a fixed order; dictionaries go by sorted key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def leaves(nest: Any) -> list[Any]:
    """All leaves in order; None is a leaf."""
    return list(_walk(nest))


def _walk(nest: Any) -> Iterator[Any]:
    if isinstance(nest, (list, tuple)):
        for item in nest:
            yield from _walk(item)
    elif isinstance(nest, dict):
        for key in sorted(nest):
            yield from _walk(nest[key])
    else:
        yield nest


def map(function: Callable[..., Any], nest: Any, *others: Any) -> Any:  # noqa: A001 - the field's own word
    """The same structure with `function` applied to each leaf (and to the leaves of `others` in the same places)."""
    if isinstance(nest, (list, tuple)):
        items = [map(function, *parts) for parts in zip(nest, *others, strict=True)]
        return type(nest)(*items) if hasattr(nest, "_fields") else type(nest)(items)
    if isinstance(nest, dict):
        return {key: map(function, nest[key], *(other[key] for other in others)) for key in nest}
    return function(nest, *others)


def pack(structure: Any, values: list[Any]) -> Any:
    """The structure with its leaves replaced by `values`, in order."""
    iterator = iter(values)
    if isinstance(structure, dict):                         # leaves are ordered by key, the result keeps its own order
        filled = {key: pack_from(structure[key], iterator) for key in sorted(structure)}
        return {key: filled[key] for key in structure}
    return pack_from(structure, iterator)


def pack_from(structure: Any, iterator: Iterator[Any]) -> Any:
    """Like `pack`, taking leaves from an iterator."""
    if isinstance(structure, (list, tuple)):
        items = [pack_from(item, iterator) for item in structure]
        return type(structure)(*items) if hasattr(structure, "_fields") else type(structure)(items)
    if isinstance(structure, dict):
        filled = {key: pack_from(structure[key], iterator) for key in sorted(structure)}
        return {key: filled[key] for key in structure}
    return next(iterator)
