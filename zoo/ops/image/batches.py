"""One image or a batch of them, channels last or first: what all functions of images take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zoo.errors import ShapeError
from zoo.ops.layout import channels_last
from zoo.ops.numpy_like.manipulation import expand_dims, squeeze
from zoo.ops.promotion import Tensor, as_tensor, rank_of, shape_of


def of_batch(function: Callable[[Tensor], Tensor], images: Any, data_format: str | None, spatial: int = 2) -> Tensor:
    """Applies a function of batches ``(batch, spatial..., channels)`` to a batch or a single image of any data format.

    Raises:
        ShapeError: it is neither.
    """
    images = as_tensor(images)
    if rank_of(images) not in (spatial + 1, spatial + 2):
        raise ShapeError(f"Expected one image of rank {spatial + 1} or a batch of rank {spatial + 2}, "
                         f"received shape {shape_of(images)}.")
    single = rank_of(images) == spatial + 1
    result = channels_last(function, expand_dims(images, 0) if single else images, data_format)
    return squeeze(result, 0) if single else result
