"""Primitives that move elements, or choose some of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from zoo.engine.graph import Node
from zoo.export.emitter import Emitter, Refused, Rule, moved, natural
from zoo.export.probes import Dim, Size

_LAST = np.iinfo(np.int64).max
_PAD_MODES = {"constant": 17, "reflect": 17, "edge": 17, "wrap": 19}        # and the opset that first has them


def _reshape(e: Emitter, node: Node, attrs: dict[str, Any]) -> None:
    shape = e.shape(node.output)
    e.hold(node.output, e.op("Reshape", e.name(node.inputs[0]), reshape_sizes(e, shape)))


def reshape_sizes(e: Emitter, shape: tuple[Dim, ...]) -> str:
    """The second input of Reshape: the first unknown size is what remains."""
    unknown = [axis for axis, size in enumerate(shape) if isinstance(size, Size)]
    if unknown and 0 not in shape:
        rest = unknown if len(unknown) == 1 else unknown[:1]
        shape = tuple(-1 if axis in rest else size for axis, size in enumerate(shape))
    return e.sizes(shape)


def _transpose(e: Emitter, node: Node, attrs: dict[str, Any]) -> None:
    axes = attrs["axes"]
    for order, name in e.held(node.inputs[0]).items():      # the same tensor, seen in another order
        e.hold(node.output, name, tuple(axes.index(axis) for axis in order))


def _broadcast_to(e: Emitter, node: Node, attrs: dict[str, Any]) -> None:
    x, shape = node.inputs[0], e.shape(node.output)
    own = (1,) * (len(shape) - x.ndim) + e.shape(x)
    asked = [1 if mine == size else size for mine, size in zip(own, shape)]
    e.hold(node.output, e.op("Expand", e.name(x), e.sizes(asked)))


def _concatenate(e: Emitter, node: Node, attrs: dict[str, Any]) -> None:
    changing = [order for value in node.inputs if not e.is_fixed(value) for order in e.orders(value)]
    order = max(changing, key=changing.count) if changing else natural(node.output.ndim)
    names = [e.name(value, order) for value in node.inputs]
    e.hold(node.output, e.op("Concat", *names, axis=order.index(attrs["axis"])), order)


def _pad(e: Emitter, node: Node, attrs: dict[str, Any]) -> None:
    (x,), mode = node.inputs, attrs["mode"]
    if mode not in _PAD_MODES or e.opset < _PAD_MODES[mode]:
        e.hold(node.output, _pad_by_take(e, node, attrs))
        return
    order = e.order(x)
    pads = e.sizes([attrs["pads"][axis][side] for side in (0, 1) for axis in order])
    value = [e.scalar(attrs["value"], x.dtype)] if mode == "constant" else []
    e.hold(node.output, e.op("Pad", e.name(x, order), pads, *value, mode=mode), order)


def _pad_by_take(e: Emitter, node: Node, attrs: dict[str, Any]) -> str:
    """A padding that ONNX has no word for: elements chosen along each axis."""
    name = e.name(node.inputs[0])
    for axis, (size, pair) in enumerate(zip(e.shape(node.inputs[0]), attrs["pads"])):
        if pair == (0, 0):
            continue
        if isinstance(size, Size) or any(isinstance(n, Size) for n in pair):
            raise Refused(f"mode {attrs['mode']!r} of an axis whose size is not known; give it with input_signature")
        name = e.op("Gather", name, e.integers(np.pad(np.arange(size), pair, mode=attrs["mode"])), axis=axis)
    return name


def _slice(e: Emitter, node: Node, attrs: dict[str, Any]) -> None:
    x = node.inputs[0]
    order, sizes = e.order(x), e.shape(x)
    axes, starts, stops, steps = [], [], [], []
    for axis, (start, stop, step) in enumerate(zip(attrs["starts"], attrs["stops"], attrs["steps"])):
        start, stop = start or 0, _LAST if stop is None or stop == sizes[axis] else stop
        if (start, stop, step) != (0, _LAST, 1):
            axes.append(order.index(axis))
            starts, stops, steps = [*starts, start], [*stops, stop], [*steps, step]
    if not axes:
        e.hold(node.output, e.name(x, order), order)
        return
    made = e.op("Slice", e.name(x, order), e.sizes(starts), e.sizes(stops), e.integers(axes), e.sizes(steps))
    e.hold(node.output, made, order)


def _flip(e: Emitter, node: Node, attrs: dict[str, Any]) -> None:
    x = node.inputs[0]
    order, count = e.order(x), len(attrs["axes"])
    e.hold(node.output, e.op("Slice", e.name(x, order), e.integers([-1] * count), e.integers([-_LAST] * count),
                             e.integers(moved(order, attrs["axes"])), e.integers([-1] * count)), order)


# ---- elements chosen by tensors

def _integers_of(e: Emitter, node: Node, position: int) -> str:
    """An input of whole numbers, as the operators that choose take them."""
    value = node.inputs[position]
    name = e.name(value)
    return name if value.dtype in ("int32", "int64") else e.op("Cast", name, to=np.dtype("int64"))


def _take(e: Emitter, node: Node, attrs: dict[str, Any]) -> None:
    made = e.op("Gather", e.name(node.inputs[0]), _integers_of(e, node, 1), axis=attrs["axis"])
    e.hold(node.output, made)


def _take_along_axis(e: Emitter, node: Node, attrs: dict[str, Any]) -> None:
    x, indices = node.inputs
    names, axis = [e.name(x), _integers_of(e, node, 1)], attrs["axis"]
    wanted = e.shape(node.output)
    for i, value in enumerate((x, indices)):
        own = e.shape(value)
        asked = [1 if k == axis or own[k] == wanted[k] else wanted[k] for k in range(len(own))]
        if any(size != 1 for size in asked):
            names[i] = e.op("Expand", names[i], e.sizes(asked))
    e.hold(node.output, e.op("GatherElements", *names, axis=axis))


def _argsort(e: Emitter, node: Node, attrs: dict[str, Any]) -> None:
    x, axis = node.inputs[0], attrs["axis"]
    name = e.name(x)
    if x.dtype not in ("float32", "float64", "int32", "int64"):
        name = e.op("Cast", name, to=np.dtype("float32" if x.dtype == "float16" else "int64"))
    _, places = e.op("TopK", name, e.sizes([e.shape(x)[axis]]), axis=axis, largest=0, sorted=1, outputs=2)
    e.hold(node.output, e.op("Cast", places, to=np.dtype("int32")))


_SCATTER = {"update": ("none", 17), "add": ("add", 17), "multiply": ("mul", 17), "max": ("max", 18), "min": ("min", 18)}


def _scatter(e: Emitter, node: Node, attrs: dict[str, Any]) -> None:
    reduction, opset = _SCATTER[attrs["mode"]]
    if e.opset < opset:
        raise Refused(f"mode {attrs['mode']!r} exists from opset {opset} on, and the opset asked for is {e.opset}")
    places = e.op("Cast", e.name(node.inputs[1]), to=np.dtype("int64"))
    made = e.op("ScatterND", e.name(node.inputs[0]), places, e.name(node.inputs[2]), reduction=reduction)
    e.hold(node.output, made)


def _host(e: Emitter, node: Node, attrs: dict[str, Any]) -> None:
    raise Refused(f"{type(attrs['function']).__name__} is a function of strings or tables, which only Python computes")


RULES: dict[str, Rule] = {
    "reshape": _reshape, "transpose": _transpose, "broadcast_to": _broadcast_to, "concatenate": _concatenate,
    "pad": _pad, "slice": _slice, "flip": _flip,
    "take": _take, "take_along_axis": _take_along_axis, "argsort": _argsort, "scatter": _scatter,
    "host": _host,
}
