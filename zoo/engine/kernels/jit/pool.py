"""The gradient of max pooling, compiled: for each window the first maximum is found, and gets the cotangent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

import numpy as np

from zoo.engine.graph import Node
from zoo.engine.kernels import costs
from zoo.engine.kernels.jit.compiler import INT, compiled, read, written
from zoo.engine.kernels.jit.epilogue import SMALLEST
from zoo.engine.kernels.registry import Kernel, register
from zoo.engine.kernels.sliding import Sliding
from zoo.engine.threads import Workspace, parallel_for

_GEOMETRY = ("image", "height", "width", "before", "left", "rows", "places", "channels")
_PER_SECOND = 1e9                                           # elements of windows


def _supports(node: Node) -> str | None:
    y, x = node.inputs
    if x.ndim > 4:
        return "needs one or two spatial axes"
    if x.dtype != "float32":
        return f"computes float32 only, not {x.dtype}"
    return f"pays from {SMALLEST} elements on" if x.spec.size < SMALLEST else None


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
