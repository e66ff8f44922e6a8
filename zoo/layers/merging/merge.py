"""Several tensors into one, element by element."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any, ClassVar

from zoo import conventions, ops
from zoo.engine.spec import Shape, broadcast
from zoo.errors import ShapeError
from zoo.layers.layer import Layer
from zoo.layers.masks import mask_of


class Merge(Layer):
    """Base of layers that merge a list of tensors element by element.

    Tensors of lower rank get axes of size 1 behind the batch axis; then sizes of 1 broadcast.
    """

    supports_masking = True

    def build(self, input_shape: Any) -> None:
        shapes = list_of_shapes(self, input_shape)
        rank = max(map(len, shapes))
        try:
            broadcast(*(_raised(shape, rank) for shape in shapes))
        except ShapeError as error:
            raise ShapeError(f"Layer {self.name!r} ({type(self).__name__}) cannot merge its inputs: {error}") from error

    def call(self, inputs: Sequence[Any]) -> Any:
        rank = max(x.ndim for x in inputs)
        tensors, masks = [_expanded(x, rank) for x in inputs], [mask_of(x) for x in inputs]
        if all(mask is None for mask in masks) or conventions.current().merged_masks == "all":
            return self.merge(tensors)
        return self.merge_masked(tensors, [None if mask is None else _spread(mask, rank) for mask in masks])

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """A step is real if it is real in one of the inputs, and there is no mask if an input has none.

        For some conventions it is real if it is real in all inputs that have a mask.
        """
        masks = previous_mask or [None]
        if conventions.current().merged_masks == "all":
            known = [mask for mask in masks if mask is not None]
            return reduce(ops.logical_and, known) if known else None
        return None if any(mask is None for mask in masks) else reduce(ops.logical_or, masks)

    def merge(self, inputs: list[Any]) -> Any:
        """Merges tensors of equal rank."""
        raise NotImplementedError(f"{type(self).__name__} does not define merge().")

    def merge_masked(self, inputs: list[Any], masks: list[Any]) -> Any:
        """Merges tensors of which some elements are padding; masks have their rank. By default that is no matter."""
        return self.merge(inputs)


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

    def merge_masked(self, inputs: list[Any], masks: list[Any]) -> Any:
        """Padding counts as 1; what is padding in all inputs is 0."""
        factors = [x if mask is None else ops.where(mask, x, 1) for x, mask in zip(inputs, masks)]
        product = self.merge(factors)
        if any(mask is None for mask in masks):
            return product
        return ops.where(reduce(ops.logical_or, masks), product, 0)


class Average(Merge):
    """Mean of the inputs."""

    def merge(self, inputs: list[Any]) -> Any:
        return ops.divide(reduce(ops.add, inputs), len(inputs))


class Extremum(Merge):
    """Base of layers that choose among the inputs; padding is not chosen if there is anything else."""

    operation: ClassVar[Callable[[Any, Any], Any]]

    def merge(self, inputs: list[Any]) -> Any:
        return reduce(type(self).operation, inputs)

    def merge_masked(self, inputs: list[Any], masks: list[Any]) -> Any:
        chosen, known = inputs[0], masks[0]
        for x, mask in zip(inputs[1:], masks[1:]):
            x = x if mask is None else ops.where(mask, x, chosen)
            chosen = chosen if known is None else ops.where(known, chosen, x)
            known = None if mask is None or known is None else ops.logical_or(known, mask)
            chosen = type(self).operation(chosen, x)
        return chosen


class Maximum(Extremum):
    """Largest of the inputs."""

    operation = staticmethod(ops.maximum)


class Minimum(Extremum):
    """Smallest of the inputs."""

    operation = staticmethod(ops.minimum)


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


def _spread(mask: Any, rank: int) -> Any:
    return ops.expand_dims(mask, tuple(range(mask.ndim, rank))) if mask.ndim < rank else mask


def _expanded(x: Any, rank: int) -> Any:
    missing = tuple(range(1, 1 + rank - x.ndim))
    return ops.expand_dims(x, missing) if missing else x
