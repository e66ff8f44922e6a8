"""Steps of a sequence to be ignored."""

from __future__ import annotations

from typing import Any

from zoo import ops
from zoo.layers.layer import Layer


class Masking(Layer):
    """Sets steps (batch, time, features) to zero whose features all equal `mask_value`.

    Args:
        mask_value: the value that stands for padding.
    """

    supports_masking = True

    def __init__(self, mask_value: float = 0.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.mask_value = mask_value

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """True for steps that are not padding, (batch, time)."""
        return ops.any(ops.not_equal(inputs, self.mask_value), axis=-1)

    def call(self, inputs: Any) -> Any:
        kept = ops.any(ops.not_equal(inputs, self.mask_value), axis=-1, keepdims=True)
        return ops.multiply(inputs, ops.cast(kept, inputs.dtype))
