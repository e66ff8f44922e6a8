"""Changes of the values that pixels have: contrast by the values that occur, fewer values, negatives of some."""

from __future__ import annotations

from typing import Any

from zoo import ops
from zoo.layers import arguments
from zoo.layers.preprocessing.image import factors
from zoo.layers.preprocessing.image.color import FULL, RandomColorLayer
from zoo.layers.preprocessing.image.image_layer import Drawn, ImageLayer, rescaled, seeded

VALUES = 256                                                # of a byte


class AutoContrast(ImageLayer):
    """Stretches each channel of each image so that all of the value range occurs, in training and in inference.

    Args:
        value_range: the smallest and the largest value of pixels.
        data_format: ``channels_last`` or ``channels_first``.
    """

    only_in_training = False

    def __init__(self, value_range: Any = FULL, data_format: str | None = None, **kwargs: Any):
        super().__init__(data_format=data_format, **kwargs)
        self.value_range = factors.value_range(value_range)

    def change_images(self, images: Any, drawn: Drawn) -> Any:
        bytes_ = rescaled(images, self.value_range, FULL)
        low, high = (reduce(bytes_, axis=(1, 2), keepdims=True) for reduce in (ops.min, ops.max))
        flat = ops.equal(high, low)
        scale = ops.divide(255, ops.where(flat, 1, ops.subtract(high, low)))
        stretched = ops.clip(ops.add(ops.multiply(bytes_, scale), ops.negative(ops.multiply(low, scale))), *FULL)
        return ops.where(flat, images, rescaled(stretched, FULL, self.value_range))


class Equalization(ImageLayer):
    """Changes values in training so that each occurs as often as any other: in one channel of all images together.

    Args:
        value_range: the smallest and the largest value of pixels.
        bins: number of values that are told apart.
        data_format: ``channels_last`` or ``channels_first``.
    """

    def __init__(self, value_range: Any = FULL, bins: int = VALUES, data_format: str | None = None, **kwargs: Any):
        super().__init__(data_format=data_format, **kwargs)
        self.value_range = factors.value_range(value_range)
        self.bins = arguments.integer(bins, "bins")

    def change_images(self, images: Any, drawn: Drawn) -> Any:
        bytes_ = rescaled(images, self.value_range, FULL)
        changed = ops.stack([self._equalized(channel) for channel in ops.unstack(bytes_, axis=-1)], axis=-1)
        return rescaled(ops.cast(changed, images.dtype), FULL, self.value_range)

    def _equalized(self, channel: Any) -> Any:
        line = ops.reshape(self._level(ops.divide(ops.multiply(channel, self.bins - 1), 255)), (-1,))
        counts = ops.segment_sum(ops.ones_like(line), line, self.bins)
        below = ops.cumsum(counts)
        first = ops.min(ops.where(ops.greater(counts, 0), below, ops.max(below)))      # the smallest that occurs
        others = ops.cast(ops.subtract(ops.max(below), first), "float32")
        table = ops.divide(ops.multiply(ops.cast(ops.subtract(below, first), "float32"), 255),
                           ops.where(ops.equal(others, 0), 1, others))
        level = self._level(ops.multiply(ops.divide(channel, 255), self.bins - 1))
        changed = ops.take(ops.clip(ops.round(table), *FULL), level)
        return ops.where(ops.equal(others, 0), channel, ops.cast(changed, channel.dtype))

    def _level(self, place: Any) -> Any:
        return ops.cast(ops.clip(place, 0, self.bins - 1), "int32")


class RandomPosterization(RandomColorLayer):
    """Leaves the highest bits of values that are seen as bytes.

    Args:
        factor: how many bits, from 1 to 8: a number f for 1 to f, or two numbers; the second is not reached.
        value_range: the smallest and the largest value of pixels.
        data_format: ``channels_last`` or ``channels_first``.
        seed: of the random numbers; drawn if None.
    """

    _bounds = (1, 8)

    def __init__(self, factor: Any, value_range: Any = FULL, data_format: str | None = None, seed: int | None = None,
                 **kwargs: Any):
        super().__init__(factor, value_range, seed, data_format, **kwargs)

    def draw(self, images: Any, seed: Any) -> Drawn:
        low, high = (int(bound) for bound in self.factor)
        bits = ops.random.randint((images.shape[0], 1, 1, 1), low, max(high, low + 1), seed=seed)
        return {"lost": ops.subtract(8, bits)}

    def change_images(self, images: Any, drawn: Drawn) -> Any:
        bytes_ = ops.cast(rescaled(images, self.value_range, FULL), "int32")
        coarse = ops.left_shift(ops.right_shift(bytes_, drawn["lost"]), drawn["lost"])
        return rescaled(ops.cast(coarse, images.dtype), FULL, self.value_range)


class Solarization(ImageLayer):
    """Adds light in training, then makes a negative of all values that are not below a threshold.

    Args:
        addition_factor: added light, in shares of 255: a number f for 0 to f, or two numbers; from 0 to 1. Only the
            second number is a share.
        threshold_factor: the threshold, likewise.
        value_range: the smallest and the largest value of pixels.
        seed: of the random numbers; drawn if None.
        data_format: ``channels_last`` or ``channels_first``.
    """

    def __init__(self, addition_factor: Any = 0.0, threshold_factor: Any = 0.0, value_range: Any = FULL,
                 seed: int | None = None, data_format: str | None = None, **kwargs: Any):
        super().__init__(data_format=data_format, **kwargs)
        self.addition_factor = factors.within(addition_factor, "addition_factor", 0, 1, low=0)
        self.threshold_factor = factors.within(threshold_factor, "threshold_factor", 0, 1, low=0)
        self.value_range = factors.value_range(value_range)
        self.seed, self.generator = seeded(seed)

    def draw(self, images: Any, seed: Any) -> Drawn:
        return {name: ops.random.uniform((images.shape[0], 1, 1, 1), low, high * 255, self.arithmetic_dtype, seed)
                for name, (low, high) in (("addition", self.addition_factor), ("threshold", self.threshold_factor))}

    def change_images(self, images: Any, drawn: Drawn) -> Any:
        lit = ops.clip(ops.add(rescaled(images, self.value_range, FULL), drawn["addition"]), *FULL)
        negative = ops.where(ops.less(lit, drawn["threshold"]), lit, ops.subtract(255, lit))
        return rescaled(negative, FULL, self.value_range)


class ContrastLimitedAdaptiveHistogramEqualization(ImageLayer):
    """Equalizes parts of images by the values around them, in training and in inference (CLAHE).

    Args:
        value_range: the smallest and the largest value of pixels.
        clip_limit: how many times as often as on average a value may occur before the rest is given to all values
            alike; 0 for no limit.
        tile_grid_size: number of rows and columns of tiles.
        data_format: ``channels_last`` or ``channels_first``.

    Source: Zuiderveld 1994, "Contrast Limited Adaptive Histogram Equalization", Graphics Gems IV.
    """

    only_in_training = False
    needs_size = True

    def __init__(self, value_range: Any = FULL, clip_limit: float = 4.0, tile_grid_size: Any = (8, 8),
                 data_format: str | None = None, **kwargs: Any):
        super().__init__(data_format=data_format, **kwargs)
        self.value_range = factors.value_range(value_range)
        self.clip_limit = arguments.number(clip_limit, "clip_limit")
        self.tile_grid_size = arguments.integers(tile_grid_size, 2, "tile_grid_size")

    def change_images(self, images: Any, drawn: Drawn) -> Any:
        bytes_ = ops.cast(rescaled(ops.cast(images, "float32"), self.value_range, FULL), "float32")
        batch, height, width, channels = bytes_.shape
        (down, across), (tile_height, tile_width) = self.tile_grid_size, self._tile_size(height, width)
        wide = ops.pad(bytes_, [(0, 0), (0, tile_height * down - height), (0, tile_width * across - width), (0, 0)],
                       mode="symmetric")
        level = ops.cast(ops.clip(wide, *FULL), "int32")
        tables = self._tables(level, tile_height, tile_width)
        tables = ops.pad(tables, [(0, 0), (1, 1), (1, 1), (0, 0), (0, 0)], mode="edge")
        # The number of a table's entry in its image; each pixel is read from the four tables around it.
        lines = ops.reshape(tables, (batch, (down + 2) * (across + 2) * channels * VALUES))
        own = ops.add(level, ops.reshape(ops.multiply(ops.arange(channels, dtype="int32"), VALUES), (1, 1, 1, -1)))
        row_step, column_step = (across + 2) * channels * VALUES, channels * VALUES
        result: Any = 0
        for row, row_share in _around(down, tile_height):
            for column, share in _around(across, tile_width):
                step = ops.reshape(row * row_step, (1, -1, 1, 1)) + ops.reshape(column * column_step, (1, 1, -1, 1))
                entries = ops.reshape(ops.add(own, step), (batch, level.shape[1] * level.shape[2] * channels))
                values = ops.reshape(ops.take_along_axis(lines, entries, 1), level.shape)
                weight = ops.reshape(row_share, (1, -1, 1, 1)) * ops.reshape(share, (1, 1, -1, 1))
                result = ops.add(result, ops.multiply(values, weight))
        return ops.cast(rescaled(result[:, :height, :width], FULL, self.value_range), images.dtype)

    def _tile_size(self, height: int, width: int) -> tuple[int, int]:
        down, across = self.tile_grid_size
        return -(-height // down), -(-width // across)

    def _tables(self, level: Any, tile_height: int, tile_width: int) -> Any:
        """(batch, rows of tiles, columns of tiles, channels, values): what each value becomes in a tile."""
        (down, across), (batch, _, _, channels) = self.tile_grid_size, level.shape
        tiles = ops.reshape(level, (batch, down, tile_height, across, tile_width, channels))
        pixels = tile_height * tile_width
        tiles = ops.reshape(ops.transpose(tiles, (0, 1, 3, 5, 2, 4)), (-1, pixels))
        first = ops.multiply(ops.subtract(ops.cumsum(ops.ones_like(tiles[:, :1]), axis=0), 1), VALUES)
        places = ops.reshape(ops.add(tiles, first), (-1, 1))
        empty = ops.reshape(ops.multiply(ops.cast(tiles[:, :1], "float32"), ops.zeros((1, VALUES))), (-1,))
        counts = ops.scatter_update(empty, places, ops.ones_like(ops.cast(places[:, 0], "float32")), reduction="add")
        counts = ops.reshape(counts, (batch, down, across, channels, VALUES))
        if self.clip_limit > 0:
            kept = ops.clip(counts, 0, self.clip_limit * pixels / VALUES)
            counts = ops.add(kept, ops.divide(ops.sum(ops.subtract(counts, kept), -1, keepdims=True), VALUES))
        below = ops.cumsum(counts, axis=-1)
        least = ops.min(below, -1, keepdims=True)
        others = ops.subtract(pixels, least)
        return ops.clip(ops.divide(ops.multiply(ops.subtract(below, least), 255),
                                   ops.where(ops.equal(others, 0), 1, others)), *FULL)


def _around(tiles: int, size: int) -> list[tuple[Any, Any]]:
    """For each pixel along an axis: the tile before and its share, the tile after and its share; tiles begin at 1."""
    place = ops.add(ops.divide(ops.subtract(ops.arange(tiles * size, dtype="float32"), size / 2), size), 1)
    before = ops.floor(place)
    share = ops.subtract(place, before)
    return [(ops.cast(ops.clip(tile, 0, tiles + 1), "int32"), weight)
            for tile, weight in ((before, ops.subtract(1, share)), (ops.add(before, 1), share))]
