"""Winograd's convolution with compiled transforms; the epilogue is done while a tile of results is in the cache."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from math import prod
from typing import Any

import numpy as np

from zoo.engine.graph import Node
from zoo.engine.kernels import costs, winograd
from zoo.engine.kernels.jit.compiler import INT, compiled, read, written
from zoo.engine.kernels.jit.epilogue import SMALLEST, epilogue_operands, epilogue_refusal
from zoo.engine.kernels.jit.panels import (
    FEWEST, PADDING, WIDTH, padded_piece, padding_numbers, piece_size, tile_imports, tile_rows,
)
from zoo.engine.kernels.jit.registers import AHEAD
from zoo.engine.kernels.jit.rows import ProgramSource
from zoo.engine.kernels.jit.source import number
from zoo.engine.kernels.jit.tasks import Tasks
from zoo.engine.kernels.panels import PACKED
from zoo.engine.kernels.registry import Kernel, Packing, register
from zoo.engine.kernels.tiles import cut, cut_leading, winograd_panels
from zoo.engine.threads import Workspace

_INTO = ("images", "rows", "across", "line", "channels", "plane")
_TASK = ("first_image", "images", "first_line", "lines", "panel", "end")
_SCRATCH = ("piece", "moved", "sums", "places", "tile")
_GEOMETRY = ("across", "kernel_plane", "out_height", "out_width", "columns")

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
    return compiled("winograd_inputs", ["piece", "out", "places", *_INTO], _enter(matrix, tile, "out"),
                    [read(), written(), written(), *[INT] * len(_INTO)])


def _enter(matrix: np.ndarray, tile: int, out: str) -> list[str]:
    """Lines of that transform, with the results in the array of that name."""
    height, size = matrix.shape
    every = [(i, j) for i in range(size) for j in range(size)]
    loop = [f"x{i}_{j} = piece[a{i} + d{j} + c]" for i, j in every]
    loop += tile_product(matrix, "x", "y")
    loop += [f"places[U({(i * height + j) * BLOCK}) + c] = y{i}_{j}" for i in range(height) for j in range(height)]
    top = f"(n * (rows * {tile} + {size - tile}) + r * {tile})"
    return ["step, row = U(channels), U(line * channels)", *(f"d{j} = U({j}) * step" for j in range(size)),
            *_over_tiles("channels", [
                f"a0 = U(({top} * line + q * {tile}) * channels + first)",
                *(f"a{i} = a{i - 1} + row" for i in range(1, size)),
                "for c in range(size):", *_indented(loop, 1),
                f"for k in range({height * height}):",
                f"    o, p = U(k * plane + t * channels + first), U(k * {BLOCK})",
                "    for c in range(size):",
                f"        {out}[o + c] = places[p + c]"])]


def _multiply(elements: int, rows: int) -> list[str]:
    """Lines that multiply all elements of the transformed tiles by one panel each, from column ``start`` on."""
    return [f"part = channels * {WIDTH} // {AHEAD}",
            f"for k in range({elements}):",
            "    b = k * kernel_plane + start * channels",
            f"    later = b + kernel_plane if k < {elements - 1} else (start + {WIDTH}) * channels",
            f"    after = later + channels * {WIDTH} - part",
            f"    for q in range(0, count, {rows}):",
            f"        j = min(q, count - {rows})",             # some of the last tiles may be done twice
            "        product(moved, k * plane + j * channels, channels, kernel, b, channels, tile, 0, later)",
            "        later = min(later + part, after)",
            f"        for r in range({rows}):",
            f"            o, p = U((k * count + j + r) * (stop - start)), U(r * {WIDTH})",
            "            for c in range(U(stop - start)):",
            "                sums[o + c] = tile[p + c]"]


def _leave(transform: winograd.Transform, source: ProgramSource) -> list[str]:
    """Lines that transform the sums back and do the epilogue, for the columns from ``start`` to ``stop``."""
    size, tile = transform.size, transform.tile
    loop = [f"x{i}_{j} = sums[o + d{i * size + j} + c]" for i in range(size) for j in range(size)]
    loop += tile_product(transform.outputs, "x", "y")
    loop += [f"places[U({(i * tile + j) * BLOCK}) + c] = y{i}_{j}" for i in range(tile) for j in range(tile)]
    lines, result = source.inside("c", "given")
    store = [f"place = ((first_image + n) * out_height + top + i) * out_width + q * {tile} + j",
             f"o, p = U(place * columns + start + first), U((i * {tile} + j) * {BLOCK})",
             *source.before("place", "columns", "start + first"),
             "for c in range(size):", *_indented(["given = places[p + c]", *lines, f"out[o + c] = {result}"], 1)]
    return [*(f"d{i} = U({i} * count * (stop - start))" for i in range(size * size)), *_over_tiles("(stop - start)", [
        "o = U(t * (stop - start) + first)",
        "for c in range(size):", *_indented(loop, 1),
        f"top = (first_line + r) * {tile}",
        f"for i in range(min({tile}, out_height - top)):",
        f"    for j in range(min({tile}, out_width - q * {tile})):", *_indented(store, 2)])]


def _tasks(transform: winograd.Transform, rows: int, source: ProgramSource) -> Tasks:
    """Tasks of the whole convolution: some lines of tiles of some images, and some panels."""
    body = [*padded_piece("piece"),
            "rows, line, count = lines, wide, images * lines * across",
            "plane = count * channels",
            *_enter(transform.inputs, transform.tile, "moved"),
            f"for start in range(panel * {WIDTH}, min(end * {WIDTH}, columns), {WIDTH}):",
            f"    stop = min(start + {WIDTH}, columns)",
            *_indented([*_multiply(transform.size ** 2, rows), *_leave(transform, source)], 1)]
    parameters = ["x", "kernel", "out", *_SCRATCH, *_GEOMETRY, *PADDING, *source.parameters]
    numbers = len(_GEOMETRY + PADDING)
    return Tasks("winograd", _TASK, parameters, body,
                 [read(), read(), *[written()] * (1 + len(_SCRATCH)), *[INT] * numbers, *source.types],
                 tile_imports(rows))


def _bind(tile: int, node: Node, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> Callable[[], None]:
    (x, kernel, *extra), (output,) = inputs, outputs
    sliding, source = winograd.sliding_tiles(node, tile), ProgramSource(node.epilogue, [None, *epilogue_operands(node)])
    images, height, width, columns = output.shape
    (down, across), (elements, panels, channels, _) = sliding.counts, kernel.shape
    tall, wide = winograd_panels(images * down, across, channels, panels, WIDTH, elements)
    pieces = [(*index, slice(0, down))[:2] for index in cut_leading((images, down), tall)]
    counts = [(some.stop - some.start, lines.stop - lines.start) for some, lines in pieces]
    tasks = [(some.start, some.stop - some.start, lines.start, lines.stop - lines.start, part.start, part.stop)
             for some, lines in pieces for part in cut(panels, wide)]
    rows, most = tile_rows(min(map(prod, counts)) * across), max(map(prod, counts)) * across
    sizes = (max(piece_size(sliding, channels, *count) for count in counts), elements * most * channels,
             elements * most * WIDTH, elements * BLOCK, rows * WIDTH)
    numbers = (across, panels * channels * WIDTH, height, width, columns, *padding_numbers(sliding, channels),
               *(operand.reshape(-1) for operand in extra), *source.numbers)
    arrays = x.reshape(-1), kernel.reshape(-1), output.reshape(-1)

    def arguments(workspace: Workspace) -> tuple[Any, ...]:
        return *arrays, *(workspace.take((size,)) for size in sizes), *numbers

    return _tasks(winograd.transform(tile), rows, source).bind(tasks, arguments, _cost(tile, node))


def _cost(tile: int, node: Node) -> float:
    return winograd.cost(node, tile, compiled=True) + costs.epilogue(node, compiled=True)


def _supports(tile: int, node: Node) -> str | None:
    if node.output.spec.size < SMALLEST:
        return f"pays from {SMALLEST} elements on"
    refusal = winograd.refusal(node) or epilogue_refusal(node)
    if refusal is None and node.output.shape[0] * prod(winograd.tiles_of(node, tile)) < FEWEST:
        return f"needs {FEWEST} tiles"
    return refusal


def _packing(tile: int, node: Node) -> tuple[Packing, ...]:
    """The kernel transformed, and then in panels."""
    elements = (tile + 2) ** 2 * prod(node.op_inputs[1].shape[-2:])
    return (*winograd.packing(tile)(node), Packing(1, "panels", {"width": WIDTH}, elements / PACKED))


for _tile in winograd.TILES:
    register(Kernel("conv", f"winograd_{_tile}x{_tile}", "jit", partial(_supports, _tile), partial(_bind, _tile),
                    packing=partial(_packing, _tile), cost=partial(_cost, _tile), tolerance=1e-5))
