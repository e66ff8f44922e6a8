"""Winograd's transform of a convolution's kernel, for weights that are others in each run: those being trained."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from zoo.engine.graph import Node
from zoo.engine.kernels import costs, winograd
from zoo.engine.kernels.blas.product import supports_dtype
from zoo.engine.kernels.registry import Kernel, register
from zoo.engine.kernels.tiles import CACHE_BYTES, cut
from zoo.engine.threads import Workspace, parallel_for


def _bind(node: Node, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> Callable[[], None]:
    (kernel,), (output,) = inputs, outputs
    matrix = winograd.twice(winograd.transform(node.attrs["tile"]).kernel).astype(output.dtype)
    given, result = kernel.reshape(matrix.shape[1], -1), output.reshape(len(matrix), -1)
    pieces = cut(given.shape[1], CACHE_BYTES // given.itemsize // len(given))

    def body(i: int, workspace: Workspace) -> None:
        np.matmul(matrix, given[:, pieces[i]], out=result[:, pieces[i]])

    return lambda: parallel_for(len(pieces), body, output.size / costs.PASS)


register(Kernel("winograd_kernel", "product", "blas", supports_dtype, _bind))
