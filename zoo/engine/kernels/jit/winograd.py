"""Winograd's convolution with compiled transforms; the epilogue is done while a tile of results is in the cache."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from math import prod

import numpy as np

from zoo.engine.graph import Node
from zoo.engine.kernels import costs, winograd
from zoo.engine.kernels.jit.compiler import INT, compiled, read, written
from zoo.engine.kernels.jit.epilogue import SMALLEST, epilogue_operands, epilogue_refusal
from zoo.engine.kernels.jit.rows import ProgramSource
from zoo.engine.kernels.jit.source import number
from zoo.engine.kernels.registry import Kernel, register
from zoo.engine.kernels.tiles import cut, cut_leading, winograd_tile
from zoo.engine.threads import Workspace, parallel_for

_INTO = ("images", "rows", "across", "line", "channels", "plane")
_BACK = ("images", "rows", "across", "plane", "first_image", "first_row", "height", "width", "start", "stop", "columns")

BLOCK = 128                                                # channels transformed at a time; a tile of them fits in L1


def _sum(coefficients: Sequence[float], names: Sequence[str]) -> str:
    """``c0 * x0 + c1 * x1 + ...`` without what is zero."""
    terms = [name if c == 1 else f"-{name}" if c == -1 else f"{number(c)} * {name}"
             for c, name in zip(coefficients, names) if c]
    return " + ".join(terms) or "F(0)"


def _product(matrix: np.ndarray, names: Sequence[str], results: Sequence[str]) -> list[str]:
    """Lines for ``results = matrix @ names``. Rows, or columns, that differ in signs only share their arithmetic."""
    lines, names = [], list(names)
    for one, other in _pairs(matrix.T):
        plus, minus = f"{names[one]}p", f"{names[one]}m"
        lines += [f"{plus} = {names[one]} + {names[other]}", f"{minus} = {names[one]} - {names[other]}"]
        same = matrix[:, one] == matrix[:, other]
        matrix = matrix.copy()
        matrix[:, other], matrix[:, one] = np.where(same, 0, matrix[:, one]), np.where(same, matrix[:, one], 0)
        names[one], names[other] = plus, minus
    paired = {row for pair in _pairs(matrix) for row in pair}
    for one, other in _pairs(matrix):
        same = matrix[one] == matrix[other]
        lines += [f"{results[one]}e = {_sum(np.where(same, matrix[one], 0), names)}",
                  f"{results[one]}o = {_sum(np.where(same, 0, matrix[one]), names)}",
                  f"{results[one]} = {results[one]}e + {results[one]}o",
                  f"{results[other]} = {results[one]}e - {results[one]}o"]
    return lines + [f"{results[row]} = {_sum(matrix[row], names)}" for row in range(len(matrix)) if row not in paired]


def _pairs(rows: np.ndarray) -> Iterable[tuple[int, int]]:
    """Neighbouring rows with two or more elements that are equal but for signs, some equal and some not."""
    for one in range(len(rows) - 1):
        a, b = rows[one], rows[one + 1]
        used = (a != 0) | (b != 0)
        if (abs(a) == abs(b)).all() and used.sum() > 1 and (a == b)[used].any() and (a != b)[used].any():
            yield one, one + 1


def tile_product(matrix: np.ndarray, letter: str, result: str) -> list[str]:
    """Lines for ``result = matrix @ letter @ matrix.T`` of names ``letter{row}_{column}``."""
    height, size = matrix.shape
    lines = []
    for column in range(size):
        lines += _product(matrix, [f"{letter}{row}_{column}" for row in range(size)],
                          [f"h{row}_{column}" for row in range(height)])
    for row in range(height):
        lines += _product(matrix, [f"h{row}_{column}" for column in range(size)],
                          [f"{result}{row}_{column}" for column in range(height)])
    return lines


def _indented(lines: Iterable[str], depth: int) -> list[str]:
    return ["    " * depth + line for line in lines]


def _over_tiles(columns: str, body: Sequence[str]) -> list[str]:
    """Loops over all tiles of a task (``t`` counts them) and over blocks of channels, ``first`` to ``first + size``.

    The elements of a tile are `BLOCK` apart in the array ``places``: only because that is a constant, LLVM sees that
    they do not overlap, and vectorises the loop over the channels.
    """
    return ["t = 0", "for n in range(images):", "    for r in range(rows):", "        for q in range(across):",
            f"            for first in range(0, {columns}, {BLOCK}):",
            f"                size = U(min({BLOCK}, {columns} - first))",
            *_indented(body, 4), "            t += 1"]


def tile_transform(matrix: np.ndarray, tile: int) -> Callable[..., None]:
    """The compiled transform ``matrix @ piece @ matrix.T`` of square pieces of an image that begin `tile` apart.

    The results are one matrix (tiles, channels) for each element of a transformed piece.
    """
    height, size = matrix.shape
    every = [(i, j) for i in range(size) for j in range(size)]
    loop = [f"x{i}_{j} = piece[a{i} + d{j} + c]" for i, j in every]
    loop += tile_product(matrix, "x", "y")
    loop += [f"places[U({(i * height + j) * BLOCK}) + c] = y{i}_{j}" for i in range(height) for j in range(height)]
    top = f"(n * (rows * {tile} + {size - tile}) + r * {tile})"
    body = ["step, row = U(channels), U(line * channels)", *(f"d{j} = U({j}) * step" for j in range(size)),
            *_over_tiles("channels", [
                f"a0 = U(({top} * line + q * {tile}) * channels + first)",
                *(f"a{i} = a{i - 1} + row" for i in range(1, size)),
                "for c in range(size):", *_indented(loop, 1),
                f"for k in range({height * height}):",
                f"    o, p = U(k * plane + t * channels + first), U(k * {BLOCK})",
                "    for c in range(size):",
                "        out[o + c] = places[p + c]"])]
    return compiled("winograd_inputs", ["piece", "out", "places", *_INTO], body,
                    [read(), written(), written(), *[INT] * len(_INTO)])


def _outputs(transform: winograd.Transform, source: ProgramSource) -> Callable[..., None]:
    """The compiled transform of outputs, with the epilogue."""
    size, tile = transform.size, transform.tile
    loop = [f"x{i}_{j} = product[o + d{i * size + j} + c]" for i in range(size) for j in range(size)]
    loop += tile_product(transform.outputs, "x", "y")
    loop += [f"places[U({(i * tile + j) * BLOCK}) + c] = y{i}_{j}" for i in range(tile) for j in range(tile)]
    lines, result = source.inside("c", "given")
    store = [f"place = ((first_image + n) * height + top + i) * width + q * {tile} + j",
             f"o, p = U(place * columns + start + first), U((i * {tile} + j) * {BLOCK})",
             *source.before("place", "columns", "start + first"),
             "for c in range(size):", *_indented(["given = places[p + c]", *lines, f"out[o + c] = {result}"], 1)]
    body = [*(f"d{i} = U({i} * plane)" for i in range(size * size)), *_over_tiles("(stop - start)", [
        "o = U(t * (stop - start) + first)",
        "for c in range(size):", *_indented(loop, 1),
        f"top = (first_row + r) * {tile}",
        f"for i in range(min({tile}, height - top)):",
        f"    for j in range(min({tile}, width - q * {tile})):", *_indented(store, 2)])]
    return compiled("winograd_outputs", ["product", "out", "places", *_BACK, *source.parameters], body,
                    [read(), written(), written(), *[INT] * len(_BACK), *source.types])


def _bind(tile: int, node: Node, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> Callable[[], None]:
    (x, kernel, *extra), (output,) = inputs, outputs
    transform, sliding = winograd.transform(tile), winograd.sliding_tiles(node, tile)
    source = ProgramSource(node.epilogue, [None, *epilogue_operands(node)])
    into, back = tile_transform(transform.inputs, tile), _outputs(transform, source)
    images, height, width, columns = output.shape
    (down, across), channels = sliding.counts, x.shape[-1]
    tall, wide = winograd_tile(images * down, across, channels, columns, len(kernel))
    flat, rest = output.reshape(-1), (*(operand.reshape(-1) for operand in extra), *source.numbers)
    tiles = [((*index, slice(0, down))[:2], piece, kernel[:, :, piece])
             for index in cut_leading((images, down), tall) for piece in cut(columns, wide)]

    def body(i: int, workspace: Workspace) -> None:
        (some, rows), piece, weights = tiles[i]
        part = np.ascontiguousarray(sliding.piece(x, some, rows, 0, workspace))
        count = len(part), rows.stop - rows.start, across
        left, product = (workspace.take((len(kernel), prod(count), size)) for size in weights.shape[1:])
        places = workspace.take((len(kernel) * BLOCK,))
        into(part.reshape(-1), left.reshape(-1), places, *count, part.shape[2], channels, left[0].size)
        np.matmul(left, weights, out=product)
        back(product.reshape(-1), flat, places, *count, product[0].size, some.start, rows.start, height, width,
             piece.start, piece.stop, columns, *rest)

    seconds = _cost(tile, node)
    return lambda: parallel_for(len(tiles), body, seconds)


def _cost(tile: int, node: Node) -> float:
    return winograd.cost(node, tile, compiled=True) + costs.epilogue(node, compiled=True)


def _supports(node: Node) -> str | None:
    if node.output.spec.size < SMALLEST:
        return f"pays from {SMALLEST} elements on"
    return winograd.refusal(node) or epilogue_refusal(node)


for _tile in winograd.TILES:
    register(Kernel("conv", f"winograd_{_tile}x{_tile}", "jit", _supports, partial(_bind, _tile),
                    packing=winograd.packing(_tile), cost=partial(_cost, _tile), tolerance=1e-5))
