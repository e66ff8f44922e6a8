"""Tensors side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zoo import conventions, ops
from zoo.engine.spec import normalize_axis
from zoo.errors import ShapeError
from zoo.layers import arguments
from zoo.layers.layer import Layer
from zoo.layers.merging.merge import list_of_shapes


class Concatenate(Layer):
    """Puts tensors side by side.

    Args:
        axis: along which; all other sizes must agree.
    """

    supports_masking = True

    def __init__(self, axis: int = -1, **kwargs: Any):
        super().__init__(**kwargs)
        self.axis = arguments.only_axis(axis)

    def build(self, input_shape: Any) -> None:
        shapes = list_of_shapes(self, input_shape)
        axis = normalize_axis(self.axis, len(shapes[0]))
        others = [shape[:axis] + shape[axis + 1:] for shape in shapes]
        if len(set(map(len, shapes))) > 1 or any(len(set(sizes) - {None}) > 1 for sizes in zip(*others)):
            raise ShapeError(f"Layer {self.name!r} (Concatenate) expects shapes that differ on axis {self.axis} only. "
                             f"Received shapes: {shapes}")

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """The masks, spread over the features and concatenated.

        A step is real if one of its features is, or for some conventions if all of them are.
        """
        masks = previous_mask or [None]
        if all(mask is None for mask in masks):
            return None
        wide = [ops.ones_like(x, dtype="bool") if mask is None else _spread(mask, x) for x, mask in zip(inputs, masks)]
        reduction = ops.all if conventions.current().merged_masks == "all" else ops.any
        return reduction(ops.concatenate(wide, axis=self.axis), axis=-1)

    def call(self, inputs: Sequence[Any]) -> Any:
        return ops.concatenate(list(inputs), axis=self.axis)


def _spread(mask: Any, x: Any) -> Any:
    return ops.logical_or(ops.expand_dims(mask, -1), ops.zeros_like(x, dtype="bool")) if mask.ndim < x.ndim else mask
