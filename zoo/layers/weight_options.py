"""The arguments that go with a weight: ``<weight>_initializer``, ``<weight>_regularizer``, ``<weight>_constraint``."""

from __future__ import annotations

from typing import Any

from zoo import constraints, initializers, regularizers
from zoo.engine.spec import Shape
from zoo.engine.variable import Variable
from zoo.errors import ShapeError
from zoo.layers.layer import Layer


def keep(layer: Layer, prefix: str, initializer: Any, regularizer: Any = None, constraint: Any = None) -> None:
    """Resolves the three arguments and keeps them as attributes of the layer."""
    setattr(layer, f"{prefix}_initializer", initializers.get(initializer))
    setattr(layer, f"{prefix}_regularizer", regularizers.get(regularizer))
    setattr(layer, f"{prefix}_constraint", constraints.get(constraint))


def add(layer: Layer, prefix: str, shape: Shape, name: str | None = None, *, trainable: bool = True) -> Variable:
    """Creates the weight that the kept arguments describe.

    Args:
        layer: the owner.
        prefix: of the three arguments.
        shape: of the weight.
        name: of the weight, if it is not `prefix`.
        trainable: False for statistics.

    Raises:
        ShapeError: the input leaves a size of the weight unknown.
    """
    if None in shape:
        raise ShapeError(f"The shape of {name or prefix!r} in layer {layer.name!r} ({type(layer).__name__}) is "
                         f"{shape}: the axis of the input that decides the unknown size must have a known size.")
    return layer.add_weight(shape, getattr(layer, f"{prefix}_initializer"), trainable=trainable, name=name or prefix,
                            regularizer=getattr(layer, f"{prefix}_regularizer", None),
                            constraint=getattr(layer, f"{prefix}_constraint", None))
