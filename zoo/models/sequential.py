"""A stack of layers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from zoo import tree
from zoo.engine.spec import TensorSpec
from zoo.engine.symbolic import KerasTensor
from zoo.errors import ConfigError
from zoo.layers.core.input_layer import InputLayer
from zoo.layers.layer import Layer, map_shapes, name_scope
from zoo.layers.legacy.merge import Merge
from zoo.models.functional import Functional
from zoo.models.model import Model


class Sequential(Model):
    """Layers, each called on what the one before gives.

    It becomes a functional model as soon as the shape of its input is known: from an `Input`, from an `input_shape`
    of the first layer, or from the first data.

    Args:
        layers: to add.
        name: of the model.

    Example:
        >>> model = Sequential([Input((784,)), Dense(64, activation="relu"), Dense(10)])
    """

    kind = "sequential"
    keeps_track_of_building = True

    def __init__(self, layers: Sequence[Layer] | None = None, *, name: str | None = None, **kwargs: Any):
        super().__init__(name=name, autocast=False, **kwargs)
        self._stack: list[Layer] = []
        self._functional: Functional | None = None
        for layer in layers or ():
            self.add(layer)

    def add(self, layer: Layer) -> None:
        """Puts a layer (or a model, or the result of `Input`) on top.

        Raises:
            ConfigError: it is none of these, its name is taken, or an input comes where it cannot.
        """
        if isinstance(layer, KerasTensor) and isinstance(layer.call.layer, InputLayer):
            layer = layer.call.layer
        if not isinstance(layer, Layer):
            raise ConfigError(f"Sequential.add expects a layer, received {layer!r}.")
        if any(layer.name == other.name for other in self._stack):
            raise ConfigError(f"Model {self.name!r} already has a layer named {layer.name!r}.")
        if self._stack and isinstance(layer, InputLayer):
            raise ConfigError(f"An input can only be the first layer; model {self.name!r} has {len(self._stack)} "
                              f"layers.")
        shape = layer._given_input_shape
        if not self._stack and not isinstance(layer, InputLayer) and shape is None and isinstance(layer, Functional):
            shape = layer.input_shape if isinstance(layer.input_structure, KerasTensor) else None
        if not self._stack and not isinstance(layer, InputLayer) and shape is not None:
            self._stack.append(InputLayer(batch_shape=shape, dtype=_input_dtype(layer)))
        self._stack.append(layer)
        self._rebuild()

    def pop(self) -> Layer:
        """Removes the topmost layer and returns it."""
        layer = self._stack.pop()
        self._functional, self.built = None, False
        self._rebuild()
        return layer

    def _rebuild(self) -> None:
        self.reset_programs()
        branches = self._stack[0].start() if self._stack and isinstance(self._stack[0], Merge) else None
        if branches or len(self._stack) > 1 and isinstance(self._stack[0], InputLayer):
            inputs, tensor = branches or (self._stack[0].output,) * 2
            if self._functional is not None:                # one more layer: only that one is called
                inputs, tensor = self._functional.input_structure, self._functional.output_structure
            with name_scope(self.name):
                for layer in self._stack[1 if self._functional is None else -1:]:
                    tensor = layer(tensor)
            self._functional = Functional(inputs, tensor, name=self.name)
            self.built = True

    def build(self, input_shape: Any = None) -> None:
        """Builds for inputs of that shape, with the batch axis."""
        if isinstance(input_shape, (list, tuple)) and self._functional is None:
            shape = map_shapes(tuple, input_shape)
            first = self._stack[0] if self._stack else None
            if first is not None and not isinstance(first, InputLayer):
                self._stack.insert(0, InputLayer(batch_shape=(None, *shape[1:]), dtype=_input_dtype(first)))
            self._rebuild()

    def build_for(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Builds from the shape of the first data."""
        if self._functional is None and self._stack:
            self.build(tuple(args[0].shape))

    def call(self, inputs: Any) -> Any:
        """Runs the stack."""
        if self._functional is not None:
            return self._functional.call(inputs)
        for layer in self._stack:
            inputs = layer(inputs)
        return inputs

    @property
    def layers(self) -> list[Layer]:
        """The layers, without the input."""
        return [layer for layer in self._stack if not isinstance(layer, InputLayer)]

    def all_layers(self) -> list[Layer]:
        """The layers, the input included."""
        return list(self._stack)

    def sublayers(self) -> Iterator[tuple[str, Layer]]:
        """The layers, addressed as Keras's weight files do."""
        yield from ((f"layers/{i}", layer) for i, layer in enumerate(self.layers))

    def _shell(self) -> Functional:
        if self._functional is None:
            raise ConfigError(f"Model {self.name!r} does not know the shape of its input yet: start it with "
                              f"zoo.Input(shape), call build(input_shape), or call it on data.")
        return self._functional

    @property
    def input_structure(self) -> Any:
        """The symbolic input, or the list of the inputs of branches; None if it is not known yet."""
        return None if self._functional is None else self._functional.input_structure

    def as_functional(self) -> Functional | None:
        """The functional model that it stands for, if its first layer merges branches: files have no other form."""
        return self._functional if self._stack and isinstance(self._stack[0], Merge) else None

    topology = property(lambda self: self._shell().topology, doc="The calls between input and output.")
    inputs = property(lambda self: self._shell().inputs, doc="Symbolic inputs, flat.")
    outputs = property(lambda self: self._shell().outputs, doc="Symbolic outputs, flat.")
    input = property(lambda self: self._shell().input_structure, doc="The symbolic input.")
    output = property(lambda self: self._shell().output_structure, doc="The symbolic output.")
    input_shape = property(lambda self: self._shell().input_shape, doc="Shape of the input.")
    output_shape = property(lambda self: self._shell().output_shape, doc="Shape of the output.")
    input_names = property(lambda self: self._shell().input_names, doc="Name of the input layer.")
    output_names = property(lambda self: self._shell().output_names, doc="Name of the last layer.")

    def match_inputs(self, given: Any) -> list[Any]:
        """The given tensor, brought to the input's rank and dtype."""
        return self._functional.match_inputs(given) if self._functional is not None else tree.leaves(given)

    def input_spec_of(self) -> TensorSpec | None:
        """Spec of the input if it is known."""
        return self._functional.inputs[0].spec if self._functional is not None else None


def _input_dtype(layer: Layer) -> str | None:
    """What the input of a first layer holds: some layers take indices or strings."""
    return getattr(layer, "input_dtype", None)
