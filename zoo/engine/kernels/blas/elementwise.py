"""Fused elementwise programs, tile by tile."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from zoo.engine.graph import Node
from zoo.engine.kernels import costs
from zoo.engine.kernels.registry import Kernel, register
from zoo.engine.kernels.tile_program import TileProgram
from zoo.engine.kernels.tiles import CACHE_BYTES, coalesce, cut_leading, part, regrouped
from zoo.engine.threads import Workspace, parallel_for

SMALL = 1 << 12                                             # elements that one thread computes at once


def _bind(node: Node, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> Callable[[], None]:
    program, output = node.attrs["program"], outputs[0]
    groups = coalesce(output.shape, [x.shape for x in inputs])
    whole, operands = regrouped(output, groups), [regrouped(x, groups) for x in inputs]
    in_output = next((i for i in _in_place(node) if inputs[i].ctypes.data == output.ctypes.data), None)
    code = TileProgram(program, in_output)
    largest = CACHE_BYTES // output.itemsize // (2 + len(code.scratch))
    tiles = [([part(x, index) for x in operands], (whole[index],)) for index in cut_leading(whole.shape, largest)]
    if len(tiles) == 1 and output.size <= SMALL:
        return code.bound(*tiles[0])
    seconds = _cost(node)

    def body(i: int, workspace: Workspace) -> None:
        code(*tiles[i], workspace)

    return lambda: parallel_for(len(tiles), body, seconds)


def _cost(node: Node) -> float:
    return node.output.spec.size * len(node.attrs["program"].instructions) / costs.PASS


def _in_place(node: Node) -> tuple[int, ...]:
    return tuple(i for i, value in enumerate(node.inputs) if value.spec == node.output.spec)


register(Kernel("fused", "tiled_elementwise", "blas", supports=lambda node: None, bind=_bind, cost=_cost,
                in_place=_in_place))
