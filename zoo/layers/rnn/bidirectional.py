"""Recurrent layers in both directions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from zoo import ops
from zoo.engine.spec import Shape
from zoo.errors import ConfigError
from zoo.layers import arguments, registry
from zoo.layers.core.wrapper import build_held, held
from zoo.layers.layer import Layer, accepts
from zoo.layers.rnn.rnn import with_states

MERGES = {
    "concat": lambda x, y: ops.concatenate([x, y], axis=-1),
    "sum": ops.add,
    "ave": lambda x, y: ops.divide(ops.add(x, y), 2),
    "mul": ops.multiply,
    None: lambda x, y: (x, y),
}


class Bidirectional(Layer):
    """Two recurrent layers, one from the first step to the last, one from the last to the first; outputs are merged.

    Called on a sequence, and optionally `initial_state` (the states of both layers in one list) and `mask`.

    Args:
        layer: the recurrent layer (or its record); a fresh one of that config is made for each direction.
        merge_mode: ``concat``, ``sum``, ``ave``, ``mul``, or None for both outputs.
        weights: initial weights of both layers in one list.
        backward_layer: the second layer, which goes the other way; made from `layer` if None.
        **kwargs: of `Layer`.

    Raises:
        ConfigError: the layers do not fit together.

    Example:
        >>> Bidirectional(LSTM(8, return_sequences=True))(Input((10, 4))).shape
        (None, 10, 16)
    """

    supports_masking = True
    not_in_config = frozenset({"weights", "activity_regularizer"})

    def __init__(self, layer: Any, merge_mode: str | None = "concat", weights: Any = None, backward_layer: Any = None,
                 **kwargs: Any):
        super().__init__(weights=weights, **kwargs)
        layer = held(layer, self, "layer")
        self.merge_mode = arguments.choice(merge_mode, tuple(MERGES), "merge_mode")
        self.forward_layer = _copy(layer, "forward")
        self.backward_layer = _copy(layer, "backward", go_backwards=not layer.go_backwards) if backward_layer is None \
            else held(backward_layer, self, "backward_layer")
        self._check()
        for one in (self.forward_layer, self.backward_layer):
            if hasattr(one, "zero_output_for_mask"):        # a repeated output would belong to other steps when flipped
                one.zero_output_for_mask = one.return_sequences

    def _check(self) -> None:
        forward, backward = self.forward_layer, self.backward_layer
        differing = [name for name in ("stateful", "return_sequences", "return_state")
                     if getattr(forward, name) != getattr(backward, name)]
        if differing or forward.go_backwards == backward.go_backwards:
            wrong = ", ".join(differing or ["go_backwards"])
            raise ConfigError(f"Bidirectional {self.name!r}: both layers must agree in stateful, return_sequences and "
                              f"return_state, and differ in go_backwards. Received layers with the wrong {wrong}.")

    @property
    def layer(self) -> Layer:
        """The layer of the first direction."""
        return self.forward_layer

    return_sequences = property(lambda self: self.forward_layer.return_sequences, doc="Whether all outputs are given.")
    return_state = property(lambda self: self.forward_layer.return_state, doc="Whether last states are given.")
    stateful = property(lambda self: self.forward_layer.stateful, doc="Whether batches continue each other.")

    def __call__(self, sequences: Any, initial_state: Any = None, **kwargs: Any) -> Any:
        """Calls the layer; ``[sequences, *initial_state]`` is Keras 2's way to give initial states."""
        sequences, states = with_states(sequences, initial_state)
        return super().__call__(sequences, **states, **kwargs)

    def build(self, sequences_shape: Shape, initial_state_shape: Any = None) -> None:
        build_held(self.forward_layer, sequences_shape)
        build_held(self.backward_layer, sequences_shape)

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """That of the input, if outputs of all steps are given; states have none."""
        mask = previous_mask if self.return_sequences else None
        return [mask, mask] if self.merge_mode is None else [mask]

    def call(self, sequences: Any, initial_state: Any = None, mask: Any = None, training: bool = False) -> Any:
        states: tuple[Any, Any] = (None, None)
        if initial_state is not None:
            half = len(initial_state) // 2
            states = initial_state[:half], initial_state[half:]
        results = [self._run(layer, sequences, state, mask, training)
                   for layer, state in zip((self.forward_layer, self.backward_layer), states)]
        (x, *x_states), (y, *y_states) = results if self.return_state else ([result] for result in results)
        output = MERGES[self.merge_mode](x, ops.flip(y, axis=1) if self.return_sequences else y)
        if not self.return_state:
            return output
        return (*(output if self.merge_mode is None else (output,)), *x_states, *y_states)

    def _run(self, layer: Layer, sequences: Any, states: Any, mask: Any, training: bool) -> Any:
        options = {"initial_state": states, "mask": mask, "training": training}
        given = {name: value for name, value in options.items() if value is not None and accepts(type(layer), name)}
        return layer(sequences, **given)

    def reset_state(self) -> None:
        """Makes the next batch start from zeros, if the layers are stateful."""
        self.forward_layer.reset_state()
        self.backward_layer.reset_state()

    reset_states = reset_state


def _copy(layer: Layer, direction: str, **changes: Any) -> Layer:
    """A fresh layer of the same config, named after its direction."""
    record = registry.serialize(layer)
    name = f"{direction}_{layer.name.removeprefix(f'{direction}_')}"
    own = {cls.__name__: cls for cls in _classes(layer) if cls not in registry.LAYERS.values()}
    return registry.deserialize({**record, "config": {**record["config"], "name": name, **changes}}, own)


def _classes(layer: Layer) -> Iterator[type[Layer]]:
    """The classes of a layer and of all layers inside."""
    yield type(layer)
    for _, inner in layer.sublayers():
        yield from _classes(inner)
