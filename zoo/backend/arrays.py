"""Functions of arrays with the names, arguments and defaults of Keras's backend, where `zoo.ops` has others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from zoo import ops
from zoo.config import config
from zoo.engine import dtypes
from zoo.engine import graph as graphs
from zoo.engine.graph import Value
from zoo.engine.rng import draw_seed
from zoo.engine.spec import Shape
from zoo.engine.variable import Variable
from zoo.layers.merging.dot import Dot

Tensor = Any


def int_shape(x: Any) -> Shape:
    """The shape, None where unknown."""
    return tuple(x.shape)


get_variable_shape = int_shape


def ndim(x: Any) -> int:
    """Number of axes."""
    return len(x.shape)


def dtype(x: Any) -> str:
    """The dtype's name."""
    return dtypes.standardize(x.dtype)


def is_sparse(tensor: Any) -> bool:
    """No: tensors are dense."""
    return False


def to_dense(tensor: Any) -> Tensor:
    """The tensor, which is dense anyway."""
    return tensor


# ---- making tensors


def _made(array: np.ndarray, name: str | None) -> Variable:
    return Variable(array, name=name or "variable")


def _storage(dtype: str | None) -> Any:
    return dtypes.storage(dtypes.standardize(dtype or config.floatx))


def zeros(shape: Sequence[int], dtype: str | None = None, name: str | None = None) -> Variable:
    """A variable of zeros."""
    return _made(np.zeros(shape, _storage(dtype)), name)


def ones(shape: Sequence[int], dtype: str | None = None, name: str | None = None) -> Variable:
    """A variable of ones."""
    return _made(np.ones(shape, _storage(dtype)), name)


def eye(size: int | Sequence[int], dtype: str | None = None, name: str | None = None) -> Variable:
    """A variable with ones on the diagonal."""
    return _made(np.eye(*((size,) if isinstance(size, int) else size), dtype=_storage(dtype)), name)


def zeros_like(x: Any, dtype: str | None = None, name: str | None = None) -> Tensor:
    """Zeros of the tensor's shape."""
    return ops.zeros_like(x, dtype=dtype)


def ones_like(x: Any, dtype: str | None = None, name: str | None = None) -> Tensor:
    """Ones of the tensor's shape."""
    return ops.ones_like(x, dtype=dtype)


def identity(x: Any, name: str | None = None) -> Tensor:
    """The same tensor."""
    return ops.copy(x)


def random_normal_variable(shape: Sequence[int], mean: float, scale: float, dtype: str | None = None,
                           name: str | None = None, seed: int | None = None) -> Variable:
    """A variable of normally distributed numbers."""
    return _made(np.asarray(random_normal(shape, mean, scale, dtype, seed)), name)


def random_uniform_variable(shape: Sequence[int], low: float, high: float, dtype: str | None = None,
                            name: str | None = None, seed: int | None = None) -> Variable:
    """A variable of evenly spread numbers."""
    return _made(np.asarray(random_uniform(shape, low, high, dtype, seed)), name)


def random_normal(shape: Sequence[int], mean: float = 0.0, stddev: float = 1.0, dtype: str | None = None,
                  seed: int | None = None) -> Tensor:
    """Normally distributed numbers."""
    return ops.random.normal(shape, mean, stddev, dtype, seed)


def random_uniform(shape: Sequence[int], minval: float = 0.0, maxval: float = 1.0, dtype: str | None = None,
                   seed: int | None = None) -> Tensor:
    """Evenly spread numbers."""
    return ops.random.uniform(shape, minval, maxval, dtype, seed)


def random_binomial(shape: Sequence[int], p: float = 0.0, dtype: str | None = None, seed: int | None = None) -> Tensor:
    """Ones with probability `p`, else zeros."""
    return ops.cast(ops.less(ops.random.uniform(shape, seed=seed), p), dtype or config.floatx)


random_bernoulli = random_binomial


def truncated_normal(shape: Sequence[int], mean: float = 0.0, stddev: float = 1.0, dtype: str | None = None,
                     seed: int | None = None) -> Tensor:
    """Normally distributed numbers, none further than two standard deviations from the mean.

    They are found by inverting the distribution function on a uniform sample between its values there.
    """
    bound = 0.9544997361036416                              # erf(sqrt(2)): the share within two standard deviations
    drawn = ops.erfinv(ops.random.uniform(shape, -bound, bound, "float32", draw_seed() if seed is None else seed))
    return ops.cast(ops.add(ops.multiply(drawn, stddev * 2 ** 0.5), mean), dtype or config.floatx)


# ---- arithmetic


def dot(x: Any, y: Any) -> Tensor:
    """Product over the last axis of the first and the last but one of the second tensor."""
    return ops.dot(x, y)


def batch_dot(x: Any, y: Any, axes: int | Sequence[int] | None = None) -> Tensor:
    """Product of each example of the one with that of the other; (batch, 1) if no other axes remain.

    Args:
        x, y: with the batch axis.
        axes: the axis of each that is summed over; the last of `x` and the last but one of `y` if None.
    """
    if axes is None:
        axes = (len(x.shape) - 1, max(1, len(y.shape) - 2))
    return Dot(tuple(axes) if isinstance(axes, (list, tuple)) else axes)([x, y])


def pow(x: Any, a: float) -> Tensor:  # noqa: A001 - Keras's name
    """Power, element by element."""
    return ops.power(x, a)


def clip(x: Any, min_value: Any, max_value: Any) -> Tensor:
    """Elements brought between two bounds; None bounds nothing."""
    low, high = -np.inf if min_value is None else min_value, np.inf if max_value is None else max_value
    return ops.clip(x, low, high)


def cumsum(x: Any, axis: int = 0) -> Tensor:
    """Running sums."""
    return ops.cumsum(x, axis=axis)


def cumprod(x: Any, axis: int = 0) -> Tensor:
    """Running products."""
    return ops.cumprod(x, axis=axis)


def argmax(x: Any, axis: int = -1) -> Tensor:
    """Position of the largest element along an axis."""
    return ops.argmax(x, axis=axis)


def argmin(x: Any, axis: int = -1) -> Tensor:
    """Position of the smallest element along an axis."""
    return ops.argmin(x, axis=axis)


# ---- rearranging


def gather(reference: Any, indices: Any) -> Tensor:
    """Slices of the first axis, by index."""
    return ops.take(reference, indices, axis=0)


def concatenate(tensors: Sequence[Any], axis: int = -1) -> Tensor:
    """Tensors side by side."""
    return ops.concatenate(list(tensors), axis=axis)


def stack(x: Sequence[Any], axis: int = 0) -> Tensor:
    """Tensors along a new axis."""
    return ops.stack(list(x), axis=axis)


def permute_dimensions(x: Any, pattern: Sequence[int]) -> Tensor:
    """The axes in another order."""
    return ops.transpose(x, axes=tuple(pattern))


def repeat_elements(x: Any, rep: int, axis: int) -> Tensor:
    """Each element of an axis `rep` times."""
    return ops.repeat(x, rep, axis=axis)


def repeat(x: Any, n: int) -> Tensor:
    """(batch, features) to (batch, n, features)."""
    return ops.repeat(ops.expand_dims(x, 1), n, axis=1)


def tile(x: Any, n: int | Sequence[int]) -> Tensor:
    """The tensor n times along each axis."""
    return ops.tile(x, n)


def flatten(x: Any) -> Tensor:
    """All elements in one axis."""
    return ops.reshape(x, (-1,))


def batch_flatten(x: Any) -> Tensor:
    """All axes but the first in one."""
    rest = x.shape[1:]
    return ops.reshape(x, (-1, int(np.prod(rest)))) if None not in rest else ops.reshape(x, (x.shape[0] or -1, -1))


def expand_dims(x: Any, axis: int = -1) -> Tensor:
    """A new axis of size 1."""
    return ops.expand_dims(x, axis)


def reverse(x: Any, axes: int | Sequence[int]) -> Tensor:
    """The elements of some axes from the last to the first."""
    return ops.flip(x, axis=axes if isinstance(axes, int) else tuple(axes))


def one_hot(indices: Any, num_classes: int) -> Tensor:
    """A 1 at the place of the index, else 0."""
    return ops.one_hot(indices, num_classes)


# ---- choosing, looping, looking


def switch(condition: Any, then_expression: Any, else_expression: Any) -> Tensor:
    """One of two tensors (or results of functions): as a whole, or along the leading axes of the condition."""
    then, other = (part() if callable(part) else part for part in (then_expression, else_expression))
    missing = max(len(getattr(then, "shape", ())), len(getattr(other, "shape", ()))) - len(condition.shape) \
        if hasattr(condition, "shape") else 0
    condition = ops.cast(condition, "bool") if hasattr(condition, "shape") else bool(condition)
    for _ in range(missing):
        condition = ops.expand_dims(condition, -1)
    return ops.where(condition, then, other)


def print_tensor(x: Any, message: str = "") -> Any:
    """Prints the numbers if there are any (none are while a graph is traced), and gives back the tensor."""
    known = not isinstance(x, Value) or x.data is not None
    print(f"{message}{np.asarray(x) if known and graphs.current() is None else x}")
    return x


def map_fn(fn: Callable[[Any], Any], elems: Any, name: str | None = None, dtype: str | None = None) -> Tensor:
    """The results of a function of each slice along the first axis, stacked."""
    return ops.map(fn, elems)


def foldl(fn: Callable[[Any, Any], Any], elems: Any, initializer: Any = None, name: str | None = None) -> Tensor:
    """``value = fn(value, slice)`` along the first axis; starts with the first slice if nothing is given."""
    return _fold(fn, elems, initializer, reverse=False)


def foldr(fn: Callable[[Any, Any], Any], elems: Any, initializer: Any = None, name: str | None = None) -> Tensor:
    """`foldl` from the last slice to the first."""
    return _fold(fn, elems, initializer, reverse=True)


def _fold(fn: Callable[[Any, Any], Any], elems: Any, value: Any, reverse: bool) -> Tensor:
    slices = ops.unstack(elems, axis=0)
    slices = list(slices)[::-1] if reverse else list(slices)
    value = slices.pop(0) if value is None else value
    for item in slices:
        value = fn(value, item)
    return value


def rnn(step_function: Callable[[Any, list[Any]], tuple[Any, list[Any]]], inputs: Any, initial_states: Sequence[Any],
        go_backwards: bool = False, mask: Any = None, constants: Sequence[Any] | None = None, unroll: bool = False,
        input_length: int | None = None) -> tuple[Tensor, Tensor, list[Tensor]]:
    """Runs a step over time.

    Args:
        step_function: ``(slice, states + constants) -> (output, new states)``.
        inputs: (batch, time, ...).
        initial_states: the first states.
        go_backwards: whether to start with the last slice.
        mask: (batch, time); where it is False, the output is repeated and the states stay.
        constants: given to each step behind the states.
        unroll, input_length: how Keras computed, without effect.

    Returns:
        The last output, all outputs (batch, time, ...), and the last states.
    """
    xs = ops.swapaxes(inputs, 0, 1)
    masks = None if mask is None else ops.swapaxes(ops.cast(mask, "bool"), 0, 1)
    if go_backwards:
        xs, masks = ops.flip(xs, 0), None if masks is None else ops.flip(masks, 0)
    states, extra = list(initial_states), list(constants or ())
    first, _ = step_function(xs[0], states + extra)

    def step(carry: tuple[Any, ...], item: Any) -> tuple[tuple[Any, ...], Any]:
        x, real = item if isinstance(item, tuple) else (item, None)
        before, *old = carry
        output, new = step_function(x, [*old, *extra])
        if real is not None:
            output, *new = (ops.where(_as_wide(real, b), a, b) for a, b in zip((output, *new), (before, *old)))
        return (output, *new), output
    carry, outputs = ops.scan(step, (ops.zeros_like(first), *states), xs if masks is None else (xs, masks))
    return carry[0], ops.swapaxes(outputs, 0, 1), list(carry[1:])


def _as_wide(mask: Any, x: Any) -> Any:
    return ops.expand_dims(mask, tuple(range(1, len(x.shape)))) if len(x.shape) > 1 else mask


def arange(start: int, stop: int | None = None, step: int = 1, dtype: str = "int32") -> Tensor:
    """Evenly spaced integers."""
    return ops.arange(start, stop, step, dtype=dtype)
