"""Softmax compiled: each row is done while it is in the nearest cache."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from zoo.engine.elementwise import ElementwiseProgram, Instruction
from zoo.engine.graph import Node
from zoo.engine.kernels import costs
from zoo.engine.kernels.blas.softmax import supports
from zoo.engine.kernels.jit.compiler import INT, compiled, read, written
from zoo.engine.kernels.jit.epilogue import SMALLEST
from zoo.engine.kernels.jit.source import statements
from zoo.engine.kernels.registry import Kernel, register
from zoo.engine.kernels.tiles import cut
from zoo.engine.threads import Workspace, parallel_for

_LANES = 16                                                 # sums, and maxima, of a row side by side
_PIECE = 1 << 15                                            # elements of a task
_POWER = ElementwiseProgram(2, (Instruction("subtract", (0, 1), "float32"), Instruction("exp", (2,), "float32")))


def _over_row(start: str, array: str, one: Callable[[str, str], str]) -> list[str]:
    """Lines that bring the elements of a row together in ``lane[0]``; `one` joins two of them."""
    return [f"for j in range({_LANES}):", f"    lane[j] = {start}",
            f"for k in range(0, whole, {_LANES}):", "    p = o + U(k)", f"    for j in range({_LANES}):",
            f"        v = {array}[p + U(j)]", f"        lane[j] = {one('v', 'lane[j]')}",
            "for k in range(whole, width):", f"    v = {array}[o + U(k)]", f"    lane[0] = {one('v', 'lane[0]')}",
            f"for j in range(1, {_LANES}):", f"    lane[0] = {one('lane[j]', 'lane[0]')}"]


def _source() -> list[str]:
    lines, power = statements(_POWER, ["x[o + j]", "top"])
    row = [*_over_row("F(-inf)", "x", lambda a, b: f"{a} if {a} > {b} else {b}"), "top = lane[0]",
           "for j in range(U(width)):", *(f"    {line}" for line in lines), f"    out[o + j] = {power}",
           *_over_row("F(0)", "out", lambda a, b: f"{a} + {b}"), "share = F(1) / lane[0]",
           "for j in range(U(width)):", "    out[o + j] *= share"]
    return [f"whole = width // {_LANES} * {_LANES}", "for i in range(first, last):", "    o = U(i * width)",
            *(f"    {line}" for line in row)]


def _bind(node: Node, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> Callable[[], None]:
    function = compiled("softmax", ["x", "out", "lane", "first", "last", "width"], _source(),
                        [read(), written(), written(), *[INT] * 3])
    x, output, width = inputs[0].reshape(-1), outputs[0].reshape(-1), outputs[0].shape[-1]
    tasks, seconds = cut(output.size // width, _PIECE // width), _cost(node)

    def body(i: int, workspace: Workspace) -> None:
        function(x, output, workspace.take((_LANES,)), tasks[i].start, tasks[i].stop, width)

    return lambda: parallel_for(len(tasks), body, seconds)


def _supports(node: Node) -> str | None:
    if node.output.dtype != "float32":
        return f"computes float32 only, not {node.output.dtype}"
    return supports(node) or (f"pays from {SMALLEST} elements on" if node.output.spec.size < SMALLEST else None)


def _cost(node: Node) -> float:
    return 2 * node.output.spec.size / costs.FUSED


register(Kernel("softmax", "rows", "jit", _supports, _bind, cost=_cost))
