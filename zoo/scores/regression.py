"""Distances of numbers, averaged over the last axis."""

from __future__ import annotations

import math
from typing import Any

from zoo import ops
from zoo.config import config as settings
from zoo.scores.weighting import as_pair

Tensor = Any


def mean_squared_error(y_true: Any, y_pred: Any) -> Tensor:
    """Mean of the squared differences."""
    y_true, y_pred = as_pair(y_true, y_pred)
    return ops.mean(ops.square(y_true - y_pred), axis=-1)


def mean_absolute_error(y_true: Any, y_pred: Any) -> Tensor:
    """Mean of the absolute differences."""
    y_true, y_pred = as_pair(y_true, y_pred)
    return ops.mean(ops.absolute(y_true - y_pred), axis=-1)


def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Tensor:
    """Mean of the differences in percent of the targets, which count as at least `epsilon`."""
    y_true, y_pred = as_pair(y_true, y_pred)
    size = ops.maximum(ops.absolute(y_true), settings.epsilon)
    return 100.0 * ops.mean(ops.absolute(ops.divide(y_true - y_pred, size)), axis=-1)


def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Tensor:
    """Mean of the squared differences of log(1 + y); negative numbers count as `epsilon`."""
    y_true, y_pred = (ops.log(ops.maximum(y, settings.epsilon) + 1.0) for y in as_pair(y_true, y_pred))
    return ops.mean(ops.square(y_pred - y_true), axis=-1)


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Tensor:
    """Half the square of differences up to `delta`, and their tangent line beyond.

    Source: Huber 1964, Robust Estimation of a Location Parameter.
    """
    y_true, y_pred = as_pair(y_true, y_pred)
    error = y_pred - y_true
    size = ops.absolute(error)
    beyond = delta * size - 0.5 * delta ** 2
    return ops.mean(ops.where(size <= delta, 0.5 * ops.square(error), beyond), axis=-1)


def log_cosh(y_true: Any, y_pred: Any) -> Tensor:
    """Mean of log(cosh(difference)), computed without overflow."""
    y_true, y_pred = as_pair(y_true, y_pred)
    error = y_pred - y_true
    return ops.mean(error + ops.softplus(-2.0 * error) - math.log(2.0), axis=-1)


def poisson(y_true: Any, y_pred: Any) -> Tensor:
    """Mean of y_pred - y_true * log(y_pred): how unlikely the counts are under the rates, up to a constant."""
    y_true, y_pred = as_pair(y_true, y_pred)
    return ops.mean(y_pred - y_true * ops.log(y_pred + settings.epsilon), axis=-1)
