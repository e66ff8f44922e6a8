"""Random changes of sharpness."""

from __future__ import annotations

from typing import Any

import numpy as np

from zoo import ops
from zoo.errors import ConfigError
from zoo.layers.preprocessing.image import factors
from zoo.layers.preprocessing.image.color import FULL, UNIT, RandomColorDegeneration
from zoo.layers.preprocessing.image.image_layer import Drawn, chances

_SMOOTH = np.array([[1, 1, 1], [1, 5, 1], [1, 1, 1]], "float32") / 13


class RandomSharpness(RandomColorDegeneration):
    """Mixes images with what they are when each pixel is averaged with its neighbours.

    Args:
        factor: from 0 (averaged) over 0.5 (as before) to 1 (sharper): a number f for 0 to f, or the two between which
            it is drawn.
        value_range: the smallest and the largest value of pixels.
        data_format: ``channels_last`` or ``channels_first``.
        seed: of the random numbers; drawn if None.
    """

    _bounds = UNIT

    def change_images(self, images: Any, drawn: Drawn) -> Any:
        kernel = np.repeat(_SMOOTH[:, :, None, None], images.shape[-1], axis=2)
        smooth = ops.nn.depthwise_conv(images, ops.cast(kernel, images.dtype), padding="same",
                                       data_format="channels_last")
        share = ops.subtract(1, ops.multiply(drawn["factor"], 2))
        return self._clipped(ops.add(images, ops.multiply(share, ops.subtract(smooth, images))))


class RandomGaussianBlur(RandomColorDegeneration):
    """Blurs some images.

    Args:
        factor: the probability for an image: a number f for 0 to f, or the two between which it is drawn; from 0 to 1.
        kernel_size: number of pixels that are averaged, odd: one for both axes, or one for each.
        sigma: how strong the blur is, likewise: a number s for 0 to s, or two; from 0 to 1. Drawn once for all images.
        value_range: the smallest and the largest value of pixels.
        data_format: ``channels_last`` or ``channels_first``.
        seed: of the random numbers; drawn if None.
    """

    _bounds = UNIT

    def __init__(self, factor: Any = 1.0, kernel_size: Any = 3, sigma: Any = 1.0, value_range: Any = FULL,
                 data_format: str | None = None, seed: int | None = None, **kwargs: Any):
        super().__init__(factor, value_range, data_format, seed, **kwargs)
        pair = kernel_size if isinstance(kernel_size, (list, tuple)) else (kernel_size, kernel_size)
        if len(pair) != 2 or not all(isinstance(size, int) and size % 2 == 1 and size > 0 for size in pair):
            raise ConfigError(f"`kernel_size` must be an odd number or two. Received: kernel_size={kernel_size!r}")
        self.kernel_size = tuple(pair)
        self.sigma = factors.symmetric(sigma, "sigma", *UNIT)

    def draw(self, images: Any, seed: Any) -> Drawn:
        return {"chosen": chances(images, self.factor, seed),
                "sigma": ops.add(ops.random.uniform((2,), *self.sigma, dtype="float32", seed=seed), 1e-6)}

    def change_images(self, images: Any, drawn: Drawn) -> Any:
        blurred = ops.image.gaussian_blur(images, self.kernel_size, drawn["sigma"], data_format="channels_last")
        return self._clipped(ops.where(drawn["chosen"], blurred, images))
