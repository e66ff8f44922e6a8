"""Chains of a depthwise convolution and the pointwise ones around it, on some rows at a time that stay in the cache.

A task computes some output rows of one image. It brings the rows that the windows reach, widened by the first pointwise
convolution if there is one, into a padded piece of scratch memory; what the windows give goes to another piece, or to
the output; the second pointwise convolution goes from there to the output. Rows between two tasks are widened twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from zoo.engine.chain import stage_nodes
from zoo.engine.graph import Node
from zoo.engine.kernels import costs
from zoo.engine.kernels.blas.convolution import sliding_of
from zoo.engine.kernels.blas.product import supports_pointwise
from zoo.engine.kernels.jit.compiler import INT, compiled, read, written
from zoo.engine.kernels.jit.depthwise import convolve, supports_depthwise
from zoo.engine.kernels.jit.epilogue import epilogue_operands, epilogue_refusal
from zoo.engine.kernels.jit.panels import WIDTH, tile_imports, tile_rows
from zoo.engine.kernels.jit.registers import AHEAD
from zoo.engine.kernels.jit.rows import ProgramSource
from zoo.engine.kernels.jit.walk import Walk
from zoo.engine.kernels.panels import panel_packing
from zoo.engine.kernels.registry import Kernel, Packing, register
from zoo.engine.kernels.tiles import CACHE_BYTES, cut
from zoo.engine.machine_code.unit import CompiledFunction
from zoo.engine.threads import Workspace, parallel_for

_TASKS = 4                                                  # that the images of a batch are cut into at least
_REACHED_TWICE = 1 / 8                                      # rows, of all that a task needs, for which cutting pays
_PER_SECOND = 1.5e10                                        # multiplications by windows, with their additions
_FEWEST = 4                                                 # places of a row
_IMPORT = "from zoo.engine.kernels.jit.calls import call\n"
_GEOMETRY = ("image", "top", "bottom", "tall", "height", "width", "inputs", "channels", "rows", "places", "outputs",
             "stride", "reach", "before", "left", "line")


@dataclass(frozen=True)
class _Part:
    """One of the functions that a chain calls.

    Attributes:
        function: compiled.
        arguments: what the chain passes on to it as it is: weights, operands of the epilogue.
        types: of these.
        elements: scratch memory that it needs.
    """

    function: CompiledFunction
    arguments: tuple[Any, ...]
    types: tuple[str, ...]
    elements: int = 0

    def address(self) -> int:
        """Where its machine code lies, as long as there is the function."""
        (code,) = self.function.load().overloads.values()
        return code.library.get_pointer_to_function(code.fndesc.llvm_func_name)


_ROWS = ("start", "step", "places", "x_line", "lines", "top", "line", "depth", "columns")


def _product(rows: int, source: ProgramSource) -> CompiledFunction:
    """The compiled function ``out = epilogue(x y)``, for y in panels.

    Rows of x are the `places` of some `lines`: the first is at `start`, the others are `step` and `x_line` elements
    apart. Their results are rows of the output from `top` on, of which lines begin `line` rows apart.

    Args:
        rows: of a tile; a line must have as many places at least.
        source: the epilogue.
    """
    lines, result = source.inside("c", "given")
    store = ["place = top + i * line + j + r", "o = U(place * columns + n)", *source.before("place", "columns", "n"),
             "for c in range(size):", f"    given = tile[U(r * {WIDTH}) + c]",
             *(f"    {line}" for line in lines), f"    out[o + c] = {result}"]
    body = [f"for n in range(0, columns, {WIDTH}):",
            f"    size, b, part = U(min({WIDTH}, columns - n)), n * depth, {WIDTH} * depth // {AHEAD}",
            f"    later, end = b + {WIDTH} * depth, b + 2 * {WIDTH} * depth - part",   # the next panel is brought near
            "    for i in range(lines):",
            f"        for q in range(0, places, {rows}):",
            f"            j = min(q, places - {rows})",     # some of the last places may be done twice
            "            product(x, start + i * x_line + j * step, step, y, b, depth, tile, 0, later)",
            "            later = min(later + part, end)",
            f"            for r in range({rows}):", *(f"                {line}" for line in store)]
    return compiled("chain_product", ["x", "y", "out", "tile", *_ROWS, *source.parameters], body,
                    [read(), read(), written(), written(), *[INT] * len(_ROWS), *source.types], tile_imports(rows))


def _pointwise(node: Node, inputs: Sequence[np.ndarray], places: int) -> _Part:
    weights, *extra = inputs
    source, rows = ProgramSource(node.epilogue, [None, *epilogue_operands(node)]), tile_rows(places)
    return _Part(_product(rows, source),
                 (weights.reshape(-1), *(operand.reshape(-1) for operand in extra), *source.numbers),
                 (read(), *source.types), rows * WIDTH)


def _windows(node: Node, inputs: Sequence[np.ndarray]) -> _Part:
    weights, *extra = inputs
    walk = Walk(sliding_of(node), node.output.shape[-1], ready=True)
    function, operands, kinds = convolve(node, walk, extra)
    return _Part(function, (weights.reshape(-1), *walk.numbers, *operands),
                 (read(), *[INT] * len(walk.numbers), *kinds))


def _chain(widen: _Part | None, windows: _Part, narrow: _Part | None) -> CompiledFunction:
    """The compiled function that does some rows of one image."""
    parameters, names = ["x", "out", "padded", "middle", "tile", *_GEOMETRY], {}
    kinds = [read(), *[written()] * 4, *[INT] * len(_GEOMETRY)]
    for letter, part in (("w", widen), ("d", windows), ("n", narrow)):
        if part is not None:
            names[letter] = [f"{letter}{i}" for i in range(len(part.arguments))]
            parameters += [f"{letter}_address", *names[letter]]
            kinds += [INT, *part.types]

    def product(letter: str, x: str, out: str, *rows: str) -> str:
        weights, *operands = names[letter]
        return f"call({letter}_address, {', '.join([x, weights, out, 'tile', *rows, *operands])})"

    weights, *rest = names["d"]
    if widen is None:
        fill = ["for y in range(first, last):",
                "    o, e = U(((y - y0) * line + left) * channels), U((image * height + y) * width * inputs)",
                "    for k in range(U(width * inputs)):", "        padded[o + k] = x[e + k]"]
    else:
        fill = ["if first < last:", "    " + product(
            "w", "x", "padded", "(image * height + first) * width * inputs", "inputs", "width", "width * inputs",
            "last - first", "(first - y0) * line + left", "line", "inputs", "channels")]
    slide = f"call(d_address, padded, {weights}, {{}}, tile, {{}}, {', '.join(rest)})"
    if narrow is None:
        finish = [slide.format("out", "image, r, stop")]
    else:
        finish = [slide.format("middle", "0, 0, stop - r"), product(
            "n", "middle", "out", "0", "channels", "(stop - r) * places", "0", "1", "(image * rows + r) * places", "0",
            "channels", "outputs")]
    zero = ["for k in range(U(line * channels)):", "    padded[o + k] = F(0)"]
    loop = ["stop = min(r + tall, bottom)",
            "y0, y1 = r * stride - before, (stop - 1) * stride - before + reach",
            "start = y0",
            "if y0 < end and r > top:",                      # rows that the windows before have reached, too
            "    e = U((y0 - begin) * line * channels)",
            "    for k in range(U((end - y0) * line * channels)):",
            "        padded[k] = padded[e + k]",
            "    start = end",
            "begin, end = y0, y1",
            "first, last = max(start, 0), min(y1, height)",
            "for y in range(start, min(y1, 0)):",
            "    o = U((y - y0) * line * channels)", *(f"    {line}" for line in zero),
            "for y in range(max(start, height), y1):",
            "    o = U((y - y0) * line * channels)", *(f"    {line}" for line in zero),
            "for y in range(first, last):",
            "    o, e = U((y - y0) * line * channels), U(((y - y0) * line + left + width) * channels)",
            "    for k in range(U(left * channels)):", "        padded[o + k] = F(0)",
            "    for k in range(U((line - left - width) * channels)):", "        padded[e + k] = F(0)",
            *fill, *finish]
    body = ["begin, end = 0, 0", "for r in range(top, bottom, tall):", *(f"    {line}" for line in loop)]
    return compiled("chain", parameters, body, kinds, _IMPORT)


def _split(node: Node) -> tuple[Node | None, Node, Node | None]:
    """The convolution before the depthwise one, that one, and the one after it."""
    nodes = stage_nodes(node)
    middle = next(i for i, single in enumerate(nodes) if single.attrs["groups"] > 1)
    return (nodes[0] if middle else None), nodes[middle], (nodes[-1] if middle < len(nodes) - 1 else None)


def _bind(node: Node, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> Callable[[], None]:
    before, depthwise, after = _split(node)
    given = [[inputs[i] for i in stage.operands] for stage in node.attrs["stages"]]
    sliding, channels = sliding_of(depthwise), depthwise.output.shape[-1]
    (height, width), (rows, places), (stride, _) = sliding.sizes, sliding.counts, sliding.strides
    (top, _), (left, right) = sliding.pads
    reach, line = (sliding.window[0] - 1) * sliding.dilation[0] + 1, left + width + right
    widen = _pointwise(before, given[0], width) if before else None
    windows = _windows(depthwise, given[0 if before is None else 1])
    narrow = _pointwise(after, given[-1], places) if after else None
    function = _chain(widen, windows, narrow)
    tall = min(_rows_at_a_time(line * channels, stride, reach, places * channels), rows)
    tasks = [(image, band.start, band.stop) for image in range(len(inputs[0]))
             for band in _bands(rows, stride, reach, len(inputs[0]))]
    numbers = (tall, height, width, inputs[0].shape[-1], channels, rows, places, node.output.shape[-1], stride, reach,
               top, left, line)
    parts = [part for part in (widen, windows, narrow) if part is not None]
    x, output = inputs[0].reshape(-1), outputs[0].reshape(-1)
    sizes = (((tall - 1) * stride + reach) * line * channels, tall * places * channels * (narrow is not None),
             max(part.elements for part in parts))

    @cache
    def rest() -> list[Any]:                                # the functions need not be loaded before they run
        return [argument for part in parts for argument in (part.address(), *part.arguments)]

    def body(i: int, workspace: Workspace) -> None:
        function(x, output, *(workspace.take((size,)) for size in sizes), *tasks[i], *numbers, *rest())

    seconds = _cost(node)
    return lambda: parallel_for(len(tasks), body, seconds)


def _rows_at_a_time(line: int, stride: int, reach: int, row: int) -> int:
    """Output rows for which the scratch memory of a task stays in the cache.

    Args:
        line, row: elements of a row under the windows, and of one that they give.
        stride, reach: of the windows along the first axis, in rows.
    """
    return max(1, (CACHE_BYTES // 4 - (reach - stride) * line) // (line * stride + row))


def _bands(rows: int, stride: int, reach: int, images: int) -> list[slice]:
    """The output rows of each task of one image: what two tasks need is computed twice, so these are few."""
    wanted = -(-_TASKS // images)
    if (reach - stride) * wanted > _REACHED_TWICE * rows * stride:
        wanted = min(wanted, 2)
    return cut(rows, -(-rows // wanted))


def _supports(node: Node) -> str | None:
    before, depthwise, after = _split(node)
    if depthwise.output.ndim != 4:
        return "needs two spatial axes"
    if min(depthwise.op_inputs[0].shape[2], depthwise.output.shape[2]) < _FEWEST:
        return f"needs rows of {_FEWEST} places at least"
    for single in (before, after):
        if single is not None and (refusal := supports_pointwise(single) or epilogue_refusal(single)):
            return refusal
    for single in (before, depthwise if after else None):
        if single is not None and any(operand is not None and operand.row != "U(0)"
                                      for operand in epilogue_operands(single)):
            return "needs operands with one number a channel between the convolutions"
    return supports_depthwise(depthwise)


def _cost(node: Node) -> float:
    before, depthwise, after = _split(node)
    return costs.windows(depthwise, _PER_SECOND) + sum(
        costs.convolution(single) + costs.epilogue(single, compiled=True) for single in (before, after) if single)


def _packing(node: Node) -> list[Packing]:
    """The kernels of the pointwise convolutions in panels."""
    return [replace(made, input=stage.operands[0])
            for stage, single in zip(node.attrs["stages"], stage_nodes(node)) if single.attrs["groups"] == 1
            for made in panel_packing(single, WIDTH)]


register(Kernel("conv_chain", "cached_rows", "jit", _supports, _bind, cost=_cost, packing=_packing))
