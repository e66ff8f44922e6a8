"""Base of layers that change images."""

from __future__ import annotations

from typing import Any, ClassVar

from zoo import ops, tree
from zoo.engine.rng import SeedGenerator
from zoo.errors import ConfigError, ShapeError
from zoo.layers import arguments
from zoo.layers.layer import Layer
from zoo.layers.preprocessing.image import boxes

PARTS = ("images", "labels", "bounding_boxes", "segmentation_masks")
Drawn = dict[str, Any]


class ImageLayer(Layer):
    """Base of layers that change images, and with them what belongs to them.

    They take one image or a batch: a tensor, or a dict with ``images`` and any of ``labels``, ``bounding_boxes`` (a
    dict with ``boxes`` and ``labels``) and ``segmentation_masks``. Images come out in the compute dtype.

    A subclass sees batches with the channels last. Whatever is random it draws in `draw`, once for a call; the other
    methods are functions of what was drawn.

    Args:
        data_format: ``channels_last`` or ``channels_first``.
        bounding_box_format: how boxes are written: ``xyxy``, ``yxyx``, ``xywh``, ``center_xywh``, ``center_yxhw``, or
            one of these after ``rel_``, in shares of the image's size.
    """

    not_in_config = frozenset({"activity_regularizer"})
    only_in_training: ClassVar[bool] = True
    needs_size: ClassVar[bool] = False                      # whether height and width must be known

    def __init__(self, data_format: str | None = None, bounding_box_format: str | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.data_format = arguments.data_format(data_format)
        self.bounding_box_format = boxes.checked_format(bounding_box_format)

    # ---- what a subclass defines

    def draw(self, images: Any, seed: SeedGenerator | None) -> Drawn:
        """The random numbers of one call."""
        return {}

    def change_images(self, images: Any, drawn: Drawn) -> Any:
        """The changed images."""
        raise NotImplementedError(f"{type(self).__name__} does not define change_images().")

    def change_labels(self, labels: Any, drawn: Drawn) -> Any:
        """Labels of the changed images."""
        return labels

    def change_masks(self, masks: Any, drawn: Drawn) -> Any:
        """Segmentation masks of the changed images."""
        return masks

    def change_boxes(self, found: boxes.Boxes, drawn: Drawn) -> boxes.Boxes:
        """Boxes in the changed images; for layers that move pixels."""
        return found

    def at_rest(self, parts: dict[str, Any]) -> dict[str, Any]:
        """What comes out where nothing is trained, for one image or a batch in any data format."""
        return parts

    def of_unknown_size(self, parts: dict[str, Any]) -> dict[str, Any]:
        """What stands for the results in the topology of a model, where sizes of images are not known yet."""
        return parts

    # ---- calling

    def call(self, data: Any, training: bool = True) -> Any:
        parts = data if isinstance(data, dict) else {"images": data}
        if "images" not in parts or not set(parts) <= set(PARTS):
            raise ConfigError(f"{type(self).__name__} expects images, or a dict with 'images' and any of {PARTS[1:]}. "
                              f"Received keys: {sorted(parts)}")
        images = ops.cast(parts["images"], self.arithmetic_dtype)
        if images.ndim not in (3, 4):
            raise ShapeError(f"Expected one image of rank 3 or a batch of rank 4, received shape {images.shape}.")
        changed, single = {**parts, "images": images}, images.ndim == 3
        acts = training or not self.only_in_training
        if acts and self.needs_size and None in images.shape[0 if single else 1:]:
            changed = self.of_unknown_size(changed)
        elif acts:
            changed = tree.map(lambda leaf: ops.expand_dims(leaf, 0), changed) if single else changed
            changed = self._changed(changed)
            changed = tree.map(lambda leaf: ops.squeeze(leaf, 0), changed) if single else changed
        else:
            changed = self.at_rest(changed)
        return changed if isinstance(data, dict) else changed["images"]

    def _changed(self, parts: dict[str, Any]) -> dict[str, Any]:
        images = self._channels_last(parts["images"])
        drawn = self.draw(images, getattr(self, "generator", None))
        results = {**parts, "images": self._as_given(self.change_images(images, drawn))}
        if "labels" in parts:
            results["labels"] = self.change_labels(ops.convert_to_tensor(parts["labels"]), drawn)
        if "segmentation_masks" in parts:
            masks = self._channels_last(ops.convert_to_tensor(parts["segmentation_masks"]))
            results["segmentation_masks"] = self._as_given(self.change_masks(masks, drawn))
        if "bounding_boxes" in parts:
            results["bounding_boxes"] = self._boxes(parts["bounding_boxes"], images, results["images"], drawn)
        return results

    def _boxes(self, record: dict[str, Any], before: Any, after: Any, drawn: Drawn) -> dict[str, Any]:
        if self.bounding_box_format is None:
            raise ConfigError(f"{type(self).__name__}: bounding boxes are given, but no bounding_box_format, such as "
                              f"'xyxy', says how they are written.")
        found = boxes.Boxes.read(record, self.bounding_box_format, before.shape[1:3])
        size = self._channels_last(after).shape[1:3]
        return self.change_boxes(found, drawn).written(self.bounding_box_format, size)

    def _channels_last(self, images: Any) -> Any:
        return ops.moveaxis(images, 1, -1) if self.data_format == "channels_first" else images

    def _as_given(self, images: Any) -> Any:
        return ops.moveaxis(images, -1, 1) if self.data_format == "channels_first" else images


def seeded(seed: int | None) -> tuple[int | None, SeedGenerator]:
    """A seed, and the source of random numbers that begins with it."""
    return seed, SeedGenerator(seed)


def rescaled(images: Any, source: tuple[float, float], target: tuple[float, float]) -> Any:
    """Images of values between the numbers of `source`, moved to those of `target`."""
    if source == target:
        return images
    share = ops.divide(ops.subtract(images, source[0]), source[1] - source[0])
    return ops.add(ops.multiply(share, target[1] - target[0]), target[0])


def chances(images: Any, factor: tuple[float, float], seed: SeedGenerator | None) -> Any:
    """(batch, 1, 1, 1): yes for images with a probability that is drawn between the numbers of `factor`."""
    shape = (images.shape[0], 1, 1, 1)
    probability = ops.random.uniform(shape, *factor, dtype="float32", seed=seed)
    return ops.less(ops.random.uniform(shape, dtype="float32", seed=seed), probability)
