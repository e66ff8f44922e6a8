"""The right matrix of products in panels: some neighbouring columns at a time, in the order in which they are read."""

from __future__ import annotations

from math import prod
from types import ModuleType
from typing import Any

import numpy as np

from zoo.engine.graph import Node
from zoo.engine.kernels.registry import Packing, reference
from zoo.engine.op import primitive
from zoo.engine.spec import TensorSpec
from zoo.engine.threads import aligned_bytes

PACKED = 5e8                                               # elements brought into panels in a second


def _infer(matrix: TensorSpec, *, width: int) -> TensorSpec:
    *stack, depth, columns = matrix.shape
    return matrix.with_shape((*stack, -(-columns // width), depth, width))


panels_op = primitive("panels", _infer)                     # (..., depth, columns) to (..., panels, depth, width)


@reference("panels")
def panels(xp: ModuleType, matrix: Any, *, width: int) -> Any:
    """Panels of `width` columns; the last one is filled up with zeros. On the CPU they begin at a cache line."""
    *stack, depth, columns = matrix.shape
    shape, whole = (*stack, -(-columns // width), depth, width), columns // width * width
    if xp is np:
        result = aligned_bytes(prod(shape) * matrix.itemsize).view(matrix.dtype).reshape(shape)
    else:
        result = xp.empty(shape, matrix.dtype)
    split = matrix[..., :whole].reshape(*stack, depth, whole // width, width)
    result[..., :whole // width, :, :] = split.swapaxes(-2, -3)
    result[..., whole // width:, :, :columns - whole] = matrix[..., None, :, whole:]
    result[..., whole // width:, :, columns - whole:] = 0
    return result


def panel_packing(node: Node, width: int) -> tuple[Packing, ...]:
    """The second input, a matrix or a kernel (window..., in, out), as panels of one matrix."""
    y = node.op_inputs[1]
    made = Packing(1, "panels", {"width": width}, y.spec.size / PACKED)
    matrix = prod(y.shape[:-1]), y.shape[-1]
    return (made,) if matrix == y.shape else (Packing(1, "reshape", {"shape": matrix}), made)
