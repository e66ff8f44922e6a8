"""Nests of shapes."""

from __future__ import annotations

from typing import Any

import numpy as np

from zoo.engine.spec import Shape


def map_shapes(function: Any, shapes: Any) -> Any:
    """Applies `function` to each shape of a nest; a shape is a tuple or list of sizes."""
    if isinstance(shapes, dict):
        return {key: map_shapes(function, shape) for key, shape in shapes.items()}
    if all(size is None or isinstance(size, (int, np.integer)) for size in shapes):
        return function(shapes)
    return [map_shapes(function, shape) for shape in shapes]


def shape_of(tensor: Any) -> Shape | None:
    """The shape of a tensor; None for anything else."""
    return tuple(tensor.shape) if hasattr(tensor, "shape") else None
