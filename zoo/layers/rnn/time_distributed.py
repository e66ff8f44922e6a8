"""A layer applied to each step."""

from __future__ import annotations

from typing import Any

from zoo.engine.spec import Shape
from zoo.errors import ShapeError
from zoo.layers.core.wrapper import Wrapper
from zoo.layers.layer import accepts
from zoo.layers.rnn.sequence import each_step


class TimeDistributed(Wrapper):
    """Applies a layer to each step of (batch, steps, ...).

    Layers that learn from batches without gradients (moving averages) see one step after the other in training, as in
    Keras 3; else all steps are done together.

    Args:
        layer: the layer (or its record); it gets (batch, ...).
        **kwargs: of `Layer`.

    Example:
        >>> TimeDistributed(Dense(8))(Input((10, 16))).shape
        (None, 10, 8)
    """

    supports_masking = True
    not_in_config = frozenset({"activity_regularizer"})

    def build(self, input_shape: Shape) -> None:
        if len(input_shape) < 3:
            raise ShapeError(f"TimeDistributed {self.name!r}: expected an input (batch, steps, ...) of 3 axes or more. "
                             f"Received shape: {tuple(input_shape)}.")
        super().build((input_shape[0], *input_shape[2:]))

    def call(self, inputs: Any, training: bool = False, mask: Any = None) -> Any:
        masks = {"mask": mask} if mask is not None and accepts(type(self.layer), "mask") else {}
        alone = training and any(not variable.trainable for variable in self.layer.weights)

        def step(given: dict[str, Any]) -> Any:
            options = dict(given)
            return self.layer(options.pop("inputs"), **options, training=training)
        return each_step(step, {"inputs": inputs, **masks}, together=not alone)
