"""The gradient of a convolution by its kernel, compiled: sums of outer products, in tiles of registers.

What lies under one row of a window follows each other in memory, as do the channels of the cotangent: for each place
the outer product of both is added to the gradient. No matrix of windows is written out; only padding needs a copy.
Places are cut into a few strands, whose sums are added in their order: they are the same for any number of threads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import product
from math import prod

import numpy as np

from zoo.engine import windows
from zoo.engine.graph import Node
from zoo.engine.kernels import costs
from zoo.engine.kernels.jit.compiler import INT, compiled, read, written
from zoo.engine.kernels.jit.epilogue import SMALLEST
from zoo.engine.kernels.jit.panels import TILE_COSTS, WIDTH, Rows, plane, tile_rows
from zoo.engine.kernels.jit.registers import register_tile
from zoo.engine.kernels.registry import Kernel, register
from zoo.engine.kernels.sliding import Sliding
from zoo.engine.kernels.tiles import CACHE_BYTES, cut, cut_leading
from zoo.engine.threads import Workspace, parallel_for, scratch

_STRANDS, _TASKS = 8, 8                                     # at most, and at least
_LONG = 1024                                                # places of a strand at least
_AT_ONCE = 256                                              # places whose cotangents are copied to one panel
_TILE_STEPS = 4                                             # places summed up in the time to load and store a tile
_IN_ROW = 4096                                              # places summed up in a row: the error grows with them
Part = tuple[slice, slice, Rows]                            # images and lines of a piece, and the places in it
_NUMBERS = ("at_once", "first", "last", "columns", "low_tile", "high_tile", "run")


def _function(rows: int, width: int) -> Callable[..., None]:
    """The compiled sum over the places that `Rows` tells, for the columns and the tiles of rows of one task."""
    body = ["more, count = 0, high_tile - low_tile",
            "for g in range(images):",
            "    for low in range(0, lines, at_once):",
            "        high = min(low + at_once, lines)",
            f"        for n in range(first, last, {width}):",
            f"            size = U(min({width}, columns - n))",
            "            for i in range(low, high):",
            "                for j in range(places):",
            "                    b = U((top + g * image + i * line + j) * columns + n)",
            f"                    p = U(((i - low) * places + j) * {width})",
            "                    for c in range(size):",
            "                        panel[p + c] = given[b + c]",
            f"                    for c in range(size, U({width})):",
            "                        panel[p + c] = F(0)",
            "            for t in range(taps):",
            "                for q in range(low_tile, high_tile):",
            f"                    a = start + g * x_image + t * tap + min(q * {rows}, run - {rows})",
            f"                    o = (((n - first) // {width} * taps + t) * count + q - low_tile) * {rows * width}",
            "                    for i in range(low, high):",
            f"                        product(x, a + i * x_line, step, panel, (i - low) * places * {width}, places,",
            "                                tiles, o, more | (i > low))",
            "        more = 1"]
    _, lanes = register_tile()
    imports = [f"from {__package__}.microkernel import outer_products", "",
               f"product = outer_products({rows}, {width // lanes}, {lanes})", "", ""]
    return compiled("outer_products", ["x", "given", "tiles", "panel", *Rows._fields, *_NUMBERS], body,
                    [read(), read(), written(), written(), *[INT] * len(Rows._fields + _NUMBERS)], "\n".join(imports))


def _width(columns: int) -> int:
    """Columns of a tile: a panel, or fewer vectors if there are fewer columns."""
    _, lanes = register_tile()
    return min(WIDTH, -(-columns // lanes) * lanes)


class _Sums:
    """The gradient in tiles of registers: what tasks sum up, and how it gets to its place.

    Args:
        shape: of the gradient: rows of the window, elements under each, columns.
        strands: of places.
    """

    def __init__(self, shape: tuple[int, int, int], strands: int):
        self.taps, self.run, self.columns = shape
        self.rows, self.width = tile_rows(self.run), _width(self.columns)
        self.tiles, self.panels = -(-self.run // self.rows), -(-self.columns // self.width)
        fitting = max(1, CACHE_BYTES // (4 * self.taps * self.run * self.width))     # panels of a task
        wanted = -(-_TASKS // strands)
        panels = cut(self.panels, min(fitting, max(1, self.panels // wanted)))
        tiles = cut(self.tiles, max(1, self.tiles * len(panels) // wanted))
        self.blocks = list(product(panels, tiles))

    def take(self, block: tuple[slice, slice], workspace: Workspace) -> np.ndarray:
        """Memory for the tiles of a block: (panels, rows of the window, tiles, rows, columns)."""
        panels, tiles = block
        return workspace.take((panels.stop - panels.start, self.taps, tiles.stop - tiles.start, self.rows, self.width))

    def numbers(self, block: tuple[slice, slice]) -> tuple[int, ...]:
        """Arguments that tell the block."""
        panels, tiles = block
        last = min(panels.stop * self.width, self.columns)
        return panels.start * self.width, last, self.columns, tiles.start, tiles.stop, self.run

    def store(self, sums: np.ndarray, block: tuple[slice, slice], result: np.ndarray) -> None:
        """Copies the tiles of a block to their place in (rows of the window, elements, columns)."""
        panels, tiles = block
        for number, panel in enumerate(range(panels.start, panels.stop)):
            columns = slice(panel * self.width, min((panel + 1) * self.width, self.columns))
            rows = sums[number].reshape(self.taps, -1, self.width)[..., :columns.stop - columns.start]
            first, last = tiles.start * self.rows, min(tiles.stop * self.rows, self.run) - self.rows
            before = max(0, last - first)                   # the last tile of all may begin within the one before it
            result[:, first:first + before, columns] = rows[:, :before]
            result[:, last:last + self.rows, columns] = rows[:, -self.rows:]


def _strands(sliding: Sliding, images: int, channels: int, count: int) -> list[list[Part]]:
    """Parts of the places, in strands; each needs a piece of the input, padded or as it is."""
    (height, width), (down, across), (high, wide) = sliding.sizes, sliding.counts, sliding.strides
    padded = any(map(any, sliding.pads))
    line = (width + sum(sliding.pads[1])) * channels
    tall = max(1, min(CACHE_BYTES // (4 * line * high), _IN_ROW // across))
    chunks = [(*index, slice(0, down))[:2] for index in cut_leading((images, down), tall)]
    parts = []
    for some, lines in chunks:
        reached = (lines.stop - lines.start - 1) * high + windows.extent(sliding.window[0], sliding.dilation[0])
        start, image = (0, reached * line) if padded else ((some.start * height + lines.start * high) * line,
                                                           height * line)
        parts.append((some, lines, Rows(
            start, wide * channels, across, high * line, lines.stop - lines.start, image, some.stop - some.start,
            sliding.dilation[0] * line, sliding.window[0], (some.start * down + lines.start) * across, across,
            down * across)))
    return [parts[piece] for piece in cut(len(parts), -(-len(parts) // count))]


def _bind(node: Node, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> Callable[[], None]:
    (x, y), (output,), attrs = inputs, outputs, node.attrs
    sliding = plane(Sliding.over(x.shape[1:-1], attrs["window"], attrs["strides"], attrs["padding"], attrs["dilation"]))
    x = x.reshape(len(x), *sliding.sizes, x.shape[-1])
    channels, padded = x.shape[-1], any(map(any, sliding.pads))
    strands = _strands(sliding, len(x), channels, max(1, min(_STRANDS, prod(y.shape[:-1]) // _LONG)))
    gradient = (sliding.window[0], sliding.window[1] * channels, output.shape[-1])
    sums = _Sums(gradient, len(strands))
    function, tasks = _function(sums.rows, sums.width), list(product(range(len(strands)), sums.blocks))
    given, seconds = y.reshape(-1), _cost(node)

    def body(results: list[np.ndarray], i: int, workspace: Workspace) -> None:
        strand, block = tasks[i]
        total = sums.take(block, workspace)
        for number, (images, lines, rows) in enumerate(strands[strand]):
            with workspace.frame():
                tiles = sums.take(block, workspace) if number else total
                array = sliding.piece(x, images, lines, 0, workspace) if padded else x
                at_once = max(1, _AT_ONCE // rows.places)
                panel = workspace.take((at_once * rows.places * sums.width,))
                function(array.reshape(-1), given, tiles.reshape(-1), panel, *rows, at_once, *sums.numbers(block))
                if number:
                    np.add(total, tiles, out=total)
        sums.store(total, block, results[strand].reshape(gradient))

    def run() -> None:
        with scratch() as workspace:
            results = [output, *(workspace.take(output.shape) for _ in strands[1:])]
            parallel_for(len(tasks), partial(body, results), seconds)
            for other in results[1:]:
                np.add(output, other, out=output)
    return run


def _cost(node: Node) -> float:
    *window, channels, columns = node.output.shape
    across, width, run = node.inputs[1].shape[-2], _width(columns), window[-1] * channels
    rows = tile_rows(run)
    work = prod(window[:-1]) * -(-run // rows) * TILE_COSTS[rows]
    lines = prod(node.inputs[1].shape[:-2])                 # each takes a tile out of the registers, and back
    vectors = -(-columns // width) * (width + WIDTH) / 2    # fewer sums keep the processor less busy
    return costs.panels(work, lines * (across + _TILE_STEPS), vectors)


def _supports(node: Node) -> str | None:
    window, attrs = node.attrs["window"], node.attrs
    if set(window) == {1}:
        return "is for windows of several places: else x and y are the matrices of one product"
    if len(window) > 2 or attrs["groups"] != 1 or attrs["dilation"][-1] > 1 < window[-1]:
        return "needs one or two spatial axes, a single group, and no dilation along the last axis"
    if window[-1] * node.inputs[0].shape[-1] < min(TILE_COSTS):
        return f"needs {min(TILE_COSTS)} elements in a row of the window"
    if node.output.dtype != "float32":
        return f"computes float32 only, not {node.output.dtype}"
    return f"pays from {SMALLEST} elements on" if min(value.spec.size for value in node.inputs) < SMALLEST else None


register(Kernel("conv_kernel_gradient", "outer_products", "jit", _supports, _bind, cost=_cost))
