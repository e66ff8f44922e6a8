"""What tensors are, and pieces of them that are read, written and accumulated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from zoo.engine import dtypes
from zoo.engine import primitives as p
from zoo.engine.eager import as_array
from zoo.engine.graph import Value
from zoo.engine.variable import Variable
from zoo.errors import ConfigError, ShapeError
from zoo.ops.numpy_like.creation import zeros
from zoo.ops.numpy_like.elementwise import clip
from zoo.ops.numpy_like.manipulation import expand_dims, stack, unstack
from zoo.ops.promotion import Tensor, as_tensor, concrete, constant, dtype_of, known_size, rank_of, shape_of

#: reduction of `scatter_update` -> mode of the primitive
SCATTER_MODES = {None: "update", "add": "add", "mul": "multiply", "max": "max", "min": "min"}


def cast(x: Any, dtype: Any) -> Tensor:
    """x in another dtype; fractions are cut off."""
    return as_tensor(x, dtypes.standardize(dtype))


def saturate_cast(x: Any, dtype: Any) -> Tensor:
    """x in another dtype, with values outside of its range held at its limits."""
    x, dtype = as_tensor(x), dtypes.standardize(dtype)
    own = dtype_of(x)
    if own == "bool":
        return cast(x, dtype)
    (low, high), (lowest, highest) = _limits(own), _limits(dtype)
    low, high = max(low, lowest), min(high, highest)
    if not dtypes.is_float(own):
        return cast(clip(x, int(low), int(high)), dtype)
    held = [np.asarray(bound, dtypes.storage(own)) for bound in (low, high)]
    inside = [float(b if lowest <= float(b) <= highest else np.nextafter(b, b.dtype.type(0))) for b in held]
    return cast(clip(x, *inside), dtype)


def _limits(dtype: str) -> tuple[float, float]:
    """The smallest and the largest number of a dtype."""
    storage = dtypes.storage(dtype)
    if dtype == "bool":
        return 0, 1
    if storage.kind == "f":
        return float(np.finfo(storage).min), float(np.finfo(storage).max)
    return int(np.iinfo(storage).min), int(np.iinfo(storage).max)


def convert_to_tensor(x: Any, dtype: Any = None, sparse: bool | None = None, ragged: bool | None = None) -> Tensor:
    """`x` as a tensor: an array, or a value of the graph being traced; a list may hold tensors of one shape.

    Raises:
        ConfigError: a sparse or ragged tensor is asked for.
    """
    if sparse or ragged:
        raise ConfigError("convert_to_tensor: zoo has dense tensors only.")
    dtype = None if dtype is None else dtypes.standardize(dtype)
    if isinstance(x, (list, tuple)) and any(hasattr(item, "dtype") for item in x):
        x = stack([convert_to_tensor(item, dtype) for item in x])
    return as_tensor(x, dtype)


def convert_to_numpy(x: Any) -> np.ndarray:
    """The values as an array in NumPy's memory."""
    x = as_array(x)
    return np.asarray(x.get() if hasattr(x, "get") else x)


def is_tensor(x: Any) -> bool:
    """Whether it is an array, a variable or a value of a graph."""
    return isinstance(x, (np.ndarray, Value, Variable)) or type(x).__module__.startswith("cupy")


def shape(x: Any) -> tuple[int | None, ...]:
    """The shape; unknown sizes are None."""
    return shape_of(x)


def ndim(x: Any) -> int:
    """The number of axes."""
    return rank_of(x)


def size(x: Any) -> int | None:
    """The number of elements; None if a size is unknown."""
    sizes = shape_of(x)
    return None if None in sizes else int(np.prod(sizes))


def dtype(x: Any) -> str:
    """The name of the dtype."""
    return dtypes.result_type(dtype_of(x))


def stop_gradient(variable: Any) -> Tensor:
    """The same values, through which no gradient passes."""
    return p.stop_gradient_op(as_tensor(variable))


def scatter(indices: Any, values: Any, shape: Sequence[int]) -> Tensor:
    """Zeros of a shape with values added at indices ``(..., k)`` into the first k axes."""
    values = as_tensor(values)
    return p.scatter_op(zeros(tuple(int(s) for s in shape), dtype_of(values)), as_tensor(indices), values, mode="add")


def scatter_update(inputs: Any, indices: Any, updates: Any, reduction: str | None = None) -> Tensor:
    """`inputs` changed by `updates` at indices ``(..., k)``: replaced, or by "add", "mul", "max" or "min"."""
    if reduction not in SCATTER_MODES:
        raise ConfigError(f"scatter_update: expected a reduction of {tuple(SCATTER_MODES)}, received {reduction!r}.")
    inputs = as_tensor(inputs)
    return p.scatter_op(inputs, as_tensor(indices), as_tensor(updates, dtype_of(inputs)), mode=SCATTER_MODES[reduction])


def slice(inputs: Any, start_indices: Sequence[Any], shape: Sequence[int]) -> Tensor:  # noqa: A001 - Keras's name
    """The piece of a given shape that begins at the start indices; a size of -1 reaches to the end.

    Indices that are values of a graph are allowed; a piece that would reach over the end is moved back.
    """
    inputs = as_tensor(inputs)
    if any(isinstance(start, (Value, Variable)) for start in _each(start_indices)):
        return _slice_at(inputs, start_indices, shape)
    starts = [int(s) for s in np.asarray(start_indices)]
    if not len(starts) == len(shape) == rank_of(inputs):
        raise ShapeError(f"slice: expected {rank_of(inputs)} start indices and sizes, received {starts} and {shape}.")
    stops = tuple(None if size == -1 else start + int(size) for start, size in zip(starts, shape))
    return p.slice_op(inputs, starts=tuple(starts), stops=stops, steps=(1,) * len(starts))


def _each(indices: Any) -> list[Any]:
    return list(indices) if isinstance(indices, (list, tuple)) else [indices]


def _positions(start: Any, size: int, limit: int) -> Tensor:
    """``start, start + 1, ...``: `size` positions that stay within `limit`."""
    start = clip(as_tensor(start, "int32"), 0, limit - size)
    return p.add_op(start, constant(np.arange(size), "int32"))


def _starts(start_indices: Any, rank: int) -> list[Tensor]:
    if isinstance(start_indices, (list, tuple)):
        return [as_tensor(start) for start in start_indices]
    return unstack(start_indices, rank)


def _slice_at(inputs: Tensor, start_indices: Any, sizes: Sequence[int]) -> Tensor:
    for axis, (start, size) in enumerate(zip(_starts(start_indices, rank_of(inputs)), sizes)):
        limit = known_size("slice", inputs, axis)
        inputs = p.take_op(inputs, _positions(start, limit if size == -1 else int(size), limit), axis=axis)
    return inputs


def slice_update(inputs: Any, start_indices: Sequence[Any], updates: Any) -> Tensor:
    """`inputs` with the piece that begins at the start indices replaced."""
    inputs = as_tensor(inputs)
    updates = as_tensor(updates, dtype_of(inputs))
    sizes, limits = (tuple(known_size("slice_update", x, axis) for axis in range(rank_of(x)))
                     for x in (updates, inputs))
    starts = _starts(start_indices, len(sizes))
    lines = [_positions(start, size, limit) for start, size, limit in zip(starts, sizes, limits)]
    columns = [expand_dims(line, [i for i in range(len(sizes)) if i != axis]) for axis, line in enumerate(lines)]
    grids = [p.broadcast_to_op(column, shape=sizes) for column in columns]
    return p.scatter_op(inputs, stack(grids, -1), updates, mode="update")


def view(x: Any, dtype: Any = None) -> np.ndarray:
    """The bits of x read as another dtype. Only outside of graphs."""
    array = concrete("view", x)
    return array if dtype is None else array.view(dtypes.storage(dtypes.standardize(dtype)))


def view_as_complex(x: Any) -> Tensor:
    """Complex numbers of the pairs in the last axis."""
    real, imaginary = unstack(x, 2, axis=-1)
    return p.complex_op(real, imaginary)


def view_as_real(x: Any) -> Tensor:
    """Real and imaginary parts as a new last axis."""
    x = as_tensor(x)
    return stack([p.real_op(x), p.imaginary_op(x)], -1)
