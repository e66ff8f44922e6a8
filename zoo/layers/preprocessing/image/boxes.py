"""Bounding boxes: how they are written, and what becomes of them when pixels move."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from zoo import ops
from zoo.errors import ConfigError, ShapeError

Corners = tuple[Any, Any, Any, Any]                         # left, top, right, bottom
Points = Callable[[Any, Any], tuple[Any, Any]]

#: name of a format -> its four numbers from left, top, right and bottom, and back
_FORMATS: dict[str, tuple[Callable[..., Corners], Callable[..., Corners]]] = {
    "xyxy": (lambda a, b, c, d: (a, b, c, d), lambda a, b, c, d: (a, b, c, d)),
    "yxyx": (lambda a, b, c, d: (b, a, d, c), lambda a, b, c, d: (b, a, d, c)),
    "xywh": (lambda x, y, w, h: (x, y, x + w, y + h), lambda a, b, c, d: (a, b, c - a, d - b)),
    "center_xywh": (lambda x, y, w, h: (x - w / 2, y - h / 2, x + w / 2, y + h / 2),
                    lambda a, b, c, d: ((a + c) / 2, (b + d) / 2, c - a, d - b)),
    "center_yxhw": (lambda y, x, h, w: (x - w / 2, y - h / 2, x + w / 2, y + h / 2),
                    lambda a, b, c, d: ((b + d) / 2, (a + c) / 2, d - b, c - a)),
}
FORMATS = (*_FORMATS, *(f"rel_{name}" for name in _FORMATS))


def checked_format(name: str | None) -> str | None:
    """A format that is known, or None."""
    if name is not None and name not in FORMATS:
        raise ConfigError(f"`bounding_box_format` must be one of {', '.join(FORMATS)}. Received: {name!r}")
    return name


def _parts(tensor: Any) -> list[Any]:
    return ops.unstack(tensor, 4, axis=-1)


@dataclass
class Boxes:
    """Boxes of a batch.

    Attributes:
        corners: (batch, boxes, 4) floats: left, top, right and bottom in pixels, from edges of pixels to edges.
        labels: (batch, boxes), -1 where there is no box; None if the boxes have none.
    """

    corners: Any
    labels: Any

    @classmethod
    def read(cls, record: Any, form: str, size: tuple[Any, Any]) -> Boxes:
        """Boxes as they are written for an image of that height and width."""
        if not isinstance(record, dict) or "boxes" not in record or not set(record) <= {"boxes", "labels"}:
            raise ConfigError(f"Expected a dict of 'boxes' and 'labels' as bounding boxes, received {record!r:.100}")
        written = ops.cast(record["boxes"], "float32")
        if written.ndim != 3 or written.shape[-1] != 4 or None in size:
            raise ShapeError(f"Expected boxes of shape (batch, boxes, 4) on images of a known size, received shape "
                             f"{written.shape} and size {size}.")
        labels = record.get("labels")
        return cls(to_corners(written, form, size), None if labels is None else ops.convert_to_tensor(labels))

    def written(self, form: str, size: tuple[Any, Any]) -> dict[str, Any]:
        """The boxes in a format, for an image of that height and width."""
        boxes = from_corners(self.corners, form, size)
        return {"boxes": boxes} if self.labels is None else {"boxes": boxes, "labels": self.labels}

    def moved(self, move: Points, size: tuple[int, int], chosen: Any = True) -> Boxes:
        """What is seen of the boxes after all points have moved; boxes that left the image get the label -1.

        Args:
            move: gives the new places (x, y) of points, which are counted from the middle of the first pixel.
            size: height and width of the image afterwards.
            chosen: (batch, 1, 1) or True: in which images they moved.
        """
        left, top, right, bottom = (ops.subtract(part, 0.5) for part in _parts(self.corners))
        places = [move(x, y) for x in (left, right) for y in (top, bottom)]
        xs, ys = (ops.add(ops.stack([place[axis] for place in places]), 0.5) for axis in (0, 1))
        corners = ops.stack([ops.min(xs, 0), ops.min(ys, 0), ops.max(xs, 0), ops.max(ys, 0)], axis=-1)
        corners = corners if chosen is True else ops.where(chosen, corners, self.corners)
        height, width = size
        left, top, right, bottom = (ops.clip(part, 0, limit)
                                    for part, limit in zip(_parts(corners), (width, height, width, height)))
        seen = ops.logical_and(ops.greater(right, left), ops.greater(bottom, top))
        labels = None if self.labels is None else ops.where(seen, self.labels, ops.cast(-1, self.labels.dtype))
        return Boxes(ops.stack([left, top, right, bottom], axis=-1), labels)


def to_corners(boxes: Any, form: str, size: tuple[Any, Any]) -> Any:
    """Left, top, right and bottom in pixels, of boxes (..., 4) written for an image of that height and width."""
    return ops.multiply(ops.stack(_FORMATS[form.removeprefix("rel_")][0](*_parts(boxes)), axis=-1), _scale(form, size))


def from_corners(corners: Any, form: str, size: tuple[Any, Any]) -> Any:
    """Boxes in a format, from left, top, right and bottom in pixels."""
    corners = ops.divide(corners, _scale(form, size))
    return ops.stack(_FORMATS[form.removeprefix("rel_")][1](*_parts(corners)), axis=-1)


def _scale(form: str, size: tuple[Any, Any]) -> list[float]:
    height, width = size if form.startswith("rel_") else (1, 1)
    return [width, height, width, height]
