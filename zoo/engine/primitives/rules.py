"""Shape and dtype rules that several families of primitives share.

Primitives are strict: the dtypes of their inputs are equal where they take part in one computation. Promotion, Python
numbers and negative axes are the business of `zoo.ops`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from zoo.engine import dtypes
from zoo.engine.op import Op, primitive
from zoo.engine.spec import Shape, TensorSpec, broadcast
from zoo.errors import DtypeError, ShapeError

BOOL = frozenset({"bool"})
FLOAT = frozenset(dtypes.FLOATS)
INTEGER = frozenset(dtypes.SIGNED + dtypes.UNSIGNED)
COMPLEX = frozenset({"complex64", "complex128"})
REAL = FLOAT | INTEGER
INEXACT = FLOAT | COMPLEX
NUMERIC = REAL | COMPLEX
ORDERED = REAL | BOOL
ANY = dtypes.NAMES


def require(name: str, spec: TensorSpec, accepted: Collection[str]) -> None:
    """Checks one input's dtype.

    Raises:
        DtypeError: it is not among the accepted ones.
    """
    if spec.dtype not in accepted:
        raise DtypeError(f"{name}: expected a tensor of dtype {', '.join(sorted(accepted))}, received {spec!r}. "
                         f"Cast it first.")


def require_equal(name: str, *specs: TensorSpec) -> None:
    """Checks that inputs have one dtype.

    Raises:
        DtypeError: their dtypes differ.
    """
    if len({spec.dtype for spec in specs}) > 1:
        raise DtypeError(f"{name}: expected tensors of one dtype, received {', '.join(map(repr, specs))}. "
                         f"Cast them to a common dtype first.")


def require_rank(name: str, spec: TensorSpec, ranks: Collection[int]) -> None:
    """Checks one input's number of axes.

    Raises:
        ShapeError: it is not among the accepted ones.
    """
    if spec.rank not in ranks:
        raise ShapeError(f"{name}: expected a tensor of rank {' or '.join(map(str, ranks))}, received {spec!r}.")


def require_axes(name: str, spec: TensorSpec, axes: Sequence[int]) -> None:
    """Checks that axes are distinct, non-negative and in range.

    Raises:
        ShapeError: they are not.
    """
    if len(set(axes)) != len(axes) or any(not 0 <= axis < spec.rank for axis in axes):
        raise ShapeError(f"{name}: expected distinct axes from 0 to {spec.rank - 1}, received {tuple(axes)} "
                         f"for {spec!r}.")


def unary(name: str, accepted: Collection[str], result: str | None = None) -> Op:
    """An elementwise primitive of one input; `result` is its dtype if not the input's."""
    def infer(x: TensorSpec) -> TensorSpec:
        require(name, x, accepted)
        return x.with_dtype(result or x.dtype)
    return primitive(name, infer, elementwise=True)


def binary(name: str, accepted: Collection[str], result: str | None = None) -> Op:
    """An elementwise primitive of two inputs of one dtype, which broadcast; `result` is its dtype if not theirs."""
    def infer(x: TensorSpec, y: TensorSpec) -> TensorSpec:
        require_equal(name, x, y)
        require(name, x, accepted)
        return TensorSpec(broadcast(x.shape, y.shape), result or x.dtype)
    return primitive(name, infer, elementwise=True)


def reduced(shape: Shape, axes: Sequence[int], keepdims: bool) -> Shape:
    """A shape with `axes` reduced to size 1, or dropped."""
    if keepdims:
        return tuple(1 if axis in axes else size for axis, size in enumerate(shape))
    return tuple(size for axis, size in enumerate(shape) if axis not in axes)
