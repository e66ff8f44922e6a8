"""Slices taken by integers, and added up by them: what embeddings and their gradients are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

import numpy as np

from zoo.engine import dtypes
from zoo.engine.graph import Node
from zoo.engine.kernels import costs
from zoo.engine.kernels.registry import Kernel, register
from zoo.engine.kernels.tiles import CACHE_BYTES, cut
from zoo.engine.threads import Workspace, parallel_for

_SORTED = 2e8                                               # elements a second that are brought into order and added up

Run = Callable[[], None]
Add = Callable[[np.ndarray, np.ndarray, np.ndarray, slice], None]       # rows, their places, rows to add, which columns


def positions(indices: np.ndarray, size: int) -> np.ndarray:
    """Indices as places from the start, in one row.

    Raises:
        IndexError: one lies outside.
    """
    places = indices.reshape(-1).astype(np.int32 if size < 2 ** 31 else np.int64)
    if places.size and not -size <= places.min() <= places.max() < size:
        wrong = places[(places < -size) | (places >= size)][0]
        raise IndexError(f"index {wrong} is out of bounds for axis 0 with size {size}")
    np.add(places, size, out=places, where=places < 0)
    return places


# ---- take

def _supports_take(node: Node) -> str | None:
    if node.attrs["axis"] != 0 or node.output.dtype == "string":
        return "takes numbers along the first axis"
    return None


def _bind_take(node: Node, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> Run:
    (x, indices), (output,) = inputs, outputs
    rows, result = x.reshape(len(x), -1), output.reshape(indices.size, -1)
    pieces = cut(len(result), CACHE_BYTES // max(1, result.itemsize * result.shape[1]))
    seconds = output.nbytes / costs.MEMORY

    def run() -> None:
        places = positions(indices, len(x))
        # with "raise", which is not needed any more, NumPy would not write into the output itself
        parallel_for(len(pieces), lambda i, workspace: np.take(rows, places[pieces[i]], axis=0, out=result[pieces[i]],
                                                               mode="clip"), seconds)
    return run


# ---- scatter

def supports_scatter(node: Node) -> str | None:
    """Slices of the first axis are added."""
    x, indices, _ = node.inputs
    if node.attrs["mode"] != "add" or indices.shape[-1] != 1:
        return "adds slices of the first axis"
    if dtypes.storage(x.dtype).name not in ("float32", "float64"):
        return f"adds float32 and float64 only, not {x.dtype}"
    if not node.inputs[2].spec.size:
        return "there is nothing to add"
    return None


def bind_scatter(node: Node, inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray], add: Add,
                 widest: int) -> Run:
    """Copies x, unless it lies in the output already, then adds in tasks of some columns each.

    Args:
        node: the scatter.
        inputs, outputs: its arrays.
        add: adds rows at places.
        widest: columns of a task at most.
    """
    (x, indices, updates), (output,) = inputs, outputs
    rows, given = output.reshape(len(x), -1), updates.reshape(indices.size, -1)
    columns, in_place = cut(rows.shape[1], widest), x.ctypes.data == output.ctypes.data
    source, pieces = x.reshape(rows.shape), cut(len(x), max(1, CACHE_BYTES // max(1, rows.itemsize * rows.shape[1])))

    def run() -> None:
        places = positions(indices, len(x))
        if not in_place:
            parallel_for(len(pieces), lambda i, workspace: np.copyto(rows[pieces[i]], source[pieces[i]]),
                         rows.nbytes / costs.MEMORY)
        parallel_for(len(columns), lambda i, workspace: add(rows, places, given, columns[i]), scatter_cost(node))
    return run


def _add_sorted(rows: np.ndarray, places: np.ndarray, updates: np.ndarray, columns: slice) -> None:
    """Rows for the same place are brought together and added up, so that no place is met twice."""
    order = np.argsort(places, kind="stable")
    in_order = places[order]
    starts = np.flatnonzero(np.concatenate(([True], in_order[1:] != in_order[:-1])))
    rows[in_order[starts], columns] += np.add.reduceat(updates[order, columns], starts, axis=0)


def scatter_cost(node: Node) -> float:
    """The sorted sums, in one thread."""
    return prod(node.inputs[2].shape) / _SORTED


register(Kernel("take", "rows", "blas", _supports_take, _bind_take,
                cost=lambda node: node.output.spec.nbytes / costs.MEMORY))
register(Kernel("scatter", "sorted_sums", "blas", supports_scatter,
                lambda node, inputs, outputs: bind_scatter(node, inputs, outputs, _add_sorted, widest=256),
                cost=scatter_cost, in_place=lambda node: (0,)))
