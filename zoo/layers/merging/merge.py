"""Several tensors into one, element by element."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

from zoo import ops
from zoo.engine.spec import Shape, broadcast
from zoo.errors import ShapeError
from zoo.layers.layer import Layer


class Merge(Layer):
    """Base of layers that merge a list of tensors element by element.

    Tensors of lower rank get axes of size 1 behind the batch axis; then sizes of 1 broadcast.
    """

    def build(self, input_shape: Any) -> None:
        shapes = list_of_shapes(self, input_shape)
        rank = max(map(len, shapes))
        try:
            broadcast(*(_raised(shape, rank) for shape in shapes))
        except ShapeError as error:
            raise ShapeError(f"Layer {self.name!r} ({type(self).__name__}) cannot merge its inputs: {error}") from error

    def call(self, inputs: Sequence[Any]) -> Any:
        rank = max(x.ndim for x in inputs)
        return self.merge([_expanded(x, rank) for x in inputs])

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """A step is real if it is real in one of the inputs; no mask if an input has none."""
        masks = previous_mask or [None]
        return None if any(mask is None for mask in masks) else reduce(ops.logical_or, masks)

    def merge(self, inputs: list[Any]) -> Any:
        """Merges tensors of equal rank."""
        raise NotImplementedError(f"{type(self).__name__} does not define merge().")


class Add(Merge):
    """Sum of the inputs."""

    def merge(self, inputs: list[Any]) -> Any:
        return reduce(ops.add, inputs)


class Subtract(Merge):
    """First input minus second."""

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        require_two(self, input_shape)

    def merge(self, inputs: list[Any]) -> Any:
        return ops.subtract(*inputs)


class Multiply(Merge):
    """Product of the inputs."""

    def merge(self, inputs: list[Any]) -> Any:
        return reduce(ops.multiply, inputs)


class Average(Merge):
    """Mean of the inputs."""

    def merge(self, inputs: list[Any]) -> Any:
        return ops.divide(reduce(ops.add, inputs), len(inputs))


class Maximum(Merge):
    """Largest of the inputs."""

    def merge(self, inputs: list[Any]) -> Any:
        return reduce(ops.maximum, inputs)


class Minimum(Merge):
    """Smallest of the inputs."""

    def merge(self, inputs: list[Any]) -> Any:
        return reduce(ops.minimum, inputs)


def list_of_shapes(layer: Layer, shapes: Any) -> list[Shape]:
    """The shapes of a list of inputs.

    Raises:
        ShapeError: one tensor was given, or batch sizes differ.
    """
    if not isinstance(shapes, (list, tuple)) or not shapes or not all(isinstance(s, (list, tuple)) for s in shapes):
        raise ShapeError(f"Layer {layer.name!r} ({type(layer).__name__}) expects a list of tensors. "
                         f"Received shape: {shapes}")
    shapes = [tuple(shape) for shape in shapes]
    if len({shape[0] for shape in shapes if shape} - {None}) > 1:
        raise ShapeError(f"Layer {layer.name!r} ({type(layer).__name__}) expects inputs of one batch size. "
                         f"Received shapes: {shapes}")
    return shapes


def require_two(layer: Layer, shapes: Any) -> None:
    """Raises `ShapeError` unless there are two inputs."""
    if len(shapes) != 2:
        raise ShapeError(f"Layer {layer.name!r} ({type(layer).__name__}) expects two tensors, received {len(shapes)} "
                         f"of shapes {shapes}.")


def _raised(shape: Shape, rank: int) -> Shape:
    return (*shape[:1], *(1,) * (rank - len(shape)), *shape[1:])


def _expanded(x: Any, rank: int) -> Any:
    missing = tuple(range(1, 1 + rank - x.ndim))
    return ops.expand_dims(x, missing) if missing else x
