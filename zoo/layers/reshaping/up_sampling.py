"""Larger images and sequences."""

from __future__ import annotations

from typing import Any, ClassVar

from zoo import ops
from zoo.layers import arguments
from zoo.layers.input_spec import InputSpec
from zoo.layers.layer import Layer

INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")


class UpSampling(Layer):
    """Base of layers that repeat every element of (batch, spatial..., channels) along the spatial axes.

    Args:
        size: how often: one integer, or one for each spatial axis.
        data_format: ``channels_last`` or ``channels_first``.
    """

    rank: ClassVar[int]

    def __init__(self, size: Any = 2, data_format: str | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.size = arguments.integers(size, self.rank, "size")
        self.data_format = arguments.data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def call(self, inputs: Any) -> Any:
        first = 1 if self.data_format == "channels_last" else 2
        for axis, times in enumerate(arguments.integers(self.size, self.rank, "size"), first):
            inputs = ops.repeat(inputs, times, axis=axis) if times > 1 else inputs
        return inputs


class UpSampling1D(UpSampling):
    """Repeats the steps of sequences (batch, steps, channels).

    Args:
        size: how often.
    """

    rank = 1
    not_in_config = frozenset({"data_format"})

    def __init__(self, size: int = 2, **kwargs: Any):
        super().__init__(size, "channels_last", **kwargs)
        self.size = self.size[0]                            # configs have the integer


class UpSampling2D(UpSampling):
    """Enlarges images (batch, height, width, channels); see `UpSampling`.

    Args:
        size: by how much: one integer, or (height, width).
        data_format: ``channels_last`` or ``channels_first``.
        interpolation: ``nearest`` repeats; ``bilinear``, ``bicubic``, ``lanczos3`` and ``lanczos5`` blend neighbours.
    """

    rank = 2

    def __init__(self, size: Any = 2, data_format: str | None = None, interpolation: str = "nearest", **kwargs: Any):
        super().__init__(size, data_format, **kwargs)
        self.interpolation = arguments.choice(interpolation, INTERPOLATIONS, "interpolation")

    def call(self, inputs: Any) -> Any:
        if self.interpolation == "nearest":
            return super().call(inputs)
        first = 1 if self.data_format == "channels_last" else 2
        present = inputs.shape[first:first + 2]
        size = tuple(None if length is None else length * times for length, times in zip(present, self.size))
        return ops.image.resize(inputs, size, interpolation=self.interpolation, data_format=self.data_format)


class UpSampling3D(UpSampling):
    """Repeats the elements of volumes (batch, depth, height, width, channels); see `UpSampling`."""

    rank = 3
