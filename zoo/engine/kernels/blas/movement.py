"""Moving elements without an intermediate result: every part of the output is copied from where it lies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from math import prod

import numpy as np

from zoo.engine.graph import Node
from zoo.engine.kernels import costs
from zoo.engine.kernels.registry import REFERENCE, Kernel, register
from zoo.engine.kernels.tiles import CACHE_BYTES, Index, cut, cut_leading
from zoo.engine.threads import Workspace, parallel_for

_EDGE = 128                                                 # of a tile whose rows are read down its columns
_VIEWS = ("transpose", "slice", "flip", "broadcast_to")     # whose definitions copy nothing

Copies = list[tuple[np.ndarray, np.ndarray]]                # targets and sources


def _bind_copies(copies: Copies, output: np.ndarray) -> Callable[[], None]:
    def body(i: int, workspace: Workspace) -> None:
        np.copyto(*copies[i])

    return lambda: parallel_for(len(copies), body, output.nbytes / costs.MEMORY)


def _bind_concatenate(node: Node, inputs: Sequence[np.ndarray],
                      outputs: Sequence[np.ndarray]) -> Callable[[], None]:
    output, before = outputs[0], (slice(None),) * node.attrs["axis"]
    ends = np.cumsum([x.shape[node.attrs["axis"]] for x in inputs])
    return _bind_copies([(output[(*before, slice(end - x.shape[node.attrs["axis"]], end))], x)
                         for x, end in zip(inputs, ends)], output)


def _bind_view(node: Node, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> Callable[[], None]:
    (x,), (output,) = inputs, outputs
    view = REFERENCE[node.op.name](np, x, **node.attrs)
    return _bind_copies([(output[tile], view[tile]) for tile in _tiles(view)], output)


def _tiles(view: np.ndarray) -> list[Index]:
    """Tiles whose elements lie close together, in the view's memory as well as in that of a C-contiguous copy."""
    largest = CACHE_BYTES // (2 * view.itemsize)
    if view.ndim == 0 or not view.size:
        return [()]
    near = min(range(view.ndim), key=lambda axis: abs(view.strides[axis]) if view.shape[axis] > 1 else np.inf)
    if near == view.ndim - 1 or view.strides[near] == 0:
        return cut_leading(view.shape, largest)
    pieces, room = [cut(size, _EDGE) for size in view.shape], largest // _EDGE ** 2
    for axis in reversed(range(view.ndim - 1)):
        if axis != near:
            pieces[axis] = cut(view.shape[axis], room)
            room //= view.shape[axis]
    return list(product(*pieces))


def _bind_pad(node: Node, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> Callable[[], None]:
    (x,), (output,), pads = inputs, outputs, node.attrs["pads"]
    inside = tuple(slice(low, low + size) for (low, _), size in zip(pads, x.shape))
    source = output[inside]
    rows = cut(len(source), max(1, CACHE_BYTES // max(1, 2 * x.itemsize * prod(x.shape[1:])))) if x.size else []

    def body(i: int, workspace: Workspace) -> None:
        np.copyto(source[rows[i]], x[rows[i]])

    def run() -> None:
        for axis, piece in enumerate(inside):               # borders only: the inside is written once
            output[(*inside[:axis], slice(0, piece.start))] = node.attrs["value"]
            output[(*inside[:axis], slice(piece.stop, None))] = node.attrs["value"]
        parallel_for(len(rows), body, output.nbytes / costs.MEMORY)
    return run


def _bind_panels(node: Node, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> Callable[[], None]:
    """A matrix in panels, made anew in each run as it is another one in each: see `kernels.panels`."""
    (matrix,), (output,) = inputs, outputs
    whole, rest = divmod(matrix.shape[-1], output.shape[-1])
    split = matrix[..., :whole * output.shape[-1]].reshape(*matrix.shape[:-1], whole, output.shape[-1])
    split = split.swapaxes(-2, -3)
    target = output[..., :whole, :, :]
    copies = [(target[tile], split[tile]) for tile in cut_leading(split.shape, CACHE_BYTES // (2 * split.itemsize))] \
        if split.size else []
    copy = _bind_copies(copies, output)

    def run() -> None:
        copy()
        output[..., whole:, :, :rest] = matrix[..., None, :, whole * output.shape[-1]:]
        output[..., whole:, :, rest:] = 0
    return run


def _supports(node: Node) -> str | None:
    return None if node.epilogue is None else "has no epilogue"


def _supports_pad(node: Node) -> str | None:
    return _supports(node) if node.attrs["mode"] == "constant" else "puts one number around, not others of the tensor"


register(Kernel("concatenate", "copies", "blas", _supports, _bind_concatenate))
register(Kernel("pad", "copy_and_borders", "blas", _supports_pad, _bind_pad))
register(Kernel("panels", "copies", "blas", _supports, _bind_panels))
for _name in _VIEWS:
    register(Kernel(_name, "copied_view", "blas", _supports, _bind_view))
