"""Images mixed with others, or with noise."""

from __future__ import annotations

from typing import Any

from zoo import ops
from zoo.engine.dtypes import is_float
from zoo.errors import ConfigError, Unsupported
from zoo.layers import arguments
from zoo.layers.preprocessing.image import factors
from zoo.layers.preprocessing.image.boxes import Boxes
from zoo.layers.preprocessing.image.image_layer import Drawn, ImageLayer, chances, seeded


def _mixed(first: Any, second: Any, weight: Any) -> Any:
    return ops.add(ops.multiply(weight, first), ops.multiply(ops.subtract(1, weight), second))


def _mixed_labels(labels: Any, drawn: Drawn) -> Any:
    weight = ops.reshape(drawn["weight"], (-1,) + (1,) * (labels.ndim - 1))
    labels = labels if is_float(str(labels.dtype)) else ops.cast(labels, "float32")
    return _mixed(labels, ops.take(labels, drawn["order"], axis=0), weight)


def _order(images: Any, seed: Any) -> Any:
    """The numbers of the images of a batch, shuffled."""
    return ops.argsort(ops.random.uniform((images.shape[0],), dtype="float32", seed=seed))


class MixUp(ImageLayer):
    """Mixes each image and its label with another one of the batch.

    Args:
        alpha: of the beta distribution of their shares: the smaller, the more one of them prevails.
        data_format: ``channels_last`` or ``channels_first``.
        seed: of the random numbers; drawn if None.

    Source: Zhang et al. 2017, https://arxiv.org/abs/1710.09412.
    """

    def __init__(self, alpha: float = 0.2, data_format: str | None = None, seed: int | None = None, **kwargs: Any):
        super().__init__(data_format=data_format, **kwargs)
        self.alpha = arguments.number(alpha, "alpha", 0)
        self.seed, self.generator = seeded(seed)

    def draw(self, images: Any, seed: Any) -> Drawn:
        weight = ops.random.beta((images.shape[0],), self.alpha, self.alpha, dtype="float32", seed=seed)
        return {"order": _order(images, seed), "weight": weight}

    def change_images(self, images: Any, drawn: Drawn) -> Any:
        weight = ops.cast(ops.reshape(drawn["weight"], (-1, 1, 1, 1)), images.dtype)
        return _mixed(images, ops.take(images, drawn["order"], axis=0), weight)

    def change_labels(self, labels: Any, drawn: Drawn) -> Any:
        return _mixed_labels(labels, drawn)

    def change_masks(self, masks: Any, drawn: Drawn) -> Any:
        return _mixed_labels(masks, drawn)

    def change_boxes(self, found: Boxes, drawn: Drawn) -> Boxes:
        both = [None if part is None else ops.concatenate([part, ops.take(part, drawn["order"], axis=0)], axis=1)
                for part in (found.corners, found.labels)]
        return Boxes(*both)


def _part(images: Any, shares: tuple[Any, Any], dtype: str, seed: Any) -> tuple[Any, Any]:
    """A random rectangle of each image.

    Args:
        shares: (batch,) each: of the height and of the width.

    Returns:
        (batch, height, width, 1): yes for its pixels; and (batch,): its share of the area.
    """
    inside, area = [], None
    for axis, share in zip((1, 2), shares):
        size = images.shape[axis]
        length = ops.multiply(ops.cast(share, dtype), size)
        start = ops.multiply(ops.random.uniform((images.shape[0],), dtype=dtype, seed=seed), ops.subtract(size, length))
        pattern = [1] * 4
        pattern[axis] = size
        places = ops.reshape(ops.arange(size, dtype=dtype), tuple(pattern))
        begin, end = (ops.reshape(edge, (-1, 1, 1, 1)) for edge in (start, ops.add(start, length)))
        inside.append(ops.logical_and(ops.greater_equal(places, begin), ops.less(places, end)))
        area = ops.divide(length, size) if area is None else ops.multiply(area, ops.divide(length, size))
    return ops.logical_and(*inside), area


class CutMix(ImageLayer):
    """Puts a part of another image of the batch into each image, and mixes the labels by area.

    Args:
        factor: parameter of the beta distribution of the areas: a number f for 0 to f, or the two between which it is
            drawn; from 0 to 1.
        seed: of the random numbers; drawn if None.
        data_format: ``channels_last`` or ``channels_first``.

    Source: Yun et al. 2019, https://arxiv.org/abs/1905.04899.
    """

    needs_size = True

    def __init__(self, factor: Any = 1.0, seed: int | None = None, data_format: str | None = None, **kwargs: Any):
        super().__init__(data_format=data_format, **kwargs)
        self.factor = factors.symmetric(factor, "factor", 0, 1)
        self.seed, self.generator = seeded(seed)

    def draw(self, images: Any, seed: Any) -> Drawn:
        alpha = ops.add(ops.random.uniform((), *self.factor, dtype="float32", seed=seed), 1e-6)
        weight = ops.random.beta((images.shape[0],), alpha, alpha, dtype="float32", seed=seed)
        side = ops.sqrt(ops.subtract(1, weight))
        inside, area = _part(images, (side, side), self.arithmetic_dtype, seed)
        return {"order": _order(images, seed), "inside": inside, "weight": ops.subtract(1, area)}

    def change_images(self, images: Any, drawn: Drawn) -> Any:
        return ops.where(drawn["inside"], ops.take(images, drawn["order"], axis=0), images)

    def change_labels(self, labels: Any, drawn: Drawn) -> Any:
        return _mixed_labels(labels, drawn)

    def change_masks(self, masks: Any, drawn: Drawn) -> Any:
        return self.change_images(masks, drawn)

    def change_boxes(self, found: Boxes, drawn: Drawn) -> Boxes:
        raise Unsupported("CutMix does not change bounding boxes: use masks instead.")


class RandomErasing(ImageLayer):
    """Fills a part of some images.

    Args:
        factor: the probability for an image: a number f for 0 to f, or the two between which it is drawn; from 0 to 1.
        scale: squares of the part's shares of height and width, likewise.
        fill_value: a number, or one for each channel; None for noise.
        value_range: the smallest and the largest value of pixels.
        seed: of the random numbers; drawn if None.
        data_format: ``channels_last`` or ``channels_first``.

    Source: Zhong et al. 2017, https://arxiv.org/abs/1708.04896.
    """

    needs_size = True

    def __init__(self, factor: Any = 1.0, scale: Any = (0.02, 0.33), fill_value: Any = None,
                 value_range: Any = (0, 255), seed: int | None = None, data_format: str | None = None, **kwargs: Any):
        super().__init__(data_format=data_format, **kwargs)
        self.factor = factors.symmetric(factor, "factor", 0, 1)
        self.scale = factors.symmetric(scale, "scale", 0, 1)
        if not isinstance(fill_value, (int, float, list, tuple, type(None))):
            raise ConfigError(f"`fill_value` must be a number, or one for each channel. Received: {fill_value!r}")
        self.fill_value = fill_value
        self.value_range = factors.value_range(value_range)
        self.seed, self.generator = seeded(seed)

    def draw(self, images: Any, seed: Any) -> Drawn:
        shares = tuple(ops.sqrt(ops.random.uniform((images.shape[0],), *self.scale, dtype="float32", seed=seed))
                       for _ in range(2))
        inside, _ = _part(images, shares, self.arithmetic_dtype, seed)
        fill = self.fill_value
        if fill is None:
            fill = ops.multiply(ops.random.normal(images.shape, dtype=self.arithmetic_dtype, seed=seed),
                                self.value_range[1])
        return {"inside": ops.logical_and(inside, chances(images, self.factor, seed)),
                "fill": ops.clip(ops.cast(fill, self.arithmetic_dtype), *self.value_range)}

    def change_images(self, images: Any, drawn: Drawn) -> Any:
        return ops.where(drawn["inside"], drawn["fill"], images)
