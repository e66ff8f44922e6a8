"""From what users pass to what primitives take: tensors of one dtype.

An argument may be an array, a `Variable`, a graph `Value`, a Python number or a (nested) list of numbers. Python
numbers are weak: they take the dtype of the tensors they meet.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from zoo.engine import dtypes
from zoo.engine import graph as graphs
from zoo.engine.eager import as_array
from zoo.engine.primitives import cast_op
from zoo.engine.spec import Shape, normalize_axis
from zoo.engine.variable import Variable
from zoo.errors import DtypeError, ShapeError, Unsupported

Tensor = Any
Axis = int | tuple[int, ...] | list[int] | None


def is_number(x: Any) -> bool:
    """Whether it is a Python number, whose dtype is weak."""
    return type(x) in (bool, int, float, complex)


def dtype_of(x: Any) -> str:
    """The dtype name of a tensor; the weak dtype of a Python number.

    Raises:
        DtypeError: it is neither, nor a list of numbers.
    """
    if is_number(x):
        return dtypes.of_scalar(x)
    if hasattr(x, "dtype"):
        return x.dtype if isinstance(x.dtype, str) else dtypes.standardize(x.dtype)
    if isinstance(x, (list, tuple)):
        return _dtype_of_list(np.asarray(x))
    raise DtypeError(f"Expected a tensor, received {type(x).__name__}: {x!r}.")


def _dtype_of_list(array: np.ndarray) -> str:
    name = dtypes.standardize(array.dtype)
    return {"float64": "float32", "int64": "int32"}.get(name, name)


def constant(value: Any, dtype: str) -> Tensor:
    """An array of numbers, or, where NumPy lacks the dtype, a constant of the graph being traced."""
    array, graph = np.asarray(value, dtypes.storage(dtype)), graphs.current()
    return graph.constant(array, dtype) if graph is not None and dtype == "bfloat16" else array


def as_tensor(x: Any, dtype: str | None = None) -> Tensor:
    """`x` as a tensor, cast to `dtype` if that is given and differs; weak numbers become float32, int32 or bool."""
    own = dtype_of(x)
    if is_number(x) or isinstance(x, (list, tuple)):
        return constant(x, dtype or dtypes.result_type(own))
    return x if dtype in (None, own) else cast_op(x, dtype=dtype)


def promote(*xs: Any, dtype: str | None = None) -> list[Tensor]:
    """The tensors, cast to the common dtype of all of them and of `dtype` (which may be weak)."""
    names = [dtype_of(x) for x in xs]
    common = dtypes.result_type(*names, *((dtype,) if dtype else ()))
    return [as_tensor(x, common) for x in xs]


def as_float(x: Any) -> Tensor:
    """`x` as a tensor of floats (or complex numbers): integers and bools become float32."""
    return promote(x, dtype="~float")[0]


def shape_of(x: Any) -> Shape:
    """The shape; unknown sizes are None."""
    return tuple(x.shape) if hasattr(x, "shape") else np.shape(x)


def rank_of(x: Any) -> int:
    """Number of axes."""
    return len(shape_of(x))


def known_size(name: str, x: Any, axis: int) -> int:
    """The size of an axis, for functions that compute with it.

    Raises:
        ShapeError: it is unknown.
    """
    size = shape_of(x)[axis]
    if size is None:
        raise ShapeError(f"{name}: needs the size of axis {axis}, which is unknown for a tensor of shape "
                         f"{shape_of(x)}.")
    return size


def axes_of(axis: Axis, rank: int) -> tuple[int, ...]:
    """`axis` as sorted non-negative axes; None means all."""
    if axis is None:
        return tuple(range(rank))
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    return tuple(sorted(normalize_axis(int(a), rank) for a in axes))


def concrete(name: str, x: Any) -> Any:
    """The array behind `x`, for functions whose result shape depends on values.

    Raises:
        Unsupported: it is a value of a graph, or a variable while a graph is traced.
    """
    if isinstance(x, graphs.Value) or isinstance(x, Variable) and graphs.current() is not None:
        raise Unsupported(f"{name}: needs the values of {x!r}, which are not known while a graph is traced.")
    return as_array(x)
