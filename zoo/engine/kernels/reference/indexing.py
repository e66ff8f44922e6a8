"""Definitions of choosing, ordering and accumulating elements by integer tensors."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from zoo.engine.kernels.registry import reference
from zoo.engine.spec import broadcast as broadcast_shapes

#: mode of scatter -> the universal function whose `at` accumulates repeated indices, on every device
ACCUMULATORS = {"add": "add", "max": "maximum", "min": "minimum"}


@reference("take")
def take(xp: ModuleType, x: Any, indices: Any, *, axis: int) -> Any:
    """Slices of x along an axis."""
    return xp.take(x, indices, axis=axis)


@reference("take_along_axis")
def take_along_axis(xp: ModuleType, x: Any, indices: Any, *, axis: int) -> Any:
    """Elements of x, chosen along an axis separately at every place of the others."""
    def broadcast(array: Any, other: Any) -> Any:
        shape = list(broadcast_shapes(*(a.shape[:axis] + (1,) + a.shape[axis + 1:] for a in (array, other))))
        shape[axis] = array.shape[axis]
        return xp.broadcast_to(array, tuple(shape))
    return xp.take_along_axis(broadcast(x, indices), broadcast(indices, x), axis)


@reference("argsort")
def argsort(xp: ModuleType, x: Any, *, axis: int) -> Any:
    """The positions of the elements in rising order."""
    return xp.argsort(x, axis=axis, kind="stable").astype("int32")


@reference("scatter")
def scatter(xp: ModuleType, x: Any, indices: Any, updates: Any, *, mode: str) -> Any:
    """x, changed at `indices` by `updates`; repeated indices accumulate, or the last one wins with "update".

    On a GPU it is not defined which one wins.
    """
    result, places = x.copy(), tuple(xp.moveaxis(indices, -1, 0))
    if mode == "update":
        result[places] = updates
    elif mode == "multiply":
        _multiply_at(xp, result, indices, updates)
    else:
        getattr(xp, ACCUMULATORS[mode]).at(result, places, updates)
    return result


def _multiply_at(xp: ModuleType, result: Any, indices: Any, updates: Any) -> None:
    """Multiplies slices of `result` in turns, so that no place is met twice in one turn."""
    depth, rest = indices.shape[-1], result.shape[indices.shape[-1]:]
    rows = result.reshape(-1, *rest)                        # a view: it is C-contiguous
    factors = xp.broadcast_to(updates, (*indices.shape[:-1], *rest)).reshape(-1, *rest)
    places = xp.zeros(indices.shape[:-1], "int64")
    for axis in range(depth):
        places = places * result.shape[axis] + indices[..., axis] % result.shape[axis]      # negative ones count back
    places = places.reshape(-1)
    order = xp.argsort(places, kind="stable")
    in_order = places[order]
    turn = xp.arange(len(in_order)) - xp.searchsorted(in_order, in_order)       # how often the place occurred before
    for t in range(int(turn.max()) + 1 if len(in_order) else 0):
        chosen = order[turn == t]
        rows[places[chosen]] *= factors[chosen]
