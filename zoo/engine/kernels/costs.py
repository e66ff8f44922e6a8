"""Estimates of how long work takes in one thread, in seconds; they rank kernels and decide what is worth a thread."""

from __future__ import annotations

from math import prod

from zoo.engine.graph import Node

BLAS = 4e10                                                 # multiplications with additions a second
FEW_ROWS, FEW_COLUMNS = 16, 8                               # of a product; with that many, BLAS has half of its speed
PANELS = 6e10                                               # the same of products with the right matrix in panels
FEW_STEPS = 12                                              # of the depth, with which these have half of their speed
PASS = 2e9                                                  # elements a second of one NumPy call, in the cache
FUSED = 4e9                                                 # elements a second of a compiled elementwise program
MEMORY = 1e10                                               # bytes a second


def product(rows: int, depth: int, columns: int) -> float:
    """A matrix product: its multiplications, or the reading of the right matrix if there are few rows."""
    multiplications = (rows + FEW_ROWS) * (depth + FEW_COLUMNS) * (columns + FEW_COLUMNS)
    return max(multiplications / BLAS, 4 * depth * columns / MEMORY)


def panels(rows: float, depth: int, columns: int) -> float:
    """The same with the right matrix in panels; a tile of registers takes some time beside its multiplications."""
    return max(rows * (depth + FEW_STEPS) * columns / PANELS, 4 * depth * columns / MEMORY)


def epilogue(node: Node, compiled: bool = False) -> float:
    """The epilogue of a node."""
    if node.epilogue is None:
        return 0.0
    return node.output.spec.size * (1 / FUSED if compiled else len(node.epilogue.instructions) / PASS)


def convolution(node: Node) -> float:
    """The multiplications of a convolution as one matrix product."""
    *window, inputs, outputs = node.op_inputs[1].shape
    return product(prod(node.output.shape[:-1]), prod(window) * inputs, outputs // node.attrs["groups"]) \
        * node.attrs["groups"]


def windows(node: Node, per_element: float) -> float:
    """One operation for each position in the window of each output element; `per_element` of them a second."""
    return node.output.spec.size * prod(node.attrs.get("window") or node.op_inputs[1].shape[:-2]) / per_element
