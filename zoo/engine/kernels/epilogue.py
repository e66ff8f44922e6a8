"""The epilogue of a node, done on one tile of its output after another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from zoo.engine.graph import Node
from zoo.engine.kernels.tile_program import TileProgram
from zoo.engine.kernels.tiles import Index, part, regrouped
from zoo.engine.threads import Workspace

Finish = Callable[[Workspace], None]


class Epilogue(Protocol):
    """What kernels ask of an epilogue."""

    def on(self, place: Index) -> Finish:
        """The work on the tile at `place`, which has one slice for each axis of the grouped output."""


EpilogueMaker = Callable[[Node, Sequence[np.ndarray], np.ndarray, Sequence[Sequence[int]]], Epilogue]


class TileEpilogue:
    """An epilogue of NumPy calls.

    Args:
        node: the node; if it has no epilogue there is nothing to do.
        operands: arrays of the epilogue's inputs.
        output: the whole output; tiles of it hold the results of the op when the work on them starts.
        groups: how the axes of the output are seen (see `tiles.coalesce`).
    """

    def __init__(self, node: Node, operands: Sequence[np.ndarray], output: np.ndarray,
                 groups: Sequence[Sequence[int]]):
        self.code = TileProgram(node.epilogue, in_output=0) if node.epilogue is not None else None
        self.operands = [regrouped(x, groups) for x in operands]
        self.output = regrouped(output, groups)

    def on(self, place: Index) -> Finish:
        """The work on one tile."""
        if self.code is None:
            return _nothing
        code, output = self.code, self.output[place]
        operands = [output, *(part(x, place) for x in self.operands)]
        return lambda workspace: code(operands, (output,), workspace)


def _nothing(workspace: Workspace) -> None:
    return None


def each_axis(array: np.ndarray) -> list[list[int]]:
    """Groups of one axis each: the output as it is."""
    return [[axis] for axis in range(array.ndim)]
