"""Formats, overlaps and encodings of bounding boxes. Literal values: what Keras 3 gives."""

from __future__ import annotations

import numpy as np
import pytest

from zoo.errors import ConfigError, ShapeError
from zoo.utils import bounding_boxes

BOXES = np.array([[10, 20, 30, 60], [0, 5, 100, 90]], "float32")


@pytest.mark.parametrize(("form", "expected"), [
    ("yxyx", [[20, 10, 60, 30], [5, 0, 90, 100]]), ("xywh", [[10, 20, 20, 40], [0, 5, 100, 85]]),
    ("center_xywh", [[20, 40, 20, 40], [50, 47.5, 100, 85]]), ("center_yxhw", [[40, 20, 40, 20], [47.5, 50, 85, 100]]),
    ("rel_xyxy", [[0.2, 0.25, 0.6, 0.75], [0, 0.0625, 2, 1.125]]),
    ("rel_center_xywh", [[0.4, 0.5, 0.4, 0.5], [1, 0.59375, 2, 1.0625]])])
def test_formats(form: str, expected: list[list[float]]) -> None:
    written = bounding_boxes.convert_format(BOXES, "xyxy", form, height=80, width=50)
    np.testing.assert_allclose(written, expected, rtol=1e-6)
    labelled = bounding_boxes.convert_format({"boxes": written, "labels": [1, 2]}, form, "xyxy", height=80, width=50)
    np.testing.assert_allclose(labelled["boxes"], BOXES, rtol=1e-5)
    assert labelled["labels"] == [1, 2]


def test_formats_that_need_more_are_refused() -> None:
    with pytest.raises(ConfigError, match="height and width"):
        bounding_boxes.convert_format(BOXES, "xyxy", "rel_xyxy")
    with pytest.raises(ConfigError, match="xyzw"):
        bounding_boxes.convert_format(BOXES, "xyzw", "xyxy")
    with pytest.raises(ShapeError, match="\\(batch, boxes, 4\\)"):
        bounding_boxes.compute_iou(BOXES[0], BOXES, "xyxy")


def test_overlaps() -> None:
    others = np.array([[0, 0, 20, 40], [10, 20, 30, 60], [200, 200, 210, 220]], "float32")
    found = bounding_boxes.compute_iou(BOXES, others, "xyxy")
    np.testing.assert_allclose(found, [[0.14285715, 1, 0], [0.08139535, 0.09411765, 0]], rtol=1e-6)
    assert bounding_boxes.compute_iou(BOXES[None], others[None], "xyxy").shape == (1, 2, 3)
    relative = bounding_boxes.convert_format(BOXES, "xyxy", "rel_yxyx", 80, 50)
    same = bounding_boxes.compute_iou(relative, relative, "rel_yxyx", image_shape=(80, 50, 3))
    np.testing.assert_allclose(np.diag(same), 1, rtol=1e-6)
    complete = bounding_boxes.compute_ciou(BOXES, np.array([[0, 0, 20, 40], [12, 20, 30, 70]], "float32"), "xyxy")
    np.testing.assert_allclose(complete, [0.03174604, 0.04466464], rtol=1e-5)


def test_what_is_outside_is_cut_off() -> None:
    boxes = {"boxes": np.array([[[-5, 10, 60, 100], [60, 90, 70, 95]]], "float32"), "labels": np.array([[1, 2]])}
    clipped = bounding_boxes.clip_to_image_size(boxes, 80, 50)
    assert clipped["boxes"].tolist() == [[[0, 10, 50, 80], [50, 80, 50, 80]]] and clipped["labels"].tolist() == [[1, -1]]
    assert bounding_boxes.crop(BOXES, 3, 4, 40, 30).tolist() == [[6, 17, 26, 40], [0, 2, 30, 40]]
    assert bounding_boxes.pad(BOXES, 3, 4).tolist() == [[14, 23, 34, 63], [4, 8, 104, 93]]
    with pytest.raises(ConfigError, match="are needed"):
        bounding_boxes.clip_to_image_size(boxes)


def test_differences_from_anchors() -> None:
    boxes = BOXES + np.array([1, 2, 3, 4], "float32")
    deltas = bounding_boxes.encode_box_to_deltas(BOXES, boxes, "xyxy", "xyxy")
    expected = [[0.075, 0.1, 0.04879012, 0.0953102], [0.03529412, 0.02, 0.02325686, 0.01980261]]
    np.testing.assert_allclose(deltas, expected, rtol=1e-5)
    swapped = bounding_boxes.encode_box_to_deltas(BOXES, boxes, "xyxy", "xyxy", "center_xywh", [0.1, 0.1, 0.2, 0.2])
    np.testing.assert_allclose(swapped, np.array(expected)[:, [1, 0, 3, 2]] / [0.1, 0.1, 0.2, 0.2], rtol=1e-5)
    for given, form, variance in ((deltas, "center_yxhw", None), (swapped, "center_xywh", [0.1, 0.1, 0.2, 0.2])):
        decoded = bounding_boxes.decode_deltas_to_boxes(BOXES, given, "xyxy", "xyxy", form, variance)
        np.testing.assert_allclose(decoded, boxes, rtol=1e-5)
    with pytest.raises(ConfigError, match="corners"):
        bounding_boxes.encode_box_to_deltas(BOXES, boxes, "xyxy", "xyxy", "corners")
