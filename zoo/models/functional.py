"""Models made of calls of layers on symbolic tensors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from zoo import ops, tree
from zoo.engine.symbolic import KerasTensor
from zoo.errors import ConfigError, ShapeError
from zoo.layers.layer import Layer
from zoo.models.model import Model
from zoo.models.topology import Topology, rebase, trace_back


class Functional(Model):
    """A model between symbolic tensors.

    Args:
        inputs: a `KerasTensor`, or a list or dict of them: from `Input`, or any tensor inside another model.
        outputs: likewise; what is computed from `inputs`.
        name: of the model.

    Raises:
        ConfigError: the outputs need other inputs, or two layers share a name.

    Example:
        >>> x = Input((32,))
        >>> model = Model(x, Dense(10)(x))
    """

    kind = "functional"

    def __init__(self, inputs: Any, outputs: Any, *, name: str | None = None, **kwargs: Any):
        super().__init__(name=name, autocast=False, **kwargs)     # inputs get the dtypes of their symbols
        flat = [*tree.leaves(inputs), *tree.leaves(outputs)]
        strange = [leaf for leaf in flat if not isinstance(leaf, KerasTensor)]
        if strange:
            raise ConfigError(f"Model(inputs, outputs) expects symbolic tensors from zoo.Input and layers, "
                              f"received {strange[0]!r}.")
        count = len(tree.leaves(inputs))
        flat_inputs, flat_outputs = rebase(flat[:count], flat[count:])
        self._connect(tree.pack(inputs, flat_inputs), tree.pack(outputs, flat_outputs))
        self.built = True

    def _connect(self, inputs: Any, outputs: Any) -> None:
        self.input_structure, self.output_structure = inputs, outputs
        self.topology: Topology = trace_back(tree.leaves(inputs), tree.leaves(outputs))
        names = [layer.name for layer in self.topology.operations]
        doubles = sorted({name for name in names if names.count(name) > 1})
        if doubles:
            raise ConfigError(f"Model {self.name!r}: layer names have to be unique, found more than one {doubles}.")

    @property
    def layers(self) -> list[Layer]:
        """All layers, input layers included, in Keras's order (functions of `zoo.ops` are no layers)."""
        return [layer for layer in self.topology.operations if isinstance(layer, Layer)]

    def sublayers(self) -> Iterator[tuple[str, Layer]]:
        """The layers, addressed as Keras's weight files do."""
        yield from ((f"layers/{i}", layer) for i, layer in enumerate(self.layers))

    @property
    def inputs(self) -> list[KerasTensor]:
        """Symbolic inputs, flat."""
        return tree.leaves(self.input_structure)

    @property
    def outputs(self) -> list[KerasTensor]:
        """Symbolic outputs, flat."""
        return tree.leaves(self.output_structure)

    @property
    def input(self) -> Any:
        """The symbolic input, or the nest of inputs."""
        return self.input_structure

    @property
    def output(self) -> Any:
        """The symbolic output, or the nest of outputs."""
        return self.output_structure

    @property
    def input_names(self) -> list[str]:
        """Names of the input layers, in the order of `inputs`."""
        return [tensor.name for tensor in self.inputs]

    @property
    def output_names(self) -> list[str]:
        """Names of the layers that make the outputs."""
        return [tensor.name for tensor in self.outputs]

    @property
    def input_shape(self) -> Any:
        """Shape of the input, or the nest of shapes."""
        return tree.map(lambda tensor: tensor.shape, self.input_structure)

    @property
    def output_shape(self) -> Any:
        """Shape of the output, or the nest of shapes."""
        return tree.map(lambda tensor: tensor.shape, self.output_structure)

    def build_for(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Nothing: a functional model is built from its first moment."""

    def call(self, inputs: Any) -> Any:
        """Runs the layers on tensors that match the model's inputs."""
        values: dict[KerasTensor, Any] = dict(zip(self.inputs, self.match_inputs(inputs)))
        for call in self.topology.calls:
            if all(tensor in values for tensor in call.outputs):
                continue
            args, kwargs = call.fill(values)
            results = tree.leaves(call.layer(*args, **kwargs))
            values.update((t, r) for t, r in zip(call.outputs, results) if t not in values)
        return tree.map(lambda tensor: values[tensor], self.output_structure)

    def match_inputs(self, given: Any) -> list[Any]:
        """The tensors of `given` in the order of `inputs`, brought to their ranks and dtypes.

        A dict is matched by the names of the input layers (or the keys the model was made with).

        Raises:
            ConfigError: another number of inputs, or other names.
            ShapeError: a shape does not fit.
        """
        if isinstance(given, dict) and not isinstance(self.input_structure, dict):
            missing = sorted(set(self.input_names) - set(given))
            if missing:
                raise ConfigError(f"Model {self.name!r} expects inputs named {self.input_names}, "
                                  f"received {sorted(given)}: {missing} missing.")
            tensors = [given[name] for name in self.input_names]
        else:
            tensors = tree.leaves(given)
        if len(tensors) != len(self.inputs):
            raise ConfigError(f"Model {self.name!r} has {len(self.inputs)} inputs {self.input_names}, "
                              f"received {len(tensors)} arrays.")
        return [self._match(spec, tensor) for spec, tensor in zip(self.inputs, tensors)]

    def _match(self, expected: KerasTensor, tensor: Any) -> Any:
        shape, wanted = tuple(tensor.shape), expected.shape
        if len(shape) == len(wanted) + 1 and shape[-1] == 1:
            tensor = ops.squeeze(tensor, axis=-1)
        elif len(shape) == len(wanted) - 1 and wanted[-1] == 1:
            tensor = ops.expand_dims(tensor, axis=-1)
        shape = tuple(tensor.shape)
        fits = len(shape) == len(wanted) and all(w in (None, s) or s is None for s, w in zip(shape, wanted))
        if not fits:
            raise ShapeError(f"Input {expected.name!r} of model {self.name!r}: expected shape {wanted}, "
                             f"received {shape}.")
        return ops.cast(tensor, expected.dtype) if expected.dtype != "string" else tensor


Model.functional_class = Functional
