"""Source of loops over the places of a channels-last image and the windows under them.

One or two spatial axes; one is seen as one row of two. A task computes some output rows of one image. If the input
needs padding, the rows that a task needs are first copied to scratch memory, with zeros around them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from zoo.engine.kernels.sliding import Sliding
from zoo.engine.kernels.tiles import CACHE_BYTES, cut
from zoo.engine.threads import Workspace

_AT_A_TIME = 4                                              # neighbouring places: they share what they load


class Walk:
    """How to walk over one image.

    Args:
        sliding: windows over one or two spatial axes.
        channels: of the input.
        ready: whether ``x`` is just the rows that a task needs, padded already.

    Attributes:
        parameters: of generated functions: the geometry, after ``x`` and ``scratch``.
        array: what the windows lie on: ``x``, or ``scratch`` if the input needs padding.
        numbers: arguments for all of `parameters` but the first three, which tell the task.
    """

    parameters = ("image", "top", "bottom", "height", "width", "before", "left", "line", "rows", "places", "channels")

    def __init__(self, sliding: Sliding, channels: int, ready: bool = False):
        one = (1,) * (2 - len(sliding.window))
        self.window, self.strides, self.dilation = (one + part for part in
                                                    (sliding.window, sliding.strides, sliding.dilation))
        (before, after), (left, right) = ((0, 0),) * len(one) + sliding.pads
        (height, width), (self.rows, self.places) = one + sliding.sizes, one + sliding.counts
        self.channels, self.line = channels, left + width + right
        self.padded = not ready and any((before, after, left, right))
        self.relative = ready or self.padded
        self.array = "scratch" if self.padded else "x"
        self.numbers = (height, width, before, left, self.line, self.rows, self.places, channels)

    def tasks(self, images: int, outputs: int) -> list[tuple[int, int, int]]:
        """Image, first and last row of each task, for results with that many channels."""
        tall = max(1, CACHE_BYTES // (4 * (self.channels * self.line * self.strides[0] + outputs * self.places)))
        return [(image, piece.start, piece.stop) for image in range(images) for piece in cut(self.rows, tall)]

    def scratch(self, top: int, bottom: int, workspace: Workspace) -> np.ndarray:
        """The scratch memory of a task."""
        return workspace.take((self._reached(bottom - top) * self.line * self.channels * self.padded,))

    def _reached(self, rows: int) -> int:
        return (rows - 1) * self.strides[0] + (self.window[0] - 1) * self.dilation[0] + 1

    def source(self, inner: Callable[[int], Sequence[str]], once: bool = False) -> list[str]:
        """Lines that do, for every place, what `inner` says for some neighbouring places from ``j`` on in row ``i``.

        Lines of `inner` may use ``first``, the number of the first place, and ``a0``, ``a1``, ...: where the rows of
        its window begin.

        Args:
            inner: the lines for that many places.
            once: every place is done once, the last ones of a row one by one; else the last places of a row may be
                done with some that were done before, which is faster, and half of the source.
        """
        body = ["step, row = U(channels), U(line * channels)", *(self._padding() if self.padded else ())]
        body.append("for i in range(top, bottom):")
        if once:
            body.append("    j = 0")
            for count in (_AT_A_TIME, 1):
                lines = [*self._window(count), *inner(count), f"j += {count}"]
                body += [f"    while j + {count} <= places:", *(f"        {line}" for line in lines)]
            return body
        count = _AT_A_TIME if self.places >= _AT_A_TIME else 1
        lines = [f"j = min(start, places - {count})", *self._window(count), *inner(count)]
        return [*body, f"    for start in range(0, places, {count}):", *(f"        {line}" for line in lines)]

    def _window(self, count: int) -> list[str]:
        """Lines with the places where rows of the window begin."""
        start = f"(i - top) * {self.strides[0]}" if self.relative else f"image * height + i * {self.strides[0]}"
        return ["first = (image * rows + i) * places + j",
                f"a0 = U({start}) * row + U(j * {self.strides[1]}) * step",
                *(f"a{k} = a{k - 1} + row * U({self.dilation[0]})" for k in range(1, self.window[0]))]

    def offsets(self, count: int) -> list[str]:
        """Lines with the multiples of ``step`` that loads of `count` places, and weights, are apart: ``d0``, ..."""
        largest = max(self.column(count - 1, self.window[1] - 1), self.window[0] * self.window[1] - 1)
        return [f"d{i} = step * U({i})" for i in range(largest + 1)]

    def loads(self, k: int, count: int) -> list[str]:
        """Lines that load row k of the windows of `count` places for channel ``c``, as ``x{k}_0``, ``x{k}_1``, ..."""
        columns = {self.column(q, m) for q in range(count) for m in range(self.window[1])}
        return [f"e{k} = a{k} + c",
                *(f"x{k}_{column} = {self.array}[e{k} + d{column}]" for column in sorted(columns))]

    def column(self, place: int, tap: int) -> int:
        """The column of row k that lies under a tap of a place."""
        return place * self.strides[1] + tap * self.dilation[1]

    def _padding(self) -> list[str]:
        return [f"for r in range((bottom - top - 1) * {self.strides[0]} + {self._reached(1)}):",
                f"    y = top * {self.strides[0]} - before + r",
                "    o, c = U(r) * row, U(image * height + y) * U(width * channels)",
                "    inside = 0 <= y < height",
                "    for k in range(row if not inside else U(left * channels)):",
                "        scratch[o + k] = F(0)",
                "    if inside:",
                "        o += U(left * channels)",
                "        for k in range(U(width * channels)):",
                "            scratch[o + k] = x[c + k]",
                "        o += U(width * channels)",
                "        for k in range(U((line - width - left) * channels)):",
                "            scratch[o + k] = F(0)"]
