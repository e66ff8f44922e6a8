"""Building of layers: once each, whoever calls `build`."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from zoo import tree
from zoo.engine import graph as graphs
from zoo.errors import ConfigError
from zoo.layers.shapes import shape_of

_scopes: ContextVar[tuple[str, ...]] = ContextVar("scopes", default=())


class ShapesByName(dict):
    """Shapes for a `build` that takes several, by parameter name."""


@contextmanager
def name_scope(name: str) -> Iterator[None]:
    """Inside, the paths of new variables begin with `name` (after the names of scopes around)."""
    token = _scopes.set((*_scopes.get(), name))
    try:
        yield
    finally:
        _scopes.reset(token)


@contextmanager
def outer_scope() -> Iterator[None]:
    """Inside, the innermost scope does not count: for a layer that goes by the name of the one around it."""
    token = _scopes.set(_scopes.get()[:-1])
    try:
        yield
    finally:
        _scopes.reset(token)


def path_of(layer: Any, name: str) -> str:
    """The path of a new variable of a layer."""
    scopes = _scopes.get()
    return "/".join((*(scopes if scopes and scopes[-1] == layer.name else (layer.name,)), name))


def shapes_for(layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The shapes that `build` takes for a call with these arguments: one (or a nest), or several by name."""
    names = list(inspect.signature(layer.build).parameters)
    if len(names) <= 1:
        first = args[0] if args else next(iter(kwargs.values()))
        return tree.map(shape_of, first)
    bound = inspect.signature(layer.call).bind(*args, **{k: v for k, v in kwargs.items() if k != "training"})
    shapes = {f"{k}_shape": tree.map(shape_of, v) for k, v in bound.arguments.items() if v is not None}
    return ShapesByName({name: shapes.get(name) for name in names})


def once(build: Callable[..., None]) -> Callable[..., None]:
    """A layer's `build`, made to mark the layer built, however it is called.

    Variables get the layer's name in their paths and no graph that is being traced sees their creation; afterwards
    the shapes are kept for files, and the weights that the layer was given are set. A `build` that is called by the
    `build` of a subclass does its own part only.

    Raises:
        ConfigError: the layer is built already and has weights, which would be created anew.
    """
    @functools.wraps(build)
    def wrapped(layer: Any, *args: Any, **kwargs: Any) -> None:
        if layer._is_building:
            build(layer, *args, **kwargs)
            return
        if layer.built and layer.weights:
            raise ConfigError(f"{type(layer).__name__} {layer.name!r} is built already. To build it for another shape "
                              f"make a new layer from its config.")
        layer._is_building = True
        try:
            with graphs.suspended(), name_scope(layer.name):
                build(layer, *args, **kwargs)
        finally:
            layer._is_building = False
        layer.finish_building(_given(build, layer, args, kwargs))
    return wrapped


def _given(build: Callable[..., None], layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The shapes that a `build` was called with: one (or a nest), or several by name."""
    given = list(inspect.signature(build).parameters)[1:]
    if len(given) <= 1:
        return next(iter((*args, *kwargs.values())), None)
    bound = inspect.signature(build).bind(layer, *args, **kwargs)
    bound.apply_defaults()
    return ShapesByName(list(bound.arguments.items())[1:])
