"""Products and convolutions with the kernel in panels, compiled; the epilogue is done on each tile of registers.

A convolution is a sum of products: one for each row of the window, whose elements, along the row and over the
channels, follow each other in memory. So no matrix of windows is written out; only the padding needs a copy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import prod
from typing import Any, NamedTuple

import numpy as np

from zoo.engine.graph import Node
from zoo.engine.kernels import costs
from zoo.engine.kernels.blas.convolution import sliding_of
from zoo.engine.kernels.blas.product import supports_pointwise
from zoo.engine.kernels.jit.compiler import INT, read, written
from zoo.engine.kernels.jit.epilogue import SMALLEST, epilogue_operands, epilogue_refusal
from zoo.engine.kernels.jit.registers import AHEAD, register_tile
from zoo.engine.kernels.jit.rows import ProgramSource
from zoo.engine.kernels.jit.tasks import Tasks
from zoo.engine.kernels.panels import panel_packing
from zoo.engine.kernels.registry import Kernel, register
from zoo.engine.kernels.sliding import Sliding
from zoo.engine.kernels.tiles import cut, cut_leading, panel_tile
from zoo.engine.threads import Workspace

Run = Callable[[], None]

_VECTORS, _LANES = register_tile()
WIDTH = _VECTORS * _LANES                                   # columns of a panel
TILE_COSTS = {4: 5.5, 5: 6.2, 6: 7.0, 7: 8.4}              # measured: time of a tile of so many rows; 7 hardly fit
FEWEST = min(TILE_COSTS)                                   # rows that a product must have


class Rows(NamedTuple):
    """Rows of the left matrix: places of lines of images, all of which follow each other evenly in an array.

    Attributes:
        start: of the first one, in elements, as all of the following are.
        step, places: distance and number of the places in a line.
        x_line, lines: of the lines in an image.
        x_image, images: of the images.
        tap, taps: of the pieces of one row.
        top: the first row in the output, of which lines and images begin `line` and `image` rows apart.
    """

    start: int
    step: int
    places: int
    x_line: int = 0
    lines: int = 1
    x_image: int = 0
    images: int = 1
    tap: int = 0
    taps: int = 1
    top: int = 0
    line: int = 0
    image: int = 0


_TASK = ("start", "top", "places", "lines", "images", "first", "last", "first_line", "first_image")
_LAYER = ("step", "x_line", "x_image", "tap", "taps", "line", "image", "depth", "columns")
PADDING = ("height", "width", "before", "left", "down", "reach", "wide", "channels")


def padded_piece(name: str) -> list[str]:
    """Lines that copy what some lines of windows of some images need, with zeros around it, to the array `name`."""
    return ["tall = (lines - 1) * down + reach",
            "for g in range(images):",
            "    for r in range(tall):",
            "        at = first_line * down - before + r",
            "        o, inside = U(g * tall + r) * U(wide * channels), 0 <= at < height",
            "        c = U((first_image + g) * height + at) * U(width * channels)",
            "        for m in range(U(left * channels) if inside else U(wide * channels)):",
            f"            {name}[o + m] = F(0)",
            "        if inside:",
            "            o += U(left * channels)",
            "            for m in range(U(width * channels)):",
            f"                {name}[o + m] = x[c + m]",
            "            o += U(width * channels)",
            "            for m in range(U((wide - width - left) * channels)):",
            f"                {name}[o + m] = F(0)"]


def padding_numbers(sliding: Sliding, channels: int) -> tuple[int, ...]:
    """The numbers of `PADDING` for windows over two axes."""
    (before, _), (left, right) = sliding.pads
    reach = (sliding.window[0] - 1) * sliding.dilation[0] + 1
    return (*sliding.sizes, before, left, sliding.strides[0], reach, left + sliding.sizes[1] + right, channels)


def piece_size(sliding: Sliding, channels: int, images: int, lines: int) -> int:
    """How many numbers such a piece has."""
    *_, down, reach, wide, _ = padding_numbers(sliding, channels)
    return images * ((lines - 1) * down + reach) * wide * channels


def tile_imports(rows: int) -> str:
    """What functions that call ``product`` need."""
    return (f"from {__package__}.microkernel import tile_product\n\n"
            f"product = tile_product({rows}, {_VECTORS}, {_LANES})\n\n")


def _product_tasks(rows: int, source: ProgramSource, padded: bool) -> Tasks:
    """Tasks of ``out = epilogue(x y)``.

    A task does ``places`` of ``lines`` of ``images``, which are rows of x; the first is at ``start``, and ``step``,
    ``x_line`` and ``x_image`` apart the others. A row is ``taps`` pieces of ``depth`` elements, ``tap`` apart. The
    panels of y from ``first`` to ``last`` are used. The results are rows of the output from ``top`` on; lines and
    images begin ``line`` and ``image`` rows apart.

    Args:
        rows: of one tile; a line must have as many places at least.
        source: the epilogue.
        padded: whether the rows lie in a padded piece of x.
    """
    lines, result = source.inside("c", "given")
    store = ["place = top + g * image + i * line + j + r", "o = U(place * columns + n)",
             *source.before("place", "columns", "n"),
             "for c in range(size):", f"    given = tile[U(r * {WIDTH}) + c]",
             *(f"    {line}" for line in lines), f"    out[o + c] = {result}"]
    body = [*(padded_piece("piece") if padded else ()), *(["x_image = tall * wide * channels"] if padded else ()),
            f"for n in range(first * {WIDTH}, min(last * {WIDTH}, columns), {WIDTH}):",
            f"    size, panel = U(min({WIDTH}, columns - n)), {WIDTH} * depth",
            f"    b, part = n * depth * taps, panel // {AHEAD}",
            "    later, end = b + panel * taps, b + 2 * panel * taps - part",         # the next panel is brought near
            "    for g in range(images):",
            "        for i in range(lines):",
            "            a = start + g * x_image + i * x_line",
            f"            for q in range(0, places, {rows}):",
            f"                j = min(q, places - {rows})",                           # some of the last are done twice
            "                for t in range(taps):",
            f"                    product({'piece' if padded else 'x'}, a + j * step + t * tap, step, y,",
            "                            b + t * panel, depth, tile, t, later)",
            "                    later = min(later + part, end)",
            f"                for r in range({rows}):", *(f"                    {line}" for line in store)]
    parameters = ["x", "y", "out", "tile", "piece", *_LAYER, *PADDING, *source.parameters]
    return Tasks("panels", _TASK, parameters, body,
                 [read(), read(), *[written()] * 3, *[INT] * len(_LAYER + PADDING), *source.types], tile_imports(rows))


def tile_rows(places: int) -> int:
    """Rows of a tile: as many as the registers hold about, such that few are done twice."""
    return min(TILE_COSTS, key=lambda rows: -(-places // rows) * TILE_COSTS[rows])


def _bind(node: Node, inputs: Sequence[np.ndarray], output: np.ndarray, sliding: Sliding,
          tasks: Sequence[Sequence[int]], seconds: float) -> Run:
    """The work on tasks of a convolution over two axes, or of a product, seen as such."""
    x, y, *extra = inputs
    channels, (taps, along), (down, across) = x.shape[-1], sliding.window, sliding.strides
    source, padded = ProgramSource(node.epilogue, [None, *epilogue_operands(node)]), any(map(any, sliding.pads))
    padding, (lines, places) = padding_numbers(sliding, channels), sliding.counts
    line, rows = (padding[6] if padded else sliding.sizes[1]) * channels, tile_rows(places)
    piece = max(piece_size(sliding, channels, images, some) for _, _, _, some, images, *_ in tasks) if padded else 0
    numbers = (across * channels, down * line, sliding.sizes[0] * line, sliding.dilation[0] * line, taps, places,
               lines * places, along * channels, output.shape[-1], *padding,
               *(operand.reshape(-1) for operand in extra), *source.numbers)
    arrays = x.reshape(-1), y.reshape(-1), output.reshape(-1)

    def arguments(workspace: Workspace) -> tuple[Any, ...]:
        return *arrays, workspace.take((rows * WIDTH,)), workspace.take((piece,)), *numbers

    return _product_tasks(rows, source, padded).bind(tasks, arguments, seconds)


def _bind_product(node: Node, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> Run:
    """``output = epilogue(x @ y)`` for x (..., depth) and output (..., columns)."""
    count, (panels, depth, _) = prod(outputs[0].shape[:-1]), inputs[1].shape
    tall, wide = panel_tile(count, depth, panels, depth * WIDTH, count * inputs[1].size)
    enough = 2 * tile_rows(count)                           # then no task has fewer rows than a tile
    tasks = [(rows.start * depth, rows.start, rows.stop - rows.start, 1, 1, part.start, part.stop, 0, 0)
             for rows in cut(count, max(tall, enough)) for part in cut(panels, wide)]
    line = Sliding((1, count), (1, 1), (1, 1), (1, 1), ((0, 0), (0, 0)), (1, count))
    return _bind(node, inputs, outputs[0], line, tasks, _product_cost(node))


def _bind_windows(node: Node, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> Run:
    """A convolution over one or two axes."""
    sliding, (panels, depth, _) = plane(sliding_of(node)), inputs[1].shape
    (height, width), (lines, places), (down, across) = sliding.sizes, sliding.counts, sliding.strides
    images, channels = len(inputs[0]), inputs[0].shape[-1]
    count, padded = images * lines * places, any(map(any, sliding.pads))
    tall, wide = panel_tile(count, channels * down * across, panels, depth * WIDTH, count * inputs[1].size)
    tasks = []
    for index in cut_leading((images, lines), max(1, tall // places)):
        some, rows = (*index, slice(0, lines))[:2]
        start = 0 if padded else (some.start * height + rows.start * down) * width * channels
        tasks += [(start, (some.start * lines + rows.start) * places, places, rows.stop - rows.start,
                   some.stop - some.start, part.start, part.stop, rows.start, some.start) for part in cut(panels, wide)]
    return _bind(node, inputs, outputs[0], sliding, tasks, _windows_cost(node))


def plane(sliding: Sliding) -> Sliding:
    """The same windows over two axes."""
    one = (1,) * (2 - len(sliding.window))
    pads = ((0, 0),) * len(one) + sliding.pads
    return Sliding(one + sliding.sizes, one + sliding.window, one + sliding.strides, one + sliding.dilation, pads,
                   one + sliding.counts)


def _supports(node: Node, places: int) -> str | None:
    """What all products need."""
    if places < FEWEST:
        return f"needs {FEWEST} rows that follow each other"
    if node.output.dtype != "float32":
        return f"computes float32 only, not {node.output.dtype}"
    if node.output.spec.size < SMALLEST:
        return f"pays from {SMALLEST} elements on"
    return epilogue_refusal(node)


def _supports_matmul(node: Node) -> str | None:
    y = node.op_inputs[1]
    if prod(y.shape[:-2]) != 1 or y.ndim > node.output.ndim:
        return "needs a single right matrix"
    return _supports(node, prod(node.output.shape[:-1]))


def _supports_pointwise(node: Node) -> str | None:
    return supports_pointwise(node) or _supports(node, prod(node.output.shape[:-1]))


def _supports_windows(node: Node) -> str | None:
    *window, _, _ = node.op_inputs[1].shape
    if len(window) > 2 or node.attrs["groups"] != 1 or node.attrs["dilation"][-1] > 1 < window[-1]:
        return "needs one or two spatial axes, a single group, and no dilation along the last axis"
    return _supports(node, node.output.shape[-2])


def _product_cost(node: Node) -> float:
    """The product, with its epilogue."""
    return _padded_cost(node, 1, prod(node.output.shape[:-1]))


def _windows_cost(node: Node) -> float:
    """The products, with the epilogue, and a copy of the input if it is padded."""
    copy = node.op_inputs[0].spec.size / costs.PASS
    return _padded_cost(node, prod(node.output.shape[:-2]), node.output.shape[-2]) + copy


def _padded_cost(node: Node, lines: int, places: int) -> float:
    rows, y = tile_rows(places), node.op_inputs[1]
    work, columns = lines * -(-places // rows) * TILE_COSTS[rows], -(-y.shape[-1] // WIDTH) * WIDTH
    return costs.panels(work, prod(y.shape[:-1]), columns) + costs.epilogue(node, compiled=True)


for _op, _name, _refusal, _binding, _seconds in (
        ("matmul", "panels", _supports_matmul, _bind_product, _product_cost),
        ("conv", "pointwise_panels", _supports_pointwise, _bind_product, _product_cost),
        ("conv", "window_panels", _supports_windows, _bind_windows, _windows_cost)):
    register(Kernel(_op, _name, "jit", _refusal, _binding, cost=_seconds, packing=partial(panel_packing, width=WIDTH)))
