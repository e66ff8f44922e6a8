"""Boxes of all images in one number."""

from __future__ import annotations

from typing import Any

from zoo import ops
from zoo.layers import arguments
from zoo.layers.preprocessing.image.image_layer import ImageLayer


class MaxNumBoundingBoxes(ImageLayer):
    """Cuts or fills up the boxes of each image to one number; images stay as they are.

    Args:
        max_number: how many boxes each image has afterwards.
        fill_value: coordinates and label of boxes that are added.
        data_format: ``channels_last`` or ``channels_first``.
        bounding_box_format: how boxes are written; they are not read.
    """

    not_in_config = ImageLayer.not_in_config | {"fill_value"}
    only_in_training = False

    def __init__(self, max_number: int, fill_value: int = -1, **kwargs: Any):
        super().__init__(**kwargs)
        self.max_number = arguments.integer(max_number, "max_number")
        self.fill_value = int(fill_value)

    def change_images(self, images: Any, drawn: Any) -> Any:
        return images

    def _boxes(self, record: dict[str, Any], before: Any, after: Any, drawn: Any) -> dict[str, Any]:
        return {name: self._filled(ops.convert_to_tensor(part)) for name, part in record.items()}

    def _filled(self, part: Any) -> Any:
        part = part[:, :self.max_number]
        missing = self.max_number - part.shape[1]
        widths = [(0, 0), (0, missing), *((0, 0) for _ in part.shape[2:])]
        return ops.pad(part, widths, constant_values=self.fill_value)
