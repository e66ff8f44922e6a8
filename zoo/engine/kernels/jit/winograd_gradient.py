"""The gradient of a 3x3 convolution by its kernel in Winograd's domain, with compiled transforms.

From ``y = A' [(G g G') * (B' d B)] A`` follows for the cotangents y of tiles of results, and their inputs d::

    dg = G' [sum over tiles of (B' d B) * (A y A')] G

The sums over tiles are one matrix product for each of the ``(m + 2)**2`` elements of a tile. Tiles are cut into a few
strands, whose sums are added in their order, and the matrix of sums into blocks of channels: neither depends on the
number of threads. A task does one block of one strand.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from math import prod

import numpy as np

from zoo.engine.graph import Node
from zoo.engine.kernels import costs, winograd
from zoo.engine.kernels.jit.epilogue import SMALLEST
from zoo.engine.kernels.jit.planes import planes_transform
from zoo.engine.kernels.jit.winograd import BLOCK, tile_transform
from zoo.engine.kernels.registry import Kernel, register
from zoo.engine.kernels.sliding import Sliding
from zoo.engine.kernels.tiles import cut, cut_leading
from zoo.engine.threads import Workspace, parallel_for, scratch

_STRANDS, _TILES = 8, 128                                   # at most, and tiles of a strand at least
_WIDE = 128                                                 # channels of a block, on either side
_CHUNK_BYTES, _PIECE_BYTES = 1 << 22, 1 << 20               # of tiles transformed in one go, for one block or for all
_SHARED_BYTES = 1 << 26                                     # of all tiles, transformed for all blocks
_TRANSFORMED, _SUMMED = 1.5e9, 1e9                          # elements a second: of tiles, and of sums over them

Chunk = tuple[slice, slice]                                 # images, and rows of tiles in them
SumUp = Callable[[int, slice, slice, np.ndarray, Workspace], None]
Prepare = Callable[[Workspace], SumUp]


@dataclass(frozen=True)
class _Side:
    """One side of the products: a tensor, seen as tiles.

    Attributes:
        tensor: (images, height, width, channels).
        sliding: its tiles.
        transform: compiled, of some tiles.
        elements: of a transformed tile.
    """

    tensor: np.ndarray
    sliding: Sliding
    transform: Callable[..., None]
    elements: int

    def tiles_in(self, chunk: Chunk) -> int:
        """How many there are."""
        images, rows = chunk
        return (images.stop - images.start) * (rows.stop - rows.start) * self.sliding.counts[1]

    def take(self, tiles: int, channels: int, workspace: Workspace) -> np.ndarray:
        """Memory for transformed tiles."""
        return workspace.take((self.elements, tiles, channels))

    def fill(self, result: np.ndarray, start: int, chunk: Chunk, channels: slice, workspace: Workspace) -> None:
        """Writes the transformed tiles of a chunk into `result` (elements, tiles, channels), from tile `start` on."""
        images, rows = chunk
        piece = np.ascontiguousarray(self.sliding.piece(self.tensor[..., channels], images, rows, 0, workspace))
        *_, line, count = piece.shape
        self.transform(piece.reshape(-1), result.reshape(-1)[start * count:], workspace.take((self.elements * BLOCK,)),
                       len(piece), rows.stop - rows.start, self.sliding.counts[1], line, count, result[0].size)


def _sides(tile: int, node: Node, inputs: Sequence[np.ndarray]) -> tuple[_Side, _Side]:
    """The inputs, whose tiles overlap by two, and the cotangents; zeros fill up the last tiles."""
    (x, y), transform = inputs, winograd.transform(tile)
    size, ones, counts = transform.size, (1, 1), tuple(-(-size // tile) for size in y.shape[1:-1])
    plain = Sliding.over(x.shape[1:-1], node.attrs["window"], ones, node.attrs["padding"])
    around = tuple((before, (count - 1) * tile + size - before - places)
                   for count, places, (before, _) in zip(counts, plain.sizes, plain.pads))
    behind = tuple((0, count * tile - places) for count, places in zip(counts, y.shape[1:-1]))
    windows = Sliding(x.shape[1:-1], (size, size), (tile, tile), ones, around, counts)
    results = Sliding(y.shape[1:-1], (tile, tile), (tile, tile), ones, behind, counts)
    return (_Side(x, windows, tile_transform(transform.inputs, tile), size * size),
            _Side(y, results, tile_transform(transform.outputs.T, tile), size * size))


def _in_tasks(left: _Side, right: _Side, strands: Sequence[Sequence[Chunk]]) -> Prepare:
    """Each task transforms the tiles of its strand and its channels, and multiplies them while they are in the cache.
    """
    def sum_up(strand: int, rows: slice, columns: slice, total: np.ndarray, workspace: Workspace) -> None:
        for number, chunk in enumerate(strands[strand]):
            with workspace.frame():
                x = left.take(left.tiles_in(chunk), rows.stop - rows.start, workspace)
                y = right.take(right.tiles_in(chunk), columns.stop - columns.start, workspace)
                left.fill(x, 0, chunk, rows, workspace)
                right.fill(y, 0, chunk, columns, workspace)
                part = workspace.take(total.shape) if number else total
                np.matmul(x.swapaxes(1, 2), y, out=part)
                if number:
                    np.add(total, part, out=total)
    return lambda workspace: sum_up


def _beforehand(left: _Side, right: _Side, chunks: Sequence[Chunk], strands: Sequence[slice],
                seconds: float) -> Prepare:
    """All tiles are transformed before the first task, once for all blocks."""
    sizes = [left.tiles_in(chunk) for chunk in chunks]
    starts = [sum(sizes[:i]) for i in range(len(sizes))]
    work = list(product(range(len(chunks)), enumerate((left, right))))

    def prepare(workspace: Workspace) -> SumUp:
        x, y = whole = [side.take(sum(sizes), side.tensor.shape[-1], workspace) for side in (left, right)]

        def fill(i: int, workspace: Workspace) -> None:
            chunk, (number, side) = work[i]
            side.fill(whole[number], starts[chunk], chunks[chunk], slice(None), workspace)

        def sum_up(strand: int, rows: slice, columns: slice, total: np.ndarray, workspace: Workspace) -> None:
            tiles = strands[strand]
            np.matmul(x[:, tiles, rows].swapaxes(1, 2), y[:, tiles, columns], out=total)

        parallel_for(len(work), fill, seconds)
        return sum_up
    return prepare


def _bind(tile: int, node: Node, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> Callable[[], None]:
    (output,), (left, right) = outputs, _sides(tile, node, inputs)
    images, (down, across), (channels, columns) = len(left.tensor), left.sliding.counts, output.shape[-2:]
    tiles, elements, seconds = images * down * across, left.elements, _cost(tile, node)
    blocks = list(product(cut(channels, _WIDE), cut(columns, _WIDE)))

    def cut_tiles(bytes_of_tile: int, largest: int) -> list[Chunk]:
        pieces = cut_leading((images, down), max(1, largest // (bytes_of_tile * across)))
        return [(*index, slice(0, down))[:2] for index in pieces]

    count = max(1, min(_STRANDS, tiles // _TILES))
    if len(blocks) > 1 and 4 * elements * tiles * (channels + columns) <= _SHARED_BYTES:
        strands = cut(tiles, -(-tiles // count))
        chunks = cut_tiles(4 * elements * max(channels, columns), _PIECE_BYTES)
        prepare = _beforehand(left, right, chunks, strands, seconds)
    else:
        chunks = cut_tiles(4 * elements * (min(channels, _WIDE) + min(columns, _WIDE)), _CHUNK_BYTES)
        strands = [chunks[piece] for piece in cut(len(chunks), -(-len(chunks) // count))]
        prepare = _in_tasks(left, right, strands)
    tasks = list(product(range(len(strands)), blocks))
    back = planes_transform(winograd.transform(tile).kernel.T)

    def body(sum_up: SumUp, sums: list[np.ndarray], i: int, workspace: Workspace) -> None:
        strand, (rows, piece) = tasks[i]
        total = workspace.take((elements, rows.stop - rows.start, piece.stop - piece.start))
        sum_up(strand, rows, piece, total, workspace)
        corner = sums[strand].reshape(-1)[rows.start * columns + piece.start:]
        back(total.reshape(-1), corner, workspace.take((prod(output.shape[:2]) * BLOCK,)), total[0].size,
             total.shape[2], channels * columns, columns, *total.shape[1:])

    def run() -> None:
        with scratch() as workspace:
            sums = [output, *(workspace.take(output.shape) for _ in strands[1:])]
            parallel_for(len(tasks), partial(body, prepare(workspace), sums), seconds)
            for other in sums[1:]:
                np.add(output, other, out=output)
    return run


def _cost(tile: int, node: Node) -> float:
    (images, height, width, columns), channels = node.inputs[1].shape, node.inputs[0].shape[-1]
    tiles, elements = images * -(-height // tile) * -(-width // tile), (tile + 2) ** 2
    return elements * (costs.product(channels, tiles, columns) + tiles * (channels + columns) / _TRANSFORMED
                       + channels * columns / _SUMMED)


def _supports(node: Node) -> str | None:
    x, attrs = node.inputs[0], node.attrs
    if attrs["window"] != (3, 3) or {*attrs["strides"], *attrs["dilation"], attrs["groups"]} != {1}:
        return "needs a window of 3x3, strides and dilation of 1, and a single group"
    if node.output.dtype != "float32":
        return f"loses too many digits of {node.output.dtype}"
    return f"pays from {SMALLEST} elements on" if min(value.spec.size for value in node.inputs) < SMALLEST else None


for _tile in winograd.TILES:
    register(Kernel("conv_kernel_gradient", f"winograd_{_tile}x{_tile}", "jit", _supports, partial(_bind, _tile),
                    cost=partial(_cost, _tile), tolerance=1e-5))
