"""Random changes of colours and light."""

from __future__ import annotations

from typing import Any

from zoo import ops
from zoo.config import config
from zoo.layers import arguments
from zoo.layers.preprocessing.image import factors
from zoo.layers.preprocessing.image.image_layer import Drawn, ImageLayer, chances, rescaled, seeded

FULL = (0, 255)
UNIT = (0, 1)


class RandomColorLayer(ImageLayer):
    """Base of layers that change pixels where they are, by a factor drawn for each image.

    Args:
        factor: how strong the change is: a number, or the two between which it is drawn.
        value_range: the smallest and the largest value of pixels.
        seed: of the random numbers; drawn if None.
        data_format: ``channels_last`` or ``channels_first``.
    """

    _bounds: tuple[float, float] = (-1, 1)

    def __init__(self, factor: Any, value_range: Any = FULL, seed: int | None = None, data_format: str | None = None,
                 **kwargs: Any):
        super().__init__(data_format=data_format, **kwargs)
        self.factor = factors.symmetric(factor, "factor", *self._bounds)
        self.value_range = factors.value_range(value_range)
        self.seed, self.generator = seeded(seed)

    def draw(self, images: Any, seed: Any) -> Drawn:
        return {"factor": self._uniform(images, *self.factor, seed)}

    def _uniform(self, images: Any, low: float, high: float, seed: Any) -> Any:
        return ops.random.uniform((images.shape[0], 1, 1, 1), low, high, dtype=self.arithmetic_dtype, seed=seed)

    def _clipped(self, images: Any) -> Any:
        return ops.clip(images, *self.value_range)


class RandomBrightness(RandomColorLayer):
    """Makes images brighter or darker: adds a share of the value range.

    Args:
        factor: the share: a number f for -f to f, or the two between which it is drawn; from -1 to 1.
        value_range: the smallest and the largest value of pixels.
        seed: of the random numbers; drawn if None.
        data_format: ``channels_last`` or ``channels_first``.
    """

    def change_images(self, images: Any, drawn: Drawn) -> Any:
        low, high = self.value_range
        return self._clipped(ops.add(images, ops.multiply(drawn["factor"], high - low)))


class RandomContrast(RandomColorLayer):
    """Moves pixels away from the mean of their channel, or towards it.

    Args:
        factor: two numbers a and b from 0 to 1: distances are multiplied by 1 - a to 1 + b. A number stands for (0, b).
        value_range: the smallest and the largest value of pixels.
        seed: of the random numbers; drawn if None.
        data_format: ``channels_last`` or ``channels_first``.
    """

    _bounds = UNIT

    def draw(self, images: Any, seed: Any) -> Drawn:
        return {"factor": self._uniform(images, 1 - self.factor[0], 1 + self.factor[1], seed)}

    def change_images(self, images: Any, drawn: Drawn) -> Any:
        mean = ops.mean(images, axis=(1, 2), keepdims=True)
        return self._clipped(ops.add(ops.multiply(ops.subtract(images, mean), drawn["factor"]), mean))


class RandomColorDegeneration(RandomColorLayer):
    """Mixes images with what they are without colours.

    Args:
        factor: the share of grey: a number f for -f to f, or the two between which it is drawn; from -1 to 1.
        value_range: the smallest and the largest value of pixels.
        data_format: ``channels_last`` or ``channels_first``.
        seed: of the random numbers; drawn if None.
    """

    def __init__(self, factor: Any, value_range: Any = FULL, data_format: str | None = None, seed: int | None = None,
                 **kwargs: Any):
        super().__init__(factor, value_range, seed, data_format, **kwargs)

    def change_images(self, images: Any, drawn: Drawn) -> Any:
        grey = ops.image.rgb_to_grayscale(images, data_format="channels_last")
        return self._clipped(ops.add(images, ops.multiply(drawn["factor"], ops.subtract(grey, images))))


class RandomHue(RandomColorDegeneration):
    """Turns the hue of all colours.

    Args:
        factor: from 0 to 1, in half turns, to either side: a number f for 0 to f, or the two between which it is drawn.
        value_range: the smallest and the largest value of pixels.
        data_format: ``channels_last`` or ``channels_first``.
        seed: of the random numbers; drawn if None.
    """

    _bounds = UNIT

    def draw(self, images: Any, seed: Any) -> Drawn:
        side = ops.where(ops.greater(self._uniform(images, 0, 1, seed), 0.5), -0.5, 0.5)
        return {"factor": ops.multiply(self._uniform(images, *self.factor, seed), side)}

    def change_images(self, images: Any, drawn: Drawn) -> Any:
        share = rescaled(images, self.value_range, UNIT)
        hue, saturation, value = ops.split(ops.image.rgb_to_hsv(share, data_format="channels_last"), 3, axis=-1)
        hue = ops.add(hue, ops.cast(drawn["factor"], images.dtype))
        hue = ops.where(ops.greater(hue, 1), ops.subtract(hue, 1), hue)
        hue = ops.where(ops.less(hue, 0), ops.add(hue, 1), hue)
        turned = ops.image.hsv_to_rgb(ops.concatenate([hue, saturation, value], -1), data_format="channels_last")
        return rescaled(ops.clip(turned, *UNIT), UNIT, self.value_range)


class RandomSaturation(RandomColorDegeneration):
    """Makes colours paler or stronger.

    Args:
        factor: from 0 (grey) over 0.5 (as before) to 1: a number f for -f to f, or the two between which it is drawn.
        value_range: the smallest and the largest value of pixels.
        data_format: ``channels_last`` or ``channels_first``.
        seed: of the random numbers; drawn if None.
    """

    def draw(self, images: Any, seed: Any) -> Drawn:
        share = self._uniform(images, *self.factor, seed)
        return {"factor": ops.divide(share, ops.subtract(1 + config.epsilon, share))}

    def change_images(self, images: Any, drawn: Drawn) -> Any:
        hue, saturation, value = ops.split(ops.image.rgb_to_hsv(images, data_format="channels_last"), 3, axis=-1)
        saturation = self._clipped(ops.multiply(saturation, drawn["factor"]))
        return ops.image.hsv_to_rgb(ops.concatenate([hue, saturation, value], -1), data_format="channels_last")


class RandomInvert(RandomColorLayer):
    """Makes a negative of some images.

    Args:
        factor: the probability for an image: a number f for 0 to f, or the two between which it is drawn; from 0 to 1.
        value_range: the smallest and the largest value of pixels.
        seed: of the random numbers; drawn if None.
        data_format: ``channels_last`` or ``channels_first``.
    """

    _bounds = UNIT

    def __init__(self, factor: Any = 1.0, value_range: Any = FULL, seed: int | None = None,
                 data_format: str | None = None, **kwargs: Any):
        super().__init__(factor, value_range, seed, data_format, **kwargs)

    def draw(self, images: Any, seed: Any) -> Drawn:
        return {"chosen": chances(images, self.factor, seed)}

    def change_images(self, images: Any, drawn: Drawn) -> Any:
        return ops.where(drawn["chosen"], ops.subtract(self.value_range[1], images), images)


class RandomGrayscale(ImageLayer):
    """Takes the colours from some images.

    Args:
        factor: the probability for an image, from 0 to 1.
        data_format: ``channels_last`` or ``channels_first``.
        seed: of the random numbers; drawn if None.
    """

    not_in_config = ImageLayer.not_in_config | {"seed"}

    def __init__(self, factor: float = 0.5, data_format: str | None = None, seed: int | None = None, **kwargs: Any):
        super().__init__(data_format=data_format, **kwargs)
        self.factor = arguments.number(factor, "factor", 0, 1)
        self.seed, self.generator = seeded(seed)

    def draw(self, images: Any, seed: Any) -> Drawn:
        number = ops.random.uniform((images.shape[0], 1, 1, 1), dtype="float32", seed=seed)
        return {"chosen": ops.less(number, self.factor)}

    def change_images(self, images: Any, drawn: Drawn) -> Any:
        return ops.where(drawn["chosen"], ops.image.rgb_to_grayscale(images, data_format="channels_last"), images)


class RandomColorJitter(ImageLayer):
    """Changes brightness, contrast, saturation and hue of images, one after another.

    Args:
        value_range: the smallest and the largest value of pixels.
        brightness_factor, contrast_factor, saturation_factor, hue_factor: as in `RandomBrightness`, `RandomContrast`,
            `RandomSaturation` and `RandomHue`; None leaves that property alone.
        seed: of the random numbers; drawn if None.
        data_format: ``channels_last`` or ``channels_first``.
    """

    def __init__(self, value_range: Any = FULL, brightness_factor: Any = None, contrast_factor: Any = None,
                 saturation_factor: Any = None, hue_factor: Any = None, seed: int | None = None,
                 data_format: str | None = None, **kwargs: Any):
        super().__init__(data_format=data_format, **kwargs)
        self.value_range = factors.value_range(value_range)
        self.brightness_factor, self.contrast_factor = brightness_factor, contrast_factor
        self.saturation_factor, self.hue_factor = saturation_factor, hue_factor
        self.seed, self.generator = seeded(seed)
        parts = {RandomBrightness: brightness_factor, RandomContrast: contrast_factor,
                 RandomSaturation: saturation_factor, RandomHue: hue_factor}
        self._steps = [kind(factor, value_range=value_range, seed=seed, dtype=self.dtype_policy)
                       for kind, factor in parts.items() if factor is not None]

    def draw(self, images: Any, seed: Any) -> Drawn:
        return {"steps": [step.draw(images, seed) for step in self._steps]}

    def change_images(self, images: Any, drawn: Drawn) -> Any:
        for step, part in zip(self._steps, drawn["steps"]):
            images = step.change_images(images, part)
        return images
