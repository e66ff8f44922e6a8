"""Elements in other places: nothing is computed."""

from __future__ import annotations

from collections.abc import Sequence

from zoo.engine.op import primitive
from zoo.engine.primitives.rules import require_axes, require_equal
from zoo.engine.spec import Dim, Shape, TensorSpec, broadcast, product
from zoo.errors import ConfigError, ShapeError

PAD_MODES = ("constant", "reflect", "symmetric", "edge", "wrap")


def _reshape(x: TensorSpec, *, shape: Shape) -> TensorSpec:
    known, total = product(d for d in shape if d is not None), product(x.shape)
    unknown = shape.count(None)
    if total is None:
        return x.with_shape(shape)
    if unknown == 1 and known and total % known == 0:
        return x.with_shape(total // known if d is None else d for d in shape)
    if unknown > 1 or unknown == 0 and known == total:
        return x.with_shape(shape)
    raise ShapeError(f"reshape: {x!r} has {total} elements, which do not fit shape {shape}.")


def _transpose(x: TensorSpec, *, axes: tuple[int, ...]) -> TensorSpec:
    if sorted(axes) != list(range(x.rank)):
        raise ShapeError(f"transpose: expected a permutation of {x.rank} axes, received {axes} for {x!r}.")
    return x.with_shape(x.shape[axis] for axis in axes)


def _broadcast_to(x: TensorSpec, *, shape: Shape) -> TensorSpec:
    own = (1,) * (len(shape) - x.rank) + x.shape
    wanted = tuple(mine if size is None else size for size, mine in zip(shape, own, strict=False))
    if x.rank > len(shape) or any(size != whole for size, whole in zip(broadcast(own, wanted), wanted)):
        raise ShapeError(f"broadcast_to: {x!r} does not broadcast to shape {shape}.")
    return x.with_shape(wanted)


def _concatenate(*xs: TensorSpec, axis: int) -> TensorSpec:
    require_equal("concatenate", *xs)
    require_axes("concatenate", xs[0], (axis,))
    sizes: list[Dim] = []
    for i, dims in enumerate(zip(*(x.shape for x in xs))):
        known = {d for d in dims if d is not None}
        if len({x.rank for x in xs}) > 1 or i != axis and len(known) > 1:
            raise ShapeError(f"concatenate: shapes must agree except on axis {axis}, "
                             f"received {', '.join(map(repr, xs))}.")
        if i == axis:
            sizes.append(None if None in dims else sum(dims))
        else:
            sizes.append(known.pop() if known else None)
    return xs[0].with_shape(sizes)


def _pad(x: TensorSpec, *, pads: tuple[tuple[int, int], ...], mode: str, value: float) -> TensorSpec:
    if mode not in PAD_MODES:
        raise ConfigError(f"pad: expected a mode of {PAD_MODES}, received {mode!r}.")
    if len(pads) != x.rank or any(low < 0 or high < 0 for low, high in pads):
        raise ShapeError(f"pad: expected {x.rank} pairs of non-negative sizes, received {pads} for {x!r}.")
    reach = {"reflect": -1, "symmetric": 0, "wrap": 0}
    if mode in reach and any(size is not None and max(pair) > size + reach[mode] for size, pair in zip(x.shape, pads)):
        raise ShapeError(f"pad: {x!r} is too small for padding {pads} with mode {mode!r}.")
    return x.with_shape(None if size is None else low + size + high for size, (low, high) in zip(x.shape, pads))


def sliced_size(size: Dim, start: int | None, stop: int | None, step: int) -> Dim:
    """How many elements ``start:stop:step`` takes; of an unknown size only whole axes and single elements are known."""
    if size is not None:
        return len(range(*slice(start, stop, step).indices(size)))
    single = start is not None and (stop == start + 1 and stop != 0 or start == -1 and stop is None)
    return 1 if single else None


def _slice(x: TensorSpec, *, starts: Sequence[int | None], stops: Sequence[int | None],
           steps: Sequence[int]) -> TensorSpec:
    if not len(starts) == len(stops) == len(steps) == x.rank or any(step < 1 for step in steps):
        raise ShapeError(f"slice: expected {x.rank} starts, stops and positive steps, "
                         f"received {starts}, {stops}, {steps} for {x!r}.")
    return x.with_shape(map(sliced_size, x.shape, starts, stops, steps))


def _flip(x: TensorSpec, *, axes: tuple[int, ...]) -> TensorSpec:
    require_axes("flip", x, axes)
    return x


reshape_op = primitive("reshape", _reshape)                 # a size of None is what remains
transpose_op = primitive("transpose", _transpose)
broadcast_to_op = primitive("broadcast_to", _broadcast_to)  # a size of None is x's own
concatenate_op = primitive("concatenate", _concatenate)
pad_op = primitive("pad", _pad)                             # modes as in NumPy; `value` is for "constant"
slice_op = primitive("slice", _slice)                       # bounds as in Python: None and negative ones too
flip_op = primitive("flip", _flip)
