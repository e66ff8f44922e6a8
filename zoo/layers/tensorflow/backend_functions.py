"""Functions of ``keras.backend`` whose names or arguments are not TensorFlow's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

from zoo import ops
from zoo.errors import Unsupported
from zoo.layers.tensorflow import arithmetic, networks, shaping


def clip(x: Any, min_value: Any, max_value: Any) -> Any:
    """x held between two values."""
    return shaping.clip_by_value(x, min_value, max_value)


def relu(x: Any, alpha: float = 0.0, max_value: Any = None, threshold: float = 0.0) -> Any:
    """Nothing (or a share) of what is negative, at most a largest value."""
    if threshold:
        raise Unsupported(f"keras.backend.relu with threshold={threshold} is not supported.")
    result = ops.leaky_relu(x, alpha) if alpha else ops.relu(x)
    return result if max_value is None else ops.minimum(result, max_value)


def softmax(x: Any, axis: int = -1) -> Any:
    """Exponentials that sum to one."""
    return ops.softmax(x, axis)


def permute_dimensions(x: Any, pattern: Sequence[int]) -> Any:
    """Axes in another order."""
    return ops.transpose(x, tuple(pattern))


def flatten(x: Any) -> Any:
    """All elements in one axis."""
    return ops.reshape(x, (-1,))


def batch_flatten(x: Any) -> Any:
    """All elements of each example in one axis."""
    return ops.reshape(x, (-1, reduce(lambda a, b: a * b, x.shape[1:])))


def tile(x: Any, n: Any) -> Any:
    """x next to itself."""
    return shaping.tile(x, n)


def repeat_elements(x: Any, rep: int, axis: int) -> Any:
    """Each element several times."""
    return ops.repeat(x, rep, axis)


def concatenate(tensors: Sequence[Any], axis: int = -1) -> Any:
    """Tensors one after another."""
    return shaping.concat(tensors, axis)


def l2_normalize(x: Any, axis: Any = None) -> Any:
    """x divided by its length."""
    return arithmetic.l2_normalize(x, axis)


def dot(x: Any, y: Any) -> Any:
    """Sums of products of the last axis of one and the last but one of the other."""
    return ops.dot(x, y)


def one_hot(indices: Any, num_classes: int) -> Any:
    """1 at the place of each index along a new axis."""
    return shaping.one_hot(indices, num_classes)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{function.__name__: function for function in (
        clip, relu, softmax, permute_dimensions, flatten, batch_flatten, tile, repeat_elements, concatenate,
        l2_normalize, dot, one_hot)},
    **{name: arithmetic.reduction(arithmetic.REDUCTIONS[name])
       for name in ("sum", "mean", "max", "min", "prod", "any", "all", "std", "logsumexp")},
    "var": arithmetic.reduction(ops.var), "pow": lambda x, a: ops.power(x, a), "elu": networks.elu,
}
