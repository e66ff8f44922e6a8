"""Pooling with its epilogue, compiled, and the gradient of max pooling.

For that gradient the first maximum of each window is found, and gets the cotangent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

import numpy as np

from zoo.engine.graph import Node, Value
from zoo.engine.kernels import costs
from zoo.engine.kernels.jit.compiler import INT, compiled, read, written
from zoo.engine.kernels.jit.epilogue import SMALLEST, epilogue_operands, epilogue_refusal
from zoo.engine.kernels.jit.rows import ProgramSource
from zoo.engine.kernels.registry import Kernel, register
from zoo.engine.kernels.sliding import Sliding
from zoo.engine.kernels.tiles import cut
from zoo.engine.threads import Workspace, parallel_for

_GEOMETRY = ("image", "height", "width", "before", "left", "rows", "places", "channels")
_PER_SECOND, _POOLED_PER_SECOND = 1e9, 4e9                  # elements of windows: of the gradient, and of pooling

_POOL = ("image", "top", "bottom", "height", "width", "before", "left", "rows", "places", "channels")
_COMBINED = {"max_pool": ("-inf", "v if v > out[o + c] or v != v else out[o + c]", ""),        # NaN is larger than all
             "avg_pool": ("F(0)", "out[o + c] + v", " * share")}                # start, step and end of each result


def _pool(name: str, window: Sequence[int], strides: Sequence[int], source: ProgramSource) -> list[str]:
    """Lines for some rows of the results of one image."""
    start, step, end = _COMBINED[name]
    lines, result = source.inside("c", "given")
    return ["step = U(channels)",
            "for i in range(top, bottom):",
            f"    first_row = i * {strides[0]} - before",
            f"    up, down = max(first_row, 0), min(first_row + {window[0]}, height)",
            "    for j in range(places):",
            f"        first_column = j * {strides[1]} - left",
            f"        low, high = max(first_column, 0), min(first_column + {window[1]}, width)",
            "        first = (image * rows + i) * places + j",
            "        o = U(first) * step",
            "        for c in range(step):", f"            out[o + c] = {start}",
            "        for y in range(up, down):",
            "            for z in range(low, high):",
            "                a = U((image * height + y) * width + z) * step",
            "                for c in range(step):",
            "                    v = x[a + c]", f"                    out[o + c] = {step}",
            *(["        share = F(1) / F(max(down - up, 0) * max(high - low, 0))"] if end else []),
            *(f"        {line}" for line in source.before("first", "channels", "0")),
            "        for c in range(step):", f"            given = out[o + c]{end}",
            *(f"            {line}" for line in lines), f"            out[o + c] = {result}"]


def _bind_pool(node: Node, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> Callable[[], None]:
    (x, *extra), (output,), attrs = inputs, outputs, node.attrs
    sliding = Sliding.over(x.shape[1:-1], attrs["window"], attrs["strides"], attrs["padding"])
    one = (1,) * (2 - len(sliding.window))                  # one spatial axis is one row of two
    source = ProgramSource(node.epilogue, [None, *epilogue_operands(node)])
    function = compiled(node.op.name, ["x", "out", *_POOL, *source.parameters],
                        _pool(node.op.name, one + sliding.window, one + sliding.strides, source),
                        [read(), written(), *[INT] * len(_POOL), *source.types])
    (before, _), (left, _) = ((0, 0),) * len(one) + sliding.pads
    rows, places = one + sliding.counts
    rest = (*one, *sliding.sizes, before, left, rows, places, x.shape[-1],
            *(operand.reshape(-1) for operand in extra), *source.numbers)
    given, result = x.reshape(-1), output.reshape(-1)
    tasks = [(image, piece.start, piece.stop) for image in range(len(x)) for piece in cut(rows, -(-rows // 4))]

    def body(i: int, workspace: Workspace) -> None:
        function(given, result, *tasks[i], *rest)

    seconds = costs.windows(node, _POOLED_PER_SECOND)
    return lambda: parallel_for(len(tasks), body, seconds)


def _supports_pool(node: Node) -> str | None:
    return _refusal(node, node.op_inputs[0]) or epilogue_refusal(node)


def _refusal(node: Node, x: Value) -> str | None:
    if x.ndim > 4:
        return "needs one or two spatial axes"
    if x.dtype != "float32":
        return f"computes float32 only, not {x.dtype}"
    return f"pays from {SMALLEST} elements on" if x.spec.size < SMALLEST else None


def _supports(node: Node) -> str | None:
    return _refusal(node, node.inputs[1])


def _source(window: Sequence[int], strides: Sequence[int]) -> list[str]:
    """Lines for one image. ``best`` and ``which`` hold, for each channel, the maximum so far and its number."""
    body = ["step = U(channels)", "base = U(image * height * width) * step",
            "for k in range(U(height * width) * step):", "    out[base + k] = F(0)",
            "for i in range(rows):", "    for j in range(places):",
            "        o = U((image * rows + i) * places + j) * step",
            "        for c in range(step):", "            best[c] = -inf", "            which[c] = F(-1)"]
    for number, (k, m) in enumerate(product(*map(range, window))):
        inside = [f"y, z = i * {strides[0]} + {k} - before, j * {strides[1]} + {m} - left",
                  "if 0 <= y < height and 0 <= z < width:",
                  "    a = base + U(y * width + z) * step",
                  "    for c in range(step):",
                  "        v = x[a + c]",
                  "        more = (v > best[c]) | (which[c] < F(0)) | ((v != v) & (best[c] == best[c]))",
                  "        best[c] = v if more else best[c]",
                  f"        which[c] = F({number}) if more else which[c]"]
        body += [f"        {line}" for line in inside]
    for number, (k, m) in enumerate(product(*map(range, window))):
        inside = [f"y, z = i * {strides[0]} + {k} - before, j * {strides[1]} + {m} - left",
                  "if 0 <= y < height and 0 <= z < width:",
                  "    a = base + U(y * width + z) * step",
                  "    for c in range(step):",
                  f"        out[a + c] += given[o + c] if which[c] == F({number}) else F(0)"]
        body += [f"        {line}" for line in inside]
    return body


def _bind(node: Node, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> Callable[[], None]:
    (y, x), (output,), attrs = inputs, outputs, node.attrs
    sliding = Sliding.over(x.shape[1:-1], attrs["window"], attrs["strides"], attrs["padding"])
    one = (1,) * (2 - len(sliding.window))                  # one spatial axis is one row of two
    function = compiled("max_pool_gradient", ["given", "x", "out", "best", "which", *_GEOMETRY],
                        _source(one + sliding.window, one + sliding.strides),
                        [read(), read(), written(), written(), written(), *[INT] * len(_GEOMETRY)])
    (before, _), (left, _) = ((0, 0),) * len(one) + sliding.pads
    numbers = (*one, *sliding.sizes, before, left, *one, *sliding.counts, x.shape[-1])
    arrays = (y.reshape(-1), x.reshape(-1), output.reshape(-1))

    def body(image: int, workspace: Workspace) -> None:
        best, which = (workspace.take((x.shape[-1],)) for _ in range(2))
        function(*arrays, best, which, image, *numbers)

    seconds = _cost(node)
    return lambda: parallel_for(len(x), body, seconds)


def _cost(node: Node) -> float:
    return node.inputs[0].spec.size * np.prod(node.attrs["window"]) / _PER_SECOND + node.output.spec.size / costs.PASS


register(Kernel("max_pool_gradient", "first_maxima", "jit", _supports, _bind, cost=_cost))
for _name in _COMBINED:
    register(Kernel(_name, "one_pass", "jit", _supports_pool, _bind_pool,
                    cost=lambda node: costs.windows(node, _POOLED_PER_SECOND) + costs.epilogue(node, compiled=True)))
