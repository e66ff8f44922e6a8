"""Pooling to an output of given size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from zoo import ops
from zoo.layers import arguments
from zoo.layers.input_spec import InputSpec
from zoo.layers.layer import Layer


class AdaptivePooling(Layer):
    """Base of pooling (batch, spatial..., channels) to a given size.

    Window i of n along an axis of size s goes from ``floor(i * s / n)`` to ``ceil((i + 1) * s / n)``.

    Args:
        output_size: of the result: one integer, or one for each spatial axis.
        data_format: ``channels_last`` or ``channels_first``.
    """

    rank: ClassVar[int]
    operation: ClassVar[Callable[..., Any]]

    def __init__(self, output_size: Any, data_format: str | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.output_size = arguments.integers(output_size, self.rank, "output_size")
        self.data_format = arguments.data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def call(self, inputs: Any) -> Any:
        return type(self).operation(inputs, self.output_size, self.data_format)


class AdaptiveAveragePooling(AdaptivePooling):
    """Averages."""

    operation = staticmethod(ops.adaptive_average_pool)


class AdaptiveMaxPooling(AdaptivePooling):
    """Maxima."""

    operation = staticmethod(ops.adaptive_max_pool)


class AdaptiveAveragePooling1D(AdaptiveAveragePooling):
    """Averages of sequences (batch, steps, channels), to a given length; see `AdaptivePooling`."""

    rank = 1


class AdaptiveAveragePooling2D(AdaptiveAveragePooling):
    """Averages of images (batch, height, width, channels), to a given size; see `AdaptivePooling`."""

    rank = 2


class AdaptiveAveragePooling3D(AdaptiveAveragePooling):
    """Averages of volumes (batch, depth, height, width, channels), to a given size; see `AdaptivePooling`."""

    rank = 3


class AdaptiveMaxPooling1D(AdaptiveMaxPooling):
    """Maxima of sequences (batch, steps, channels), to a given length; see `AdaptivePooling`."""

    rank = 1


class AdaptiveMaxPooling2D(AdaptiveMaxPooling):
    """Maxima of images (batch, height, width, channels), to a given size; see `AdaptivePooling`."""

    rank = 2


class AdaptiveMaxPooling3D(AdaptiveMaxPooling):
    """Maxima of volumes (batch, depth, height, width, channels), to a given size; see `AdaptivePooling`."""

    rank = 3
