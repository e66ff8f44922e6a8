"""Elements chosen, ordered and accumulated by integer tensors."""

from __future__ import annotations

from zoo.engine.op import primitive
from zoo.engine.primitives.rules import INTEGER, NUMERIC, ORDERED, require, require_axes, require_equal
from zoo.engine.spec import TensorSpec, broadcast
from zoo.errors import ConfigError, ShapeError

SCATTER_MODES = ("update", "add", "multiply", "max", "min")


def _take(x: TensorSpec, indices: TensorSpec, *, axis: int) -> TensorSpec:
    require("take", indices, INTEGER)
    require_axes("take", x, (axis,))
    return x.with_shape(x.shape[:axis] + indices.shape + x.shape[axis + 1:])


def _take_along_axis(x: TensorSpec, indices: TensorSpec, *, axis: int) -> TensorSpec:
    require("take_along_axis", indices, INTEGER)
    require_axes("take_along_axis", x, (axis,))
    if indices.rank != x.rank:
        raise ShapeError(f"take_along_axis: expected indices of rank {x.rank}, received {indices!r} for {x!r}.")
    others = broadcast(*(shape[:axis] + (1,) + shape[axis + 1:] for shape in (x.shape, indices.shape)))
    return x.with_shape(others[:axis] + (indices.shape[axis],) + others[axis + 1:])


def _argsort(x: TensorSpec, *, axis: int) -> TensorSpec:
    require("argsort", x, ORDERED)
    require_axes("argsort", x, (axis,))
    return x.with_dtype("int32")


def _scatter(x: TensorSpec, indices: TensorSpec, updates: TensorSpec, *, mode: str) -> TensorSpec:
    require("scatter", indices, INTEGER)
    require_equal("scatter", x, updates)
    if mode not in SCATTER_MODES:
        raise ConfigError(f"scatter: expected a mode of {SCATTER_MODES}, received {mode!r}.")
    if mode != "update":
        require("scatter", x, NUMERIC)
    depth = indices.shape[-1] if indices.rank else None
    if depth is None or depth > x.rank:
        raise ShapeError(f"scatter: expected indices of shape (..., k) with k <= {x.rank}, "
                         f"received {indices!r} for {x!r}.")
    wanted = indices.shape[:-1] + x.shape[depth:]
    if len(wanted) != updates.rank or any(None not in (a, b) and a != b for a, b in zip(wanted, updates.shape)):
        raise ShapeError(f"scatter: expected updates of shape {wanted} for {x!r} and indices {indices!r}, "
                         f"received {updates!r}.")
    return x


take_op = primitive("take", _take)                          # whole slices along an axis; negative ones from the end
take_along_axis_op = primitive("take_along_axis", _take_along_axis)     # as numpy.take_along_axis
argsort_op = primitive("argsort", _argsort)                 # ascending; equal elements keep their order
scatter_op = primitive("scatter", _scatter)                 # x[indices[..., 0], indices[..., 1], ...] changed
