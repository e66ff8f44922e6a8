"""Gradients of primitives that move or choose elements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from zoo.engine import graph as graphs
from zoo.engine.gradients.registry import number, rule, unbroadcast, without
from zoo.engine.graph import Value
from zoo.engine.primitives import (add_op, broadcast_to_op, concatenate_op, flip_op, full_like_op, less_op, multiply_op,
                                   pad_op, reshape_op, scatter_op, select_op, slice_op, take_op, transpose_op)
from zoo.errors import Unsupported


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
    x, indices, updates = node.inputs
    gathered = gather(ct, indices)
    if node.attrs["mode"] == "add":
        return ct, None, gathered
    if node.attrs["mode"] == "update":                      # defined where no place is named twice
        return scatter_op(ct, indices, zeros_like(updates), mode="update"), None, gathered
    if node.attrs["mode"] == "multiply":
        ones = full_like_op(x, value=1.0, dtype=x.dtype)
        return (multiply_op(ct, scatter_op(ones, indices, updates, mode="multiply")), None,
                multiply_op(gathered, gather(x, indices)))
    raise Unsupported(f"scatter with mode {node.attrs['mode']!r} has no gradient in zoo. Write it with ops.where.")


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
