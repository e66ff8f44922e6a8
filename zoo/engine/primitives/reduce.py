"""Reductions over axes, and running sums and products along one.

`axes` is a sorted tuple of non-negative axes; with `keepdims` they stay with size 1.
"""

from __future__ import annotations

from collections.abc import Collection

from zoo.engine.op import Op, primitive
from zoo.engine.primitives.rules import BOOL, FLOAT, INEXACT, NUMERIC, ORDERED, reduced, require, require_axes
from zoo.engine.spec import TensorSpec
from zoo.errors import ShapeError


def _reduction(name: str, accepted: Collection[str]) -> Op:
    def infer(x: TensorSpec, *, axes: tuple[int, ...], keepdims: bool) -> TensorSpec:
        require(name, x, accepted)
        require_axes(name, x, axes)
        return x.with_shape(reduced(x.shape, axes, keepdims))
    return primitive(name, infer)


def _moments(x: TensorSpec, *, axes: tuple[int, ...], keepdims: bool) -> tuple[TensorSpec, TensorSpec]:
    require("moments", x, FLOAT)
    require_axes("moments", x, axes)
    shape = reduced(x.shape, axes, keepdims)
    return x.with_shape(shape), x.with_shape(shape)


def _extremum(name: str) -> Op:
    def infer(x: TensorSpec, *, axes: tuple[int, ...], keepdims: bool) -> TensorSpec:
        require(name, x, ORDERED)
        require_axes(name, x, axes)
        if any(x.shape[axis] == 0 for axis in axes):
            raise ShapeError(f"{name}: {x!r} has no element along axes {axes}.")
        return x.with_shape(reduced(x.shape, axes, keepdims))
    return primitive(name, infer)


def _position(name: str) -> Op:
    def infer(x: TensorSpec, *, axis: int, keepdims: bool) -> TensorSpec:
        require(name, x, ORDERED)
        require_axes(name, x, (axis,))
        if x.shape[axis] == 0:
            raise ShapeError(f"{name}: {x!r} has no element along axis {axis}.")
        return TensorSpec(reduced(x.shape, (axis,), keepdims), "int32")
    return primitive(name, infer)


def _running(name: str) -> Op:
    def infer(x: TensorSpec, *, axis: int) -> TensorSpec:
        require(name, x, NUMERIC)
        require_axes(name, x, (axis,))
        return x
    return primitive(name, infer)


sum_op = _reduction("sum", NUMERIC)
mean_op = _reduction("mean", INEXACT)
prod_op = _reduction("prod", NUMERIC)
moments_op = primitive("moments", _moments)               # the mean, and the mean squared distance to it
all_op = _reduction("all", BOOL)
any_op = _reduction("any", BOOL)
max_op = _extremum("max")
min_op = _extremum("min")
argmax_op = _position("argmax")                             # the first of equal elements
argmin_op = _position("argmin")
cumsum_op = _running("cumsum")
cumprod_op = _running("cumprod")
