"""What is known of a tensor before its values are."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from zoo.engine import dtypes
from zoo.errors import ShapeError

Dim = int | None
Shape = tuple[Dim, ...]


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """Shape and dtype of a tensor; a size of None is unknown.

    Example:
        >>> TensorSpec((None, 3))
        float32[?,3]
    """

    shape: Shape
    dtype: str = "float32"

    @property
    def rank(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def is_static(self) -> bool:
        """Whether every size is known."""
        return None not in self.shape

    @property
    def size(self) -> int:
        """Number of elements of a static spec."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of a static spec while computing."""
        return self.size * dtypes.storage(self.dtype).itemsize

    def with_shape(self, shape: Iterable[Dim]) -> TensorSpec:
        """The same dtype with another shape."""
        return TensorSpec(tuple(shape), self.dtype)

    def with_dtype(self, dtype: str) -> TensorSpec:
        """The same shape with another dtype."""
        return TensorSpec(self.shape, dtype)

    def __repr__(self) -> str:
        return f"{self.dtype}[{','.join('?' if d is None else str(d) for d in self.shape)}]"


def product(dims: Iterable[Dim]) -> Dim:
    """Product of sizes; None if one is unknown (unless another is 0)."""
    dims = tuple(dims)
    if 0 in dims:
        return 0
    return None if None in dims else math.prod(dims)


def broadcast(*shapes: Shape) -> Shape:
    """The shape that NumPy broadcasting gives.

    Raises:
        ShapeError: two known sizes differ and neither is 1.
    """
    rank = max(map(len, shapes), default=0)
    padded = [(1,) * (rank - len(shape)) + tuple(shape) for shape in shapes]
    result = []
    for axis, dims in enumerate(zip(*padded)):
        known = {d for d in dims if d is not None and d != 1}
        if len(known) > 1:
            raise ShapeError(f"Shapes {', '.join(map(str, shapes))} do not broadcast: "
                             f"axis {axis - rank} has sizes {sorted(known)}.")
        result.append(known.pop() if known else None if None in dims else 1)
    return tuple(result)


def normalize_axis(axis: int, rank: int) -> int:
    """A non-negative axis.

    Raises:
        ShapeError: it is out of range.
    """
    if not -rank <= axis < rank:
        raise ShapeError(f"axis {axis} is out of range for a tensor of rank {rank}.")
    return axis % rank
