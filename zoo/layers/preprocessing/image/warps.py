"""Random turns, shifts and distortions: images whose pixels are read at other places."""

from __future__ import annotations

import math
from typing import Any

from zoo import ops
from zoo.errors import Unsupported
from zoo.layers import arguments
from zoo.layers.preprocessing.image import factors
from zoo.layers.preprocessing.image.boxes import Boxes
from zoo.layers.preprocessing.image.image_layer import Drawn, ImageLayer, chances, seeded
from zoo.ops.image.warping import distorted, homography, projected
from zoo.ops.random import states_of

FILLS = ("reflect", "wrap", "constant", "nearest")
INTERPOLATIONS = ("nearest", "bilinear")


class RandomAffineLayer(ImageLayer):
    """Base of layers that move all pixels of an image in the same way.

    Args:
        fill_mode: what is beyond the edges: ``reflect``, ``wrap``, ``constant`` or ``nearest``.
        interpolation: ``bilinear`` or ``nearest``. Masks are always read at the nearest pixel.
        seed: of the random numbers; drawn if None.
        fill_value: for ``constant``.
        data_format: ``channels_last`` or ``channels_first``.
    """

    needs_size = True

    def __init__(self, fill_mode: str = "reflect", interpolation: str = "bilinear", seed: int | None = None,
                 fill_value: float = 0.0, data_format: str | None = None, **kwargs: Any):
        super().__init__(data_format=data_format, **kwargs)
        self.fill_mode = arguments.choice(fill_mode, FILLS, "fill_mode")
        self.interpolation = arguments.choice(interpolation, INTERPOLATIONS, "interpolation")
        self.fill_value = fill_value
        self.seed, self.generator = seeded(seed)

    def change_images(self, images: Any, drawn: Drawn) -> Any:
        return self._read(images, drawn, self.interpolation)

    def change_masks(self, masks: Any, drawn: Drawn) -> Any:
        return self._read(masks, drawn, "nearest")

    def _read(self, images: Any, drawn: Drawn, interpolation: str) -> Any:
        return ops.image.affine_transform(images, drawn["transform"], interpolation, self.fill_mode, self.fill_value,
                                          "channels_last")

    def change_boxes(self, found: Boxes, drawn: Drawn) -> Boxes:
        a0, a1, a2, b0, b1, b2, _, _ = (ops.expand_dims(part, -1) for part in ops.unstack(drawn["transform"], 8, -1))
        scale = ops.subtract(ops.multiply(a0, b1), ops.multiply(a1, b0))

        def move(x: Any, y: Any) -> tuple[Any, Any]:        # the inverse: `transform` says where a pixel is read
            x, y = ops.subtract(x, a2), ops.subtract(y, b2)
            return (ops.divide(ops.subtract(ops.multiply(b1, x), ops.multiply(a1, y)), scale),
                    ops.divide(ops.subtract(ops.multiply(a0, y), ops.multiply(b0, x)), scale))
        return found.moved(move, drawn["size"])

    def _drawn(self, images: Any, *parts: Any) -> Drawn:
        """What `draw` gives, for the first six numbers of a transform, tensors (batch,) or numbers."""
        some = next(part for part in parts if not isinstance(part, (int, float)))
        lines = [ops.multiply(ops.ones_like(some), part) for part in (*parts, 0, 0)]
        return {"transform": ops.stack(lines, axis=-1), "size": images.shape[1:3]}

    def _uniform(self, images: Any, bounds: tuple[float, float], seed: Any) -> Any:
        return ops.random.uniform((images.shape[0],), *bounds, dtype="float32", seed=seed)


class RandomRotation(RandomAffineLayer):
    """Turns images around their middle.

    Args:
        factor: in full turns, to the right: a number f for -f to f, or the two between which it is drawn.
        fill_mode: what is beyond the edges: ``reflect``, ``wrap``, ``constant`` or ``nearest``.
        interpolation: ``bilinear`` or ``nearest``.
        seed: of the random numbers; drawn if None.
        fill_value: for ``constant``.
        data_format: ``channels_last`` or ``channels_first``.
    """

    def __init__(self, factor: Any, fill_mode: str = "reflect", interpolation: str = "bilinear",
                 seed: int | None = None, fill_value: float = 0.0, data_format: str | None = None, **kwargs: Any):
        super().__init__(fill_mode, interpolation, seed, fill_value, data_format, **kwargs)
        self.factor = factors.symmetric(factor, "factor")

    def draw(self, images: Any, seed: Any) -> Drawn:
        angle = ops.multiply(self._uniform(images, self.factor, seed), 2 * math.pi)
        y, x = ((size - 1) / 2 for size in images.shape[1:3])
        cos, sin = ops.cos(angle), ops.sin(angle)
        x_shift = ops.subtract(x, ops.subtract(ops.multiply(cos, x), ops.multiply(sin, y)))
        y_shift = ops.subtract(y, ops.add(ops.multiply(sin, x), ops.multiply(cos, y)))
        return self._drawn(images, cos, ops.negative(sin), x_shift, sin, cos, y_shift)


class RandomTranslation(RandomAffineLayer):
    """Shifts images.

    Args:
        height_factor: downwards, in shares of the height: a number f for -f to f, or two; from -1 to 1.
        width_factor: to the right, in shares of the width, likewise.
        fill_mode: what is beyond the edges: ``reflect``, ``wrap``, ``constant`` or ``nearest``.
        interpolation: ``bilinear`` or ``nearest``.
        seed: of the random numbers; drawn if None.
        fill_value: for ``constant``.
        data_format: ``channels_last`` or ``channels_first``.
    """

    def __init__(self, height_factor: Any, width_factor: Any, fill_mode: str = "reflect",
                 interpolation: str = "bilinear", seed: int | None = None, fill_value: float = 0.0,
                 data_format: str | None = None, **kwargs: Any):
        super().__init__(fill_mode, interpolation, seed, fill_value, data_format, **kwargs)
        self.height_factor, self.width_factor = height_factor, width_factor
        self._bounds = (factors.within(height_factor, "height_factor"), factors.within(width_factor, "width_factor"))

    def draw(self, images: Any, seed: Any) -> Drawn:
        down, right = (ops.multiply(self._uniform(images, bounds, seed), size)
                       for bounds, size in zip(self._bounds, images.shape[1:3]))
        return self._drawn(images, 1, 0, ops.negative(right), 0, 1, ops.negative(down))


class RandomZoom(RandomAffineLayer):
    """Makes what is seen in images larger or smaller, around their middle.

    Args:
        height_factor: 0.2 shows 20 % more of the height, -0.2 shows 20 % less: a number f for -f to f, or two numbers;
            above -1, to 1.
        width_factor: for the width, likewise; None for what the height does.
        fill_mode: what is beyond the edges: ``reflect``, ``wrap``, ``constant`` or ``nearest``.
        interpolation: ``bilinear`` or ``nearest``.
        seed: of the random numbers; drawn if None.
        fill_value: for ``constant``.
        data_format: ``channels_last`` or ``channels_first``.
    """

    def __init__(self, height_factor: Any, width_factor: Any = None, fill_mode: str = "reflect",
                 interpolation: str = "bilinear", seed: int | None = None, fill_value: float = 0.0,
                 data_format: str | None = None, **kwargs: Any):
        super().__init__(fill_mode, interpolation, seed, fill_value, data_format, **kwargs)
        self.height_factor, self.width_factor = height_factor, width_factor
        self._bounds = [None if factor is None else factors.within(factor, name) for factor, name
                        in ((height_factor, "height_factor"), (width_factor, "width_factor"))]

    def draw(self, images: Any, seed: Any) -> Drawn:
        height, width = (None if bounds is None else ops.add(self._uniform(images, bounds, seed), 1)
                         for bounds in self._bounds)
        width = height if width is None else width
        y_shift, x_shift = (ops.multiply(ops.subtract(1, zoom), (size - 1) / 2)
                            for zoom, size in zip((height, width), images.shape[1:3]))
        return self._drawn(images, width, 0, x_shift, 0, height, y_shift)


class RandomShear(RandomAffineLayer):
    """Shifts each row of images by its distance from the top, and each column by that from the left.

    Args:
        x_factor: shift of rows by one pixel of distance: a number f for -f to f, or two numbers.
        y_factor: shift of columns, likewise.
        interpolation: ``bilinear`` or ``nearest``.
        fill_mode: what is beyond the edges: ``reflect``, ``wrap``, ``constant`` or ``nearest``.
        fill_value: for ``constant``.
        data_format: ``channels_last`` or ``channels_first``.
        seed: of the random numbers; drawn if None.
    """

    def __init__(self, x_factor: Any = 0.0, y_factor: Any = 0.0, interpolation: str = "bilinear",
                 fill_mode: str = "reflect", fill_value: float = 0.0, data_format: str | None = None,
                 seed: int | None = None, **kwargs: Any):
        super().__init__(fill_mode, interpolation, seed, fill_value, data_format, **kwargs)
        self.x_factor = factors.within(x_factor, "x_factor")
        self.y_factor = factors.within(y_factor, "y_factor")

    def draw(self, images: Any, seed: Any) -> Drawn:
        side = ops.where(ops.greater(self._uniform(images, (0, 1), seed), 0.5), -1.0, 1.0)
        y, x = (ops.multiply(self._uniform(images, bounds, seed), side) for bounds in (self.y_factor, self.x_factor))
        return self._drawn(images, 1, x, 0, y, 1, 0)


class RandomPerspective(RandomAffineLayer):
    """Moves the corners of some images, as if they were seen from another place.

    Args:
        factor: the probability for an image: a number f for 0 to f, or the two between which it is drawn; from 0 to 1.
        scale: how far corners move at most, in shares of half the size; from 0 to 1.
        interpolation: ``bilinear`` or ``nearest``.
        fill_value: what is beyond the edges.
        seed: of the random numbers; drawn if None.
        data_format: ``channels_last`` or ``channels_first``.
    """

    not_in_config = RandomAffineLayer.not_in_config | {"fill_mode"}

    def __init__(self, factor: Any = 1.0, scale: float = 1.0, interpolation: str = "bilinear", fill_value: float = 0.0,
                 seed: int | None = None, data_format: str | None = None, **kwargs: Any):
        super().__init__("constant", interpolation, seed, fill_value, data_format, **kwargs)
        self.factor = factors.symmetric(factor, "factor", 0, 1)
        self.scale = arguments.number(scale, "scale", 0, 1)

    def draw(self, images: Any, seed: Any) -> Drawn:
        chosen = chances(images, self.factor, seed)
        bottom, right = (size - 1 for size in images.shape[1:3])
        corners = ops.cast([[[0, 0], [right, 0], [0, bottom], [right, bottom]]], "float32")
        moves = ops.random.uniform((images.shape[0], 4, 2), -0.5 * self.scale, 0.5 * self.scale, "float32", seed)
        start = ops.multiply(ops.ones_like(moves), corners)
        return {"chosen": chosen, "start": start, "end": ops.add(start, ops.multiply(start, moves)),
                "size": images.shape[1:3]}

    def _read(self, images: Any, drawn: Drawn, interpolation: str) -> Any:
        seen = ops.image.perspective_transform(images, drawn["start"], drawn["end"], interpolation, self.fill_value,
                                               "channels_last")
        return ops.where(drawn["chosen"], seen, images)

    def change_boxes(self, found: Boxes, drawn: Drawn) -> Boxes:
        transform = homography(drawn["end"], drawn["start"])
        return found.moved(lambda x, y: projected(transform, x, y), drawn["size"], ops.squeeze(drawn["chosen"], -1))


class RandomElasticTransform(ImageLayer):
    """Distorts some images by a smooth random field.

    Args:
        factor: the probability for an image: a number f for 0 to f, or the two between which it is drawn; from 0 to 1.
        scale: strength of the distortion, likewise; drawn once for all images.
        interpolation: ``bilinear`` or ``nearest``.
        fill_mode: what is beyond the edges: ``reflect``, ``wrap``, ``constant``, ``nearest`` or ``mirror``.
        fill_value: for ``constant``.
        value_range: the smallest and the largest value of pixels.
        seed: of the random numbers; drawn if None.
        data_format: ``channels_last`` or ``channels_first``.
    """

    needs_size = True

    def __init__(self, factor: Any = 1.0, scale: Any = 1.0, interpolation: str = "bilinear",
                 fill_mode: str = "reflect", fill_value: float = 0.0, value_range: Any = (0, 255),
                 seed: int | None = None, data_format: str | None = None, **kwargs: Any):
        super().__init__(data_format=data_format, **kwargs)
        self.factor = factors.symmetric(factor, "factor", 0, 1)
        self.scale = factors.symmetric(scale, "scale", 0, 1)
        self.interpolation = arguments.choice(interpolation, INTERPOLATIONS, "interpolation")
        self.fill_mode = arguments.choice(fill_mode, (*FILLS, "mirror"), "fill_mode")
        self.fill_value = fill_value
        self.value_range = factors.value_range(value_range)
        self.seed, self.generator = seeded(seed)

    def draw(self, images: Any, seed: Any) -> Drawn:
        return {"chosen": chances(images, self.factor, seed),
                "scale": ops.random.uniform((), *self.scale, dtype="float32", seed=seed), "states": states_of(seed, 2)}

    def change_images(self, images: Any, drawn: Drawn) -> Any:
        return ops.clip(self._distorted(images, drawn, self.interpolation), *self.value_range)

    def change_masks(self, masks: Any, drawn: Drawn) -> Any:
        return self._distorted(masks, drawn, "nearest")

    def change_boxes(self, found: Boxes, drawn: Drawn) -> Boxes:
        raise Unsupported("RandomElasticTransform does not change bounding boxes: use masks instead.")

    def _distorted(self, images: Any, drawn: Drawn, interpolation: str) -> Any:
        if self.scale[1] == 0 or self.factor[1] == 0:
            return images
        sizes = images.shape[1:3]
        window = 6 * int(0.05 * min(sizes) * self.scale[1]) | 1
        alpha, sigma = (ops.multiply(drawn["scale"], share) for share in (0.1 * max(sizes), 0.05 * min(sizes)))
        result = distorted(images, drawn["states"], alpha, ops.maximum(sigma, 1e-6), window, interpolation,
                           self.fill_mode, self.fill_value)
        return ops.where(drawn["chosen"], result, images)
