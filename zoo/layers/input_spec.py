"""What a layer demands of its input, checked before the layer is called."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from zoo.engine.spec import Shape
from zoo.errors import ShapeError


@dataclass(frozen=True)
class InputSpec:
    """Demands on one tensor; None demands nothing.

    Args:
        ndim: exact number of axes, the batch axis included.
        min_ndim: least number of axes.
        axes: required sizes: ``{-1: 3}`` wants 3 channels.
    """

    ndim: int | None = None
    min_ndim: int | None = None
    axes: dict[int, int] = field(default_factory=dict)

    def check(self, layer: Any, shape: Shape) -> None:
        """Raises `ShapeError` if `shape` does not meet the demands."""
        problem = self._problem(shape)
        if problem:
            raise ShapeError(f"Input of layer {layer.name!r} ({type(layer).__name__}): expected {problem}. "
                             f"Received shape: {tuple(shape)}.")

    def _problem(self, shape: Shape) -> str | None:
        if self.ndim is not None and len(shape) != self.ndim:
            return f"{self.ndim} axes, the batch axis included, found {len(shape)}"
        if self.min_ndim is not None and len(shape) < self.min_ndim:
            return f"at least {self.min_ndim} axes, the batch axis included, found {len(shape)}"
        for axis, size in self.axes.items():
            if shape[axis] not in (size, None):
                return f"size {size} on axis {axis}, found {shape[axis]}"
        return None
