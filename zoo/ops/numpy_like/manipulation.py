"""Shapes: the same elements in other places.

Sizes may be unknown (None) while a graph is traced from symbolic inputs; they are never computed with, only kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from zoo.engine import primitives as p
from zoo.engine.spec import Dim, normalize_axis, product
from zoo.errors import ConfigError, ShapeError
from zoo.ops.promotion import Axis, Tensor, as_tensor, axes_of, promote, rank_of, shape_of


def reshape(x: Any, newshape: int | Sequence[int | None]) -> Tensor:
    """x in another shape; one size of -1 is what remains.

    A size of None stands for an unknown size of x: the first one for the first, and so on.
    """
    x = as_tensor(x)
    return p.reshape_op(x, shape=resolve_shape(shape_of(x), _sizes(newshape)))


def _sizes(sizes: int | Sequence[Any]) -> tuple[Dim, ...]:
    sizes = sizes if isinstance(sizes, (tuple, list, np.ndarray)) else (sizes,)
    return tuple(None if size is None else int(size) for size in sizes)


def resolve_shape(old: tuple[Dim, ...], new: tuple[Dim, ...]) -> tuple[Dim, ...]:
    """The new shape with -1 replaced by its size, or by None if that is unknown.

    Raises:
        ShapeError: more than one size is -1, or the elements do not fit.
    """
    if new.count(-1) > 1:
        raise ShapeError(f"reshape: only one size can be -1, received {new}.")
    if -1 not in new:
        return new
    if old.count(None) != new.count(None):                  # unknown sizes cancel only if all of them are kept
        return tuple(None if size == -1 else size for size in new)
    whole, rest = product(d for d in old if d is not None), product(d for d in new if d not in (None, -1))
    if not rest or whole % rest:
        raise ShapeError(f"reshape: a tensor of shape {old} does not fit shape {new}.")
    return tuple(whole // rest if size == -1 else size for size in new)


def ravel(x: Any) -> Tensor:
    """x as one line."""
    return reshape(x, (-1,))


def transpose(x: Any, axes: Sequence[int] | None = None) -> Tensor:
    """Axes in another order; reversed unless `axes` says otherwise."""
    x = as_tensor(x)
    axes = range(rank_of(x))[::-1] if axes is None else axes
    return p.transpose_op(x, axes=tuple(normalize_axis(axis, rank_of(x)) for axis in axes))


def swapaxes(x: Any, axis1: int, axis2: int) -> Tensor:
    """Two axes exchanged."""
    axes = list(range(rank_of(x)))
    axes[axis1], axes[axis2] = axes[axis2], axes[axis1]
    return transpose(x, axes)


def moveaxis(x: Any, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """Axes moved to other places; the rest keeps its order."""
    rank = rank_of(x)
    sources, places = ([normalize_axis(a, rank) for a in (axes if isinstance(axes, (tuple, list)) else (axes,))]
                       for axes in (source, destination))
    if len(sources) != len(places):
        raise ConfigError(f"moveaxis: expected as many destinations as sources, received {source} and {destination}.")
    axes = [axis for axis in range(rank) if axis not in sources]
    for place, axis in sorted(zip(places, sources)):
        axes.insert(place, axis)
    return transpose(x, axes)


def expand_dims(x: Any, axis: int | Sequence[int]) -> Tensor:
    """x with new axes of size 1 at the places `axis` of the result."""
    axes = tuple(axis) if isinstance(axis, (tuple, list)) else (axis,)
    rank = rank_of(x) + len(axes)
    places = {normalize_axis(a, rank) for a in axes}
    sizes = iter(shape_of(x))
    return p.reshape_op(as_tensor(x), shape=tuple(1 if i in places else next(sizes) for i in range(rank)))


def squeeze(x: Any, axis: Axis = None) -> Tensor:
    """x without axes of size 1: those given, or all.

    Raises:
        ShapeError: a given axis has another size.
    """
    shape = shape_of(x)
    axes = [i for i, size in enumerate(shape) if size == 1] if axis is None else axes_of(axis, len(shape))
    if any(shape[i] not in (1, None) for i in axes):
        raise ShapeError(f"squeeze: expected size 1 on axis {axis}, received shape {shape}.")
    return p.reshape_op(as_tensor(x), shape=tuple(size for i, size in enumerate(shape) if i not in axes))


def broadcast_to(x: Any, shape: int | Sequence[int | None]) -> Tensor:
    """x repeated to a shape; a size of None is x's own."""
    return p.broadcast_to_op(as_tensor(x), shape=_sizes(shape))


def concatenate(xs: Sequence[Any], axis: int | None = 0) -> Tensor:
    """Tensors one after another along an axis; flattened first if it is None."""
    tensors = promote(*xs)
    if axis is None:
        tensors, axis = [ravel(x) for x in tensors], 0
    return p.concatenate_op(*tensors, axis=normalize_axis(axis, rank_of(tensors[0])))


def append(x1: Any, x2: Any, axis: int | None = None) -> Tensor:
    """x2 after x1."""
    return concatenate([x1, x2], axis)


def stack(x: Sequence[Any], axis: int = 0) -> Tensor:
    """Tensors of one shape along a new axis."""
    return concatenate([expand_dims(item, axis) for item in promote(*x)], axis)


def _at_least(x: Any, rank: int) -> Tensor:
    return reshape(x, (1,) * (rank - rank_of(x)) + shape_of(x)) if rank_of(x) < rank else as_tensor(x)


def vstack(xs: Sequence[Any]) -> Tensor:
    """Tensors below each other."""
    return concatenate([_at_least(x, 2) for x in xs], 0)


def hstack(xs: Sequence[Any]) -> Tensor:
    """Tensors beside each other."""
    tensors = [_at_least(x, 1) for x in xs]
    return concatenate(tensors, 0 if rank_of(tensors[0]) == 1 else 1)


def dstack(xs: Sequence[Any]) -> Tensor:
    """Tensors behind each other, along the third axis."""
    return concatenate([x if rank_of(x) > 2 else expand_dims(_at_least(x, 2), 2) for x in xs], 2)


def column_stack(xs: Sequence[Any]) -> Tensor:
    """Lines as the columns of a matrix."""
    return concatenate([expand_dims(x, 1) if rank_of(x) == 1 else x for x in xs], 1)


def slice_axis(x: Any, axis: int, start: int | None, stop: int | None, step: int = 1) -> Tensor:
    """``x[start:stop:step]`` along one axis."""
    rank = rank_of(x)
    at = normalize_axis(axis, rank)

    def spread(value: Any, default: Any) -> tuple[Any, ...]:
        return tuple(value if i == at else default for i in range(rank))
    return p.slice_op(as_tensor(x), starts=spread(start, 0), stops=spread(stop, None), steps=spread(step, 1))


def split(x: Any, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Tensor]:
    """Pieces along an axis: so many equal ones, or cut at the indices.

    Raises:
        ShapeError: the size is unknown or not divisible.
    """
    size = shape_of(x)[axis]
    if isinstance(indices_or_sections, (int, np.integer)):
        if size is None or size % indices_or_sections:
            raise ShapeError(f"split: axis {axis} of shape {shape_of(x)} cannot be cut into {indices_or_sections} "
                             f"equal pieces.")
        length = size // int(indices_or_sections)
        cuts = [i * length for i in range(1, int(indices_or_sections))]
    else:
        cuts = [int(i) for i in indices_or_sections]
    return [slice_axis(x, axis, start, stop) for start, stop in zip([0, *cuts], [*cuts, None])]


def array_split(x: Any, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Tensor]:
    """Like `split`; of sizes that are not divisible the first pieces are larger by one."""
    size = shape_of(x)[axis]
    if not isinstance(indices_or_sections, (int, np.integer)):
        return split(x, indices_or_sections, axis)
    length, larger = divmod(size, indices_or_sections)
    cuts = np.cumsum([length + (i < larger) for i in range(indices_or_sections)])[:-1]
    return split(x, cuts.tolist(), axis)


def vsplit(x: Any, indices_or_sections: int | Sequence[int]) -> list[Tensor]:
    """`split` along the first axis."""
    return split(x, indices_or_sections, 0)


def hsplit(x: Any, indices_or_sections: int | Sequence[int]) -> list[Tensor]:
    """`split` along the second axis, or the only one."""
    return split(x, indices_or_sections, 0 if rank_of(x) == 1 else 1)


def dsplit(x: Any, indices_or_sections: int | Sequence[int]) -> list[Tensor]:
    """`split` along the third axis."""
    return split(x, indices_or_sections, 2)


def unstack(x: Any, num: int | None = None, axis: int = 0) -> list[Tensor]:
    """The slices along an axis, without that axis.

    Raises:
        ShapeError: their number is neither known nor given.
    """
    size = shape_of(x)[axis] if num is None else num
    if size is None:
        raise ShapeError(f"unstack: the size of axis {axis} of shape {shape_of(x)} is unknown: give `num`.")
    return [squeeze(slice_axis(x, axis, i, i + 1), axis) for i in range(size)]


def tile(x: Any, repeats: int | Sequence[int]) -> Tensor:
    """The whole of x repeated along each axis."""
    repeats = _sizes(repeats)
    rank = max(len(repeats), rank_of(x))
    x, repeats = _at_least(x, rank), (1,) * (rank - len(repeats)) + repeats
    for axis, times in enumerate(repeats):
        if times != 1:
            x = p.concatenate_op(*[x] * times, axis=axis)
    return x


def repeat(x: Any, repeats: int | Sequence[int], axis: int | None = None) -> Tensor:
    """Each element repeated along an axis (of the flattened x if it is None): equally often, or as `repeats` says."""
    if axis is None:
        return repeat(ravel(x), repeats, 0)
    axis, shape = normalize_axis(axis, rank_of(x)), shape_of(x)
    counts = np.asarray(repeats)
    if counts.size > 1:
        return p.take_op(as_tensor(x), np.repeat(np.arange(shape[axis], dtype="int32"), counts), axis=axis)
    times = int(counts.reshape(()))
    pattern = (None,) * (axis + 1) + (times,) + (None,) * (len(shape) - axis - 1)
    wide = p.broadcast_to_op(expand_dims(x, axis + 1), shape=pattern)
    length = None if shape[axis] is None else shape[axis] * times
    return p.reshape_op(wide, shape=shape[:axis] + (length,) + shape[axis + 1:])


def flip(x: Any, axis: Axis = None) -> Tensor:
    """Axes in reverse: those given, or all."""
    return p.flip_op(as_tensor(x), axes=axes_of(axis, rank_of(x)))


def fliplr(x: Any) -> Tensor:
    """The second axis in reverse."""
    return flip(x, 1)


def flipud(x: Any) -> Tensor:
    """The first axis in reverse."""
    return flip(x, 0)


def roll(x: Any, shift: int | Sequence[int], axis: Axis = None) -> Tensor:
    """Elements moved on along axes; those pushed out come in again at the other end."""
    if axis is None:
        return p.reshape_op(roll(ravel(x), shift, 0), shape=shape_of(x))
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    shifts = shift if isinstance(shift, (tuple, list)) else (shift,) * len(axes)
    for at, steps in zip(axes, shifts, strict=True):
        size = shape_of(x)[at]
        steps = steps % size if size else steps
        if steps:
            x = concatenate([slice_axis(x, at, -steps, None), slice_axis(x, at, None, -steps)], at)
    return as_tensor(x)


def rot90(array: Any, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Tensor:
    """The plane of two axes turned by k quarters, from the first towards the second."""
    turns = [lambda x: as_tensor(x), lambda x: swapaxes(flip(x, axes[1]), *axes), lambda x: flip(x, axes),
             lambda x: flip(swapaxes(x, *axes), axes[1])]
    return turns[k % 4](array)


def pad(x: Any, pad_width: int | Sequence[Any], mode: str = "constant", constant_values: Any = None) -> Tensor:
    """x with elements before and after.

    Args:
        x: a tensor.
        pad_width: one number, one pair, or a pair for each axis: how many before and after.
        mode: "constant", "reflect", "symmetric", "edge" or "wrap", as in NumPy.
        constant_values: for "constant"; 0 unless given.
    """
    x = as_tensor(x)
    widths = np.broadcast_to(np.asarray(pad_width, "int64"), (rank_of(x), 2)).tolist()
    if constant_values is not None and mode != "constant":
        raise ConfigError(f"pad: `constant_values` belongs to mode 'constant', received mode {mode!r}.")
    return p.pad_op(x, pads=tuple(map(tuple, widths)), mode=mode, value=constant_values or 0)
