"""Convolution of few input channels, compiled: the first layer of a network, whose windows are too short for BLAS."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import product
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
    if prod(kernel.shape[:-2]) == 1:
        return "needs a window of more than one place: with one, BLAS is faster"
    if node.output.spec.size < SMALLEST:
        return f"pays from {SMALLEST} elements on"
    if node.output.dtype != "float32":
        return f"computes float32 only, not {node.output.dtype}"
    return epilogue_refusal(node)


def _convolve(walk: Walk, source: ProgramSource, count: int) -> list[str]:
    """Lines for `count` neighbouring places: what lies under their windows is loaded before the loop over outputs."""
    taps = list(product(*map(range, walk.window), range(walk.channels)))
    loads, sums, loop = {}, ["F(0)"] * count, [f"w{tap} = weights[d{tap} + c]" for tap in range(len(taps))]
    for tap, (k, m, channel) in enumerate(taps):
        for q in range(count):
            place = walk.column(q, m) * walk.channels + channel
            loads[f"x{k}_{place}"] = f"{walk.array}[a{k} + U({place})]"
            sums[q] += f" + w{tap} * x{k}_{place}"
    for q, terms in enumerate(sums):
        lines, result = source.inside("c", f"s{q}", f"_{q}")
        loop += [f"s{q} = {terms}", *lines, f"out[o + wide * U({q}) + c] = {result}"]
    before = [line for q in range(count) for line in source.before(f"(first + {q})", "outputs", "0", f"_{q}")]
    return [*before, *(f"{name} = {value}" for name, value in loads.items()), "wide = U(outputs)",
            "o = U(first) * wide", *(f"d{i} = wide * U({i})" for i in range(len(taps))),
            "for c in range(wide):", *(f"    {line}" for line in loop)]


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
