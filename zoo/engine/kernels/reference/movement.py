"""Definitions of the primitives that move elements."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from zoo.engine.kernels.registry import reference


@reference("reshape")
def reshape(xp: ModuleType, x: Any, *, shape: tuple[int | None, ...]) -> Any:
    """The same elements, last axis fastest, in another shape."""
    return xp.reshape(x, tuple(-1 if size is None else size for size in shape))


@reference("transpose")
def transpose(xp: ModuleType, x: Any, *, axes: tuple[int, ...]) -> Any:
    """Axes in another order."""
    return xp.transpose(x, axes)


@reference("broadcast_to")
def broadcast_to(xp: ModuleType, x: Any, *, shape: tuple[int | None, ...]) -> Any:
    """x repeated along axes of size 1 and new leading axes."""
    own = (1,) * (len(shape) - x.ndim) + x.shape
    return xp.broadcast_to(x, tuple(mine if size is None else size for size, mine in zip(shape, own)))


@reference("concatenate")
def concatenate(xp: ModuleType, *xs: Any, axis: int) -> Any:
    """Tensors one after another."""
    return xp.concatenate(xs, axis=axis)


@reference("pad")
def pad(xp: ModuleType, x: Any, *, pads: tuple[tuple[int, int], ...], mode: str, value: float) -> Any:
    """x with elements before and after."""
    if mode == "constant":
        return xp.pad(x, pads, mode="constant", constant_values=x.dtype.type(value))
    return xp.pad(x, pads, mode=mode)


@reference("slice")
def slice_(xp: ModuleType, x: Any, *, starts: tuple[int | None, ...], stops: tuple[int | None, ...],
           steps: tuple[int, ...]) -> Any:
    """x[start:stop:step] along each axis."""
    return x[tuple(map(slice, starts, stops, steps))]


@reference("flip")
def flip(xp: ModuleType, x: Any, *, axes: tuple[int, ...]) -> Any:
    """Axes in reverse."""
    return xp.flip(x, axes)
