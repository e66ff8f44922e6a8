"""Calls of layers, as files write them, and the numbers by which files refer to them.

A call is written in one of two forms. Keras 3: ``{"args": [...], "kwargs": {...}}`` with tensors as
``{"class_name": "__keras_tensor__", "config": {"keras_history": [layer, node, tensor]}}``. Before: the nest of the
first argument with tensors as ``[layer, node, tensor, kwargs]``, where tf.keras also puts tensors into the kwargs as
``[layer, node, tensor]`` and constants into the nest as ``["_CONSTANT_VALUE", -1, value, kwargs]``.

Node numbers count a layer's calls inside the model; but the creation of a model counts as its first call, not
everywhere in the same way (`first_nodes`). Canonical numbers count calls from 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from zoo.errors import CorruptFile
from zoo.io.dialects.values import decode_value, encode_value
from zoo.io.dialects.vocabulary import FUNCTION_LAYERS, RECURRENT
from zoo.io.document import CallRecord, LayerRecord, ModelRecord, TensorRef

CONSTANT = "_CONSTANT_VALUE"
KERAS_TENSOR = "__keras_tensor__"
Nest = Any
NodeNumbers = dict[tuple[str, int], int]


def is_ref(value: Any) -> bool:
    """Whether a JSON value is ``[layer, node, tensor]`` or ``[layer, node, tensor, kwargs]``."""
    return (isinstance(value, list) and len(value) in (3, 4) and isinstance(value[0], str)
            and isinstance(value[1], int) and not isinstance(value[1], bool))


def map_refs(function: Callable[[TensorRef], Any], nest: Nest) -> Nest:
    """The same nest of arguments with `function` applied to each `TensorRef`."""
    if isinstance(nest, TensorRef):
        return function(nest)
    if isinstance(nest, (list, tuple)):
        return type(nest)(map_refs(function, item) for item in nest)
    if isinstance(nest, dict):
        return {key: map_refs(function, item) for key, item in nest.items()}
    if isinstance(nest, slice):
        return slice(*(map_refs(function, item) for item in (nest.start, nest.stop, nest.step)))
    return nest


def refs_in(nest: Nest) -> Iterator[TensorRef]:
    """All `TensorRef` of a nest of arguments."""
    found: list[TensorRef] = []
    map_refs(found.append, nest)
    return iter(found)


# ---- reading

def read_calls(raw: Any, layer: LayerRecord, where: str) -> list[CallRecord]:
    """The calls of a layer, with node numbers as in the file.

    Args:
        raw: its ``inbound_nodes``.

    Raises:
        CorruptFile: they are of no known form.
    """
    if not isinstance(raw, list):
        raise CorruptFile(f"{where}: expected a list of calls in 'inbound_nodes', received {raw!r:.80}")
    calls = [_modern_call(node, where) if isinstance(node, dict) and "args" in node else
             _legacy_call(node, layer.class_name, where) for node in raw]
    return [_canonical_call(call, layer) for call in calls]


def _modern_call(node: dict[str, Any], where: str) -> CallRecord:
    args, kwargs = node["args"], node.get("kwargs", {})
    if not isinstance(args, list) or not isinstance(kwargs, dict):
        raise CorruptFile(f"{where}: expected a list 'args' and an object 'kwargs' in a call, received {node!r:.80}")
    return CallRecord(tuple(decode_value(arg, _tensor) for arg in args),
                      {key: decode_value(value, _tensor) for key, value in kwargs.items()})


def _tensor(value: dict[str, Any]) -> Any:
    """The `TensorRef` of a Keras 3 tensor, else NotImplemented."""
    if value["class_name"] != KERAS_TENSOR:
        return NotImplemented
    config = value.get("config")
    return _ref(config.get("keras_history") if isinstance(config, dict) else config)


def _ref(history: Any) -> TensorRef:
    if not is_ref(history) or not isinstance(history[2], int):
        raise CorruptFile(f"expected [layer name, call number, output number], received {history!r:.80}")
    return TensorRef(*history[:3])


def _legacy_call(node: Any, class_name: str, where: str) -> CallRecord:
    kwargs: dict[str, Any] = {}

    def leaf(item: Any) -> Any:
        if isinstance(item, dict):
            return {key: leaf(part) for key, part in item.items()}
        if not isinstance(item, list):
            raise CorruptFile(f"{where}: expected [layer name, call number, output number] in 'inbound_nodes', "
                              f"received {item!r:.80}")
        if not is_ref(item):
            return [leaf(part) for part in item]
        kwargs.update(item[3] if len(item) == 4 and isinstance(item[3], dict) else {})
        return decode_value(item[2]) if item[0] == CONSTANT else _ref(item)

    first = leaf(node)
    if isinstance(first, list) and len(first) == 1 and class_name not in FUNCTION_LAYERS:
        first = first[0]
    return CallRecord((first,), {key: _legacy_argument(value) for key, value in kwargs.items()})


def _legacy_argument(value: Any) -> Any:
    if is_ref(value):
        return decode_value(value[2]) if value[0] == CONSTANT else _ref(value)
    if isinstance(value, list):
        return [_legacy_argument(item) for item in value]
    if isinstance(value, dict) and value.keys() == {"start", "stop", "step"}:
        return slice(*(_legacy_argument(value[key]) for key in ("start", "stop", "step")))
    if isinstance(value, dict) and "class_name" not in value:
        return {key: _legacy_argument(item) for key, item in value.items()}
    return decode_value(value)


def _canonical_call(call: CallRecord, layer: LayerRecord) -> CallRecord:
    """Without the arguments that say nothing; states of a recurrent layer in the argument for them."""
    kwargs = {key: value for key, value in call.kwargs.items()
              if not ((key == "mask" or key.endswith("_mask")) and _is_empty(value))
              and not (key == "training" and value is None)}
    args = call.args
    if layer.class_name in RECURRENT and args and isinstance(args[0], list) and args[0]:
        sequence, *states = args[0]
        constants = layer.config.get("num_constants") or 0
        args = (sequence, *args[1:])
        if constants:
            states, kwargs["constants"] = states[:-constants], states[-constants:]
        if states:
            kwargs["initial_state"] = states
    return CallRecord(args, kwargs)


def _is_empty(mask: Nest) -> bool:
    if isinstance(mask, (list, tuple)):
        return all(_is_empty(item) for item in mask)
    return mask is None


# ---- references between layers

def read_refs(raw: Any, where: str) -> Nest:
    """The nest of `TensorRef` in a model's ``input_layers`` or ``output_layers``."""
    if is_ref(raw):
        return _ref(raw)
    if isinstance(raw, list):
        return [read_refs(item, where) for item in raw]
    if isinstance(raw, dict):
        return {key: read_refs(item, where) for key, item in raw.items()}
    raise CorruptFile(f"{where}: expected [layer name, call number, output number] or a nest of these, "
                      f"received {raw!r:.80}")


def first_nodes(layer: LayerRecord, counting: str) -> tuple[int, int]:
    """The numbers that a layer's first call has: in calls of other layers, and in the outputs of the model.

    Args:
        counting: which creations of nested models come before it: those of functional models, in the outputs of
            the model only (``outputs``: Keras 3), those of models built from an input (``built``: tf.keras), or all
            (``always``: multi-backend Keras).
    """
    if layer.model is None:
        return 0, 0
    functional = layer.model.kind == "functional"
    if counting == "outputs":
        return 0, int(functional)
    has_input = bool(layer.model.layers) and layer.model.layers[0].class_name == "InputLayer"
    first = int(functional or has_input or counting == "always")
    return first, first


def renumber(model: ModelRecord, counting: str, where: str) -> list[str]:
    """Turns the file's node numbers in `model` into canonical ones.

    Args:
        counting: as in `first_nodes`.

    Returns:
        The layers whose numbers had gaps and were counted anew.

    Raises:
        CorruptFile: something refers to a layer or a call that does not exist.
    """
    found = {layer.name: (set(), set()) for layer in model.layers}     # nodes referred to: in calls, in outputs
    uses = ([(call.args, call.kwargs) for layer in model.layers for call in layer.calls], [model.inputs, model.outputs])
    unknown = set()
    for place, nests in enumerate(uses):
        for ref in refs_in(nests):
            found[ref.layer][place].add(ref.node) if ref.layer in found else unknown.add(ref.layer)
    if unknown:
        raise CorruptFile(f"{where}: calls refer to layers that the model does not have: {sorted(unknown)[:10]}")
    tables: tuple[NodeNumbers, NodeNumbers] = ({}, {})
    gaps = []
    for layer in model.layers:
        count = 1 if layer.class_name == "InputLayer" else len(layer.calls)
        for table, nodes, first in zip(tables, found[layer.name], first_nodes(layer, counting)):
            numbers = _numbers(nodes, first, count)
            if numbers is None:
                numbers = _without_gaps(set.union(*found[layer.name]), count, f"{where}: layer {layer.name!r}")
                gaps.append(layer.name)
            table.update({(layer.name, node): number for node, number in numbers.items()})
    for layer in model.layers:
        layer.calls = [CallRecord(*(map_refs(_lookup(tables[0]), part) for part in (call.args, call.kwargs)))
                       for call in layer.calls]
    model.inputs, model.outputs = (map_refs(_lookup(tables[1]), nest) for nest in (model.inputs, model.outputs))
    return sorted(set(gaps))


def _lookup(table: NodeNumbers) -> Callable[[TensorRef], TensorRef]:
    return lambda ref: TensorRef(ref.layer, table[ref.layer, ref.node], ref.tensor)


def _numbers(found: Iterable[int], first: int, count: int) -> dict[int, int] | None:
    """Canonical numbers if the file counts from `first`, or else from 0 or 1; None if neither fits."""
    for start in (first, 1 - first):
        if all(0 <= node - start < count for node in found):
            return {node: node - start for node in found}
    return None


def _without_gaps(found: set[int], count: int, where: str) -> dict[int, int]:
    """Canonical numbers where a writer counted calls outside the model as well."""
    if len(found) != count:
        raise CorruptFile(f"{where} has {count} calls, but the calls {sorted(found)} are referred to")
    return {node: number for number, node in enumerate(sorted(found))}


# ---- writing

def write_refs(nest: Nest, starts: dict[str, tuple[int, int]]) -> Any:
    """``input_layers`` or ``output_layers`` of a model; `starts` are the `first_nodes` of its layers."""
    return map_refs(lambda ref: [ref.layer, ref.node + starts[ref.layer][1], ref.tensor], nest)


def write_modern_call(call: CallRecord, starts: dict[str, tuple[int, int]],
                      spec_of: Callable[[TensorRef], dict[str, Any]]) -> dict[str, Any]:
    """A call in the form of Keras 3; `spec_of` gives the shape and dtype that go with a tensor."""
    def tensor(ref: TensorRef) -> dict[str, Any]:
        history = [ref.layer, ref.node + starts[ref.layer][0], ref.tensor]
        return {"class_name": KERAS_TENSOR, "config": {**spec_of(ref), "keras_history": history}}
    return {"args": [encode_value(arg, tensor) for arg in call.args],
            "kwargs": {key: encode_value(value, tensor) for key, value in call.kwargs.items()}}


def write_legacy_call(call: CallRecord, class_name: str, starts: dict[str, tuple[int, int]]) -> Any:
    """A call in the form of Keras 2; its only positional argument is the first one."""
    def history(ref: TensorRef) -> list[Any]:
        return [ref.layer, ref.node + starts[ref.layer][0], ref.tensor]

    first, kwargs = call.args[0], dict(call.kwargs)
    if class_name in RECURRENT:
        states = [*_as_list(kwargs.pop("initial_state", [])), *_as_list(kwargs.pop("constants", []))]
        first = [first, *states] if states else first
    written = {key: _legacy_slices(value, history) for key, value in kwargs.items()}

    def leaf(value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            return [leaf(item) for item in value]
        if isinstance(value, dict):
            return {key: leaf(item) for key, item in value.items()}
        head = history(value) if isinstance(value, TensorRef) else [CONSTANT, -1, encode_value(value)]
        return [*head, written]

    nest = leaf(first)
    return nest if not is_ref(nest) or class_name in FUNCTION_LAYERS else [nest]


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _legacy_slices(value: Any, history: Callable[[TensorRef], list[Any]]) -> Any:
    if isinstance(value, (list, tuple)):
        return [_legacy_slices(item, history) for item in value]
    if isinstance(value, dict):
        return {key: _legacy_slices(item, history) for key, item in value.items()}
    if isinstance(value, slice):
        return {key: _legacy_slices(getattr(value, key), history) for key in ("start", "stop", "step")}
    if isinstance(value, TensorRef):
        return history(value)
    return encode_value(value)
