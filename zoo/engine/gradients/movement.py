"""Gradients of primitives that move or choose elements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from zoo.engine import graph as graphs
from zoo.engine.gradients.registry import indicator, number, rule, unbroadcast, without
from zoo.engine.graph import Value
from zoo.engine.primitives import (add_op, broadcast_to_op, concatenate_op, divide_op, equal_op, flip_op, full_like_op,
                                   less_op, multiply_op, pad_op, reshape_op, scatter_op, select_op, slice_op, take_op,
                                   transpose_op)


def zeros_like(x: Value) -> Value:
    """Zeros in the shape and dtype of `x`."""
    return full_like_op(x, value=0.0, dtype=x.dtype)


def constant(array: Any) -> Value:
    """A constant of the graph being made."""
    return graphs.current().constant(array)


def spread_along(ct: Value, axis: int, places: np.ndarray, size: int) -> Value:
    """Adds the slices of `ct` at `places` of an axis of `size`; zeros elsewhere."""
    shape = tuple(size if a == axis else n for a, n in enumerate(ct.shape))
    return add_along(broadcast_to_op(number(0, ct), shape=shape), constant(places.astype("int32")), ct, axis)


def axis_first(rank: int, axis: int) -> tuple[int, ...]:
    """The permutation that brings `axis` to the front."""
    return (axis, *(i for i in range(rank) if i != axis))


def add_along(shape: Value, indices: Value, updates: Value, axis: int) -> Value:
    """Zeros in the shape of `shape`, with slices of `updates` added at `indices` along an axis."""
    order = axis_first(shape.ndim, axis)
    moved = transpose_op(updates, axes=axis_first(updates.ndim, axis))
    base = transpose_op(zeros_like(shape), axes=order)
    total = scatter_op(base, reshape_op(indices, shape=(*indices.shape, 1)), moved, mode="add")
    return transpose_op(total, axes=tuple(np.argsort(order).tolist()))


def wrapped(indices: Value, size: int) -> Value:
    """Indices with negative ones counted from the end."""
    graph = graphs.current()
    zero, end = (graph.constant(np.asarray(n, indices.dtype)) for n in (0, size))
    return select_op(less_op(indices, zero), add_op(indices, end), indices)


@rule("reshape")
def _reshape(ct, node):
    return (reshape_op(ct, shape=node.inputs[0].shape),)


@rule("transpose")
def _transpose(ct, node):
    return (transpose_op(ct, axes=tuple(np.argsort(node.attrs["axes"]).tolist())),)


@rule("broadcast_to")
def _broadcast_to(ct, node):
    return (unbroadcast(ct, node.inputs[0].shape),)


@rule("flip")
def _flip(ct, node):
    return (flip_op(ct, axes=node.attrs["axes"]),)


@rule("concatenate")
def _concatenate(ct, node):
    axis, start, parts = node.attrs["axis"], 0, []
    for x in node.inputs:
        stop = start + x.shape[axis]
        parts.append(piece(ct, axis, start, stop))
        start = stop
    return parts


def piece(x: Value, axis: int, start: int | None, stop: int | None, step: int = 1) -> Value:
    """``x[..., start:stop:step, ...]`` along one axis."""
    bounds: list[Sequence[Any]] = [[None] * x.ndim, [None] * x.ndim, [1] * x.ndim]
    bounds[0][axis], bounds[1][axis], bounds[2][axis] = start, stop, step
    return slice_op(x, starts=tuple(bounds[0]), stops=tuple(bounds[1]), steps=tuple(bounds[2]))


@rule("slice")
def _slice(ct, node):
    (x,), attrs = node.inputs, node.attrs
    if 0 in ct.shape:
        return (zeros_like(x),)
    taken = [range(*slice(*bounds).indices(size))
             for size, *bounds in zip(x.shape, attrs["starts"], attrs["stops"], attrs["steps"])]
    for axis, places in enumerate(taken):
        if places.step != 1:
            ct = spread_along(ct, axis, np.asarray(places), x.shape[axis])
    pads = tuple((0, 0) if whole == size else (places.start, whole - places.stop)
                 for whole, size, places in zip(x.shape, ct.shape, taken))
    return (pad_op(ct, pads=pads, mode="constant", value=0.0),)


@rule("pad")
def _pad(ct, node):
    (x,), attrs = node.inputs, node.attrs
    if attrs["mode"] == "constant":
        starts, stops = zip(*((low, low + size) for size, (low, _) in zip(x.shape, attrs["pads"])))
        return (slice_op(ct, starts=starts, stops=stops, steps=(1,) * x.ndim),)
    for axis, pair in enumerate(attrs["pads"]):             # every padded element is a copy of one inside
        if any(pair):
            source = np.pad(np.arange(x.shape[axis]), pair, mode=attrs["mode"])
            ct = spread_along(ct, axis, source, x.shape[axis])
    return (ct,)


@rule("take")
def _take(ct, node):
    x, indices = node.inputs
    axis = node.attrs["axis"]
    flat = reshape_op(wrapped(indices, x.shape[axis]), shape=(int(np.prod(indices.shape)),))
    lined = reshape_op(ct, shape=(*x.shape[:axis], flat.shape[0], *x.shape[axis + 1:]))
    return add_along(x, flat, lined, axis), None


@rule("take_along_axis")
def _take_along_axis(ct, node):
    x, indices = node.inputs
    axis = node.attrs["axis"]
    shape = ct.shape
    whole = tuple(x.shape[axis] if a == axis else n for a, n in enumerate(shape))
    places = broadcast_to_op(wrapped(indices, x.shape[axis]), shape=shape)
    grid = [places if a == axis else broadcast_to_op(constant(_steps(a, shape, indices.dtype)), shape=shape)
            for a in range(len(shape))]
    index = concatenate_op(*(reshape_op(g, shape=(*shape, 1)) for g in grid), axis=len(shape))
    return unbroadcast(scatter_op(broadcast_to_op(zeros_like(x), shape=whole), index, ct, mode="add"), x.shape), None


def _steps(axis: int, shape: Sequence[int], dtype: str) -> np.ndarray:
    return np.arange(shape[axis], dtype=dtype).reshape([-1 if a == axis else 1 for a in range(len(shape))])


@rule("scatter")
def _scatter(ct, node):
    mode = node.attrs["mode"]
    if mode == "add":
        return ct, None, gather(ct, node.inputs[1])
    by_x, by_updates = {"update": _updated, "multiply": _multiplied}.get(mode, _extreme)(ct, *node.inputs, node.output)
    return by_x, None, by_updates


def _updated(ct: Value, x: Value, indices: Value, updates: Value, y: Value) -> tuple[Value, Value]:
    """Where a place is named twice, the last update alone has a share in the result."""
    lead = indices.shape[:-1]
    order = constant(np.arange(int(np.prod(lead)), dtype="int32").reshape(lead))
    places = broadcast_to_op(constant(np.asarray(-1, "int32")), shape=x.shape[:indices.shape[-1]])
    last = equal_op(gather(scatter_op(places, indices, order, mode="update"), indices), order)
    last = reshape_op(last, shape=(*lead, *(1,) * (updates.ndim - len(lead))))
    return (scatter_op(ct, indices, zeros_like(updates), mode="update"),
            multiply_op(gather(ct, indices), indicator(last, ct)))


def _multiplied(ct: Value, x: Value, indices: Value, updates: Value, y: Value) -> tuple[Value, Value]:
    """The product of the others: exact with zeros among the factors, since nothing is divided by them."""
    ones, zero = full_like_op(x, value=1.0, dtype=x.dtype), number(0, x)
    is_zero = equal_op(updates, zero)
    zeros = gather(scatter_op(zeros_like(x), indices, indicator(is_zero, x), mode="add"), indices)
    filled = select_op(is_zero, number(1, x), updates)
    others = divide_op(gather(scatter_op(x, indices, filled, mode="multiply"), indices), filled)
    alone = indicator(equal_op(zeros, indicator(is_zero, x)), x)                # no zero among the others
    return (multiply_op(ct, scatter_op(ones, indices, updates, mode="multiply")),
            multiply_op(gather(ct, indices), multiply_op(others, alone)))


def _extreme(ct: Value, x: Value, indices: Value, updates: Value, y: Value) -> tuple[Value, Value]:
    """Equal extremes share the gradient."""
    own, given = indicator(equal_op(x, y), x), indicator(equal_op(updates, gather(y, indices)), x)
    share = divide_op(ct, scatter_op(own, indices, given, mode="add"))
    return multiply_op(share, own), multiply_op(gather(share, indices), given)


def gather(x: Value, indices: Value) -> Value:
    """``x[indices[..., 0], indices[..., 1], ...]``."""
    depth = indices.shape[-1]
    sizes = x.shape[:depth]
    flat = reshape_op(x, shape=(int(np.prod(sizes)), *x.shape[depth:]))
    position = None
    for axis, size in enumerate(sizes):
        column = wrapped(reshape_op(piece(indices, indices.ndim - 1, axis, axis + 1), shape=indices.shape[:-1]), size)
        stride = graphs.current().constant(np.asarray(int(np.prod(sizes[axis + 1:])), indices.dtype))
        term = multiply_op(column, stride)
        position = term if position is None else add_op(position, term)
    return take_op(flat, position, axis=0)


without("its result is a position", "argsort", "argmax", "argmin")
