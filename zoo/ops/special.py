"""Special functions that are computed by the host, turn by turn until they stand still."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo.engine import primitives as p
from zoo.engine.custom_gradient import custom_gradient
from zoo.engine.spec import TensorSpec
from zoo.ops.numpy_like.arithmetic import multiply
from zoo.ops.numpy_like.manipulation import broadcast_to
from zoo.ops.promotion import Tensor, promote, shape_of

_TURNS, _SMALLEST = 100_000, 1e-300


def gammainc(x1: Any, x2: Any) -> Tensor:
    """The regularized lower incomplete gamma function P(a, x): the integral of ``t**(a-1) exp(-t)``, over gamma(a).

    Args:
        x1: a, positive.
        x2: x, from 0; both are broadcast. Outside the result is NaN.
    """
    a, x = promote(x1, x2, dtype="~float")
    shape = np.broadcast_shapes(shape_of(a), shape_of(x))
    return _gammainc(broadcast_to(a, shape), broadcast_to(x, shape))


@custom_gradient
def _gammainc(a: Any, x: Any) -> Any:
    def gradient(ct: Any) -> tuple[Tensor, Tensor]:
        return tuple(multiply(ct, p.host_op(a, x, function=IncompleteGamma(by))) for by in ("a", "x"))
    return p.host_op(a, x, function=IncompleteGamma()), gradient


@dataclass(frozen=True)
class IncompleteGamma:
    """P(a, x), or its derivative, for arrays of one shape.

    Args:
        by: ``a`` or ``x`` for the derivative by it (by a as a quotient of differences, to about 9 digits).
    """

    by: str | None = None

    def infer(self, a: TensorSpec, x: TensorSpec) -> TensorSpec:
        """The shape and dtype of a."""
        return a

    def __call__(self, a: np.ndarray, x: np.ndarray) -> np.ndarray:
        wide = np.asarray(a, "float64"), np.asarray(x, "float64")
        return np.asarray(self._value(*wide)).astype(a.dtype)

    def _value(self, a: np.ndarray, x: np.ndarray) -> np.ndarray:
        if self.by is None:
            return _lower(a, x)
        if self.by == "x":
            with np.errstate(divide="ignore", invalid="ignore"):
                return np.where(x > 0, np.exp((a - 1) * np.log(x) - x - _log_gamma(a)), np.where(a == 1, 1.0, 0.0))
        step = 1e-3 * a
        near, far = (_lower(a + k * step, x) - _lower(a - k * step, x) for k in (1, 2))
        return (8 * near - far) / (12 * step)


def _lower(a: np.ndarray, x: np.ndarray) -> np.ndarray:
    """By the series where x is small, else by the continued fraction of the rest."""
    valid = (a > 0) & (x >= 0)
    inside = valid & (x > 0) & np.isfinite(x)
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.exp(a * np.log(x) - x - _log_gamma(a))
    result = np.where(valid, np.where(x > 0, 1.0, 0.0), np.nan)
    for chosen, rule in ((inside & (x < a + 1), _series), (inside & (x >= a + 1), _rest)):
        if chosen.any():
            result[chosen] = rule(a[chosen], x[chosen], factor[chosen])
    return result


def _series(a: np.ndarray, x: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """``factor * (1/a + x / (a (a+1)) + ...)``."""
    term = total = 1 / a
    for turn in range(1, _TURNS):
        term = term * x / (a + turn)
        total = total + term
        if np.all(term <= total * np.finfo("float64").eps):
            break
    return factor * total


def _rest(a: np.ndarray, x: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """1 minus the continued fraction of the upper function, by Lentz's method (Thompson and Barnett 1986)."""
    b = x + 1 - a
    c, d = np.full_like(x, 1 / _SMALLEST), 1 / b
    total = d
    for turn in range(1, _TURNS):
        b = b + 2
        d = 1 / _away_from_zero(turn * (a - turn) * d + b)
        c = _away_from_zero(b + turn * (a - turn) / c)
        total = total * c * d
        if np.all(np.abs(c * d - 1) <= 4 * np.finfo("float64").eps):
            break
    return 1 - factor * total


def _away_from_zero(x: np.ndarray) -> np.ndarray:
    return np.where(np.abs(x) < _SMALLEST, _SMALLEST, x)


def _log_gamma(a: np.ndarray) -> np.ndarray:
    values: Sequence[float] = [math.lgamma(value) if value > 0 and value < math.inf else math.nan for value in a.flat]
    return np.array(values).reshape(a.shape)
