"""Which axis holds the channels. Primitives have it last; other layouts are transposed around them.

The transpositions are ordinary nodes, so that a pass can cancel those of neighbouring operations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from zoo.config import IMAGE_DATA_FORMATS, config
from zoo.errors import ConfigError
from zoo.ops.numpy_like.manipulation import moveaxis
from zoo.ops.promotion import Tensor, rank_of

def is_channels_first(data_format: str | None) -> bool:
    """Whether the channels come before the spatial axes; None means what `zoo.config` says.

    Raises:
        ConfigError: it is no data format.
    """
    if data_format is not None and data_format not in IMAGE_DATA_FORMATS:
        raise ConfigError(f"Expected a data_format of {IMAGE_DATA_FORMATS}, received {data_format!r}.")
    return (data_format or config.image_data_format) == "channels_first"


def channels_last(function: Callable[[Tensor], Tensor], x: Any, data_format: str | None,
                  channel_axis: int = 1) -> Tensor:
    """Applies a function of channels-last tensors to a tensor of any data format.

    Args:
        function: of a tensor ``(batch, spatial..., channels)``, to one of the same rank.
        x: a tensor in `data_format`.
        data_format: "channels_last", "channels_first", or None for what `zoo.config` says.
        channel_axis: where the channels are if they come first: 1, or -3 for images with or without a batch.
    """
    if not is_channels_first(data_format):
        return function(x)
    return moveaxis(function(moveaxis(x, channel_axis, -1)), -1, channel_axis)


def per_axis(name: str, value: int | Sequence[int], count: int) -> tuple[int, ...]:
    """One number for each of `count` axes; a single number stands for all.

    Raises:
        ConfigError: there are more or fewer.
    """
    values = tuple(value) if isinstance(value, (tuple, list)) else (value,) * count
    if len(values) != count:
        raise ConfigError(f"Expected one or {count} values of `{name}`, received {value!r}.")
    return tuple(int(v) for v in values)


def spatial_rank(name: str, x: Any) -> int:
    """The number of spatial axes of ``(batch, spatial..., channels)``.

    Raises:
        ConfigError: it is not 1, 2 or 3.
    """
    rank = rank_of(x) - 2
    if rank not in (1, 2, 3):
        raise ConfigError(f"{name}: expected 1 to 3 spatial axes beside batch and channels, received rank {rank + 2}.")
    return rank
