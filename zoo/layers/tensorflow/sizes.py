"""Sizes that a model computes from the shapes of its tensors: ``tf.shape(x)[1] * 2``.

While a function is traced such sizes are constants, and stay Python integers here wherever they are needed as such.
Sizes that are not known yet are held as a number far below zero, and so is what is computed from them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from zoo import tree
from zoo.engine import graph as graphs
from zoo.engine.graph import Value
from zoo.engine.spec import Dim, Shape

_UNKNOWN = -2 ** 40
_SURELY_UNKNOWN = -2 ** 20


def shape_of(x: Any, dtype: str = "int64") -> Any:
    """The sizes of a tensor as a tensor."""
    sizes = np.asarray([_UNKNOWN if size is None else size for size in x.shape], dtype)
    graph = graphs.current()
    return sizes if graph is None else graph.constant(sizes)


def dtype_name(dtype: Any) -> str:
    """The name of a dtype given as such, or as an object of TensorFlow's form."""
    return dtype if isinstance(dtype, str) else getattr(dtype, "name", dtype)


def size_from(item: Any) -> Dim:
    """An integer from a number or a tensor; None if it is not known."""
    if isinstance(item, Value):
        item = item.constant
    number = None if item is None else int(item)
    return None if number is None or number < _SURELY_UNKNOWN else number


def sizes_from(items: Any) -> Shape:
    """Integers from a list (of numbers and tensors) or from a tensor; None where they are not known."""
    if isinstance(items, Value):
        items = items.shape[0] * [None] if items.constant is None else items.constant
    return tuple(size_from(item) for item in (items if isinstance(items, (list, tuple)) else np.asarray(items).ravel()))


def evaluated(function: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """The function's result; computed now if all tensors among the arguments are constants of the graph."""
    graph = graphs.current()
    values = [leaf for leaf in tree.leaves((args, kwargs)) if isinstance(leaf, Value)]
    if graph is None or not values or any(value.constant is None for value in values):
        return function(*args, **kwargs)
    args, kwargs = tree.map(lambda leaf: leaf.constant if isinstance(leaf, Value) else leaf, (tuple(args), kwargs))
    with graphs.suspended():
        result = function(*args, **kwargs)
    return tree.map(graph.constant, result)
