"""A model cut in two: what training leaves alone, and the rest.

The frozen part is the largest set of calls, closed towards the inputs, of which training changes neither the weights
nor the results. Whether a call is of that kind is not asked of its layer but seen by tracing it, for training and for
inference: both graphs have to be the same, read no trainable weight, assign nothing and add nothing to the loss.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo import tree
from zoo.engine.graph import Graph, Value
from zoo.engine.spec import TensorSpec
from zoo.engine.symbolic import CallNode, KerasTensor
from zoo.engine.variable import Variable
from zoo.layers.core.input_layer import InputLayer
from zoo.layers.layer import Layer
from zoo.layers.penalties import collecting_penalties
from zoo.layers.masks import mask_of
from zoo.models.topology import copied, substitute

NESTED = ("functional", "sequential")


@dataclass(frozen=True)
class Split:
    """Two models that make up one, with its own layers.

    Args:
        prefix: from the inputs to the tensors where the model is cut; training changes nothing in it.
        rest: from these tensors, a list, to the outputs.
        frozen_layers: how many layers with weights are in the prefix.
    """

    prefix: Any
    rest: Any
    frozen_layers: int


def split(model: Any) -> Split | None:
    """The model cut where training begins to matter; None if nothing with weights comes before.

    Args:
        model: functional or sequential, and built; of any other kind there is nothing to see.
    """
    if model.kind not in NESTED or not _computes_by_calls(model) or model.activity_regularizer is not None:
        return None
    plan = _Plan({variable for variable in model.trainable_weights})
    made = {tensor: tensor for tensor in model.inputs}
    plan.frozen.update(model.inputs)
    plan.lay_out(model.topology.calls, made, {})
    outputs = [made[tensor] for tensor in model.outputs]
    needed = [tensor for call in plan.other_calls for tensor in call.inputs] + outputs
    cut = [tensor for tensor in dict.fromkeys(needed) if tensor in plan.frozen]
    layers = {layer for call in plan.frozen_calls for layer in all_layers(call.layer) if layer.own_variables()}
    if not layers or not plan.other_calls:
        return None
    starts = [InputLayer(batch_shape=tensor.shape, dtype=tensor.dtype, name=f"{model.name}_frozen_{i}").output
              for i, tensor in enumerate(cut)]
    rest = substitute(outputs, dict(zip(cut, starts)))
    return Split(model.functional_class(model.input, cut, name=f"{model.name}_frozen"),
                 model.functional_class(starts, tree.pack(model.output, rest), name=model.name), len(layers))


class _Plan:
    """The calls of a model, those of nested models that are frozen in part among them, sorted.

    Args:
        trainable: variables that training changes.

    Attributes:
        frozen: tensors that do not depend on training.
        frozen_calls, other_calls: in an order in which they can be computed.
    """

    def __init__(self, trainable: set[Variable]):
        self.trainable = trainable
        self.frozen: set[KerasTensor] = set()
        self.frozen_calls: list[CallNode] = []
        self.other_calls: list[CallNode] = []

    def lay_out(self, calls: Iterable[CallNode], made: dict[KerasTensor, KerasTensor], options: dict[str, Any]) -> None:
        """Copies calls.

        Args:
            calls: of one model, in order.
            made: original tensor -> its copy; has the inputs, gets the others.
            options: ``training``, if the call of the model around them says it.
        """
        for call in calls:
            if all(tensor in made for tensor in call.outputs):
                continue
            copy = copied(call, made, **(options if isinstance(call.layer, Layer) else {}))
            starts_frozen = all(tensor in self.frozen for tensor in copy.inputs)
            if starts_frozen and is_fixed(copy, self.trainable):
                self.frozen_calls.append(copy)
                self.frozen.update(copy.outputs)
            elif starts_frozen and _can_be_opened(copy):
                self._open(call, copy, made)
                continue
            else:
                self.other_calls.append(copy)
            made.update(zip(call.outputs, copy.outputs))

    def _open(self, call: CallNode, copy: CallNode, made: dict[KerasTensor, KerasTensor]) -> None:
        """Puts the calls inside of a nested model in the place of the call of it."""
        model = call.layer
        inside = dict(zip(model.inputs, copy.inputs))
        options = {key: value for key, value in copy.kwargs.items() if key == "training"}
        self.lay_out(model.topology.calls, inside, options)
        made.update((outer, inside[inner]) for outer, inner in zip(call.outputs, model.outputs))


def is_fixed(call: CallNode, trainable: set[Variable]) -> bool:
    """Whether training neither changes what the call computes, nor is changed by it, nor learns from it."""
    graphs = []
    for training in (True, False):
        graph = Graph(call.layer.name)
        values = {tensor: graph.input(_of_two_samples(tensor.spec)) for tensor in dict.fromkeys(call.inputs)}
        args, kwargs = call.fill(values)
        if isinstance(call.layer, Layer):
            kwargs = {"training": training, **kwargs}
        with graph.recording(), collecting_penalties() as penalties:
            outputs = tree.leaves(call.layer.compute(args, kwargs))
            graph.outputs = [graph.as_value(output) for output in outputs]
        if penalties or graph.updates or trainable & set(graph.reads) or any(mask_of(o) is not None for o in outputs):
            return False
        graphs.append(description(graph))
    return graphs[0] == graphs[1]


def _of_two_samples(spec: TensorSpec) -> TensorSpec:
    """The spec with a size for the batch, by which penalties divide."""
    return spec.with_shape((2, *spec.shape[1:])) if spec.shape and spec.shape[0] is None else spec


def description(graph: Graph) -> list[Any]:
    """What a graph computes, as data that are equal if and only if two graphs do the same in the same order."""
    names: dict[Value, Any] = {value: ("input", i) for i, value in enumerate(graph.inputs)}

    def name(value: Value) -> Any:
        if value in names:
            return names[value]
        array = value.constant
        if array is None:
            return "variable", value.source.serial
        return array.shape, array.dtype.str, array.tobytes()

    lines: list[Any] = []
    for i, node in enumerate(graph.nodes):
        lines.append((node.op.name, [name(value) for value in node.inputs], _plain(node.attrs)))
        names.update((value, (i, k)) for k, value in enumerate(node.outputs))
    return [*lines, [name(value) for value in graph.outputs]]


def _plain(attribute: Any) -> Any:
    """Attributes of nodes: plain data, arrays, and graphs of loops."""
    if isinstance(attribute, Graph):
        return description(attribute)
    if isinstance(attribute, np.ndarray):
        return attribute.shape, attribute.dtype.str, attribute.tobytes()
    if isinstance(attribute, dict):
        return {key: _plain(value) for key, value in attribute.items()}
    return tuple(map(_plain, attribute)) if isinstance(attribute, (list, tuple)) else attribute


def _can_be_opened(call: CallNode) -> bool:
    """Whether a call of a nested model does nothing but its calls."""
    model = call.layer
    if getattr(model, "kind", None) not in NESTED or not _computes_by_calls(model) \
            or model.activity_regularizer is not None:
        return False
    return [(t.dtype, t.ndim) for t in call.inputs] == [(t.dtype, t.ndim) for t in model.inputs] and len(call.args) == 1


def _computes_by_calls(model: Any) -> bool:
    """Whether a model does what its kind does: it is not of a class with a `call` of its own."""
    kind, call = (next(cls for cls in type(model).__mro__ if name in vars(cls)) for name in ("kind", "call"))
    return kind is call


def all_layers(operation: Any) -> Iterator[Layer]:
    """A layer and all inside it; nothing for a function of `zoo.ops`."""
    if isinstance(operation, Layer):
        yield operation
        for _, sublayer in operation.sublayers():
            yield from all_layers(sublayer)
