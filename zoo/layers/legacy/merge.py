"""Merging in the way of Keras 1: one layer for all modes, which may hold the models that it merges."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from zoo import ops, serialization, tree
from zoo.config import config as settings
from zoo.engine.symbolic import KerasTensor
from zoo.errors import ConfigError, UnknownClass
from zoo.layers.layer import Layer
from zoo.layers.merging.concatenate import Concatenate
from zoo.layers.merging.dot import Dot
from zoo.layers.merging.merge import Add, Average, Maximum, Multiply

#: Modes for which there is a layer today.
TODAY: dict[str, Callable[..., Layer]] = {
    "sum": lambda concat_axis, dot_axes, **options: Add(**options),
    "mul": lambda concat_axis, dot_axes, **options: Multiply(**options),
    "ave": lambda concat_axis, dot_axes, **options: Average(**options),
    "max": lambda concat_axis, dot_axes, **options: Maximum(**options),
    "concat": lambda concat_axis, dot_axes, **options: Concatenate(concat_axis, **options),
    "dot": lambda concat_axis, dot_axes, **options: Dot(dot_axes, **options),
}
MODES = (*TODAY, "cos")


class Merge(Layer):
    """Several tensors into one.

    As the first layer of a `Sequential` it holds the branches: ``model.add(Merge([left, right], mode="concat"))``
    gives a model with the inputs of `left` and `right`.

    Args:
        layers: the branches, layers or models that were built; None to call the layer on a list of tensors.
        mode: ``sum``, ``mul``, ``ave``, ``max``, ``concat``, ``dot``, ``cos``, or a function of the list of tensors.
        concat_axis: for ``concat``.
        dot_axes: for ``dot`` and ``cos``: the axis of each tensor that is summed over, or one for both.
        output_shape: accepted for old code; shapes are inferred.
        arguments: keyword arguments for the function.
        **kwargs: of `Layer`.

    ``cos`` gives ``x.y / max(sqrt(x.x * y.y), epsilon)``, with an axis of size 1 behind the batch axis.
    """

    supports_masking = True

    def __init__(self, layers: Sequence[Layer] | None = None, mode: Any = "sum", concat_axis: int = -1,
                 dot_axes: int | Sequence[int] = -1, output_shape: Any = None,
                 arguments: dict[str, Any] | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        if not callable(mode) and mode not in MODES:
            raise ConfigError(f"{self.name}: `mode` must be one of {', '.join(MODES)}, or a function of the list of "
                              f"tensors. Received: mode={mode!r}")
        self.layers = list(layers) if layers else None
        self.mode, self.concat_axis, self.dot_axes = mode, concat_axis, dot_axes
        self.output_shape, self.arguments = output_shape, arguments

    def today(self) -> Layer:
        """The layer of today that does the same, of the same name; itself if there is none."""
        if self.mode not in TODAY:
            return self
        return TODAY[self.mode](self.concat_axis, self.dot_axes, name=self.name, dtype=self.dtype_policy)

    def start(self) -> tuple[list[KerasTensor], KerasTensor] | None:
        """The symbolic inputs of the branches, and what is merged of their outputs; None without branches.

        Raises:
            ConfigError: a branch does not know the shape of its input.
        """
        if self.layers is None:
            return None
        inputs = [tensor for branch in self.layers for tensor in tree.leaves(branch.input)]
        outputs = [tensor for branch in self.layers for tensor in tree.leaves(branch.output)]
        return list(dict.fromkeys(inputs)), self.today()(outputs)

    def build(self, input_shape: Any) -> None:
        if self.today() is not self:
            self.today().build(input_shape)

    def call(self, inputs: Sequence[Any]) -> Any:
        if callable(self.mode):
            return self.mode(list(inputs), **(self.arguments or {}))
        if self.mode == "cos":
            return self._cosine(*inputs)
        rule = self.today()
        return rule.call(list(inputs))

    def _cosine(self, x: Any, y: Any) -> Any:
        dot = Dot(self.dot_axes).call
        squares = ops.multiply(dot([x, x]), dot([y, y]))    # of several axes: not those of lengths, maybe negative
        lengths = ops.sqrt(ops.maximum(squares, 0))
        return ops.expand_dims(ops.divide(dot([x, y]), ops.maximum(lengths, settings.epsilon)), 1)

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """As of today's layers; a function says nothing about masks."""
        rule = self.today()
        return None if rule is self or not rule.supports_masking else rule.compute_mask(inputs, previous_mask)


    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Layer:
        """A layer of that config; a function as its mode is one that the user knows by its name.

        Raises:
            UnknownClass: nobody knows it; the message says how to name it.
        """
        mode = config.get("mode")
        if isinstance(mode, dict):
            name, function = config.get("name"), mode.get("config")
            found = serialization.custom_object(mode.get("registered_name"),
                                                function if isinstance(function, str) else None, name)
            if found is None:
                what = f"the function {function!r}" if isinstance(function, str) else "a lambda"
                raise UnknownClass(f"Merge {name!r} holds {what}; zoo never runs code from a file. Pass "
                                   f"custom_objects={{{name!r}: function}} with the function of the list of tensors "
                                   f"that it stands for.")
            config = {**config, "mode": found}
        return super().from_config(config)


def merge(inputs: Sequence[Any], mode: Any = "sum", concat_axis: int = -1, dot_axes: int | Sequence[int] = -1,
          output_shape: Any = None, arguments: dict[str, Any] | None = None, name: str | None = None) -> Any:
    """Several tensors into one; see `Merge`. A model made with it holds today's layers where there are some."""
    layer = Merge(None, mode, concat_axis, dot_axes, output_shape, arguments, name=name)
    return layer.today()(list(inputs))
