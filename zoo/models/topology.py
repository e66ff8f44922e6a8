"""From symbolic outputs back to symbolic inputs: which calls make up a model, in which order its layers stand.

Files of weights are read by the order of a model's layers, so this order has to be Keras's: layers go by decreasing
distance to the outputs, and layers of equal distance in the order in which a walk back from the outputs meets them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from zoo import tree
from zoo.engine.operation import Operation
from zoo.engine.symbolic import CallNode, KerasTensor
from zoo.errors import ConfigError
from zoo.layers.core.input_layer import InputLayer


@dataclass(frozen=True)
class Topology:
    """The calls between the inputs and outputs of a model.

    Args:
        calls: in an order in which they can be computed; calls of input layers included.
        operations: each layer and function once, in Keras's order.
    """

    calls: list[CallNode]
    operations: list[Operation]

    def calls_of(self, layer: Operation) -> list[CallNode]:
        """The calls of one layer that belong to the model, oldest first: position i is node i in files."""
        mine = {call for call in self.calls if call.layer is layer}
        return [call for call in layer.calls if call in mine] + [call for call in self.calls
                                                                if call in mine and call not in layer.calls]


def walk(inputs: list[KerasTensor], outputs: list[KerasTensor]) -> tuple[list[CallNode], list[Operation]]:
    """Depth-first from the outputs: calls in post-order, layers in the order of first meeting.

    Raises:
        ConfigError: an output depends on a tensor that no layer made.
    """
    given = set(inputs)
    finished: dict[CallNode, None] = {}
    met: dict[Operation, None] = {}
    stack: list[tuple[KerasTensor, bool]] = [(tensor, False) for tensor in reversed(outputs)]
    while stack:                                            # a loop, since models may be deeper than Python's stack
        tensor, expanded = stack.pop()
        call = tensor.call
        if call is None:
            raise ConfigError(f"{tensor!r} was not made by a layer: start from zoo.Input(shape).")
        if expanded:
            finished[call] = None
        elif call not in finished:
            met.setdefault(call.layer)
            stack.append((tensor, True))
            if tensor not in given:
                stack.extend((source, False) for source in reversed(call.inputs))
    return list(finished), list(met)


def trace_back(inputs: list[KerasTensor], outputs: list[KerasTensor]) -> Topology:
    """The topology between `inputs` and `outputs`.

    Raises:
        ConfigError: the outputs need an input that is not among `inputs`.
    """
    calls, met = walk(inputs, outputs)
    missing = [c.layer.name for c in calls if isinstance(c.layer, InputLayer) and c.outputs[0] not in set(inputs)]
    if missing:
        raise ConfigError(f"The outputs depend on the inputs {missing}, which are not among the model's inputs.")
    depth: dict[CallNode, int] = {}
    layer_depth: dict[Operation, int] = {}
    for call in reversed(calls):
        depth[call] = layer_depth[call.layer] = max(depth.get(call, 0), layer_depth.get(call.layer, 0))
        for source in call.inputs:
            depth[source.call] = max(depth[call] + 1, depth.get(source.call, 0))
    rank = {layer: i for i, layer in enumerate(met)}
    for tensor in inputs:                                   # an input that nothing uses still belongs to the model
        if tensor.call not in depth:
            calls.insert(0, tensor.call)
            layer_depth[tensor.call.layer], rank[tensor.call.layer] = 0, -1
    layers = sorted(rank, key=lambda layer: (-layer_depth[layer], rank[layer]))
    return Topology(calls, layers)


def rebase(inputs: list[KerasTensor], outputs: list[KerasTensor]) -> tuple[list[KerasTensor], list[KerasTensor]]:
    """Makes every input the output of an `InputLayer`, so that a model can start at any tensor of another one.

    The layers are shared with the other model; the calls in between are copied, and the layers do not hear of them.
    """
    if all(isinstance(tensor.call.layer, InputLayer) for tensor in inputs):
        return inputs, outputs
    swap: dict[KerasTensor, KerasTensor] = {}
    for tensor in inputs:
        fresh = not isinstance(tensor.call.layer, InputLayer)
        swap[tensor] = InputLayer(batch_shape=tensor.shape, dtype=tensor.dtype).output if fresh else tensor
    return [swap[tensor] for tensor in inputs], substitute(outputs, swap)


def substitute(outputs: list[KerasTensor], swap: dict[KerasTensor, KerasTensor]) -> list[KerasTensor]:
    """The outputs, computed from other tensors: the calls in between are copied, and the layers do not hear of them.

    Args:
        outputs: what to compute.
        swap: tensors from which the outputs are computed -> what comes in their place.
    """
    made = dict(swap)
    for call in walk(list(swap), outputs)[0]:
        if not all(tensor in made for tensor in call.outputs):
            copy = copied(call, made)
            made.update((old, new) for old, new in zip(call.outputs, copy.outputs) if old not in made)
    return [made[tensor] for tensor in outputs]


def copied(call: CallNode, swap: dict[KerasTensor, KerasTensor], **defaults: Any) -> CallNode:
    """A copy of a call that takes other tensors, and keyword arguments that it lacks; its layer does not hear of it."""
    args, kwargs = tree.map(lambda leaf: swap.get(leaf, leaf) if isinstance(leaf, KerasTensor) else leaf,
                            (call.args, call.kwargs))
    copy = CallNode(call.layer, args, {**defaults, **kwargs}, structure=call.structure)
    copy.outputs = [KerasTensor(tensor.spec, copy, i) for i, tensor in enumerate(call.outputs)]
    return copy
