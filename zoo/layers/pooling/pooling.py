"""Pooling over sliding windows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from zoo import ops, theano_padding
from zoo.layers import arguments
from zoo.layers.input_spec import InputSpec
from zoo.layers.layer import Layer


class Pooling(Layer):
    """Base of pooling over `rank` spatial axes of (batch, spatial..., channels); `operation` is what reduces a window.

    Args:
        pool_size: of the window: one integer, or one for each spatial axis.
        strides: steps between windows, likewise; `pool_size` if None.
        padding: ``valid`` (none), ``same`` (outputs are as large as the input, divided by the strides), or
            ``same_theano`` as Keras on Theano padded for that, see `zoo.theano_padding`.
        data_format: ``channels_last`` or ``channels_first``.
    """

    rank: ClassVar[int]
    operation: ClassVar[Callable[..., Any]]
    paddings: ClassVar[tuple[str, ...]] = ("valid", "same", theano_padding.SAME)

    def __init__(self, pool_size: Any, strides: Any = None, padding: str = "valid", data_format: str | None = None,
                 name: str | None = None, **kwargs: Any):
        super().__init__(name=name, **kwargs)
        self.pool_size = arguments.integers(pool_size, self.rank, "pool_size")
        self.strides = self.pool_size if strides is None else arguments.integers(strides, self.rank, "strides")
        self.padding = arguments.choice(padding, self.paddings, "padding")
        self.data_format = arguments.data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def call(self, inputs: Any) -> Any:
        padding = theano_padding.of_pooling(self.pool_size) if self.padding == theano_padding.SAME else self.padding
        return type(self).operation(inputs, self.pool_size, self.strides, padding, self.data_format)


class AveragePooling(Pooling):
    """Averages over windows; padding does not count, save with ``same_theano_counted``, as in Keras 2.0 on Theano."""

    operation = staticmethod(ops.average_pool)
    paddings = (*Pooling.paddings, theano_padding.COUNTED)

    def call(self, inputs: Any) -> Any:
        if self.padding != theano_padding.COUNTED:
            return super().call(inputs)
        first = 1 if self.data_format == "channels_last" else 2
        margins = [(0, 0)] * (self.rank + 2)
        margins[first:first + self.rank] = [(low, low) for low, _ in theano_padding.of_pooling(self.pool_size)]
        x = ops.average_pool(ops.pad(inputs, margins), self.pool_size, self.strides, "valid", self.data_format)
        for axis, stride in enumerate(self.strides, first):
            size = inputs.shape[axis]                       # unknown where only the shape is asked for
            x = x if size is None else ops.take(x, np.arange(-(-size // stride), dtype="int32"), axis=axis)
        return x


class MaxPooling(Pooling):
    """Maxima over windows."""

    operation = staticmethod(ops.max_pool)

    def __init__(self, pool_size: Any = 2, strides: Any = None, padding: str = "valid",
                 data_format: str | None = None, name: str | None = None, **kwargs: Any):
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)


class AveragePooling1D(AveragePooling):
    """Averages over windows of sequences (batch, steps, channels); see `Pooling`."""

    rank = 1


class AveragePooling2D(AveragePooling):
    """Averages over windows of images (batch, height, width, channels); see `Pooling`."""

    rank = 2


class AveragePooling3D(AveragePooling):
    """Averages over windows of volumes (batch, depth, height, width, channels); see `Pooling`."""

    rank = 3


class MaxPooling1D(MaxPooling):
    """Maxima over windows of sequences (batch, steps, channels); see `Pooling`."""

    rank = 1


class MaxPooling2D(MaxPooling):
    """Maxima over windows of images (batch, height, width, channels); see `Pooling`.

    Example:
        >>> MaxPooling2D(3, strides=2, padding="same")(Input((112, 112, 64))).shape
        (None, 56, 56, 64)
    """

    rank = 2


class MaxPooling3D(MaxPooling):
    """Maxima over windows of volumes (batch, depth, height, width, channels); see `Pooling`."""

    rank = 3
