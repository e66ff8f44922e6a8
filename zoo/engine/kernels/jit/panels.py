"""Products and convolutions with the kernel in panels, compiled; the epilogue is done on each tile of registers.

A convolution is a sum of products: one for each row of the window, whose elements, along the row and over the
channels, follow each other in memory. So no matrix of windows is written out; only the padding needs a copy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import prod
from typing import NamedTuple

import numpy as np

from zoo.engine.graph import Node
from zoo.engine.kernels import costs
from zoo.engine.kernels.blas.convolution import sliding_of
from zoo.engine.kernels.blas.product import supports_pointwise
from zoo.engine.kernels.jit.compiler import INT, compiled, read, written
from zoo.engine.kernels.jit.epilogue import SMALLEST, epilogue_operands, epilogue_refusal
from zoo.engine.kernels.jit.registers import register_tile
from zoo.engine.kernels.jit.rows import ProgramSource
from zoo.engine.kernels.panels import panel_packing
from zoo.engine.kernels.registry import Kernel, register
from zoo.engine.kernels.sliding import Sliding
from zoo.engine.kernels.tiles import cut, cut_leading, panel_tile
from zoo.engine.threads import Workspace, parallel_for

Run = Callable[[], None]

_VECTORS, _LANES = register_tile()
WIDTH = _VECTORS * _LANES                                   # columns of a panel
TILE_COSTS = {4: 5.5, 5: 6.2, 6: 7.0, 7: 8.4}              # measured: time of a tile of so many rows; 7 hardly fit


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


_MATRIX = ("depth", "first", "last", "columns", "planes", "x_plane", "y_start", "y_plane", "plane")


def panel_product(rows: int, source: ProgramSource) -> Callable[..., None]:
    """The compiled function ``out = epilogue(x y)``.

    Its arguments: the arrays x, y and out, flat; scratch memory for one tile; the fields of `Rows`; the depth of one
    piece of a row; the panels of y from ``first`` to ``last``, of all ``columns`` of the output; how many such products
    there are, and how far apart they are in x, y and the output.

    Args:
        rows: of one tile; a line must have as many places at least.
        source: the epilogue.
    """
    lines, result = source.inside("c", "given")
    store = ["place = top + g * image + i * line + j + r", "o = U(k * plane + place * columns + n)",
             *source.before("place", "columns", "n"),
             "for c in range(size):", f"    given = tile[U(r * {WIDTH}) + c]",
             *(f"    {line}" for line in lines), f"    out[o + c] = {result}"]
    body = ["for k in range(planes):",
            f"    for n in range(first * {WIDTH}, min(last * {WIDTH}, columns), {WIDTH}):",
            f"        size = U(min({WIDTH}, columns - n))",
            f"        b, panel = y_start + k * y_plane + n * depth * taps, {WIDTH} * depth",
            "        for g in range(images):",
            "            for i in range(lines):",
            "                a = start + k * x_plane + g * x_image + i * x_line",
            f"                for q in range(0, places, {rows}):",
            f"                    j = min(q, places - {rows})",             # some of the last places may be done twice
            "                    for t in range(taps):",
            "                        product(x, a + j * step + t * tap, step, y, b + t * panel, depth, tile, t)",
            f"                    for r in range({rows}):", *(f"                        {line}" for line in store)]
    imports = [f"from {__package__}.microkernel import tile_product", "",
               f"product = tile_product({rows}, {_VECTORS}, {_LANES})", "", ""]
    return compiled("panels", ["x", "y", "out", "tile", *Rows._fields, *_MATRIX, *source.parameters], body,
                    [read(), read(), written(), written(), *[INT] * len(Rows._fields + _MATRIX), *source.types],
                    "\n".join(imports))


def tile_rows(places: int) -> int:
    """Rows of a tile: as many as the registers hold about, such that few are done twice."""
    return min(TILE_COSTS, key=lambda rows: -(-places // rows) * TILE_COSTS[rows])


class _Panels:
    """The product of a node, for any of its rows and panels.

    Args:
        node: a convolution or a product of matrices.
        inputs: its inputs, the second one in panels.
        output: of the node.
        places: that follow each other evenly in the first input.
    """

    def __init__(self, node: Node, inputs: Sequence[np.ndarray], output: np.ndarray, places: int):
        _, y, *extra = inputs
        source, rows = ProgramSource(node.epilogue, [None, *epilogue_operands(node)]), tile_rows(places)
        self.function, self.tile = panel_product(rows, source), rows * WIDTH
        self.y, self.output = y.reshape(-1), output.reshape(-1)
        self.count, self.depth, self.columns = len(y), y.shape[1], output.shape[-1]
        self.operands = (*(operand.reshape(-1) for operand in extra), *source.numbers)

    def on(self, x: np.ndarray, rows: Rows, panels: slice, workspace: Workspace) -> None:
        """Computes some rows, which lie in x, of some columns."""
        self.function(x.reshape(-1), self.y, self.output, workspace.take((self.tile,)), *rows, self.depth // rows.taps,
                      panels.start, panels.stop, self.columns, 1, 0, 0, 0, 0, *self.operands)

    def tiles(self, rows: int, left: int) -> tuple[int, list[slice]]:
        """How many rows a task has at most, and the panels of tasks; of x, each row needs `left` elements anew."""
        tall, wide = panel_tile(rows, left, self.count, self.depth * WIDTH, rows * self.depth * self.columns)
        return tall, cut(self.count, wide)


def _bind_product(node: Node, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> Run:
    """``output = epilogue(x @ y)`` for x (..., depth) and output (..., columns)."""
    x, count = inputs[0], prod(outputs[0].shape[:-1])
    product = _Panels(node, inputs, outputs[0], count)
    tall, pieces = product.tiles(count, product.depth)
    enough = 2 * product.tile // WIDTH                      # then no task has fewer rows than a tile
    tasks = [(Rows(rows.start * product.depth, product.depth, rows.stop - rows.start, top=rows.start), panels)
             for rows in cut(count, max(tall, enough)) for panels in pieces]

    def body(i: int, workspace: Workspace) -> None:
        product.on(x, *tasks[i], workspace)

    seconds = _product_cost(node)
    return lambda: parallel_for(len(tasks), body, seconds)


def _bind_windows(node: Node, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> Run:
    """A convolution over one or two axes; one is seen as one row of two."""
    sliding = plane(sliding_of(node))
    x, (down, across) = inputs[0].reshape(-1, *sliding.sizes, inputs[0].shape[-1]), sliding.counts
    product = _Panels(node, inputs, outputs[0], across)
    tall, pieces = product.tiles(len(x) * down * across, x.shape[-1] * prod(sliding.strides))
    tasks = [((*index, slice(0, down))[:2], panels) for index in cut_leading((len(x), down), max(1, tall // across))
             for panels in pieces]
    padded, channels = any(map(any, sliding.pads)), x.shape[-1]

    def body(i: int, workspace: Workspace) -> None:
        (images, lines), panels = tasks[i]
        given, start = x, (images.start * x.shape[1] + lines.start * sliding.strides[0]) * x.shape[2] * channels
        if padded:
            given, start = sliding.piece(x, images, lines, 0, workspace), 0
        line = given.shape[2] * channels
        product.on(given, Rows(start, sliding.strides[1] * channels, across, sliding.strides[0] * line,
                               lines.stop - lines.start, given.shape[1] * line, images.stop - images.start,
                               sliding.dilation[0] * line, sliding.window[0],
                               (images.start * down + lines.start) * across, across, down * across), panels, workspace)

    seconds = _windows_cost(node)
    return lambda: parallel_for(len(tasks), body, seconds)


def plane(sliding: Sliding) -> Sliding:
    """The same windows over two axes."""
    one = (1,) * (2 - len(sliding.window))
    pads = ((0, 0),) * len(one) + sliding.pads
    return Sliding(one + sliding.sizes, one + sliding.window, one + sliding.strides, one + sliding.dilation, pads,
                   one + sliding.counts)


def _supports(node: Node, places: int) -> str | None:
    """What all products need."""
    if places < min(TILE_COSTS):
        return f"needs {min(TILE_COSTS)} rows that follow each other"
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
    return _padded_cost(node, prod(node.output.shape[:-2]), node.output.shape[-2]) + node.op_inputs[0].spec.size / costs.PASS


def _padded_cost(node: Node, lines: int, places: int) -> float:
    rows, y = tile_rows(places), node.op_inputs[1]
    work, columns = lines * -(-places // rows) * TILE_COSTS[rows], -(-y.shape[-1] // WIDTH) * WIDTH
    return costs.panels(work, prod(y.shape[:-1]), columns) + costs.epilogue(node, compiled=True)


for _op, _name, _refusal, _bind, _cost in (
        ("matmul", "panels", _supports_matmul, _bind_product, _product_cost),
        ("conv", "pointwise_panels", _supports_pointwise, _bind_product, _product_cost),
        ("conv", "window_panels", _supports_windows, _bind_windows, _windows_cost)):
    register(Kernel(_op, _name, "jit", _refusal, _bind, cost=_cost, packing=partial(panel_packing, width=WIDTH)))
