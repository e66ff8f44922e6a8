"""Depthwise convolution with its epilogue, its transpose, and its gradient by the kernel, compiled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import product
from math import prod
from typing import Any

import numpy as np

from zoo.engine import windows
from zoo.engine.graph import Node
from zoo.engine.kernels import costs
from zoo.engine.kernels.blas.convolution import sliding_of
from zoo.engine.kernels.jit.compiler import INT, compiled, read, written
from zoo.engine.kernels.jit.epilogue import SMALLEST, epilogue_operands, epilogue_refusal
from zoo.engine.kernels.jit.rows import ProgramSource
from zoo.engine.kernels.jit.walk import Walk
from zoo.engine.kernels.registry import Kernel, register
from zoo.engine.kernels.sliding import Sliding
from zoo.engine.kernels.tiles import cut
from zoo.engine.machine_code.unit import CompiledFunction
from zoo.engine.threads import Workspace, parallel_for, scratch

_PER_SECOND = 1e10                                          # multiplications, with their additions
_SCATTERED_PER_SECOND = 2e9                                 # the same where places are taken one by one
_STRANDS = 8                                                # sums of the gradient, added up at the end

Run = Callable[[], None]


def supports_depthwise(node: Node) -> str | None:
    """Each channel is a group of its own, with one output."""
    channels = node.inputs[0].shape[-1]
    if node.attrs["groups"] != channels or channels == 1 or node.inputs[1].shape[-1] != channels:
        return "needs one input and one output channel a group"
    if node.inputs[0].ndim > 4:
        return "needs one or two spatial axes"
    size = max(value.spec.size for value in (node.inputs[0], node.output))
    if size < SMALLEST:
        return f"pays from {SMALLEST} elements on"
    if node.output.dtype != "float32":
        return f"computes float32 only, not {node.output.dtype}"
    return epilogue_refusal(node)


def _convolve(walk: Walk, source: ProgramSource, count: int) -> list[str]:
    """Lines for `count` neighbouring places."""
    before = [line for q in range(count) for line in source.before(f"(first + {q})", "channels", "0", f"_{q}")]
    loop, sums = [], ["F(0)"] * count
    for k, m in product(*map(range, walk.window)):
        tap = k * walk.window[1] + m
        loop += [*(walk.loads(k, count) if m == 0 else ()), f"w{tap} = weights[d{tap} + c]"]
        sums = [f"{terms} + w{tap} * x{k}_{walk.column(q, m)}" for q, terms in enumerate(sums)]
    for q, terms in enumerate(sums):
        lines, result = source.inside("c", f"s{q}", f"_{q}")
        loop += [f"s{q} = {terms}", *lines, f"out[o + d{q} + c] = {result}"]
    return [*walk.offsets(count), *before, "o = U(first) * step",
            "for c in range(step):", *(f"    {line}" for line in loop)]


def convolve(node: Node, walk: Walk,
             extra: Sequence[np.ndarray]) -> tuple[CompiledFunction, tuple[Any, ...], list[str]]:
    """The compiled function of a node with its epilogue, the arguments for what the epilogue reads, and their types.

    The function's other arguments are the arrays x, weights, out and scratch, flat, and `walk.parameters`.
    """
    source = ProgramSource(node.epilogue, [None, *epilogue_operands(node)])
    function = compiled("depthwise", ["x", "weights", "out", "scratch", *walk.parameters, *source.parameters],
                        walk.source(partial(_convolve, walk, source)),
                        [read(), read(), written(), written(), *[INT] * len(walk.parameters), *source.types])
    return function, (*(operand.reshape(-1) for operand in extra), *source.numbers), source.types


def _bind(node: Node, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> Run:
    (x, weights, *extra), (output,) = inputs, outputs
    walk = Walk(sliding_of(node), x.shape[-1])
    function, operands, _ = convolve(node, walk, extra)
    arrays, rest = (x.reshape(-1), weights.reshape(-1), output.reshape(-1)), (*walk.numbers, *operands)
    tasks = walk.tasks(len(x), x.shape[-1])

    def body(i: int, workspace: Workspace) -> None:
        function(*arrays, walk.scratch(*tasks[i][1:], workspace), *tasks[i], *rest)

    seconds = costs.windows(node, _PER_SECOND)
    return lambda: parallel_for(len(tasks), body, seconds)


def _sum_products(walk: Walk, count: int) -> list[str]:
    """Lines that add what `count` neighbouring places contribute to the gradient by the kernel."""
    loop = [f"y{q} = given[o + d{q} + c]" for q in range(count)]
    for k, m in product(*map(range, walk.window)):
        tap = k * walk.window[1] + m
        products = " + ".join(f"y{q} * x{k}_{walk.column(q, m)}" for q in range(count))
        loop += [*(walk.loads(k, count) if m == 0 else ()), f"out[d{tap} + c] += {products}"]
    return [*walk.offsets(count), "o = U(first) * step", "for c in range(step):", *(f"    {line}" for line in loop)]


def _bind_gradient(node: Node, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> Run:
    (x, y), (output,), attrs = inputs, outputs, node.attrs
    walk = Walk(Sliding.over(x.shape[1:-1], attrs["window"], attrs["strides"], attrs["padding"], attrs["dilation"]),
                x.shape[-1])
    function = compiled("depthwise_gradient", ["x", "given", "out", "scratch", *walk.parameters],
                        walk.source(partial(_sum_products, walk), once=True),
                        [read(), read(), written(), written(), *[INT] * len(walk.parameters)])
    x, y = x.reshape(-1), y.reshape(-1)
    tasks = walk.tasks(*inputs[0].shape[::inputs[0].ndim - 1])
    strands = [tasks[piece] for piece in cut(len(tasks), -(-len(tasks) // _STRANDS))]
    seconds = prod(inputs[1].shape) * prod(walk.window) / _PER_SECOND

    def run() -> None:
        with scratch() as shared:
            sums = shared.take((len(strands), output.size))

            def body(i: int, workspace: Workspace) -> None:
                sums[i] = 0
                for task in strands[i]:
                    with workspace.frame():
                        function(x, y, sums[i], walk.scratch(*task[1:], workspace), *task, *walk.numbers)

            parallel_for(len(strands), body, seconds)
            np.add.reduce(sums, axis=0, out=output.reshape(-1))
    return run


_SCATTER = ("image", "top", "bottom", "height", "width", "down", "across", "rows", "places", "channels")


def _transposed(window: Sequence[int], strides: Sequence[int], dilation: Sequence[int],
                source: ProgramSource) -> list[str]:
    """Lines that gather, for each place of the result, the inputs whose windows reach it."""
    (height, width), (rows, columns), (spread, apart) = window, strides, dilation
    lines, result = source.inside("c", "given")
    return [
        "step = U(channels)",
        "for i in range(top, bottom):",
        "    for j in range(places):",
        "        first = (image * rows + i) * places + j",
        "        o = U(first) * step",
        "        for c in range(step):",
        "            out[o + c] = F(0)",
        f"        for k in range({height}):",
        f"            y = i + down - k * {spread}",
        f"            if y >= 0 and y % {rows} == 0 and y // {rows} < height:",
        f"                for m in range({width}):",
        f"                    z = j + across - m * {apart}",
        f"                    if z >= 0 and z % {columns} == 0 and z // {columns} < width:",
        f"                        a = U((image * height + y // {rows}) * width + z // {columns}) * step",
        f"                        b = U(k * {width} + m) * step",
        "                        for c in range(step):",
        "                            out[o + c] += x[a + c] * weights[b + c]",
        *(f"        {line}" for line in source.before("first", "channels", "0")),
        "        for c in range(step):",
        *(f"            {line}" for line in ["given = out[o + c]", *lines, f"out[o + c] = {result}"]),
    ]


def _bind_transposed(node: Node, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> Run:
    (x, weights, *extra), (output,), attrs = inputs, outputs, node.attrs
    window, source = node.op_inputs[1].shape[:-2], ProgramSource(node.epilogue, [None, *epilogue_operands(node)])
    pieces = windows.transposed(x.shape[1:-1], window, attrs["strides"], attrs["padding"], attrs["output_padding"],
                                attrs["dilation"])
    one = (1,) * (2 - len(window))                          # one spatial axis is one row of two
    body = _transposed(one + window, one + tuple(attrs["strides"]), one + tuple(attrs["dilation"]), source)
    function = compiled("depthwise_transposed", ["x", "weights", "out", *_SCATTER, *source.parameters], body,
                        [read(), read(), written(), *[INT] * len(_SCATTER), *source.types])
    arrays = (x.reshape(-1), weights.reshape(-1), output.reshape(-1))
    rows, places = one + output.shape[1:-1]
    drops = (*(0 for _ in one), *(drop for drop, _ in pieces))
    rest = (*one, *x.shape[1:-1], *drops, rows, places, x.shape[-1],
            *(operand.reshape(-1) for operand in extra), *source.numbers)
    tasks = [(image, piece.start, piece.stop) for image in range(len(x)) for piece in cut(rows, -(-rows // 4))]

    def work(i: int, workspace: Workspace) -> None:
        function(*arrays, *tasks[i], *rest)

    seconds = _transposed_cost(node)
    return lambda: parallel_for(len(tasks), work, seconds)


def _transposed_cost(node: Node) -> float:
    x, kernel = node.op_inputs
    return x.spec.size * prod(kernel.shape[:-2]) / _SCATTERED_PER_SECOND


register(Kernel("conv", "depthwise", "jit", supports_depthwise, _bind,
                cost=lambda node: costs.windows(node, _PER_SECOND) + costs.epilogue(node, compiled=True)))
register(Kernel("conv_kernel_gradient", "depthwise", "jit", supports_depthwise, _bind_gradient,
                cost=lambda node: node.inputs[1].spec.size * prod(node.attrs["window"]) / _PER_SECOND))
register(Kernel("conv_transpose", "depthwise", "jit", supports_depthwise, _bind_transposed,
                cost=lambda node: _transposed_cost(node) + costs.epilogue(node, compiled=True)))
