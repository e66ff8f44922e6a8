"""Zeros around the data, and borders taken away."""

from __future__ import annotations

from typing import Any, ClassVar

from zoo import ops
from zoo.errors import ShapeError
from zoo.layers import arguments
from zoo.layers.input_spec import InputSpec
from zoo.layers.layer import Layer

Pairs = tuple[tuple[int, int], ...]


class ZeroPadding(Layer):
    """Base of layers that put zeros around (batch, spatial..., channels).

    Args:
        padding: one integer for all sides, one for each spatial axis, or a pair (before, after) for each.
        data_format: ``channels_last`` or ``channels_first``.
    """

    rank: ClassVar[int]

    def __init__(self, padding: Any = 1, data_format: str | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.padding = _as_written(arguments.pairs(padding, self.rank, "padding"))
        self.data_format = arguments.data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def call(self, inputs: Any) -> Any:
        return ops.pad(inputs, _all_axes(arguments.pairs(self.padding, self.rank, "padding"), self.data_format))


class ZeroPadding1D(ZeroPadding):
    """Zeros around sequences (batch, steps, channels); `padding` is one integer or one pair (before, after)."""

    rank = 1


class ZeroPadding2D(ZeroPadding):
    """Zeros around images (batch, height, width, channels); see `ZeroPadding`."""

    rank = 2


class ZeroPadding3D(ZeroPadding):
    """Zeros around volumes (batch, depth, height, width, channels); see `ZeroPadding`."""

    rank = 3


class Cropping(Layer):
    """Base of layers that take borders off (batch, spatial..., channels).

    Args:
        cropping: one integer for all sides, one for each spatial axis, or a pair (before, after) for each.
        data_format: ``channels_last`` or ``channels_first``.
    """

    rank: ClassVar[int]

    def __init__(self, cropping: Any = 1, data_format: str | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.cropping = _as_written(arguments.pairs(cropping, self.rank, "cropping"))
        self.data_format = arguments.data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def call(self, inputs: Any) -> Any:
        crops = _all_axes(arguments.pairs(self.cropping, self.rank, "cropping"), self.data_format)
        if any(size is not None and size <= sum(crop) for size, crop in zip(inputs.shape, crops) if sum(crop)):
            raise ShapeError(f"cropping {self.cropping} leaves nothing of an input of shape {tuple(inputs.shape)}.")
        return inputs[tuple(slice(before, -after or None) for before, after in crops)]


class Cropping1D(Cropping):
    """Takes borders off sequences (batch, steps, channels); `cropping` is one integer or one pair (before, after)."""

    rank = 1
    not_in_config = frozenset({"data_format"})

    def __init__(self, cropping: Any = 1, **kwargs: Any):
        super().__init__(cropping, "channels_last", **kwargs)


class Cropping2D(Cropping):
    """Takes borders off images (batch, height, width, channels); see `Cropping`."""

    rank = 2

    def __init__(self, cropping: Any = 0, data_format: str | None = None, **kwargs: Any):
        super().__init__(cropping, data_format, **kwargs)


class Cropping3D(Cropping):
    """Takes borders off volumes (batch, depth, height, width, channels); see `Cropping`."""

    rank = 3


def _as_written(pairs: Pairs) -> Pairs | tuple[int, int]:
    """As configs have it: with one axis the pair itself."""
    return pairs[0] if len(pairs) == 1 else pairs


def _all_axes(pairs: Pairs, data_format: str) -> Pairs:
    """The pairs of all axes, given those of the spatial ones."""
    return ((0, 0), *pairs, (0, 0)) if data_format == "channels_last" else ((0, 0), (0, 0), *pairs)
