"""Names that a file may use, and what they mean: closed tables plus what the user adds. Nothing is imported by name."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from zoo.errors import ConfigError, UnknownClass

_registered: dict[str, Any] = {}
_scope: ContextVar[dict[str, Any]] = ContextVar("custom_objects", default={})


def register_keras_serializable(package: str = "Custom", name: str | None = None) -> Callable[[Any], Any]:
    """Decorator: makes a class or function known as ``package>name``, so that saved models with it can be loaded."""
    def enter(thing: Any) -> Any:
        short = name or thing.__name__
        thing._registered_name = f"{package}>{short}"
        _registered[thing._registered_name] = thing
        return thing
    return enter


@contextmanager
def custom_object_scope(objects: Mapping[str, Any] | None) -> Iterator[None]:
    """Inside, the names of `objects` mean what it says, before any other meaning."""
    token = _scope.set({**_scope.get(), **(objects or {})})
    try:
        yield
    finally:
        _scope.reset(token)


CustomObjectScope = custom_object_scope                     # Keras's other name for it


def get_custom_objects() -> dict[str, Any]:
    """What names mean that the user has registered; what is added to it is known from then on."""
    return _registered


def get_registered_object(name: str, custom_objects: Mapping[str, Any] | None = None) -> Any | None:
    """The object registered under a name (``package>name``), or None."""
    with custom_object_scope(custom_objects):
        return custom_object(name)


def custom_object(*names: str | None) -> Any | None:
    """What the user calls one of `names` (a class name, or ``package>name``), or None."""
    for table in (_scope.get(), _registered):
        for name in names:
            if name in table:
                return table[name]
    return None


def registered_name(thing: Any) -> str | None:
    """``package>name`` of something that was registered, else None."""
    return getattr(thing, "_registered_name", None)


def lookup(name: str, table: Mapping[str, Any], kind: str, registered: str | None = None) -> Any:
    """The user's or our object of that name.

    Args:
        name: as in the file or argument.
        table: the closed table of this kind.
        kind: for messages: ``layer``, ``activation``, ...
        registered: the registered name in the file, if there is one.

    Raises:
        UnknownClass: nobody knows it.
    """
    found = custom_object(registered, name)
    if found is not None:
        return found
    if name in table:
        return table[name]
    close = difflib.get_close_matches(name, table, n=3)
    raise UnknownClass(f"Unknown {kind} {name!r}."
                       + (f" Did you mean {', '.join(map(repr, close))}?" if close else "")
                       + f" If it is your own, pass custom_objects={{{name!r}: ...}}.")


def resolve(identifier: Any, table: Mapping[str, Any], kind: str) -> Any:
    """Anything by which an object of this kind may be given: itself, a name, a ``{"class_name", "config"}`` dict.

    A class found by name is instantiated (with the config, or without arguments); a function is returned as it is.

    Raises:
        UnknownClass: the name is not known.
        ConfigError: the identifier is of another sort, or the config does not fit.
    """
    if identifier is None or callable(identifier) and not isinstance(identifier, type):
        return identifier
    if isinstance(identifier, type):
        return identifier()
    if isinstance(identifier, str):
        found = lookup(identifier, table, kind)
        return found() if isinstance(found, type) else found
    if isinstance(identifier, dict) and "class_name" in identifier:
        return _from_dict(identifier, table, kind)
    if hasattr(identifier, "get_config"):                   # an object that cannot be called, as optimizers
        return identifier
    raise ConfigError(f"Expected the {kind} as name, object or config, received {identifier!r}.")


def _from_dict(identifier: dict[str, Any], table: Mapping[str, Any], kind: str) -> Any:
    config = identifier.get("config")
    if identifier["class_name"] == "function":              # Keras 3's way to name a function
        return lookup(config, table, kind, identifier.get("registered_name"))
    found = lookup(identifier["class_name"], table, kind, identifier.get("registered_name"))
    if not isinstance(found, type):
        return found
    if hasattr(found, "from_config"):
        return found.from_config(config or {})
    try:
        return found(**(config or {}))
    except TypeError as error:
        raise ConfigError(f"{kind} {identifier['class_name']}: {error}. Received config: {config!r}") from error
