"""Elements chosen by position or by condition."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from zoo.engine import primitives as p
from zoo.engine.primitives.rules import INTEGER
from zoo.engine.spec import normalize_axis
from zoo.errors import ConfigError, ShapeError, Unsupported
from zoo.ops.numpy_like.logic import greater_equal
from zoo.ops.numpy_like.manipulation import concatenate, expand_dims, moveaxis, ravel, reshape
from zoo.ops.numpy_like.reduction import sum as sum_
from zoo.ops.promotion import Tensor, as_tensor, concrete, constant, dtype_of, known_size, promote, rank_of, shape_of


def get_item(x: Any, key: Any) -> Tensor:
    """``x[key]`` for integers, slices, None, Ellipsis, and one integer tensor.

    Raises:
        ShapeError: an index is out of range.
        Unsupported: the key is of another kind (a bool mask, several tensors).
    """
    keys = _expand_ellipsis(key if isinstance(key, tuple) else (key,), rank_of(x))
    starts, stops, steps, flipped, dropped, new, gathers = [], [], [], [], [], [], []
    for item in keys:
        axis = len(starts)
        if item is None:
            new.append(axis - len(dropped) + len(new))
            continue
        size = shape_of(x)[axis]
        if isinstance(item, slice):
            start, stop, step, backwards = _forward(item, size)
            flipped += [axis] * backwards
        elif _is_integer(item):
            start, stop, step = *_single(operator.index(item), size), 1
            dropped.append(axis)
        else:
            start, stop, step = 0, None, 1
            gathers.append((axis - len(dropped) + len(new), _indices(item)))
        starts.append(start), stops.append(stop), steps.append(step)
    x = p.slice_op(as_tensor(x), starts=tuple(starts), stops=tuple(stops), steps=tuple(steps))
    x = p.flip_op(x, axes=tuple(flipped)) if flipped else x
    if dropped:
        x = p.reshape_op(x, shape=tuple(size for i, size in enumerate(shape_of(x)) if i not in dropped))
    x = expand_dims(x, new) if new else x
    if len(gathers) > 1:
        raise Unsupported("get_item: only one index tensor is supported; use take or take_along_axis.")
    return p.take_op(x, gathers[0][1], axis=gathers[0][0]) if gathers else x


def _is_integer(item: Any) -> bool:
    return isinstance(item, (int, np.integer)) and not isinstance(item, (bool, np.bool_))


def _expand_ellipsis(keys: tuple[Any, ...], rank: int) -> list[Any]:
    """The keys with one for every axis."""
    places = [i for i, item in enumerate(keys) if item is Ellipsis]
    used = sum(item is not None and item is not Ellipsis for item in keys)
    if used > rank or len(places) > 1:
        raise ShapeError(f"get_item: too many indices, {keys}, for a tensor of rank {rank}.")
    at = places[0] if places else len(keys)
    return [*keys[:at], *[slice(None)] * (rank - used), *keys[at + 1:]]


def _forward(item: slice, size: int | None) -> tuple[int | None, int | None, int, bool]:
    """A slice as start, stop, positive step, and whether the result must be reversed."""
    start, stop, step = (None if part is None else operator.index(part) for part in (item.start, item.stop, item.step))
    step = 1 if step is None else step
    if step > 0 and size is None:
        return start or 0, stop, step, False
    if step > 0:
        return *slice(start, stop, step).indices(size)[:2], step, False
    if size is None:
        if (start, stop, step) == (None, None, -1):
            return 0, None, 1, True
        raise Unsupported(f"get_item: {item} needs a known size.")
    taken = range(*slice(start, stop, step).indices(size))
    return (taken[-1], taken[0] + 1, -step, True) if taken else (0, 0, 1, False)


def _single(index: int, size: int | None) -> tuple[int, int | None]:
    """An index as start and stop."""
    if size is not None and not -size <= index < size:
        raise ShapeError(f"get_item: index {index} is out of range for an axis of size {size}.")
    index = index + size if size is not None and index < 0 else index
    return index, None if index == -1 else index + 1


def _indices(item: Any) -> Tensor:
    indices = as_tensor(item)
    if dtype_of(indices) not in INTEGER:
        raise Unsupported(f"get_item: cannot index with a tensor of dtype {dtype_of(indices)}; "
                          f"use where for conditions.")
    return indices


def take(x: Any, indices: Any, axis: int | None = None) -> Tensor:
    """Slices of x along an axis (of the flattened x if it is None); negative indices count from the end."""
    if axis is None:
        return take(ravel(x), indices, 0)
    indices = as_tensor(indices)
    indices = indices if dtype_of(indices) in INTEGER else as_tensor(indices, "int32")
    return p.take_op(as_tensor(x), indices, axis=normalize_axis(axis, rank_of(x)))


def take_along_axis(x: Any, indices: Any, axis: int | None = None) -> Tensor:
    """Elements of x at `indices` along an axis, separately at every place of the other axes."""
    if axis is None:
        return take_along_axis(ravel(x), ravel(indices), 0)
    return p.take_along_axis_op(as_tensor(x), as_tensor(indices), axis=normalize_axis(axis, rank_of(x)))


def nonzero(x: Any) -> tuple[np.ndarray, ...]:
    """The indices of the elements that are not 0, one array for each axis. Only outside of graphs."""
    return tuple(index.astype("int32") for index in concrete("nonzero", x).nonzero())


def where(condition: Any, x1: Any = None, x2: Any = None) -> Any:
    """x1 where the condition holds, else x2; without them, the indices where it holds (see `nonzero`)."""
    if (x1 is None) != (x2 is None):
        raise ConfigError("where: expected both `x1` and `x2`, or neither.")
    if x1 is None:
        return nonzero(condition)
    return p.select_op(as_tensor(condition, "bool"), *promote(x1, x2))


def select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Tensor:
    """The choice that belongs to the first condition that holds, else `default`."""
    if len(condlist) != len(choicelist) or not condlist:
        raise ConfigError(f"select: expected as many choices as conditions, "
                          f"received {len(choicelist)} and {len(condlist)}.")
    *choices, result = promote(*choicelist, default)
    for condition, choice in zip(reversed(condlist), reversed(choices)):
        result = p.select_op(as_tensor(condition, "bool"), choice, result)
    return result


def _offsets(x: Any) -> Tensor:
    """Column minus row of every place of the matrices in the last two axes."""
    ones = p.full_like_op(as_tensor(x), value=1, dtype="int32")
    last = rank_of(x) - 1
    return p.subtract_op(p.cumsum_op(ones, axis=last), p.cumsum_op(ones, axis=last - 1))


def tril(x: Any, k: int = 0) -> Tensor:
    """The matrices with zeros above diagonal k."""
    x = as_tensor(x)
    return p.select_op(greater_equal(k, _offsets(x)), x, constant(0, dtype_of(x)))


def triu(x: Any, k: int = 0) -> Tensor:
    """The matrices with zeros below diagonal k."""
    x = as_tensor(x)
    return p.select_op(greater_equal(_offsets(x), k), x, constant(0, dtype_of(x)))


def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """The elements whose index on axis2 is `offset` above that on axis1, as a new last axis."""
    x = moveaxis(x, (axis1, axis2), (-2, -1))
    rows, columns = (known_size("diagonal", x, axis) for axis in (-2, -1))
    start = max(-offset, 0)
    length = max(min(rows - start, columns - max(offset, 0)), 0)
    places = (np.arange(length) + start) * columns + np.arange(length) + max(offset, 0)
    return p.take_op(reshape(x, (*shape_of(x)[:-2], rows * columns)), places.astype("int32"), axis=rank_of(x) - 2)


def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """The sum of a diagonal."""
    return sum_(diagonal(x, offset, axis1, axis2), -1)


def diag(x: Any, k: int = 0) -> Tensor:
    """The matrix with the line x on diagonal k; of a matrix, its diagonal."""
    if rank_of(x) == 2:
        return diagonal(x, k)
    if rank_of(x) != 1:
        raise ShapeError(f"diag: expected rank 1 or 2, received shape {shape_of(x)}.")
    x, size = as_tensor(x), known_size("diag", x, 0)
    side = size + abs(k)
    table = np.full((side, side), size, "int32")            # the place after the last element holds a zero
    table[np.arange(size) + max(-k, 0), np.arange(size) + max(k, 0)] = np.arange(size)
    return p.take_op(concatenate([x, constant([0], dtype_of(x))]), table, axis=0)


def diagflat(x: Any, k: int = 0) -> Tensor:
    """The matrix with the elements of x on diagonal k."""
    return diag(ravel(x), k)


def unravel_index(indices: Any, shape: Sequence[int]) -> tuple[Tensor, ...]:
    """Positions counted through a whole tensor as one index for each axis."""
    indices = as_tensor(indices)
    total = constant(int(np.prod(shape)), dtype_of(indices))
    rest = p.mod_op(indices, total)
    result = []
    for size in reversed(shape):
        divisor = constant(size, dtype_of(indices))
        result.append(p.mod_op(rest, divisor))
        rest = p.floor_divide_op(rest, divisor)
    return tuple(reversed(result))
