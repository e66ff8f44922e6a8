"""Transform of whole tensors by Winograd's matrices, compiled: kernels, and gradients by kernels.

A tensor (k, k, channels...) is seen as a tile of k x k elements, each of which is a plane of numbers.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from zoo.engine.kernels.jit.compiler import INT, compiled, read, written
from zoo.engine.kernels.jit.winograd import BLOCK, tile_product

_GEOMETRY = ("given_plane", "given_row", "out_plane", "out_row", "rows", "columns")


def planes_transform(matrix: np.ndarray) -> Callable[..., None]:
    """The compiled transform ``matrix @ tile @ matrix.T`` of planes of `rows` rows, each so far from the next."""
    height, size = matrix.shape
    loop = [f"x{i}_{j} = given[a{i * size + j} + c]" for i in range(size) for j in range(size)]
    loop += tile_product(matrix, "x", "y")
    loop += [f"places[U({(i * height + j) * BLOCK}) + c] = y{i}_{j}" for i in range(height) for j in range(height)]
    body = ["for r in range(rows):",
            f"    for first in range(0, columns, {BLOCK}):",
            f"        size = U(min({BLOCK}, columns - first))",
            *(f"        a{k} = U({k} * given_plane + r * given_row + first)" for k in range(size * size)),
            "        for c in range(size):", *(f"            {line}" for line in loop),
            f"        for k in range({height * height}):",
            f"            o, p = U(k * out_plane + r * out_row + first), U(k * {BLOCK})",
            "            for c in range(size):",
            "                out[o + c] = places[p + c]"]
    return compiled("winograd_planes", ["given", "out", "places", *_GEOMETRY], body,
                    [read(), written(), written(), *[INT] * len(_GEOMETRY)])
