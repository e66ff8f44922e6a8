"""Merging layers as functions: each makes the layer and calls it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zoo.layers.merging import merge
from zoo.layers.merging.concatenate import Concatenate
from zoo.layers.merging.dot import Dot


def add(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """Sum of the inputs; see `Add`."""
    return merge.Add(**kwargs)(inputs)


def subtract(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """First input minus second; see `Subtract`."""
    return merge.Subtract(**kwargs)(inputs)


def multiply(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """Product of the inputs; see `Multiply`."""
    return merge.Multiply(**kwargs)(inputs)


def average(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """Mean of the inputs; see `Average`."""
    return merge.Average(**kwargs)(inputs)


def maximum(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """Largest of the inputs; see `Maximum`."""
    return merge.Maximum(**kwargs)(inputs)


def minimum(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """Smallest of the inputs; see `Minimum`."""
    return merge.Minimum(**kwargs)(inputs)


def concatenate(inputs: Sequence[Any], axis: int = -1, **kwargs: Any) -> Any:
    """Inputs side by side; see `Concatenate`."""
    return Concatenate(axis, **kwargs)(inputs)


def dot(inputs: Sequence[Any], axes: int | Sequence[int] = -1, **kwargs: Any) -> Any:
    """Sums of products of two inputs; see `Dot`."""
    return Dot(axes, **kwargs)(inputs)
