"""Random flips, and images of other sizes."""

from __future__ import annotations

from typing import Any

from zoo import ops
from zoo.errors import Unsupported
from zoo.layers import arguments
from zoo.layers.preprocessing.image import factors
from zoo.layers.preprocessing.image.boxes import Boxes
from zoo.layers.preprocessing.image.image_layer import Drawn, ImageLayer, seeded

FLIPS = {"horizontal": (2,), "vertical": (1,), "horizontal_and_vertical": (2, 1)}       # mode -> axes
ROWS, COLUMNS = 1, 2                                        # axes


class RandomFlip(ImageLayer):
    """Turns half of the images around.

    Args:
        mode: ``horizontal``, ``vertical`` or ``horizontal_and_vertical`` (both, in the same images).
        seed: of the random numbers; drawn if None.
        data_format: ``channels_last`` or ``channels_first``.
    """

    def __init__(self, mode: str = "horizontal_and_vertical", seed: int | None = None, data_format: str | None = None,
                 **kwargs: Any):
        super().__init__(data_format=data_format, **kwargs)
        self.mode = arguments.choice(mode, tuple(FLIPS), "mode")
        self.seed, self.generator = seeded(seed)

    def draw(self, images: Any, seed: Any) -> Drawn:
        number = ops.random.uniform((images.shape[0], 1, 1, 1), dtype="float32", seed=seed)
        return {"chosen": ops.less_equal(number, 0.5), "size": images.shape[1:3]}

    def change_images(self, images: Any, drawn: Drawn) -> Any:
        return ops.where(drawn["chosen"], ops.flip(images, FLIPS[self.mode]), images)

    def change_masks(self, masks: Any, drawn: Drawn) -> Any:
        return self.change_images(masks, drawn)

    def change_boxes(self, found: Boxes, drawn: Drawn) -> Boxes:
        (height, width), axes = drawn["size"], FLIPS[self.mode]

        def move(x: Any, y: Any) -> tuple[Any, Any]:
            return (ops.subtract(width - 1, x) if COLUMNS in axes else x,
                    ops.subtract(height - 1, y) if ROWS in axes else y)
        return found.moved(move, drawn["size"], ops.squeeze(drawn["chosen"], -1))


class RandomCrop(ImageLayer):
    """Cuts a part out of images in training, the same part of all; images that are not larger are resized to fit.

    Args:
        height, width: of the part.
        seed: of the random numbers; drawn if None.
        data_format: ``channels_last`` or ``channels_first``.
        at_inference: what to do otherwise: ``keep`` leaves images as they are, as Keras does since 3.8; ``fit`` cuts
            the middle out, as large as possible, and resizes it, as Keras did before.
    """

    needs_size = True

    def __init__(self, height: int, width: int, seed: int | None = None, data_format: str | None = None,
                 at_inference: str = "keep", **kwargs: Any):
        super().__init__(data_format=data_format, **kwargs)
        self.height, self.width = arguments.integer(height, "height"), arguments.integer(width, "width")
        self.seed, self.generator = seeded(seed)
        self.at_inference = arguments.choice(at_inference, ("keep", "fit"), "at_inference")

    def draw(self, images: Any, seed: Any) -> Drawn:
        rows, columns = images.shape[1:3]
        if rows > self.height and columns > self.width:
            starts = tuple(ops.random.randint((), 0, limit - part + 1, seed=seed)
                           for limit, part in ((rows, self.height), (columns, self.width)))
        else:
            starts = (_middle(rows, columns * self.height / self.width),
                      _middle(columns, rows * self.width / self.height))
        return {"starts": starts, "size": (rows, columns)}

    def change_images(self, images: Any, drawn: Drawn) -> Any:
        return self._cut(images, drawn, "bilinear")

    def change_masks(self, masks: Any, drawn: Drawn) -> Any:
        return self._cut(masks, drawn, "nearest")

    def _cut(self, images: Any, drawn: Drawn, interpolation: str) -> Any:
        wanted = (self.height, self.width)
        for axis, start, part, limit in zip((ROWS, COLUMNS), drawn["starts"], wanted, drawn["size"]):
            if isinstance(start, int):
                images = ops.take(images, ops.arange(start, min(start + part, limit), dtype="int32"), axis)
            else:
                images = ops.take(images, ops.add(ops.arange(part, dtype="int32"), start), axis)
        if tuple(images.shape[1:3]) == wanted:
            return images
        return ops.cast(ops.image.resize(images, wanted, interpolation, data_format="channels_last"), images.dtype)

    def change_boxes(self, found: Boxes, drawn: Drawn) -> Boxes:
        parts = zip(drawn["starts"], (self.height, self.width), drawn["size"])
        (top, y_scale), (left, x_scale) = ((ops.cast(start, "float32"), part / min(part, limit - start)
                                            if isinstance(start, int) else 1) for start, part, limit in parts)

        def move(x: Any, y: Any) -> tuple[Any, Any]:
            return (ops.subtract(ops.multiply(ops.subtract(ops.add(x, 0.5), left), x_scale), 0.5),
                    ops.subtract(ops.multiply(ops.subtract(ops.add(y, 0.5), top), y_scale), 0.5))
        return found.moved(move, (self.height, self.width))

    def at_rest(self, parts: dict[str, Any]) -> dict[str, Any]:
        return parts if self.at_inference == "keep" else self.of_unknown_size(parts)

    def of_unknown_size(self, parts: dict[str, Any]) -> dict[str, Any]:
        fitted = {name: ops.image.resize(parts[name], (self.height, self.width), interpolation,
                                         data_format=self.data_format, crop_to_aspect_ratio=True)
                  for name, interpolation in (("images", "bilinear"), ("segmentation_masks", "nearest"))
                  if name in parts}
        return {**parts, **fitted}

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        return config if self.at_inference != "keep" else {k: v for k, v in config.items() if k != "at_inference"}


def _middle(size: int, wanted: float) -> int:
    """Where the middle part of an axis begins."""
    return int((size - max(min(size, int(wanted)), 1)) / 2)


class RandomHeight(ImageLayer):
    """Gives images a random height in training: a layer of tf.keras, here for inference, where it does nothing.

    Args:
        factor: by how much: a number f for -f to f, or two numbers.
        interpolation: how pixels are made.
        seed: of the random numbers; drawn if None.
        data_format: ``channels_last`` or ``channels_first``.
    """

    def __init__(self, factor: Any, interpolation: str = "bilinear", seed: int | None = None,
                 data_format: str | None = None, **kwargs: Any):
        super().__init__(data_format=data_format, **kwargs)
        factors.within(factor, "factor", -1, float("inf"))
        self.factor, self.interpolation, self.seed = factor, interpolation, seed

    def call(self, data: Any, training: bool = False) -> Any:
        if training:
            raise Unsupported(f"{type(self).__name__} cannot be trained with: the images would have another size at "
                              f"every step. RandomZoom changes what is seen and keeps the size.")
        return super().call(data, training=False)


class RandomWidth(RandomHeight):
    """Gives images a random width in training: a layer of tf.keras, here for inference, where it does nothing.

    Args:
        factor: by how much: a number f for -f to f, or two numbers.
        interpolation: how pixels are made.
        seed: of the random numbers; drawn if None.
        data_format: ``channels_last`` or ``channels_first``.
    """
