"""Gradients held within bounds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zoo import ops

Tensor = Any


def by_norm(gradient: Tensor, limit: float) -> Tensor:
    """The gradient, shortened to the norm `limit` if it is longer."""
    norm = ops.sqrt(ops.sum(ops.square(gradient), keepdims=True))
    return ops.divide(gradient * limit, ops.maximum(norm, limit))


def by_global_norm(gradients: Sequence[Tensor], limit: float) -> list[Tensor]:
    """All gradients, shortened together so that the norm of all of them is at most `limit`; NaN if it is not finite.

    Source: Pascanu et al. 2013, On the Difficulty of Training Recurrent Neural Networks.
    """
    norm = ops.sqrt(sum(ops.sum(ops.square(gradient)) for gradient in gradients))
    scale = limit * ops.minimum(ops.divide(1.0, norm), 1.0 / limit) + (norm - norm)
    return [gradient * scale for gradient in gradients]


def by_value(gradient: Tensor, limit: float) -> Tensor:
    """The gradient with every element between -limit and limit."""
    return ops.clip(gradient, -limit, limit)
