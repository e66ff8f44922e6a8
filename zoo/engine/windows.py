"""Arithmetic of sliding windows: how convolution and pooling pad, and how large their results are.

Padding of a window operation is ``"valid"`` (none), ``"same"`` (TensorFlow's rule: as much as it takes for
``ceil(size / stride)`` windows, the odd one after the data), or one pair ``(low, high)`` for each spatial axis, where a
`high` of None is as much as it takes for that many windows.
"""

from __future__ import annotations

from collections.abc import Sequence

from zoo.engine.spec import Dim
from zoo.errors import ConfigError, ShapeError

Padding = str | tuple[tuple[int, int | None], ...]
NAMED_PADDINGS = ("valid", "same")


def extent(window: int, dilation: int) -> int:
    """How many positions a dilated window spans."""
    return (window - 1) * dilation + 1


def check_padding(padding: Padding, rank: int) -> None:
    """Checks the form of `padding` for `rank` spatial axes.

    Raises:
        ConfigError: it is neither a known name nor a pair for each axis.
    """
    if padding in NAMED_PADDINGS:
        return
    if isinstance(padding, str) or len(padding) != rank or any(len(pair) != 2 for pair in padding):
        raise ConfigError(f"Expected padding 'valid', 'same' or {rank} pairs (low, high), received {padding!r}.")


def pads(sizes: Sequence[int], window: Sequence[int], strides: Sequence[int], padding: Padding,
         dilation: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """Zeros to put before and after the data, for each spatial axis."""
    if padding == "valid":
        return ((0, 0),) * len(sizes)
    totals = [max((-(-n // s) - 1) * s + extent(w, d) - n, 0)
              for n, w, s, d in zip(sizes, window, strides, dilation, strict=True)]
    if padding == "same":
        return tuple((total // 2, total - total // 2) for total in totals)
    return tuple((low, max((-(-n // s) - 1) * s + extent(w, d) - n - low, 0) if high is None else high)
                 for (low, high), n, w, s, d in zip(padding, sizes, window, strides, dilation, strict=True))


def output_sizes(sizes: Sequence[Dim], window: Sequence[int], strides: Sequence[int], padding: Padding,
                 dilation: Sequence[int]) -> tuple[Dim, ...]:
    """Number of windows along each spatial axis; None where the size is unknown.

    Raises:
        ShapeError: a window does not fit into the padded data.
    """
    result: list[Dim] = []
    for axis, (n, w, s, d) in enumerate(zip(sizes, window, strides, dilation, strict=True)):
        if n is None:
            result.append(None)
        elif padding == "same" or padding != "valid" and padding[axis][1] is None:
            result.append(-(-n // s))
        else:
            low, high = (0, 0) if padding == "valid" else padding[axis]
            if n + low + high < extent(w, d):
                raise ShapeError(f"A window of {w} (dilation {d}) does not fit into spatial axis {axis} of size {n} "
                                 f"with padding {(low, high)}: sizes {tuple(sizes)}, window {tuple(window)}.")
            result.append((n + low + high - extent(w, d)) // s + 1)
    return tuple(result)


def transposed(sizes: Sequence[Dim], window: Sequence[int], strides: Sequence[int], padding: Padding,
               output_padding: Sequence[int] | None, dilation: Sequence[int]) -> tuple[tuple[int, Dim], ...]:
    """Where the result of a transposed convolution lies, for each spatial axis.

    Every input adds its window to a line of ``(size - 1) * stride + extent`` positions. The result is a piece of that
    line: ``(positions dropped at its start, length)``; past the end of the line it is zero.

    The lengths are those of Keras: without `output_padding`, ``valid`` covers every position that a stride reaches
    and ``same`` gives ``size * stride``; with it, the length is counted from the shortest one that has this input
    size. For pairs ``(low, high)`` both are dropped, and `output_padding` lengthens the end; a `high` of None gives the
    lengths of ``same``, or with `output_padding` those for which as much is dropped at the end.
    """
    output_padding = output_padding or (None,) * len(sizes)
    pieces: list[tuple[int, Dim]] = []
    for axis, (n, w, s, d, extra) in enumerate(zip(sizes, window, strides, dilation, output_padding, strict=True)):
        span = extent(w, d)
        if padding == "valid":
            drop, change = 0, max(s - span, 0) if extra is None else extra
        elif padding == "same":
            change = s - span if extra is None else span % 2 - span + extra
            drop = max(-change, 0) // 2
        elif padding[axis][1] is None:
            drop = padding[axis][0]
            change = s - span if extra is None else extra - 2 * drop
        else:
            drop = padding[axis][0]
            change = (extra or 0) - sum(padding[axis])
        pieces.append((drop, None if n is None else (n - 1) * s + span + change))
    return tuple(pieces)
