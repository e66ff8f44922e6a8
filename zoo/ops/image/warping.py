"""Images read at other places: affine and perspective transforms, displacement fields."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import reduce
from itertools import product
from typing import Any

import numpy as np

from zoo.engine import primitives as p
from zoo.engine.dtypes import is_float
from zoo.errors import ConfigError, ShapeError
from zoo.ops.image.batches import of_batch
from zoo.ops.image.filters import bell, filtered
from zoo.ops.linalg import solve
from zoo.ops.numpy_like.arithmetic import add, divide, floor_divide, mod, multiply, subtract
from zoo.ops.numpy_like.elementwise import absolute, clip, floor, negative, round as round_, trunc
from zoo.ops.numpy_like.indexing import take, take_along_axis, where
from zoo.ops.numpy_like.logic import greater, greater_equal, less, less_equal, logical_and
from zoo.ops.numpy_like.manipulation import concatenate, expand_dims, reshape, squeeze, unstack
from zoo.ops.promotion import Tensor, as_float, as_tensor, dtype_of, rank_of, shape_of
from zoo.ops.random import states_of

INTERPOLATIONS = ("nearest", "bilinear")
Fold = Callable[[Tensor, int], Tensor]


def _reflected(place: Tensor, size: int) -> Tensor:
    """Places beyond the edges, mirrored at the edges of the outer pixels."""
    period = 2 * size
    below = add(multiply(trunc(divide(negative(place), period)), period), place)
    below = where(less(below, -size), add(below, period), subtract(negative(below), 1))
    above = subtract(place, multiply(trunc(divide(place, period)), period))
    above = where(greater_equal(above, size), subtract(period - 1, above), above)
    folded = where(less(place, 0), below, where(greater(place, size - 1), above, place))
    return clip(folded, 0.0, float(size - 1))


def _wrapped(place: Tensor, size: int) -> Tensor:
    """Places beyond one edge, entering again at the other."""
    span = max(size - 1, 1)
    below = add(place, multiply(add(trunc(divide(negative(place), span)), 1), size))
    above = subtract(place, multiply(trunc(divide(place, span)), size))
    folded = where(less(place, 0), below, where(greater(place, size - 1), above, place))
    return clip(folded, 0.0, float(size - 1))


#: fill mode of the transforms -> where a place beyond the edges is read
FOLDS: dict[str, Fold] = {
    "constant": lambda place, size: place,
    "nearest": lambda place, size: clip(place, 0.0, float(size - 1)),
    "wrap": _wrapped,
    "reflect": _reflected,
}


def affine_transform(images: Any, transform: Any, interpolation: str = "bilinear", fill_mode: str = "constant",
                     fill_value: float = 0, data_format: str | None = None) -> Tensor:
    """Images in which pixel (x, y) is read at another place.

    Args:
        images: one image or a batch.
        transform: ``(8,)`` or ``(batch, 8)``: of [a0, a1, a2, b0, b1, b2, c0, c1] the place is
            ``((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k)`` with ``k = c0 x + c1 y + 1``.
        interpolation: "nearest" or "bilinear".
        fill_mode: "constant", "nearest", "wrap" or "reflect": what is read beyond the edges.
        fill_value: for "constant".
        data_format: "channels_last", "channels_first", or None for what `zoo.config` says.
    """
    if interpolation not in INTERPOLATIONS or fill_mode not in FOLDS:
        raise ConfigError(f"affine_transform: expected an interpolation of {INTERPOLATIONS} and a fill_mode of "
                          f"{tuple(FOLDS)}, received {interpolation!r} and {fill_mode!r}.")
    transform = as_tensor(transform, "float32")
    if rank_of(transform) not in (1, 2) or shape_of(transform)[-1] != 8:
        raise ShapeError(f"affine_transform: expected a transform of shape (8,) or (batch, 8), "
                         f"received {shape_of(transform)}.")
    table = expand_dims(transform, 0) if rank_of(transform) == 1 else transform

    def convert(x: Tensor) -> Tensor:
        rows, columns = shape_of(x)[1:3]
        ys, xs = (grid.reshape(1, -1).astype("float32") for grid in np.mgrid[:rows, :columns])
        x_place, y_place = projected(table, xs, ys)
        fold = FOLDS[fill_mode]
        values = _read(x, fold(y_place, rows), fold(x_place, columns), interpolation, fill_value)
        return reshape(values, (shape_of(x)[0], rows, columns, shape_of(x)[-1]))
    return of_batch(convert, images, data_format)


def _read(x: Tensor, y_place: Tensor, x_place: Tensor, interpolation: str, fill_value: float) -> Tensor:
    """Pixels ``(batch, places, channels)`` at places ``(batch or 1, places)``; `fill_value` outside."""
    batch, rows, columns, channels = shape_of(x)
    line = reshape(x, (batch, rows * columns, channels))

    def pixel(row: Tensor, column: Tensor) -> Tensor:
        inside = logical_and(logical_and(greater_equal(row, 0), less(row, rows)),
                             logical_and(greater_equal(column, 0), less(column, columns)))
        index = clip(row, 0.0, rows - 1.0) * columns + clip(column, 0.0, columns - 1.0)
        values = take_along_axis(line, expand_dims(as_tensor(index, "int32"), -1), 1)
        return where(expand_dims(inside, -1), values, as_tensor(fill_value, dtype_of(x)))
    if interpolation == "nearest":
        return pixel(_half_away(y_place), _half_away(x_place))
    top, left = floor(y_place), floor(x_place)
    down, right = subtract(y_place, top), subtract(x_place, left)
    total: Any = None
    for row, row_share in ((top, 1 - down), (add(top, 1), down)):
        for column, share in ((left, 1 - right), (add(left, 1), right)):
            part = multiply(as_float(pixel(row, column)), expand_dims(multiply(row_share, share), -1))
            total = part if total is None else add(total, part)
    return as_tensor(total, dtype_of(x))


def _half_away(x: Tensor) -> Tensor:
    """The nearest whole number; halves go away from 0."""
    return where(less(x, 0), negative(floor(add(negative(x), 0.5))), floor(add(x, 0.5)))


def perspective_transform(images: Any, start_points: Any, end_points: Any, interpolation: str = "bilinear",
                          fill_value: float = 0, data_format: str | None = None) -> Tensor:
    """Images in which four points move to other places, and lines stay straight.

    Args:
        images: one image or a batch.
        start_points, end_points: ``(4, 2)`` or ``(batch, 4, 2)`` pairs (x, y).
        interpolation, fill_value, data_format: as in `affine_transform`.
    """
    start, end = (as_tensor(points, "float32") for points in (start_points, end_points))
    if shape_of(start) != shape_of(end) or shape_of(start)[-2:] != (4, 2):
        raise ShapeError(f"perspective_transform: expected points of one shape (4, 2) or (batch, 4, 2), "
                         f"received {shape_of(start)} and {shape_of(end)}.")
    return affine_transform(images, homography(start, end), interpolation, "constant", fill_value, data_format)


def homography(start: Tensor, end: Tensor) -> Tensor:
    """The transforms (..., 8) that read four points where they start, for pixels where they end."""
    u, v = (expand_dims(part, -1) for part in unstack(start, axis=-1))
    x, y = (expand_dims(part, -1) for part in unstack(end, axis=-1))
    one, zero = (p.full_like_op(x, value=value, dtype="float32") for value in (1, 0))
    first = concatenate([x, y, one, zero, zero, zero, negative(u * x), negative(u * y)], -1)
    second = concatenate([zero, zero, zero, x, y, one, negative(v * x), negative(v * y)], -1)
    return solve(concatenate([first, second], -2), squeeze(concatenate([u, v], -2), -1))


def projected(table: Tensor, xs: Any, ys: Any) -> tuple[Tensor, Tensor]:
    """Where transforms (batch, 8) read pixels at places (batch or 1, places)."""
    a0, a1, a2, b0, b1, b2, c0, c1 = (expand_dims(part, 1) for part in unstack(table, axis=1))
    scale = c0 * xs + c1 * ys + 1.0
    return divide(a0 * xs + a1 * ys + a2, scale), divide(b0 * xs + b1 * ys + b2, scale)


def _mirrored_index(index: Tensor, size: int) -> Tensor:
    """Indices beyond the edges, mirrored at the centres of the outer pixels."""
    span = max(size - 1, 1)
    return absolute(subtract(mod(add(index, span), 2 * span), span))


#: fill mode of `map_coordinates` -> which element stands for an index beyond the edges
INDEX_FOLDS: dict[str, Fold] = {
    "constant": lambda index, size: clip(index, 0, size - 1),
    "nearest": lambda index, size: clip(index, 0, size - 1),
    "wrap": mod,
    "mirror": _mirrored_index,
    "reflect": lambda index, size: floor_divide(
        subtract(_mirrored_index(add(multiply(index, 2), 1), 2 * size + 1), 1), 2),
}


def map_coordinates(inputs: Any, coordinates: Any, order: int, fill_mode: str = "constant",
                    fill_value: float = 0) -> Tensor:
    """A tensor read at fractional places.

    Args:
        inputs: a tensor.
        coordinates: for each axis of the inputs a tensor of places.
        order: 0 for the nearest element, 1 for linear interpolation.
        fill_mode: "constant", "nearest", "wrap", "mirror" or "reflect": what is read beyond the edges.
        fill_value: for "constant".
    """
    if order not in (0, 1) or fill_mode not in INDEX_FOLDS:
        raise ConfigError(f"map_coordinates: expected order 0 or 1 and a fill_mode of {tuple(INDEX_FOLDS)}, "
                          f"received {order!r} and {fill_mode!r}.")
    inputs, shape = as_tensor(inputs), shape_of(inputs)
    lines = list(coordinates) if isinstance(coordinates, (tuple, list)) else unstack(coordinates)
    lines = [as_float(line) for line in lines]
    if len(lines) != len(shape):
        raise ShapeError(f"map_coordinates: expected coordinates for {len(shape)} axes, received {len(lines)}.")
    flat, strides = reshape(inputs, (-1,)), [math.prod(shape[axis + 1:]) for axis in range(len(shape))]
    total: Any = None
    for corner in product(*(_neighbours(line, order) for line in lines)):
        index: Any = reduce(add, (multiply(INDEX_FOLDS[fill_mode](place, size), stride)
                                  for (place, _), size, stride in zip(corner, shape, strides)))
        values = as_tensor(take(flat, index), dtype_of(lines[0]))
        if fill_mode == "constant":
            inside = reduce(logical_and, (logical_and(greater_equal(place, 0), less_equal(place, size - 1))
                                          for (place, _), size in zip(corner, shape)))
            values = where(inside, values, float(fill_value))
        part = reduce(multiply, (weight for _, weight in corner), values)
        total = part if total is None else add(total, part)
    return as_tensor(total if is_float(dtype_of(inputs)) else round_(total), dtype_of(inputs))


def _neighbours(line: Tensor, order: int) -> list[tuple[Tensor, Any]]:
    """The elements that count at each place, with their weights."""
    if order == 0:
        return [(as_tensor(round_(line), "int32"), 1.0)]
    low = floor(line)
    share = subtract(line, low)
    index = as_tensor(low, "int32")
    return [(index, subtract(1, share)), (add(index, 1), share)]


def elastic_transform(images: Any, alpha: float = 20.0, sigma: float = 5.0, interpolation: str = "bilinear",
                      fill_mode: str = "reflect", fill_value: float = 0.0, seed: Any = None,
                      data_format: str | None = None) -> Tensor:
    """Images distorted by a smooth random field.

    Args:
        images: one image or a batch.
        alpha: strength of the displacements.
        sigma: their smoothness.
        interpolation, fill_mode, fill_value, data_format: as in `map_coordinates` and `affine_transform`.
        seed: an integer, a `SeedGenerator`, or None.
    """
    states = states_of(seed, 2)
    return of_batch(lambda x: distorted(x, states, alpha, sigma, 6 * int(sigma) | 1, interpolation, fill_mode,
                                        fill_value), images, data_format)


def distorted(x: Tensor, states: Sequence[Tensor], alpha: Any, sigma: Any, window: int, interpolation: str,
              fill_mode: str, fill_value: float) -> Tensor:
    """A batch with channels last, distorted as by `elastic_transform`.

    Args:
        states: two states of random numbers.
        alpha, sigma: numbers or scalar tensors.
        window: the largest number of pixels over which displacements are smoothed.
    """
    if interpolation not in INTERPOLATIONS or fill_mode not in INDEX_FOLDS:
        raise ConfigError(f"elastic_transform: expected an interpolation of {INTERPOLATIONS} and a fill_mode of "
                          f"{tuple(INDEX_FOLDS)}, received {interpolation!r} and {fill_mode!r}.")
    batch, rows, columns, channels = shape_of(x)
    line = bell(window, sigma, add(multiply(trunc(as_tensor(sigma, "float32")), 6), 1))

    def field(state: Tensor) -> Tensor:
        noise = multiply(p.random_normal_op(state, shape=(batch, rows, columns), dtype="float32"), sigma)
        smooth = filtered(filtered(expand_dims(noise, -1), reshape(line, (-1, 1, 1)), "same"),
                          reshape(line, (1, -1, 1)), "same")
        return multiply(squeeze(smooth, -1), alpha)
    ys, xs = (grid.astype("float32") for grid in np.mgrid[:rows, :columns])
    order = INTERPOLATIONS.index(interpolation)
    near = (_neighbours(reshape(add(grid, field(state)), (batch, rows * columns)), order)
            for grid, state in zip((ys, xs), states))
    pixels, fold = reshape(as_float(x), (batch, rows * columns, channels)), INDEX_FOLDS[fill_mode]
    total: Any = None
    for (row, row_share), (column, share) in product(*near):
        index = add(multiply(fold(row, rows), columns), fold(column, columns))
        values = take_along_axis(pixels, expand_dims(index, -1), 1)
        if fill_mode == "constant":
            inside = logical_and(logical_and(greater_equal(row, 0), less(row, rows)),
                                 logical_and(greater_equal(column, 0), less(column, columns)))
            values = where(expand_dims(inside, -1), values, float(fill_value))
        part = multiply(values, expand_dims(multiply(row_share, share), -1))
        total = part if total is None else add(total, part)
    result = reshape(total, (batch, rows, columns, channels))
    return as_tensor(result if is_float(dtype_of(x)) else round_(result), dtype_of(x))
