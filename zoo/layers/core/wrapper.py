"""Layers that hold other layers."""

from __future__ import annotations

from typing import Any

from zoo.engine.spec import Shape
from zoo.errors import ConfigError
from zoo.layers import registry
from zoo.layers.layer import Layer


class Wrapper(Layer):
    """Base of layers that do something around another layer.

    Args:
        layer: the layer, or its record.
    """

    def __init__(self, layer: Any, **kwargs: Any):
        super().__init__(**kwargs)
        self.layer = held(layer, self, "layer")

    def build(self, input_shape: Any) -> None:
        build_held(self.layer, input_shape)


def held(layer: Any, owner: Layer, argument: str) -> Layer:
    """A layer that another one is to hold, given as itself or as its record.

    Raises:
        ConfigError: it is neither.
    """
    layer = registry.get(layer) if isinstance(layer, dict) else layer
    if not isinstance(layer, Layer):
        raise ConfigError(f"{type(owner).__name__} {owner.name!r}: expected a layer as `{argument}`, "
                          f"received {layer!r}.")
    return layer


def build_held(layer: Layer, input_shape: Shape) -> None:
    """Builds a layer inside another one, if it is not built, so that its weights are there when its owner's are."""
    if not layer.built:
        layer.build(input_shape)
