"""Sums of products of two tensors, example by example."""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import Any

from zoo import ops
from zoo.engine.spec import normalize_axis
from zoo.errors import ConfigError, ShapeError
from zoo.layers import arguments
from zoo.layers.layer import Layer
from zoo.layers.merging.merge import list_of_shapes, require_two


class Dot(Layer):
    """Sums the products of two tensors along one axis of each; the batch axis goes along.

    The result has the other axes of the first, then those of the second tensor; (batch, 1) if there are none.

    Args:
        axes: the axis of each tensor, or one for both; not the batch axis.
        normalize: whether to divide both by their length along the axis first, which gives the cosine of their angle.

    Example:
        >>> Dot((1, 2))([Input((20, 5)), Input((30, 20))]).shape
        (None, 5, 30)
    """

    def __init__(self, axes: int | Sequence[int], normalize: bool = False, **kwargs: Any):
        super().__init__(**kwargs)
        self.axes = arguments.axes(axes, "axes")
        if not isinstance(self.axes, int) and len(self.axes) != 2:
            raise ConfigError(f"`axes` must be one integer or two. Received: axes={axes}")
        self.normalize = bool(normalize)

    def build(self, input_shape: Any) -> None:
        shapes = list_of_shapes(self, input_shape)
        require_two(self, shapes)
        a, b = self._both_axes(*map(len, shapes))
        sizes = shapes[0][a], shapes[1][b]
        if 0 in (a, b) or None not in sizes and sizes[0] != sizes[1]:
            raise ShapeError(f"Layer {self.name!r} (Dot) expects axes {self.axes} of equal size, other than the batch "
                             f"axis. Received shapes: {shapes}")

    def call(self, inputs: Sequence[Any]) -> Any:
        x, y = inputs
        a, b = self._both_axes(x.ndim, y.ndim)
        if self.normalize:
            x, y = ops.normalize(x, axis=a), ops.normalize(y, axis=b)
        left = list(string.ascii_letters[:x.ndim])
        right = list(string.ascii_letters[x.ndim:x.ndim + y.ndim])
        right[0], right[b] = left[0], left[a]               # batch axis, and the axis that is summed over
        rest = [letter for letter in left[1:] + right[1:] if letter != left[a]]
        result = ops.einsum(f"{''.join(left)},{''.join(right)}->{left[0]}{''.join(rest)}", x, y)
        return result if rest else ops.expand_dims(result, 1)

    def _both_axes(self, first_rank: int, second_rank: int) -> tuple[int, int]:
        a, b = (self.axes, self.axes) if isinstance(self.axes, int) else self.axes
        return normalize_axis(a, first_rank), normalize_axis(b, second_rank)
