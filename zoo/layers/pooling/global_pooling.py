"""Pooling over all positions."""

from __future__ import annotations

from typing import Any, ClassVar

from zoo import ops
from zoo.layers import arguments
from zoo.layers.input_spec import InputSpec
from zoo.layers.layer import Layer


class GlobalPooling(Layer):
    """Base of pooling over all positions of (batch, spatial..., channels).

    Args:
        data_format: ``channels_last`` or ``channels_first``.
        keepdims: whether the spatial axes stay, with size 1.
    """

    rank: ClassVar[int]

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any):
        super().__init__(**kwargs)
        self.data_format = arguments.data_format(data_format)
        self.keepdims = bool(keepdims)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    @property
    def spatial_axes(self) -> tuple[int, ...]:
        """The axes that are reduced."""
        first = 1 if self.data_format == "channels_last" else 2
        return tuple(range(first, first + self.rank))


class GlobalAveragePooling(GlobalPooling):
    """Averages over all positions."""

    def call(self, inputs: Any) -> Any:
        return ops.mean(inputs, axis=self.spatial_axes, keepdims=self.keepdims)


class GlobalMaxPooling(GlobalPooling):
    """Maxima over all positions."""

    def call(self, inputs: Any) -> Any:
        return ops.max(inputs, axis=self.spatial_axes, keepdims=self.keepdims)


class GlobalAveragePooling1D(GlobalAveragePooling):
    """Averages over the steps of sequences (batch, steps, channels); see `GlobalPooling`."""

    rank = 1

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """The averages; steps where `mask` (batch, steps) is False do not count."""
        if mask is None:
            return super().call(inputs)
        steps = self.spatial_axes[0]
        counted = ops.expand_dims(ops.cast(mask, "bool"), 3 - steps)
        total = ops.sum(ops.where(counted, inputs, 0), axis=steps, keepdims=self.keepdims)
        return ops.divide(total, ops.sum(ops.cast(counted, inputs.dtype), axis=steps, keepdims=self.keepdims))


class GlobalAveragePooling2D(GlobalAveragePooling):
    """Averages over images (batch, height, width, channels); see `GlobalPooling`."""

    rank = 2


class GlobalAveragePooling3D(GlobalAveragePooling):
    """Averages over volumes (batch, depth, height, width, channels); see `GlobalPooling`."""

    rank = 3


class GlobalMaxPooling1D(GlobalMaxPooling):
    """Maxima over the steps of sequences (batch, steps, channels); see `GlobalPooling`."""

    rank = 1


class GlobalMaxPooling2D(GlobalMaxPooling):
    """Maxima over images (batch, height, width, channels); see `GlobalPooling`."""

    rank = 2


class GlobalMaxPooling3D(GlobalMaxPooling):
    """Maxima over volumes (batch, depth, height, width, channels); see `GlobalPooling`."""

    rank = 3
