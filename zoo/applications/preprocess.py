"""From pixels to the numbers that a model was trained on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo import ops
from zoo.config import config as settings
from zoo.errors import ConfigError, ShapeError


@dataclass(frozen=True)
class Normalization:
    """``(pixels / scale - mean) / deviation``, with pixels of 0..255; per channel where there are three numbers.

    Args:
        scale: what pixels are divided by first.
        mean, deviation: in the order of the channels that the model sees.
        bgr: whether the model sees blue first; the pixels that come in have red first.
    """

    scale: float = 1.0
    mean: tuple[float, ...] = (0.0,)
    deviation: tuple[float, ...] = (1.0,)
    bgr: bool = False

    @property
    def per_channel(self) -> bool:
        """Whether it matters which channel is which."""
        return self.bgr or len(self.mean) > 1 or len(self.deviation) > 1


MODES = {
    "caffe": Normalization(mean=(103.939, 116.779, 123.68), bgr=True),
    "tf": Normalization(scale=127.5, mean=(1.0,)),
    "torch": Normalization(scale=255.0, mean=(0.485, 0.456, 0.406), deviation=(0.229, 0.224, 0.225)),
    "lite": Normalization(mean=(127.0,), deviation=(128.0,)),
}


def preprocess_input(x: Any, data_format: str | None = None, mode: str = "caffe") -> Any:
    """Normalises images for a model.

    Unlike Keras, it never writes into the array it is given.

    Args:
        x: pixels from 0 to 255, red first, of any dtype: one image or a batch, as an array, or as a tensor inside the
            `call` of a layer.
        data_format: ``channels_last`` or ``channels_first``; `zoo.config` decides if None.
        mode: a name in `MODES`: ``caffe`` (blue first, means of ImageNet subtracted), ``tf`` (from -1 to 1),
            ``torch`` (from 0 to 1, then means and deviations of ImageNet) or ``lite`` (about from -1 to 1).

    Returns:
        The same shape, float32.

    Raises:
        ConfigError: there is no such mode or data format.
        ShapeError: the mode is for three channels and `x` has another number.
    """
    if mode not in MODES:
        raise ConfigError(f"`mode` should be one of {', '.join(MODES)}. Received: mode={mode!r}")
    data_format = settings.image_data_format if data_format is None else data_format
    if data_format not in ("channels_last", "channels_first"):
        raise ConfigError(f"`data_format` should be 'channels_last' or 'channels_first'. "
                          f"Received: data_format={data_format!r}")
    shape = tuple(x.shape)
    axis = len(shape) - 1 if data_format == "channels_last" else max(len(shape) - 3, 0)
    normalization = MODES[mode]
    if normalization.per_channel and (not shape or shape[axis] != 3):
        raise ShapeError(f"mode {mode!r} expects images with 3 channels ({data_format}). Received: shape {shape}")
    return _normalize(ops.cast(x, "float32"), normalization, axis)


def _normalize(x: Any, normalization: Normalization, axis: int) -> Any:
    def along_channels(numbers: tuple[float, ...]) -> np.ndarray:
        return np.reshape(np.float32(numbers), (-1,) + (1,) * (len(x.shape) - 1 - axis))

    if normalization.bgr:
        x = ops.flip(x, axis)
    return ops.divide(ops.subtract(ops.divide(x, np.float32(normalization.scale)), along_channels(normalization.mean)),
                      along_channels(normalization.deviation))


def for_mode(mode: str) -> Callable[..., Any]:
    """The `preprocess_input` of one model: the function above with its mode fixed."""
    def preprocess_model_input(x: Any, data_format: str | None = None) -> Any:
        return preprocess_input(x, data_format, mode)

    preprocess_model_input.__name__ = preprocess_model_input.__qualname__ = "preprocess_input"
    preprocess_model_input.__doc__ = f"`zoo.applications.preprocess.preprocess_input` in mode {mode!r}."
    return preprocess_model_input


def unchanged(x: Any, data_format: str | None = None) -> Any:
    """The `preprocess_input` of models that normalise pixels themselves: gives the images back as they are."""
    return x


unchanged.__name__ = unchanged.__qualname__ = "preprocess_input"
