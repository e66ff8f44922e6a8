"""Functions of bounding boxes: `keras.utils.bounding_boxes`.

Boxes are tensors (..., 4), or dicts with such a tensor as ``boxes`` and ``labels`` beside it. Formats are ``xyxy``,
``yxyx``, ``xywh``, ``center_xywh``, ``center_yxhw``, and these with ``rel_`` in front for shares of the image's size.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from zoo import ops
from zoo.config import config
from zoo.errors import ConfigError, ShapeError
from zoo.layers.preprocessing.image import boxes as formats

ENCODINGS = {"center_yxhw": (1, 0, 3, 2), "center_xywh": (0, 1, 2, 3)}      # from x, y, width, height


def _size(form: str, height: int | None, width: int | None) -> tuple[Any, Any]:
    """The image's height and width, as formats need them.

    Raises:
        ConfigError: the format is not known, or relative to a size that is not given.
    """
    formats.checked_format(form)
    if form.startswith("rel_") and None in (height, width):
        raise ConfigError(f"The bounding box format {form!r} is relative to the image: height and width are needed.")
    return height, width


def _of_shape(image_shape: Sequence[int] | None) -> tuple[int | None, int | None]:
    return (None, None) if image_shape is None else (image_shape[0], image_shape[1])


def _on_boxes(function: Callable[[Any], Any], given: Any) -> Any:
    """Applies a function of tensors to boxes in either form."""
    if not isinstance(given, dict):
        return function(ops.cast(given, "float32"))
    return {**given, "boxes": function(ops.cast(given["boxes"], "float32"))}


def convert_format(boxes: Any, source: str, target: str, height: int | None = None, width: int | None = None,
                   dtype: str = "float32") -> Any:
    """Boxes in another format.

    Args:
        boxes: in the format `source`.
        height, width: of the image, where a format is relative to it.
        dtype: of the result.

    Raises:
        ConfigError: a format is not known, or needs the image's size.
    """
    sizes = [_size(form, height, width) for form in (source, target)]
    return _on_boxes(lambda x: ops.cast(formats.from_corners(formats.to_corners(x, source, sizes[0]), target,
                                                             sizes[1]), dtype), boxes)


def clip_to_image_size(bounding_boxes: dict[str, Any], height: int | None = None, width: int | None = None,
                       bounding_box_format: str = "xyxy") -> dict[str, Any]:
    """Boxes cut off at the borders of the image; those of which nothing is left get the label -1.

    Raises:
        ConfigError: the image's size is missing.
    """
    if None in (height, width):
        raise ConfigError("clip_to_image_size: height and width of the image are needed.")
    size = _size(bounding_box_format, height, width)
    corners = _inside(formats.to_corners(ops.cast(bounding_boxes["boxes"], "float32"), bounding_box_format, size), size)
    left, top, right, bottom = ops.unstack(corners, 4, axis=-1)
    seen = ops.greater(ops.multiply(ops.subtract(right, left), ops.subtract(bottom, top)), 0)
    labels = ops.convert_to_tensor(bounding_boxes["labels"])
    return {**bounding_boxes, "boxes": formats.from_corners(corners, bounding_box_format, size),
            "labels": ops.where(seen, labels, ops.cast(-1, ops.dtype(labels)))}


def _inside(corners: Any, size: tuple[int, int]) -> Any:
    height, width = size
    limits = (width, height, width, height)
    return ops.stack([ops.clip(part, 0, limit) for part, limit in zip(ops.unstack(corners, 4, axis=-1), limits)],
                     axis=-1)


def pad(boxes: Any, top: int, left: int, height: int | None = None, width: int | None = None,
        bounding_box_format: str = "xyxy") -> Any:
    """Boxes on an image that got rows at the top and columns at the left.

    Args:
        height, width: of the image that relative boxes are written for, before and after.
    """
    size = _size(bounding_box_format, height, width)
    return _on_boxes(lambda x: formats.from_corners(ops.add(formats.to_corners(x, bounding_box_format, size),
                                                            [left, top, left, top]), bounding_box_format, size), boxes)


def crop(boxes: Any, top: int, left: int, height: int, width: int, bounding_box_format: str = "xyxy") -> Any:
    """Boxes on the part of an image that begins at that row and column and has that height and width."""
    size = _size(bounding_box_format, height, width)

    def cut(x: Any) -> Any:
        corners = ops.subtract(formats.to_corners(x, bounding_box_format, size), [left, top, left, top])
        return formats.from_corners(_inside(corners, (height, width)), bounding_box_format, size)
    return _on_boxes(cut, boxes)


def compute_iou(boxes1: Any, boxes2: Any, bounding_box_format: str,
                image_shape: Sequence[int] | None = None) -> Any:
    """The area that two boxes share over the area that they cover, for each pair: (..., boxes1, boxes2).

    Args:
        boxes1, boxes2: (boxes, 4) or (batch, boxes, 4).
        image_shape: height and width first; for relative formats.

    Raises:
        ShapeError: the boxes have other ranks.
    """
    size = _size(bounding_box_format, *_of_shape(image_shape))
    first, second = (formats.to_corners(ops.cast(boxes, "float32"), bounding_box_format, size)
                     for boxes in (boxes1, boxes2))
    if not {len(first.shape), len(second.shape)} <= {2, 3}:
        raise ShapeError(f"compute_iou: expected boxes (boxes, 4) or (batch, boxes, 4), received {first.shape} and "
                         f"{second.shape}.")
    shared, covered = _overlap(ops.expand_dims(first, -2), ops.expand_dims(second, -3))
    return ops.divide(shared, ops.add(covered, config.epsilon))


def _overlap(first: Any, second: Any) -> tuple[Any, Any]:
    """The areas of intersection and of union, box by box."""
    (left, top, right, bottom), (left2, top2, right2, bottom2) = (ops.unstack(x, 4, axis=-1) for x in (first, second))
    width = ops.maximum(ops.subtract(ops.minimum(right, right2), ops.maximum(left, left2)), 0)
    height = ops.maximum(ops.subtract(ops.minimum(bottom, bottom2), ops.maximum(top, top2)), 0)
    shared = ops.multiply(width, height)
    areas = ops.add((right - left) * (bottom - top), (right2 - left2) * (bottom2 - top2))
    return shared, ops.subtract(areas, shared)


def compute_ciou(boxes1: Any, boxes2: Any, bounding_box_format: str, image_shape: Sequence[int] | None = None) -> Any:
    """Complete IoU of each box with the one in the same place: less for distant centres and other proportions.

    Source: Zheng et al. 2019, Distance-IoU Loss.
    """
    size = _size(bounding_box_format, *_of_shape(image_shape))
    first, second = (formats.to_corners(ops.cast(boxes, "float32"), bounding_box_format, size)
                     for boxes in (boxes1, boxes2))
    shared, covered = _overlap(first, second)
    iou = ops.divide(shared, ops.add(covered, config.epsilon))
    low, high = ops.minimum(first, second)[..., :2], ops.maximum(first, second)[..., 2:]
    diagonal = ops.add(ops.sum(ops.square(ops.subtract(high, low)), -1), config.epsilon)
    centres = [ops.divide(ops.add(x[..., :2], x[..., 2:]), 2) for x in (first, second)]
    distance = ops.sum(ops.square(ops.subtract(*centres)), -1)
    angles = [ops.arctan(ops.divide(x[..., 2] - x[..., 0], x[..., 3] - x[..., 1] + config.epsilon))
              for x in (first, second)]
    proportions = ops.multiply(4 / math.pi ** 2, ops.square(ops.subtract(*angles)))
    weight = ops.divide(proportions, ops.add(ops.subtract(proportions, iou), 1 + config.epsilon))
    return ops.subtract(iou, ops.add(ops.divide(distance, diagonal), ops.multiply(weight, proportions)))


def encode_box_to_deltas(anchors: Any, boxes: Any, anchor_format: str, box_format: str,
                         encoding_format: str = "center_yxhw", variance: Sequence[float] | None = None,
                         image_shape: Sequence[int] | None = None) -> Any:
    """How boxes differ from anchors: distances of centres over the anchor's size, and logarithms of sizes.

    Args:
        anchors, boxes: (..., 4).
        encoding_format: the order of the four, ``center_yxhw`` or ``center_xywh``.
        variance: by which they are divided; 1 if None.
        image_shape: height and width first; for relative formats.
    """
    order = _encoding(encoding_format)
    height, width = _of_shape(image_shape)
    anchors = convert_format(anchors, anchor_format, "center_xywh", height, width)
    boxes = convert_format(boxes, box_format, "center_xywh", height, width)
    moved = ops.divide(ops.subtract(boxes[..., :2], anchors[..., :2]), anchors[..., 2:])
    grown = ops.log(ops.divide(boxes[..., 2:], anchors[..., 2:]))
    deltas = ops.take(ops.concatenate([moved, grown], axis=-1), order, axis=-1)
    return ops.divide(deltas, [1.0] * 4 if variance is None else list(variance))


def decode_deltas_to_boxes(anchors: Any, boxes_delta: Any, anchor_format: str, box_format: str,
                           encoded_format: str = "center_yxhw", variance: Sequence[float] | None = None,
                           image_shape: Sequence[int] | None = None) -> Any:
    """The boxes of which `encode_box_to_deltas` gave these differences."""
    order = _encoding(encoded_format)
    height, width = _of_shape(image_shape)
    anchors = convert_format(anchors, anchor_format, "center_xywh", height, width)
    deltas = ops.multiply(ops.cast(boxes_delta, "float32"), [1.0] * 4 if variance is None else list(variance))
    deltas = ops.take(deltas, order, axis=-1)               # both orders are their own inverses
    centres = ops.add(ops.multiply(deltas[..., :2], anchors[..., 2:]), anchors[..., :2])
    sizes = ops.multiply(ops.exp(deltas[..., 2:]), anchors[..., 2:])
    return convert_format(ops.concatenate([centres, sizes], axis=-1), "center_xywh", box_format, height, width)


def _encoding(name: str) -> tuple[int, ...]:
    if name not in ENCODINGS:
        raise ConfigError(f"Expected differences in one of {', '.join(ENCODINGS)}, received {name!r}.")
    return ENCODINGS[name]
