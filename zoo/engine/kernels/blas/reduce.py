"""Sums and means over neighbouring axes, as products with ones: BLAS adds rows at the speed of memory.

Long sums are cut into pieces that are added up afterwards, which also keeps rounding errors small.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

import numpy as np

from zoo.engine import dtypes
from zoo.engine.graph import Node
from zoo.engine.kernels import costs
from zoo.engine.kernels.registry import Kernel, register
from zoo.engine.kernels.tiles import CACHE_BYTES, cut
from zoo.engine.threads import Workspace, parallel_for, scratch

_LONGEST = 1024                                             # elements added up at a time


def _bind(node: Node, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> Callable[[], None]:
    """The input is seen as (before, summed, after)."""
    (x,), (output,), axes = inputs, outputs, node.attrs["axes"]
    before, length, after = prod(x.shape[:axes[0]]), prod(x.shape[axes[0]:axes[-1] + 1]), prod(x.shape[axes[-1] + 1:])
    whole, result = x.reshape(before, length, after), output.reshape(before, after)
    factor = 1 / length if node.op.name == "mean" else 1
    ones = np.ones(_LONGEST, x.dtype)
    pieces = cut(length, _LONGEST)
    blocks = cut(before, max(1, CACHE_BYTES // (x.itemsize * after * min(length, _LONGEST))))
    tasks = [(block, i) for block in blocks for i in range(len(pieces))]

    def run() -> None:
        with scratch() as shared:
            parts = shared.take((len(pieces), before, after), x.dtype)

            def body(i: int, workspace: Workspace) -> None:
                block, number = tasks[i]
                piece = pieces[number]
                some, part = ones[:piece.stop - piece.start], whole[block, piece]
                if after == 1:                              # one product by a vector, instead of one a row
                    np.matmul(part[..., 0], some, out=parts[number, block, 0])
                else:
                    np.matmul(some, part, out=parts[number, block])

            parallel_for(len(tasks), body, x.nbytes / costs.MEMORY)
            np.add.reduce(parts, axis=0, out=result)
            if factor != 1:
                np.multiply(result, x.dtype.type(factor), out=result)
    return run


def _supports(node: Node) -> str | None:
    axes, x = node.attrs["axes"], node.inputs[0]
    if dtypes.storage(x.dtype).name not in ("float32", "float64"):
        return f"BLAS has no product of {x.dtype}"
    if not axes or not x.spec.size:
        return "there is nothing to sum"
    if axes != tuple(range(axes[0], axes[-1] + 1)):
        return "needs neighbouring axes"
    return None


for _name in ("sum", "mean"):
    register(Kernel(_name, "product_with_ones", "blas", _supports, _bind,
                    cost=lambda node: node.inputs[0].spec.nbytes / costs.MEMORY))
