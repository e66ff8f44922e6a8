"""Convolution of few input channels, compiled: the first layer of a network, whose windows are too short for BLAS."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import prod

import numpy as np

from zoo.engine.graph import Node
from zoo.engine.kernels import costs
from zoo.engine.kernels.blas.convolution import sliding_of
from zoo.engine.kernels.jit.compiler import INT, compiled, read, written
from zoo.engine.kernels.jit.epilogue import SMALLEST, epilogue_operands, epilogue_refusal
from zoo.engine.kernels.jit.rows import ProgramSource
from zoo.engine.kernels.jit.walk import Walk
from zoo.engine.kernels.registry import Kernel, register
from zoo.engine.threads import Workspace, parallel_for

_LONGEST = 32                                               # elements of a window: each is a line of source
_PER_SECOND = 2.5e10                                        # multiplications, with their additions


def _supports(node: Node) -> str | None:
    x, kernel = node.op_inputs
    if node.attrs["groups"] != 1 or prod(kernel.shape[:-1]) > _LONGEST or x.ndim > 4:
        return f"needs a single group, windows of at most {_LONGEST} elements, and one or two spatial axes"
    if node.output.spec.size < SMALLEST:
        return f"pays from {SMALLEST} elements on"
    if node.output.dtype != "float32":
        return f"computes float32 only, not {node.output.dtype}"
    return epilogue_refusal(node)


def _convolve(walk: Walk, source: ProgramSource, count: int) -> list[str]:
    """Lines for `count` neighbouring places: what lies under their windows is loaded before the loop over outputs."""
    array, loads, loop = walk.array, [], [f"s{q} = F(0)" for q in range(count)]
    tap = 0
    for k in range(walk.window[0]):
        for m in range(walk.window[1]):
            for channel in range(walk.channels):
                loop.append(f"w = weights[U({tap}) * wide + c]")
                for q in range(count):
                    loads.append(f"x{tap}_{q} = {array}[a{k} + U({walk.column(q, m) * walk.channels + channel})]")
                    loop.append(f"s{q} += w * x{tap}_{q}")
                tap += 1
    before = [line for q in range(count) for line in source.before(f"(first + {q})", "outputs", "0", f"_{q}")]
    stores = []
    for q in range(count):
        lines, result = source.inside("c", f"s{q}", f"_{q}")
        loop += lines
        stores.append(f"out[o + wide * U({q}) + c] = {result}")
    return [*before, *loads, "wide = U(outputs)", "o = U(first) * wide",
            "for c in range(wide):", *(f"    {line}" for line in loop + stores)]


def _bind(node: Node, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> Callable[[], None]:
    (x, weights, *extra), (output,) = inputs, outputs
    walk, source = Walk(sliding_of(node), x.shape[-1]), ProgramSource(node.epilogue, [None, *epilogue_operands(node)])
    function = compiled("direct", ["x", "weights", "out", "scratch", *walk.parameters, "outputs", *source.parameters],
                        walk.source(partial(_convolve, walk, source)),
                        [read(), read(), written(), written(), *[INT] * (len(walk.parameters) + 1), *source.types])
    arrays = (x.reshape(-1), weights.reshape(-1), output.reshape(-1))
    rest = (*walk.numbers, output.shape[-1], *(operand.reshape(-1) for operand in extra), *source.numbers)
    tasks = walk.tasks(len(x), output.shape[-1])

    def body(i: int, workspace: Workspace) -> None:
        function(*arrays, walk.scratch(*tasks[i][1:], workspace), *tasks[i], *rest)

    seconds = _cost(node)
    return lambda: parallel_for(len(tasks), body, seconds)


def _cost(node: Node) -> float:
    return node.output.spec.size * prod(node.op_inputs[1].shape[:-1]) / _PER_SECOND


register(Kernel("conv", "direct", "jit", _supports, _bind,
                cost=lambda node: _cost(node) + costs.epilogue(node, compiled=True)))
