"""Penalties on what passes."""

from __future__ import annotations

from typing import Any

from zoo import regularizers
from zoo.layers.layer import Layer


class ActivityRegularization(Layer):
    """Gives back its input, and adds a penalty on it to the loss.

    Args:
        l1: factor of the sum of absolute values.
        l2: factor of the sum of squares.
    """

    supports_masking = True

    not_in_config = frozenset({"activity_regularizer"})

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any):
        super().__init__(activity_regularizer=regularizers.L1L2(l1=l1, l2=l2), **kwargs)
        self.l1, self.l2 = l1, l2

    def call(self, inputs: Any) -> Any:
        return inputs
