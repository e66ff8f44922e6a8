"""What all fast kernels of recurrent cells share: their operands by name, how samples are cut, and the weights' share.

Samples are independent of each other, so a task runs some samples through all steps. What the weights contribute is
left for the end: one product over the samples and steps of all tasks, whatever the number of threads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from zoo.engine.graph import Node
from zoo.engine.kernels import costs
from zoo.engine.kernels.tiles import CACHE_BYTES, cut
from zoo.engine.threads import Workspace, parallel_for

_CELLS = {"simple_rnn": (1, 1, 1), "lstm": (4, 1, 2), "gru": (3, 2, 1)}         # gates, weights, states
_PIECES = 4                                                 # that a batch is cut into, where they have enough samples
_FEWEST, _MOST = 8, 64                                      # samples of a task: with 8, BLAS has most of its speed
_STEP = 1e-6                                                # seconds that a step costs besides its arithmetic
_ELEMENTS = 2e8                                             # gates a second


@dataclass(frozen=True)
class Operands:
    """The arrays of a cell, or of its gradient.

    Attributes:
        cotangents: of the states of all steps; empty unless it is a gradient.
        x: (batch, steps, gates * units).
        kernel: (units, gates * units).
        bias: (units,), or None.
        first: the states before the first step, (batch, units) each.
        all: the states of all steps, (batch, steps, units) each; empty unless it is a gradient.
        mask: (batch, steps), or None.
    """

    cotangents: tuple[np.ndarray, ...]
    x: np.ndarray
    kernel: np.ndarray
    bias: np.ndarray | None
    first: tuple[np.ndarray, ...]
    all: tuple[np.ndarray, ...]
    mask: np.ndarray | None


def cell_of(node: Node) -> tuple[str, int, int, int]:
    """Name, gates, weights and states of the cell that a node runs, or takes the gradient of."""
    name = node.op.name.removesuffix("_gradient")
    return (name, *_CELLS[name])


def operands(node: Node, inputs: Sequence[np.ndarray]) -> Operands:
    """The inputs of a node by name."""
    name, _, weights, states = cell_of(node)
    made, given = (states if node.op.name != name else 0), iter(inputs)
    cotangents, (x, kernel), bias, first, results, mask = (tuple(islice(given, count)) for count in
                                                           (made, 2, weights - 1, states, made, 1))
    return Operands(cotangents, x, kernel, *(bias or (None,)), first, results, *(mask or (None,)))


def sample_tiles(node: Node) -> list[slice]:
    """Which samples a task runs: few, but not so few that reading the kernel takes longer than multiplying."""
    batch, _, units = node.output.shape
    fewest = _FEWEST if 4 * cell_of(node)[1] * units ** 2 <= 2 * CACHE_BYTES else 2 * _FEWEST
    return cut(batch, min(_MOST, max(fewest, -(-batch // _PIECES))))


def _add_up(products: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> None:
    """For each (x, y, z): z (m, n) is the sum of the outer products of the rows of x (r, m) and y (r, n)."""
    tasks = []
    for x, y, z in products:
        for piece in cut(z.shape[1], max(64, -(-z.shape[1] // _PIECES))):
            tasks.append((x.T, y[:, piece], z[:, piece]))

    def body(i: int, workspace: Workspace) -> None:
        np.matmul(*tasks[i][:2], out=tasks[i][2])

    parallel_for(len(tasks), body, sum(costs.product(len(x), x.shape[1], y.shape[1]) for x, y, _ in tasks))


def gradient_by_weights(node: Node, before: np.ndarray, part: np.ndarray, by_x: np.ndarray, by_kernel: np.ndarray,
                   by_bias: Sequence[np.ndarray]) -> None:
    """Fills in the gradients by kernel and bias.

    Args:
        node: the gradient.
        before: the first state before each step, (batch, steps, units).
        part: for `gru`, with `reset_after`, the gradient by the product of states and the candidate's kernel; else
            what that kernel multiplies.
        by_x: gradient by x.
        by_kernel, by_bias: to be filled.
    """
    units, width = by_kernel.shape
    before, rows = before.reshape(-1, units), by_x.reshape(-1, width)
    if not by_bias:
        return _add_up([(before, rows, by_kernel)])
    two, part = 2 * units, part.reshape(-1, units)
    x, y = (before, part) if node.attrs["reset_after"] else (part, rows[:, two:])
    _add_up([(before, rows[:, :two], by_kernel[:, :two]), (x, y, by_kernel[:, two:])])
    np.matmul(np.ones(len(y), y.dtype), y, out=by_bias[0])
    return None


def forward_cost(node: Node) -> float:
    """All steps of a cell, in one thread."""
    x, kernel = node.inputs[:2]
    batch, steps, width = x.shape
    return steps * (costs.product(batch, *kernel.shape) + batch * width / _ELEMENTS + _STEP)


def gradient_cost(node: Node) -> float:
    """The gradient of all steps, in one thread."""
    states = cell_of(node)[3]
    x, kernel = node.inputs[states:states + 2]
    batch, steps, width = x.shape
    return steps * (3 * costs.product(batch, *kernel.shape) + 2 * batch * width / _ELEMENTS + _STEP)
