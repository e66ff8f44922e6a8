"""Definitions of softmax and its logarithm."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from zoo.engine.kernels.registry import reference


@reference("softmax")
def softmax(xp: ModuleType, x: Any, *, axis: int) -> Any:
    """exp(x) / sum(exp(x)); the largest element is taken off first."""
    powers = xp.exp(x - xp.max(x, axis=axis, keepdims=True))
    return powers / xp.sum(powers, axis=axis, keepdims=True)


@reference("log_softmax")
def log_softmax(xp: ModuleType, x: Any, *, axis: int) -> Any:
    """x - log(sum(exp(x)))."""
    x = x - xp.max(x, axis=axis, keepdims=True)
    return x - xp.log(xp.sum(xp.exp(x), axis=axis, keepdims=True))
