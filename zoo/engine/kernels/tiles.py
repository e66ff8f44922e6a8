"""How kernels cut their work: tiles that fit into a core's cache, and the part of each operand that a tile needs.

The cuts depend on shapes only, never on the number of threads: the same tiles give the same numbers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

CACHE_BYTES = 1 << 19                                       # what a tile may touch: part of a core's second-level cache

_ROWS, _COLUMNS = 96, 64                                    # the fewest of a tile of a matrix product
_FEW = 96                                                   # rows with which BLAS is near its full speed
_FEW_TILES = 64                                             # of Winograd: so many pay for reading the kernel
_PIECES = 4                                                 # tiles that a large product is cut into at least
_WORTH_A_PIECE = 1 << 23                                    # multiplications: some 200 microseconds

Index = tuple[slice, ...]


def cut(size: int, largest: int) -> list[slice]:
    """Even pieces of ``range(size)``, none longer than `largest`."""
    pieces = max(1, -(-size // max(1, largest)))
    edges = [size * i // pieces for i in range(pieces + 1)]
    return [slice(start, stop) for start, stop in zip(edges, edges[1:])]


def cut_leading(shape: Sequence[int], largest: int) -> list[Index]:
    """Tiles of at most `largest` elements (or one row of the last axis): index tuples of leading axes.

    Each tile is a contiguous part of a C-contiguous array of this shape.
    """
    if not shape:
        return [()]
    inner = math.prod(shape[1:])
    if inner <= largest or len(shape) == 1:
        return [(piece,) for piece in cut(shape[0], largest // max(1, inner))]
    rest = cut_leading(shape[1:], largest)
    return [(slice(i, i + 1), *index) for i in range(shape[0]) for index in rest]


def flat(shape: Sequence[int], index: Index) -> slice:
    """The range of rows that a tile from `cut_leading` is, all axes of `shape` seen as one."""
    start, size = 0, 1
    for whole, piece in zip(shape, index):                  # single rows, then one piece, then whole axes
        first, last, _ = piece.indices(whole)
        start, size = start * whole + first, size * (last - first)
    inner = math.prod(shape[len(index):])
    return slice(start * inner, (start + size) * inner)


def part(operand: np.ndarray, index: Index) -> np.ndarray:
    """What a tile needs of an operand of the full rank: its axes of size 1 serve every tile."""
    return operand[tuple(slice(None) if size == 1 else piece for size, piece in zip(operand.shape, index))]


def product_tile(rows: int, depth: int, columns: int) -> tuple[int, int]:
    """The largest tile, in rows and columns, of a matrix product ``(rows, depth) x (depth, columns)``.

    BLAS copies the whole right matrix for each call, so tiles have many rows; where there are too few rows to give
    every core some, the columns are cut as well.
    """
    wanted = _wanted_pieces(rows * depth * columns)
    tall = max(_ROWS, CACHE_BYTES // (4 * (depth + columns))) if wanted > 1 else rows
    pieces = -(-rows // max(1, tall))
    return tall, columns if pieces >= wanted else max(_COLUMNS, -(-columns * pieces // wanted))


def _wanted_pieces(multiplications: int) -> int:
    """How many pieces a matrix product is cut into at least."""
    return max(1, min(_PIECES, multiplications // _WORTH_A_PIECE))


def panel_tile(rows: int, left: int, panels: int, right: int, multiplications: int) -> tuple[int, int]:
    """The largest tile, in rows and panels, of a product whose right matrix is in panels.

    Each task reads all of its rows and of its panels, from far if it is the first one, so the tasks are cut such that
    little is read twice. The rows of a task stay in the cache while one panel after another comes by.

    Args:
        rows: of the product.
        left: elements of a row.
        panels: of the right matrix.
        right: elements of a panel.
        multiplications: of the product.
    """
    wanted, fewest = _wanted_pieces(multiplications), -(-4 * rows * left // CACHE_BYTES)
    cuts = [(max(fewest, -(-wanted // across)), across) for across in range(1, min(wanted, panels) + 1)]
    down, across = min(cuts, key=lambda cut: cut[0] * panels * right + cut[1] * rows * left)
    return -(-rows // down), -(-panels // across)


def winograd_tile(rows: int, across: int, depth: int, columns: int, elements: int) -> tuple[int, int]:
    """The largest tile of Winograd's convolution, in rows of tiles and in columns of the product.

    Args:
        rows, across: tiles of results, down all images and across one.
        depth, columns: input and output channels.
        elements: of a tile of inputs; for each of them there is one product.
    """
    fitting = 2 * CACHE_BYTES // (4 * elements * (depth + columns))
    tall = -(-max(_FEW, fitting) // across)
    pieces, wanted = -(-rows // tall), _wanted_pieces(rows * across * depth * columns * elements)
    return tall, columns if pieces >= wanted else max(2 * _COLUMNS, -(-columns * pieces // wanted))


def winograd_panels(rows: int, across: int, depth: int, panels: int, width: int, elements: int) -> tuple[int, int]:
    """The same for kernels in panels: rows of tiles, and panels.

    A task transforms its tiles by itself, which takes little time if they are few: then panels are cut first.
    """
    wanted = _wanted_pieces(rows * across * depth * panels * width * elements)
    fitting = max(_FEW_TILES, 2 * CACHE_BYTES // (4 * elements * depth))
    tall = max(1, min(rows, fitting // across))
    pieces = -(-rows // tall)
    return tall, -(-panels * pieces // wanted) if pieces < wanted else panels


def coalesce(shape: Sequence[int], operands: Sequence[Sequence[int]], keep: int = 0) -> list[list[int]]:
    """Groups of neighbouring axes that can be seen as one axis each, so that every operand still broadcasts.

    Axes join if each operand has both of them or neither; axes of size 1 join anything.

    Args:
        shape: of the whole.
        operands: shapes that broadcast to it.
        keep: number of last axes that stay as they are; at least one group comes before them.
    """
    rank = len(shape)
    padded = [(1,) * (rank - len(operand)) + tuple(operand) for operand in operands]
    groups: list[list[int]] = [[]]
    joined: tuple[bool, ...] | None = None                  # which operands have the last group's axes
    for axis in range(rank - keep):
        pattern = None if shape[axis] == 1 else tuple(operand[axis] != 1 for operand in padded)
        if joined is None or pattern in (None, joined):
            groups[-1].append(axis)
        else:
            groups.append([axis])
        joined = pattern or joined
    return groups + [[axis] for axis in range(rank - keep, rank)]


def regrouped(array: np.ndarray, groups: Sequence[Sequence[int]]) -> np.ndarray:
    """A view of an operand (of the whole, or one that broadcasts to it) with one axis for each group of axes."""
    rank = sum(map(len, groups))
    padded = (1,) * (rank - array.ndim) + array.shape
    return array.reshape([math.prod(padded[axis] for axis in group) for group in groups])
