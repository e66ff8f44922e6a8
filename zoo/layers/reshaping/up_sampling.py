"""Larger images and sequences."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from zoo import ops
from zoo.layers import arguments
from zoo.layers.input_spec import InputSpec
from zoo.layers.layer import Layer

ASYMMETRIC = "bilinear_asymmetric"
INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5", ASYMMETRIC)


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
        interpolation: ``nearest`` repeats; ``bilinear``, ``bicubic``, ``lanczos3`` and ``lanczos5`` blend neighbours;
            ``bilinear_asymmetric`` too, with pixels where their left upper corners are, as Keras on Theano did.
    """

    rank = 2

    def __init__(self, size: Any = 2, data_format: str | None = None, interpolation: str = "nearest", **kwargs: Any):
        super().__init__(size, data_format, **kwargs)
        self.interpolation = arguments.choice(interpolation, INTERPOLATIONS, "interpolation")

    def call(self, inputs: Any) -> Any:
        if self.interpolation == "nearest":
            return super().call(inputs)
        first = 1 if self.data_format == "channels_last" else 2
        if self.interpolation == ASYMMETRIC:
            return _between(_between(inputs, first, self.size[0]), first + 1, self.size[1])
        present = inputs.shape[first:first + 2]
        size = tuple(None if length is None else length * times for length, times in zip(present, self.size))
        return ops.image.resize(inputs, size, interpolation=self.interpolation, data_format=self.data_format)


def _between(x: Any, axis: int, times: int) -> Any:
    """Every element along an axis, followed by steps towards the next one; the last one stays as it is."""
    if None in x.shape[1:]:                                 # only the shape is asked for: such graphs never run
        return ops.repeat(x, times, axis=axis)
    size = x.shape[axis]
    step = ops.subtract(ops.take(x, np.minimum(np.arange(size) + 1, size - 1).astype("int32"), axis=axis), x)
    x = ops.stack([ops.add(x, ops.multiply(step, k / times)) for k in range(times)], axis=axis + 1)
    return ops.reshape(x, (-1, *x.shape[1:axis], size * times, *x.shape[axis + 2:]))


class UpSampling3D(UpSampling):
    """Repeats the elements of volumes (batch, depth, height, width, channels); see `UpSampling`."""

    rank = 3
