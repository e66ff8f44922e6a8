"""Depthwise convolution with its epilogue, compiled: several places of a row at a time share the weights they load."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

import numpy as np

from zoo.engine.graph import Node
from zoo.engine.kernels import costs
from zoo.engine.kernels.blas.convolution import sliding_of
from zoo.engine.kernels.blas.depthwise import supports_depthwise
from zoo.engine.kernels.jit.compiler import INT, compiled, read, written
from zoo.engine.kernels.jit.epilogue import SMALLEST, epilogue_operands, epilogue_refusal
from zoo.engine.kernels.jit.rows import ProgramSource
from zoo.engine.kernels.registry import Kernel, register
from zoo.engine.kernels.tiles import CACHE_BYTES, cut
from zoo.engine.threads import Workspace, parallel_for

_PLACES = (4, 1)                                            # computed at a time: their sums fill vector registers
_PER_SECOND = 1e10                                          # multiplications, with their additions
_GEOMETRY = ("image", "top", "bottom", "height", "width", "before", "left", "line", "rows", "places", "channels")


def _supports(node: Node) -> str | None:
    x, kernel = node.op_inputs
    if x.ndim > 4 or kernel.shape[-1] != x.shape[-1]:
        return "needs one or two spatial axes, and one output a channel"
    if node.output.spec.size < SMALLEST:
        return f"pays from {SMALLEST} elements on"
    if node.output.dtype != "float32":
        return f"computes float32 only, not {node.output.dtype}"
    return supports_depthwise(node) or epilogue_refusal(node)


def _source(window: Sequence[int], strides: Sequence[int], dilation: Sequence[int], source: ProgramSource,
            padded: bool) -> list[str]:
    """Lines of the function. If padded, the rows that are needed are first copied to `scratch`, zeros around them."""
    body = ["step, row = U(channels), U(line * channels)"]
    body += _padding(strides[0], (window[0] - 1) * dilation[0] + 1) if padded else []
    body += ["for i in range(top, bottom):", "    j = 0"]
    for places in _PLACES:
        inner = _places(places, window, strides, dilation, source, "scratch" if padded else "x", padded)
        body += [f"    while j + {places} <= places:", *(f"        {line}" for line in inner), f"        j += {places}"]
    return body


def _padding(stride: int, extent: int) -> list[str]:
    return [f"for r in range((bottom - top - 1) * {stride} + {extent}):",
            f"    y = top * {stride} - before + r",
            "    o, c = U(r) * row, U(image * height + y) * U(width * channels)",
            "    inside = 0 <= y < height",
            "    for k in range(row if not inside else U(left * channels)):",
            "        scratch[o + k] = F(0)",
            "    if inside:",
            "        o += U(left * channels)",
            "        for k in range(U(width * channels)):",
            "            scratch[o + k] = x[c + k]",
            "        o += U(width * channels)",
            "        for k in range(U((line - width - left) * channels)):",
            "            scratch[o + k] = F(0)"]


def _places(places: int, window: Sequence[int], strides: Sequence[int], dilation: Sequence[int],
            source: ProgramSource, array: str, padded: bool) -> list[str]:
    """Lines that compute some neighbouring places of row i, from place j on."""
    (height, width), (down, right), (spread, apart) = window, strides, dilation
    start = f"(i - top) * {down}" if padded else f"image * height + i * {down}"
    lines = [f"first = (image * rows + i) * places + j", "o = U(first) * step",
             f"a0 = U({start}) * row + U(j * {right}) * step"]
    lines += [f"a{k} = a{k - 1} + row * U({spread})" for k in range(1, height)]
    for q in range(places):
        lines += source.before(f"(first + {q})", "channels", "0", f"_{q}")
    loop = [f"s{q} = F(0)" for q in range(places)]
    for k in range(height):
        columns = sorted({q * right + m * apart for q in range(places) for m in range(width)})
        loop += [f"x{column} = {array}[a{k} + step * U({column}) + c]" for column in columns]
        for m in range(width):
            loop.append(f"w = weights[step * U({k * width + m}) + c]")
            loop += [f"s{q} += w * x{q * right + m * apart}" for q in range(places)]
    results = []
    for q in range(places):
        more, result = source.inside("c", f"s{q}", f"_{q}")
        loop += more
        results.append(f"out[o + step * U({q}) + c] = {result}")
    return [*lines, "for c in range(step):", *(f"    {line}" for line in [*loop, *results])]


def _bind(node: Node, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> Callable[[], None]:
    (x, weights, *extra), (output,) = inputs, outputs
    sliding, source = sliding_of(node), ProgramSource(node.epilogue, [None, *epilogue_operands(node)])
    one = (1,) * (2 - len(sliding.window))                  # one spatial axis is one row of two
    window, strides, dilation = one + sliding.window, one + sliding.strides, one + sliding.dilation
    height, width = one + sliding.sizes
    (before, after), (left, right) = ((0, 0),) * len(one) + sliding.pads
    rows, places = one + sliding.counts
    channels, line, padded = x.shape[-1], left + width + right, any((before, after, left, right))
    function = compiled("depthwise", ["x", "weights", "out", "scratch", *_GEOMETRY, *source.parameters],
                        _source(window, strides, dilation, source, padded),
                        [read(), read(), written(), written(), *[INT] * len(_GEOMETRY), *source.types])
    arrays = (x.reshape(-1), weights.reshape(-1), output.reshape(-1))
    rest = (*(operand.reshape(-1) for operand in extra), *source.numbers)
    tall = max(1, CACHE_BYTES // (4 * channels * (line * strides[0] + places)))
    tiles = [(image, piece.start, piece.stop) for image in range(len(x)) for piece in cut(rows, tall)]
    extent = (window[0] - 1) * dilation[0] + 1

    def body(i: int, workspace: Workspace) -> None:
        image, top, bottom = tiles[i]
        scratch = workspace.take((((bottom - top - 1) * strides[0] + extent) * line * channels * padded,))
        function(*arrays, scratch, image, top, bottom, height, width, before, left, line, rows, places, channels, *rest)

    seconds = costs.windows(node, _PER_SECOND)
    return lambda: parallel_for(len(tiles), body, seconds)


register(Kernel("conv", "depthwise", "jit", _supports, _bind,
                cost=lambda node: costs.windows(node, _PER_SECOND) + costs.epilogue(node, compiled=True)))
