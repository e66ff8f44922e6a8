"""Other shapes with the same elements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zoo import ops
from zoo.engine.spec import Shape, product
from zoo.errors import ConfigError, ShapeError
from zoo.layers import arguments
from zoo.layers.input_spec import InputSpec
from zoo.layers.layer import Layer


class Flatten(Layer):
    """(batch, ...) to (batch, features).

    Args:
        data_format: with ``channels_first`` the channels, axis 1, are moved to the end first.
    """

    def __init__(self, data_format: str | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.data_format = arguments.data_format(data_format)
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs: Any) -> Any:
        if self.data_format == "channels_first" and inputs.ndim > 2:
            inputs = ops.moveaxis(inputs, 1, -1)
        return ops.reshape(inputs, (inputs.shape[0], product(inputs.shape[1:])))


class Reshape(Layer):
    """Gives each example another shape.

    Args:
        target_shape: without the batch axis; one size may be -1, which is what remains.

    Raises:
        ConfigError: more than one size is -1.
        ShapeError: the input has another number of elements.
    """

    def __init__(self, target_shape: Sequence[int], **kwargs: Any):
        super().__init__(**kwargs)
        self.target_shape = tuple(arguments.integer(size, "target_shape", minimum=-1) for size in target_shape)
        if self.target_shape.count(-1) > 1:
            raise ConfigError(f"At most one size of `target_shape` may be -1. "
                              f"Received: target_shape={self.target_shape}")

    def call(self, inputs: Any) -> Any:
        return ops.reshape(inputs, (inputs.shape[0], *self._resolved(inputs.shape[1:])))

    def _resolved(self, given: Shape) -> Shape:
        """The target shape with -1 resolved: None if the input's size is unknown."""
        total, known = product(given), product(size for size in self.target_shape if size != -1)
        open_size = -1 in self.target_shape
        if total is None:
            return tuple(None if size == -1 else size for size in self.target_shape)
        if total % known if open_size and known else total != known:
            raise ShapeError(f"The {total} elements of shape {tuple(given)} (without the batch axis) do not fit "
                             f"target_shape {self.target_shape}.")
        return tuple(total // max(known, 1) if size == -1 else size for size in self.target_shape)


class Permute(Layer):
    """Reorders the axes behind the batch axis.

    Args:
        dims: for each axis of the output the axis of the input, counted from 1: ``(2, 1)`` swaps two.

    Raises:
        ConfigError: `dims` is no permutation.
    """

    def __init__(self, dims: Sequence[int], **kwargs: Any):
        super().__init__(**kwargs)
        self.dims = tuple(dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ConfigError(f"`dims` must hold each of 1 to {len(self.dims)} once. Received: dims={dims}")
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)

    def call(self, inputs: Any) -> Any:
        return ops.transpose(inputs, (0, *self.dims))


class RepeatVector(Layer):
    """(batch, features) to (batch, n, features).

    Args:
        n: how often.
    """

    def __init__(self, n: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.n = arguments.integer(n, "n")
        self.input_spec = InputSpec(ndim=2)

    def call(self, inputs: Any) -> Any:
        return ops.repeat(ops.expand_dims(inputs, 1), self.n, axis=1)
