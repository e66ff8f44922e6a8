"""Images of another size."""

from __future__ import annotations

from typing import Any

from zoo import ops
from zoo.layers import arguments
from zoo.layers.layer import Layer

INTERPOLATIONS = ("bilinear", "nearest", "bicubic", "lanczos3", "lanczos5", "area")


class Resizing(Layer):
    """Resizes images, a batch or a single one; integers are rounded and stay what they are.

    Args:
        height, width: of the result.
        interpolation: ``bilinear``, ``nearest``, ``bicubic``, ``lanczos3``, ``lanczos5`` or ``area``.
        crop_to_aspect_ratio: cut the middle out of the image, in the shape of the result, before resizing.
        pad_to_aspect_ratio: pad the image to the shape of the result before resizing.
        fill_mode: how to pad: ``constant``.
        fill_value: what to pad with.
        antialias: whether to blend all covered pixels when the image becomes smaller.
        data_format: ``channels_last`` or ``channels_first``.
    """

    def __init__(self, height: int, width: int, interpolation: str = "bilinear", crop_to_aspect_ratio: bool = False,
                 pad_to_aspect_ratio: bool = False, fill_mode: str = "constant", fill_value: float = 0.0,
                 antialias: bool = False, data_format: str | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.height = arguments.integer(height, "height")
        self.width = arguments.integer(width, "width")
        self.interpolation = arguments.choice(interpolation, INTERPOLATIONS, "interpolation")
        self.crop_to_aspect_ratio = bool(crop_to_aspect_ratio)
        self.pad_to_aspect_ratio = bool(pad_to_aspect_ratio)
        self.fill_mode = arguments.choice(fill_mode, ("constant",), "fill_mode")
        self.fill_value = fill_value
        self.antialias = bool(antialias)
        self.data_format = arguments.data_format(data_format)

    def call(self, inputs: Any) -> Any:
        return ops.image.resize(inputs, (self.height, self.width), interpolation=self.interpolation,
                                antialias=self.antialias, data_format=self.data_format,
                                crop_to_aspect_ratio=self.crop_to_aspect_ratio,
                                pad_to_aspect_ratio=self.pad_to_aspect_ratio, fill_mode=self.fill_mode,
                                fill_value=self.fill_value)


class CenterCrop(Layer):
    """Cuts the middle out of images, a batch or a single one; smaller images are enlarged (and cut) to fit.

    Args:
        height, width: of the result.
        data_format: ``channels_last`` or ``channels_first``.
    """

    def __init__(self, height: int, width: int, data_format: str | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.height = arguments.integer(height, "height")
        self.width = arguments.integer(width, "width")
        self.data_format = arguments.data_format(data_format)

    def call(self, inputs: Any) -> Any:
        x = ops.cast(inputs, self.arithmetic_dtype)
        first = x.ndim - (3 if self.data_format == "channels_last" else 2)
        wanted, present = (self.height, self.width), x.shape[first:first + 2]
        if None in present or any(size < target for size, target in zip(present, wanted)):
            return ops.image.resize(x, wanted, interpolation="bilinear", data_format=self.data_format,
                                    crop_to_aspect_ratio=True)
        starts = [(size - target) // 2 for size, target in zip(present, wanted)]
        cuts = [slice(start, start + target) for start, target in zip(starts, wanted)]
        return x[(slice(None),) * first + tuple(cuts)]
