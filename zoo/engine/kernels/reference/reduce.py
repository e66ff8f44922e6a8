"""Definitions of reductions and running sums."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from zoo.engine.kernels.registry import reference

REDUCTIONS = ("sum", "mean", "prod")
TESTS = ("all", "any", "max", "min")
POSITIONS = ("argmax", "argmin")
RUNNING = ("cumsum", "cumprod")


def _define_reduction(name: str) -> None:
    @reference(name)
    def kernel(xp: ModuleType, x: Any, *, axes: tuple[int, ...], keepdims: bool) -> Any:
        wide = "float32" if x.dtype == "float16" else x.dtype                   # half floats lose small addends
        return getattr(xp, name)(x, axis=axes, keepdims=keepdims, dtype=wide).astype(x.dtype, copy=False)


@reference("moments")
def moments(xp: ModuleType, x: Any, *, axes: tuple[int, ...], keepdims: bool) -> Any:
    """The mean, and the mean squared distance to it."""
    wide = x.astype("float32") if x.dtype == "float16" else x
    mean = xp.mean(wide, axis=axes, keepdims=True)
    variance = xp.mean((wide - mean) ** 2, axis=axes, keepdims=keepdims)
    mean = mean if keepdims else xp.squeeze(mean, axis=axes)
    return mean.astype(x.dtype, copy=False), variance.astype(x.dtype, copy=False)


def _define_test(name: str) -> None:
    @reference(name)
    def kernel(xp: ModuleType, x: Any, *, axes: tuple[int, ...], keepdims: bool) -> Any:
        return getattr(xp, name)(x, axis=axes, keepdims=keepdims)


def _define_position(name: str) -> None:
    @reference(name)
    def kernel(xp: ModuleType, x: Any, *, axis: int, keepdims: bool) -> Any:
        position = getattr(xp, name)(x, axis=axis).astype("int32")
        return xp.expand_dims(position, axis) if keepdims else position


def _define_running(name: str) -> None:
    @reference(name)
    def kernel(xp: ModuleType, x: Any, *, axis: int) -> Any:
        return getattr(xp, name)(x, axis=axis, dtype=x.dtype)


for _names, _define in ((REDUCTIONS, _define_reduction), (TESTS, _define_test), (POSITIONS, _define_position),
                        (RUNNING, _define_running)):
    for _name in _names:
        _define(_name)
