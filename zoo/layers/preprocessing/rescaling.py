"""Values brought to another range."""

from __future__ import annotations

from typing import Any

import numpy as np

from zoo import ops
from zoo.config import config as settings
from zoo.layers.layer import Layer


class Rescaling(Layer):
    """``x * scale + offset``.

    Args:
        scale: a number, or one for each channel.
        offset: likewise.

    Example:
        >>> Rescaling(1 / 127.5, offset=-1)         # pixels 0..255 to -1..1
    """

    supports_masking = True

    def __init__(self, scale: Any, offset: Any = 0.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.scale = scale
        self.offset = offset

    def call(self, inputs: Any) -> Any:
        x = ops.cast(inputs, self.arithmetic_dtype)
        return ops.add(ops.multiply(x, self._aligned(self.scale)), self._aligned(self.offset))

    def _aligned(self, value: Any) -> Any:
        value = np.asarray(value, "float32")
        if value.ndim and settings.image_data_format == "channels_first":
            value = value.reshape(value.shape + (1,) * (3 - value.ndim))
        return ops.cast(value, self.arithmetic_dtype)
