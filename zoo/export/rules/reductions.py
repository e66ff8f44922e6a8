"""Reductions, running sums, and normalisation to probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np

from zoo.engine.graph import Node
from zoo.export.emitter import Emitter, Order, Rule, moved

_SMALL = ("int8", "uint8", "int16", "uint16", "uint32", "uint64")
_WIDER = {**dict.fromkeys(_SMALL, "int64"), "float16": "float32"}


def kept_order(order: Order, axes: tuple[int, ...], keepdims: bool) -> Order:
    """The order of what a reduction leaves of a tensor in `order`."""
    if keepdims:
        return order
    left = [axis for axis in order if axis not in axes]
    return tuple(sorted(left).index(axis) for axis in left)


def reduce(e: Emitter, op_type: str, x: str, places: list[int], keepdims: bool) -> str:
    """One reduction; the axes are an input of ReduceSum, and of the others from opset 18 on."""
    if op_type == "ReduceSum" or e.opset >= 18:
        return e.op(op_type, x, e.integers(places), keepdims=int(keepdims))
    return e.op(op_type, x, axes=places, keepdims=int(keepdims))


def _reduction(op_type: str, boolean: bool = False) -> Rule:
    def rule(e: Emitter, node: Node, attrs: dict[str, Any]) -> None:
        (x,), axes, keepdims = node.inputs, attrs["axes"], attrs["keepdims"]
        order = e.order(x)
        name = e.name(x, order)
        narrow = boolean or x.dtype == "bool" or x.dtype in _SMALL
        if narrow:
            name = e.op("Cast", name, to=np.dtype("int64" if x.dtype in _SMALL else "int32"))
        made = reduce(e, op_type, name, moved(order, axes), keepdims) if axes else name
        made = e.op("Cast", made, to=np.dtype(node.output.dtype)) if narrow else made
        e.hold(node.output, made, kept_order(order, axes, keepdims))
    return rule


def _moments(e: Emitter, node: Node, attrs: dict[str, Any]) -> None:
    (x,), axes, keepdims = node.inputs, attrs["axes"], attrs["keepdims"]
    order = e.order(x)
    name, places, left = e.name(x, order), moved(order, axes), kept_order(order, axes, keepdims)
    if not axes:
        e.hold(node.outputs[0], name, order)
        e.hold(node.outputs[1], e.op("Sub", name, name), order)
        return
    distance = e.op("Sub", name, reduce(e, "ReduceMean", name, places, True))
    e.hold(node.outputs[0], reduce(e, "ReduceMean", name, places, keepdims), left)
    e.hold(node.outputs[1], reduce(e, "ReduceMean", e.op("Mul", distance, distance), places, keepdims), left)


def _position(op_type: str) -> Rule:
    def rule(e: Emitter, node: Node, attrs: dict[str, Any]) -> None:
        (x,), axis, keepdims = node.inputs, attrs["axis"], attrs["keepdims"]
        order = e.order(x)
        name = e.name(x, order)
        if x.dtype in _SMALL or x.dtype in ("bool", "int64"):
            name = e.op("Cast", name, to=np.dtype("int32"))
        made = e.op(op_type, name, axis=order.index(axis), keepdims=int(keepdims))
        e.hold(node.output, e.op("Cast", made, to=np.dtype("int32")), kept_order(order, (axis,), keepdims))
    return rule


def _along_axis(op_type: str) -> Rule:
    def rule(e: Emitter, node: Node, attrs: dict[str, Any]) -> None:
        order = e.order(node.inputs[0])
        made = e.op(op_type, e.name(node.inputs[0], order), axis=order.index(attrs["axis"]))
        e.hold(node.output, made, order)
    return rule


def _cumsum(e: Emitter, node: Node, attrs: dict[str, Any]) -> None:
    x = node.inputs[0]
    order = e.order(x)
    name, wider = e.name(x, order), _WIDER.get(x.dtype)
    name = e.op("Cast", name, to=np.dtype(wider)) if wider else name
    made = e.op("CumSum", name, e.scalar(order.index(attrs["axis"]), "int64"))
    e.hold(node.output, e.op("Cast", made, to=np.dtype(x.dtype)) if wider else made, order)


RULES: dict[str, Rule] = {
    "sum": _reduction("ReduceSum"), "mean": _reduction("ReduceMean"), "prod": _reduction("ReduceProd"),
    "moments": _moments, "max": _reduction("ReduceMax"), "min": _reduction("ReduceMin"),
    "all": _reduction("ReduceMin", boolean=True), "any": _reduction("ReduceMax", boolean=True),
    "argmax": _position("ArgMax"), "argmin": _position("ArgMin"),
    "cumsum": _cumsum,
    "softmax": _along_axis("Softmax"), "log_softmax": _along_axis("LogSoftmax"),
}
