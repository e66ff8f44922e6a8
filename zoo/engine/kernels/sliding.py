"""Sliding windows over a part of a tensor: the piece of the input that some output rows need, padded on the fly.

Tensors are ``(batch, spatial..., channels)``; "rows" are places along the first spatial axis. Only the piece that a
tile needs is padded, in scratch memory; the whole input is never copied.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from zoo.engine import windows
from zoo.engine.threads import Workspace
from zoo.engine.windows import Padding, extent


@dataclass(frozen=True)
class Sliding:
    """Windows over the spatial axes.

    Attributes:
        sizes: of the input's spatial axes.
        window, strides, dilation: for each spatial axis.
        pads: ``(before, after)`` for each spatial axis.
        counts: windows along each spatial axis.
    """

    sizes: tuple[int, ...]
    window: tuple[int, ...]
    strides: tuple[int, ...]
    dilation: tuple[int, ...]
    pads: tuple[tuple[int, int], ...]
    counts: tuple[int, ...]

    @classmethod
    def over(cls, sizes: Sequence[int], window: Sequence[int], strides: Sequence[int], padding: Padding,
             dilation: Sequence[int] | None = None) -> Sliding:
        """The windows that the attributes of a convolution or pooling describe."""
        dilation = tuple(dilation or (1,) * len(window))
        pads = windows.pads(sizes, window, strides, padding, dilation)
        counts = windows.output_sizes(sizes, window, strides, pads, dilation)
        return cls(tuple(sizes), tuple(window), tuple(strides), dilation, pads, counts)

    def piece(self, x: np.ndarray, images: slice, rows: slice, fill: Any, workspace: Workspace) -> np.ndarray:
        """The part of x under the windows of some output rows, with its padding.

        Args:
            x: the whole input.
            images: part of the batch.
            rows: part of the first output axis.
            fill: value of the padding.
            workspace: where the piece is made if it needs padding; else it is a view of x.
        """
        stride, (before, _) = self.strides[0], self.pads[0]
        start = rows.start * stride - before
        stop = (rows.stop - 1) * stride - before + extent(self.window[0], self.dilation[0])
        first = min(max(start, 0), self.sizes[0])
        inside = slice(first, max(first, min(stop, self.sizes[0])))             # empty if there is only padding
        if not any(map(any, self.pads)):
            return x[images, inside]
        lengths = [stop - start, *(n + sum(pads) for n, pads in zip(self.sizes[1:], self.pads[1:]))]
        piece = workspace.take((images.stop - images.start, *lengths, x.shape[-1]), x.dtype)
        begin = max(first - start, 0)
        interior = [slice(begin, begin + inside.stop - first)]
        interior += [slice(before, before + n) for n, (before, _) in zip(self.sizes[1:], self.pads[1:])]
        for axis, inner in enumerate(interior):             # borders only: the inside is written once
            outer = tuple(interior[:axis])
            piece[(slice(None), *outer, slice(0, inner.start))] = fill
            piece[(slice(None), *outer, slice(inner.stop, None))] = fill
        piece[(slice(None), *interior)] = x[images, inside]
        return piece

    def view(self, piece: np.ndarray, rows: int) -> np.ndarray:
        """All windows of `rows` output rows: a view ``(images, rows, places..., window..., channels...)``."""
        rank = len(self.sizes)
        batch, steps, channels = piece.strides[0], piece.strides[1:1 + rank], piece.strides[1 + rank:]
        places = (step * stride for step, stride in zip(steps, self.strides))
        taps = (step * dilation for step, dilation in zip(steps, self.dilation))
        shape = (len(piece), rows, *self.counts[1:], *self.window, *piece.shape[1 + rank:])
        return as_strided(piece, shape, (batch, *places, *taps, *channels), writeable=False)

    def taps(self, piece: np.ndarray, rows: int) -> Iterator[tuple[tuple[int, ...], np.ndarray]]:
        """For each position in the window, the elements at that position under every window."""
        counts = (rows, *self.counts[1:])
        for tap in product(*map(range, self.window)):
            yield tap, piece[(slice(None), *map(self._along, range(len(tap)), tap, counts))]

    def along(self, axis: int, piece: np.ndarray, tap: int, count: int) -> np.ndarray:
        """The elements at position `tap` of the windows along one spatial axis only."""
        return piece[(slice(None),) * (1 + axis) + (self._along(axis, tap, count),)]

    def _along(self, axis: int, tap: int, count: int) -> slice:
        start, stride = tap * self.dilation[axis], self.strides[axis]
        return slice(start, start + (count - 1) * stride + 1, stride)
