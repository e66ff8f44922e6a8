"""TensorFlow's functions of shapes, dtypes and values in terms of `zoo.ops`. Arguments have TensorFlow's names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

from zoo import ops
from zoo.config import config as settings
from zoo.errors import Unsupported
from zoo.layers.tensorflow.sizes import dtype_name, shape_of, size_from, sizes_from


def reshape(tensor: Any, shape: Any) -> Any:
    """The same elements in another shape."""
    sizes = sizes_from(shape)
    if sizes.count(None) > 1 or None in sizes and -1 in sizes:
        sizes = tuple(None if size == -1 else size for size in sizes)
    return ops.reshape(tensor, tuple(-1 if size is None and sizes.count(None) == 1 else size for size in sizes))


def transpose(a: Any, perm: Any = None, conjugate: bool = False) -> Any:
    """Axes in another order."""
    return ops.transpose(a, None if perm is None else sizes_from(perm))


def expand_dims(input: Any, axis: Any = None) -> Any:  # noqa: A002
    """One more axis."""
    return ops.expand_dims(input, size_from(axis))


def squeeze(input: Any, axis: Any = None) -> Any:  # noqa: A002
    """Without axes of size 1."""
    axes = None if axis is None or axis == [] else sizes_from(axis if isinstance(axis, (list, tuple)) else [axis])
    return ops.squeeze(input, axes)


def tile(input: Any, multiples: Any) -> Any:  # noqa: A002
    """x next to itself."""
    counts = sizes_from(multiples)
    if None in counts:                                      # only the shape is asked for: such graphs never run
        sizes = [None if None in pair else pair[0] * pair[1] for pair in zip(input.shape, counts)]
        return ops.broadcast_to(ops.mean(input, keepdims=True), sizes)
    return ops.tile(input, counts)


def concat(values: Sequence[Any], axis: Any) -> Any:
    """Tensors one after another."""
    return ops.concatenate(_tensors(values), axis=size_from(axis))


def stack(values: Sequence[Any], axis: int = 0) -> Any:
    """Tensors along a new axis."""
    return ops.stack(_tensors(values), axis=axis)


def _tensors(values: Any) -> list[Any]:
    return [ops.convert_to_tensor(value) for value in (values if isinstance(values, (list, tuple)) else [values])]


def unstack(value: Any, num: int | None = None, axis: int = 0) -> list[Any]:
    """The slices along an axis."""
    return ops.unstack(value, num, axis)


def split(value: Any, num_or_size_splits: Any, axis: Any = 0, num: int | None = None) -> list[Any]:
    """Pieces along an axis: a number of equal ones, or of given sizes, of which one may be -1."""
    axis = size_from(axis)
    if not isinstance(num_or_size_splits, (list, tuple)):
        return ops.split(value, size_from(num_or_size_splits), axis)
    sizes = list(sizes_from(num_or_size_splits))
    if -1 in sizes:
        sizes[sizes.index(-1)] = value.shape[axis] - sum(size for size in sizes if size != -1)
    places = [sum(sizes[:i]) for i in range(1, len(sizes))]
    return ops.split(value, places, axis) if places else [value]


def pad(tensor: Any, paddings: Any, mode: str = "CONSTANT", constant_values: Any = 0) -> Any:
    """x with elements around it."""
    widths = [sizes_from(pair) for pair in (paddings if isinstance(paddings, (list, tuple)) else list(paddings))]
    values = {"constant_values": constant_values} if mode.lower() == "constant" else {}
    return ops.pad(tensor, widths, mode.lower(), **values)


def gather(params: Any, indices: Any, validate_indices: Any = None, axis: Any = None, batch_dims: int = 0) -> Any:
    """Slices at indices along an axis."""
    axis = batch_dims if axis is None else size_from(axis)
    if batch_dims:
        raise Unsupported(f"tf.gather with batch_dims={batch_dims} is not supported.")
    return ops.take(params, indices, axis=axis)


def slice_(input_: Any, begin: Any, size: Any) -> Any:
    """A piece, by its start and size; a size of -1 reaches to the end."""
    starts, counts = sizes_from(begin), sizes_from(size)
    return ops.get_item(input_, tuple(slice(start, None if count in (-1, None) else start + count)
                                      for start, count in zip(starts, counts)))


def getitem(tensor: Any, slice_spec: Any) -> Any:
    """``tensor[slice_spec]``."""
    def known(part: Any) -> Any:
        if isinstance(part, dict):                          # a slice between tensors
            part = slice(part["start"], part["stop"], part["step"])
        if isinstance(part, slice):
            return slice(*(None if end is None else size_from(end) for end in (part.start, part.stop, part.step)))
        return part if part is None or part is ... or not hasattr(part, "__index__") else size_from(part)
    keys = slice_spec if isinstance(slice_spec, (list, tuple)) else [slice_spec]
    return ops.get_item(tensor, tuple(map(known, keys)))


def where(condition: Any, x: Any = None, y: Any = None) -> Any:
    """x where the condition holds, else y."""
    return ops.where(ops.cast(condition, "bool"), x, y)


def repeat(input: Any, repeats: Any, axis: int | None = None) -> Any:  # noqa: A002
    """Each element several times."""
    return ops.repeat(input, size_from(repeats), axis)


def reverse(tensor: Any, axis: Any) -> Any:
    """Axes in reverse."""
    return ops.flip(tensor, sizes_from(axis if isinstance(axis, (list, tuple)) else [axis]))


def broadcast_to(input: Any, shape: Any) -> Any:  # noqa: A002
    """x repeated along axes of size 1."""
    return ops.broadcast_to(input, sizes_from(shape))


def roll(input: Any, shift: Any, axis: Any) -> Any:  # noqa: A002
    """Elements moved around."""
    return ops.roll(input, shift, axis)


def zeros(shape: Any, dtype: Any = "float32") -> Any:
    """A tensor of zeros."""
    return fill(shape, ops.zeros((), dtype_name(dtype)))


def ones(shape: Any, dtype: Any = "float32") -> Any:
    """A tensor of ones."""
    return fill(shape, ops.ones((), dtype_name(dtype)))


def range_(start: Any, limit: Any = None, delta: Any = 1, dtype: Any = None) -> Any:
    """Numbers from a start to before a limit."""
    first, last = (0, size_from(start)) if limit is None else (size_from(start), size_from(limit))
    if None in (first, last):                               # only the shape is asked for: such graphs never run
        return ops.broadcast_to(ops.zeros((1,), dtype_name(dtype or "int32")), (None,))
    return ops.arange(first, last, size_from(delta), dtype=None if dtype is None else dtype_name(dtype))


def gather_nd(params: Any, indices: Any, batch_dims: int = 0) -> Any:
    """Elements (or slices) at indices ``(..., k)`` into the first k axes."""
    if batch_dims:
        raise Unsupported(f"tf.gather_nd with batch_dims={batch_dims} is not supported.")
    indices = ops.convert_to_tensor(indices)
    depth = indices.shape[-1]
    place = indices[..., 0]
    for axis in range(1, depth):
        place = ops.add(ops.multiply(place, params.shape[axis]), indices[..., axis])
    return ops.take(ops.reshape(params, (-1, *params.shape[depth:])), place, axis=0)


def diag_part(input: Any) -> Any:  # noqa: A002
    """The diagonals of the last two axes."""
    return ops.diagonal(input, axis1=-2, axis2=-1)


def band_part(input: Any, num_lower: int, num_upper: int) -> Any:  # noqa: A002
    """Zeros outside of some diagonals; a negative number keeps all."""
    kept = input if num_lower < 0 else ops.triu(input, -num_lower)
    return kept if num_upper < 0 else ops.tril(kept, num_upper)


def fill(dims: Any, value: Any) -> Any:
    """A tensor of one value."""
    return ops.broadcast_to(ops.convert_to_tensor(value), sizes_from(dims))


def size(input: Any, out_type: Any = "int32") -> Any:  # noqa: A002
    """The number of elements."""
    return reduce(lambda a, b: a * b, [shape_of(input)[i] for i in range(input.ndim)])


def cast(x: Any, dtype: Any) -> Any:
    """x in another dtype."""
    return ops.cast(x, dtype_name(dtype))


def convert_to_tensor(value: Any, dtype: Any = None, dtype_hint: Any = None) -> Any:
    """A tensor of a list, or a tensor itself."""
    return ops.convert_to_tensor(value, None if dtype is None else dtype_name(dtype))


def clip_by_value(t: Any, clip_value_min: Any, clip_value_max: Any) -> Any:
    """x held between two values."""
    return ops.minimum(ops.maximum(t, clip_value_min), clip_value_max)


def one_hot(indices: Any, depth: Any, on_value: Any = None, off_value: Any = None, axis: int | None = None,
            dtype: Any = None) -> Any:
    """One value at the place of each index along a new axis, another elsewhere."""
    on, off = 1 if on_value is None else on_value, 0 if off_value is None else off_value
    hits = ops.one_hot(indices, size_from(depth), axis=-1 if axis is None else axis, dtype="bool")
    return ops.cast(ops.where(hits, on, off), settings.floatx if dtype is None else dtype_name(dtype))


def add_n(inputs: Sequence[Any]) -> Any:
    """The sum of tensors."""
    return reduce(ops.add, inputs)


def shape(input: Any, out_type: Any = "int32") -> Any:  # noqa: A002
    """The sizes, as a tensor."""
    return shape_of(input)


def rank(input: Any) -> Any:  # noqa: A002
    """The number of axes."""
    return ops.convert_to_tensor(input.ndim)


def ensure_shape(x: Any, shape: Any) -> Any:
    """x as it is."""
    return x


FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{function.__name__: function for function in (
        reshape, transpose, expand_dims, squeeze, tile, concat, stack, unstack, split, pad, gather, getitem, where,
        repeat, reverse, broadcast_to, roll, fill, size, shape, rank, ensure_shape, cast, convert_to_tensor,
        clip_by_value, one_hot, add_n, zeros, ones, gather_nd, diag_part, band_part)},
    "slice": slice_, "range": range_,
}
