"""Convolutions, pooling and resizing: channels-last here, channels-first in ONNX."""

from __future__ import annotations

from typing import Any

import numpy as np

from zoo.engine import windows
from zoo.engine.graph import Node, Value
from zoo.engine.kernels.reference.image import weights
from zoo.export.emitter import Emitter, Refused, Rule, channels_first, moved
from zoo.export.probes import Dim, Size

_HALF = ("float16", "bfloat16")


def bias_of(e: Emitter, node: Node) -> tuple[str, Value] | None:
    """The numbers, one a channel, that the only reader of a node's output adds to it, and the sum; None if none are."""
    reader = e.only_reader(node.output)
    if reader is None or reader.op.name != "add" or reader.output.shape != node.output.shape:
        return None
    other = reader.inputs[0] if reader.inputs[1] is node.output else reader.inputs[1]
    channels = node.output.shape[-1]
    if not e.is_fixed(other) or other.spec.size not in (1, channels) or other.shape[-1:] not in ((), (1,), (channels,)):
        return None
    array = np.ascontiguousarray(np.broadcast_to(e.array(other).ravel(), (channels,)))
    e.absorb(reader)
    return e.file.initializer(array, e.title(other)), reader.output


def _pads(e: Emitter, x: Value, window: tuple[int, ...], strides: tuple[int, ...], padding: Any,
          dilation: tuple[int, ...]) -> dict[str, Any]:
    """Attributes that say the padding: numbers where sizes are known."""
    sizes: tuple[Dim, ...] = e.shape(x)[1:-1]
    if any(isinstance(size, Size) for size in sizes) and padding == "same":
        return {"auto_pad": "SAME_UPPER"}
    if not isinstance(padding, str) and any(isinstance(n, Size) for pair in padding for n in pair):
        raise Refused("a padding that depends on sizes which are not known; give them with input_signature")
    pads = windows.pads(sizes, window, strides, padding, dilation)
    return {"pads": [pair[side] for side in (0, 1) for pair in pads]}


def _require_float(x: Value) -> None:
    if x.dtype not in ("float16", "bfloat16", "float32", "float64"):
        raise Refused(f"ONNX does not have it for {x.dtype}")


def _conv(e: Emitter, node: Node, attrs: dict[str, Any]) -> None:
    x, kernel = node.inputs
    _require_float(x)
    rank, order = x.ndim, channels_first(x.ndim)
    *window, _, _ = kernel.shape
    pads = _pads(e, x, tuple(window), attrs["strides"], attrs["padding"], attrs["dilation"])
    inputs = [e.name(x, order), e.name(kernel, (rank - 1, rank - 2, *range(rank - 2)))]
    bias = bias_of(e, node)
    made = e.op("Conv", *inputs, *([bias[0]] if bias else []), kernel_shape=window, strides=list(attrs["strides"]),
                dilations=list(attrs["dilation"]), group=attrs["groups"], **pads)
    e.hold(bias[1] if bias else node.output, made, order)


def _conv_transpose(e: Emitter, node: Node, attrs: dict[str, Any]) -> None:
    x, kernel = node.inputs
    _require_float(x)
    rank, order = x.ndim, channels_first(x.ndim)
    *window, _, _ = kernel.shape
    strides, dilation = attrs["strides"], attrs["dilation"]
    one = (1,) * (rank - 2)                                 # where the result lies does not depend on the size
    pieces = windows.transposed(one, window, strides, attrs["padding"], attrs["output_padding"], dilation)
    before = [drop for drop, _ in pieces]
    after = [windows.extent(w, d) - drop - length for w, d, (drop, length) in zip(window, dilation, pieces)]
    extra = [max(-n, 0) for n in after]
    inputs = [e.name(x, order), e.name(kernel, (rank - 1, rank - 2, *range(rank - 2)))]
    longer = any(n >= max(s, d) for n, s, d in zip(extra, strides, dilation))       # more than ONNX allows
    bias = None if longer else bias_of(e, node)
    made = e.op("ConvTranspose", *inputs, *([bias[0]] if bias else []), kernel_shape=window, strides=list(strides),
                dilations=list(dilation), group=attrs["groups"], pads=before + [max(n, 0) for n in after],
                output_padding=[0] * len(extra) if longer else extra)
    if longer:
        made = e.op("Pad", made, e.integers([0] * (rank + 2) + extra), mode="constant")
    e.hold(bias[1] if bias else node.output, made, order)


def _pool(op_type: str, **options: Any) -> Rule:
    def rule(e: Emitter, node: Node, attrs: dict[str, Any]) -> None:
        x = node.inputs[0]
        _require_float(x)
        order, window = channels_first(x.ndim), attrs["window"]
        pads = _pads(e, x, window, attrs["strides"], attrs["padding"], (1,) * len(window))
        made = e.op(op_type, e.name(x, order), kernel_shape=list(window), strides=list(attrs["strides"]), **pads,
                    **options)
        e.hold(node.output, made, order)
    return rule


# ---- resizing

def _resize(e: Emitter, node: Node, attrs: dict[str, Any]) -> None:
    x, method = node.inputs[0], attrs["method"]
    sizes, target = e.shape(x)[1:-1], e.shape(node.output)[1:-1]
    if method == "nearest":
        _resize_nearest(e, node, sizes, target)
    elif method == "bilinear" and not attrs["antialias"] and x.dtype not in _HALF:
        order = channels_first(x.ndim)
        made = e.op("Resize", e.name(x, order), "", "", _target(e, node, order), mode="linear",
                    coordinate_transformation_mode="half_pixel")
        e.hold(node.output, made, order)
    else:
        _resize_by_product(e, node, attrs, sizes, target)


def _target(e: Emitter, node: Node, order: tuple[int, ...]) -> str:
    shape = e.shape(node.output)
    return e.sizes([shape[axis] for axis in order])


def _resize_nearest(e: Emitter, node: Node, sizes: tuple[Dim, ...], target: tuple[Dim, ...]) -> None:
    """By whole factors as Resize; else as a choice of rows and columns, which no rounding of factors can shift."""
    x = node.inputs[0]
    if all(_multiple(a, b) for a, b in zip(sizes, target)):
        order = channels_first(x.ndim)
        made = e.op("Resize", e.name(x, order), "", "", _target(e, node, order), mode="nearest",
                    coordinate_transformation_mode="asymmetric", nearest_mode="floor")
        e.hold(node.output, made, order)
        return
    _require_known(sizes, target)
    order = e.order(x)
    name = e.name(x, order)
    for axis, (source, wanted) in enumerate(zip(sizes, target), start=1):
        if source != wanted:
            places = np.minimum(((np.arange(wanted) + 0.5) * (source / wanted)).astype("int64"), source - 1)
            name = e.op("Gather", name, e.integers(places), axis=order.index(axis))
    e.hold(node.output, name, order)


def _multiple(source: Dim, target: Dim) -> bool:
    pairs = list(zip(*(size.numbers if isinstance(size, Size) else (size,) * 4 for size in (source, target))))
    factors = {wanted / size for size, wanted in pairs}
    return len(factors) == 1 and next(iter(factors)).is_integer()


def _resize_by_product(e: Emitter, node: Node, attrs: dict[str, Any], sizes: tuple[Dim, ...],
                       target: tuple[Dim, ...]) -> None:
    """Along each axis a product by the table of weights, as the method is defined."""
    _require_known(sizes, target)
    x = node.inputs[0]
    rank = x.ndim
    name, half = e.name(x), x.dtype == "float16"
    name = e.op("Cast", name, to=np.dtype("float32")) if half else name
    wide = np.dtype("float64" if x.dtype == "float64" else "float32")
    have = tuple(range(rank))
    for axis, (source, wanted) in enumerate(zip(sizes, target), start=1):
        if source == wanted:
            continue
        last = (*(k for k in range(rank) if k != axis), axis)
        name = e.op("Transpose", name, perm=moved(have, last)) if have != last else name
        table = weights(np, source, wanted, attrs["method"], attrs["antialias"]).astype(wide)
        name, have = e.op("MatMul", name, e.file.initializer(table.T, "resize/weights")), last
    name = e.op("Cast", name, to=np.dtype("float16")) if half else name
    e.hold(node.output, name, have)


def _require_known(sizes: tuple[Dim, ...], target: tuple[Dim, ...]) -> None:
    if any(isinstance(size, Size) for size in (*sizes, *target)):
        raise Refused("an image whose size is not known; give it with input_signature")


RULES: dict[str, Rule] = {
    "conv": _conv, "conv_transpose": _conv_transpose,
    "max_pool": _pool("MaxPool"), "avg_pool": _pool("AveragePool", count_include_pad=0),
    "resize": _resize,
}
