"""Preprocessing layers one after another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zoo.errors import ConfigError
from zoo.layers.core.wrapper import held
from zoo.layers.layer import Layer, accepts


class Pipeline(Layer):
    """Applies layers one after another.

    Args:
        layers: in their order; layers or their records.

    Example:
        >>> Pipeline([RandomFlip(), Rescaling(1 / 255)])
    """

    not_in_config = frozenset({"trainable", "dtype", "activity_regularizer"})

    def __init__(self, layers: Sequence[Any], name: str | None = None, **kwargs: Any):
        super().__init__(name=name, **kwargs)
        if not isinstance(layers, (list, tuple)):
            raise ConfigError(f"Pipeline expects a list of layers. Received: layers={layers!r}")
        self._pipeline_layers = [held(layer, self, "layers") for layer in layers]

    @property
    def layers(self) -> list[Layer]:
        """The layers, in their order."""
        return self._pipeline_layers

    def call(self, inputs: Any, training: bool = False) -> Any:
        for layer in self._pipeline_layers:
            inputs = layer(inputs, training=training) if accepts(type(layer), "training") else layer(inputs)
        return inputs
