"""Gradients of convolution, pooling and resizing, all of which are linear in places."""

from __future__ import annotations

import numpy as np

from zoo.engine import graph as graphs
from zoo.engine import windows
from zoo.engine.gradients.registry import number, rule, spread
from zoo.engine.graph import Node, Value
from zoo.engine.kernels.reference.image import weights
from zoo.engine.primitives import (broadcast_to_op, conv_kernel_gradient_op, conv_op, conv_transpose_op, divide_op,
                                   einsum_op, exp_op, max_pool_gradient_op, max_pool_pick_op, multiply_op, pad_op,
                                   slice_op, subtract_op, sum_op)
from zoo.engine.windows import Padding


def _pads(node: Node, x: Value, window: tuple[int, ...], dilation: tuple[int, ...]) -> Padding:
    return windows.pads(x.shape[1:-1], window, node.attrs["strides"], node.attrs["padding"], dilation)


def scattered(ct: Value, kernel: Value, shape: tuple[int, ...], *, strides, pads, dilation, groups) -> Value:
    """The transpose of a convolution: what each input element of `shape` contributed to, gathered back."""
    extra = []
    for n, size, w, s, d, (low, high) in zip(shape[1:-1], ct.shape[1:-1], kernel.shape, strides, dilation, pads):
        extra.append(n - ((size - 1) * s + windows.extent(w, d) - low - high))
    return conv_transpose_op(ct, kernel, strides=strides, padding=pads, output_padding=tuple(extra), dilation=dilation,
                             groups=groups)


@rule("conv")
def _conv(ct, node):
    x, kernel = node.inputs
    attrs, window = node.attrs, kernel.shape[:-2]
    pads = _pads(node, x, window, attrs["dilation"])
    options = {"strides": attrs["strides"], "dilation": attrs["dilation"], "groups": attrs["groups"]}
    return (scattered(ct, kernel, x.shape, pads=pads, **options),
            conv_kernel_gradient_op(x, ct, window=window, padding=pads, **options))


@rule("conv_kernel_gradient")
def _conv_kernel_gradient(ct, node):
    """It is bilinear, as convolution is: here `ct` stands in the kernel's place."""
    x, y = node.inputs
    attrs = node.attrs
    options = {"strides": attrs["strides"], "dilation": attrs["dilation"], "groups": attrs["groups"]}
    pads = _pads(node, x, attrs["window"], attrs["dilation"])
    return scattered(y, ct, x.shape, pads=pads, **options), conv_op(x, ct, padding=pads, **options)


@rule("conv_transpose")
def _conv_transpose(ct, node):
    x, kernel = node.inputs
    attrs, window = node.attrs, kernel.shape[:-2]
    options = {"strides": attrs["strides"], "dilation": attrs["dilation"], "groups": attrs["groups"]}
    pieces = windows.transposed(x.shape[1:-1], window, attrs["strides"], attrs["padding"], attrs["output_padding"],
                                attrs["dilation"])
    lows, highs, stops = [], [], []
    for n, w, s, d, (drop, length) in zip(x.shape[1:-1], window, attrs["strides"], attrs["dilation"], pieces):
        line = (n - 1) * s + windows.extent(w, d)
        lows.append(drop)
        highs.append(max(line - drop - length, 0))
        stops.append(min(length, line - drop))              # past the end of the line nothing was added
    whole = slice_op(ct, starts=(0,) * ct.ndim, stops=(ct.shape[0], *stops, ct.shape[-1]), steps=(1,) * ct.ndim)
    padded = pad_op(whole, pads=((0, 0), *zip(lows, highs), (0, 0)), mode="constant", value=0.0)
    return (conv_op(padded, kernel, padding="valid", **options),
            conv_kernel_gradient_op(padded, x, window=window, padding=((0, 0),) * len(window), **options))


@rule("max_pool")
def _max_pool(ct, node):
    (x,) = node.inputs
    return (max_pool_gradient_op(ct, x, **node.attrs),)


@rule("max_pool_gradient")
def _max_pool_gradient(ct, node):
    _, x = node.inputs
    return max_pool_pick_op(ct, x, **node.attrs), None      # where the maximum is does not change with x


@rule("max_pool_pick")
def _max_pool_pick(ct, node):
    _, x = node.inputs
    return max_pool_gradient_op(ct, x, **node.attrs), None


@rule("avg_pool")
def _avg_pool(ct, node):
    (x,), attrs = node.inputs, node.attrs
    channels, ones = x.shape[-1], (1,) * len(attrs["window"])
    pads = windows.pads(x.shape[1:-1], attrs["window"], attrs["strides"], attrs["padding"], ones)
    counts = _counts(x, attrs, pads)
    kernel = broadcast_to_op(number(1, ct), shape=(*attrs["window"], 1, channels))
    return (scattered(divide_op(ct, counts), kernel, x.shape, strides=attrs["strides"], pads=pads, dilation=ones,
                      groups=channels),)


def _counts(x: Value, attrs, pads) -> Value:
    """How many real elements each window has, shape (1, positions..., 1)."""
    table = np.ones((1,), "float64")
    for size, w, s, (low, high) in zip(x.shape[1:-1], attrs["window"], attrs["strides"], pads):
        starts = np.arange((size + low + high - w) // s + 1) * s - low
        table = np.multiply.outer(table, np.minimum(starts + w, size) - np.maximum(starts, 0))
    return graphs.current().constant(table[..., None].astype("float32" if x.dtype == "bfloat16" else x.dtype), x.dtype)


@rule("resize")
def _resize(ct, node):
    (x,), attrs = node.inputs, node.attrs
    for axis, (source, target) in enumerate(zip(x.shape[1:-1], attrs["size"]), start=1):
        if source != target or attrs["method"] == "nearest":
            table = _resize_matrix(source, target, attrs["method"], attrs["antialias"])
            letters = "abcde"[:ct.ndim]
            equation = f"{letters},{letters[axis]}z->{letters.replace(letters[axis], 'z')}"
            dtype = "float32" if ct.dtype == "bfloat16" else ct.dtype
            ct = einsum_op(ct, graphs.current().constant(table.astype(dtype), ct.dtype), equation=equation)
    return (ct,)


def _resize_matrix(source: int, target: int, method: str, antialias: bool) -> np.ndarray:
    """The matrix (target, source) by which an axis was resized."""
    if method == "nearest":
        centres = ((np.arange(target) + 0.5) * (source / target)).astype("int64")
        return np.eye(source)[np.minimum(centres, source - 1)]
    return weights(np, source, target, method, antialias)


@rule("softmax")
def _softmax(ct, node):
    y, axes = node.output, (node.attrs["axis"],)
    inner = sum_op(multiply_op(ct, y), axes=axes, keepdims=True)
    return (multiply_op(y, subtract_op(ct, inner)),)


@rule("log_softmax")
def _log_softmax(ct, node):
    y, axes = node.output, (node.attrs["axis"],)
    total = spread(sum_op(ct, axes=axes, keepdims=True), y, axes, True)
    return (subtract_op(ct, multiply_op(exp_op(y), total)),)
