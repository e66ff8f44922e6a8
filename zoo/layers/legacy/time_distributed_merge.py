"""All steps of a sequence into one, of Keras 0."""

from __future__ import annotations

from typing import Any

from zoo import ops
from zoo.layers import arguments
from zoo.layers.input_spec import InputSpec
from zoo.layers.layer import Layer

_MODES = {"sum": ops.sum, "ave": ops.mean, "mul": ops.prod}


class TimeDistributedMerge(Layer):
    """Sum, mean or product over the steps of (batch, steps, features); masks do not matter.

    Args:
        mode: ``sum``, ``ave`` or ``mul``.
        **kwargs: of `Layer`.
    """

    def __init__(self, mode: str = "sum", **kwargs: Any):
        super().__init__(**kwargs)
        self.mode = arguments.choice(mode, tuple(_MODES), "mode")
        self.input_spec = InputSpec(ndim=3)

    def call(self, inputs: Any) -> Any:
        return _MODES[self.mode](inputs, axis=1)
