"""Live model -> document. With `restore`, the only bridge between objects and files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from zoo import serialization, tree
from zoo.conventions import TODAY
from zoo.engine.operation import FunctionCall
from zoo.engine.symbolic import KerasTensor
from zoo.engine.variable import Variable
from zoo.errors import ConfigError, Unsupported
from zoo.io import extras, layouts
from zoo.io.dialects.operations import PREFIX as OPERATION
from zoo.io.document import (CallRecord, LayerRecord, ModelDocument, ModelRecord, Producer, TensorRef, WeightSpec)
from zoo.io.tensors import TensorRecord
from zoo.layers.layer import Layer
from zoo.layers.seeds import seed_generators

Shapes = dict[tuple[tuple[str, ...], str, int, int], tuple[int | None, ...]]

LIVE = Producer("live")                                     # of no dialect yet: each container writes its preferred one


def document(model: Any) -> ModelDocument:
    """The model as a document: its architecture and its present weights (arrays are read when they are written).

    Raises:
        ConfigError: the model has no weights yet because it does not know its input shape.
        Unsupported: it has no architecture that could be written.
    """
    if model.kind == "sequential" and not model.built and model.layers:
        raise ConfigError(f"Model {model.name!r} cannot be saved before it knows the shape of its input: "
                          f"start it with zoo.Input(shape), or call it on data.")
    model = _written(model)
    record = architecture(model)
    bound = layouts.BoundWeights({(path, role): _tensor(variable) for path, role, variable in addressed(model)
                                  if not layouts.is_adapter(role)})         # files by path hold sums
    tree_ = layouts.encode_weights(bound, record, "by_path", "keras3")
    assets = layouts.encode_assets(record, {path: layer.assets() for path, layer in layers_by_path(model)})
    metadata = ({"assets": assets} if assets else {}) | extras.of({extras.KEY: _kept(model)})
    return ModelDocument("memory", LIVE, model=record, weights=tree_, metadata=metadata)


def _kept(model: Any) -> dict[str, Any]:
    """What Keras's files have no place for: `Model.metadata`, where random layers are, and whose conventions hold."""
    seeds = [generator.state.numpy().tolist() for generator in seed_generators(model)]
    return extras.said(model.metadata) | ({extras.SEEDS: seeds} if seeds else {}) | (
        {extras.CONVENTIONS: model.conventions.name} if model.conventions != TODAY else {})


def architecture(model: Any) -> ModelRecord:
    """The model's layers and wiring in canonical vocabulary.

    Raises:
        Unsupported: the model is a subclass without topology, or an argument of a call cannot be written.
    """
    model = _written(model)
    config = {"name": model.name, "trainable": model.trainable, "dtype": model.dtype_policy.in_config()}
    if model.kind == "sequential":
        layers = [_layer(layer, []) for layer in model.all_layers()]
        return ModelRecord("sequential", model.name, layers, config=config, class_name="Sequential")
    if model.kind != "functional":
        raise Unsupported(f"Model {model.name!r} is a {type(model).__name__} that writes its own call(): such a model "
                          f"has no architecture to save. Save its weights with save_weights(), or make it functional.")
    topology = model.topology
    calls = {layer: topology.calls_of(layer) for layer in topology.operations}
    refs = {tensor: TensorRef(layer.name, node, tensor.index)
            for layer, own in calls.items() for node, call in enumerate(own) for tensor in call.outputs}
    layers = [_layer(layer, [_call(call, refs) for call in own if call.inputs]) for layer, own in calls.items()]
    return ModelRecord("functional", model.name, layers, tree.map(refs.__getitem__, model.input_structure),
                       tree.map(refs.__getitem__, model.output_structure), config)


def addressed(model: Any, prefix: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], str, Variable]]:
    """Every variable with its canonical address: path of layer names from the model, role inside the layer."""
    return [(path, role, variable) for path, layer in layers_by_path(model, prefix) for role, variable in roles(layer)]


def layers_by_path(model: Any, prefix: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Layer]]:
    """The layers of a model and of the models inside, by path of names."""
    for layer in model.layers:
        path = (*prefix, layer.name)
        if _is_model(layer):
            yield from layers_by_path(layer, path)
        else:
            yield path, layer


def shapes_of(model: Any) -> Shapes:
    """The shape of each tensor, by the path of its model, its layer, and the numbers of the call and of the tensor.

    Models in wrappers have the path of the wrapper; the input of a `Sequential` without an input layer has the empty
    name.
    """
    shapes: Shapes = {}
    _collect_shapes(_written(model), (), shapes)
    return shapes


def _collect_shapes(model: Any, path: tuple[str, ...], shapes: Shapes) -> None:
    topology = model.topology
    for layer in topology.operations:
        for node, call in enumerate(topology.calls_of(layer)):
            for tensor in call.outputs:
                shapes[path, layer.name, node, tensor.index] = tensor.shape
        held = layer if _is_model(layer) else getattr(layer, "layer", None)
        if _is_model(held):
            _collect_shapes(held, (*path, layer.name), shapes)
    for tensor in tree.leaves(model.input):
        shapes.setdefault((path, "", 0, 0), tensor.shape)


def _is_model(layer: Any) -> bool:
    return getattr(layer, "kind", None) in ("functional", "sequential")


def roles(layer: Layer, prefix: str = "") -> list[tuple[str, Variable]]:
    """Variables of a layer by role: own ones by name, those of sublayers behind the attribute that holds them.

    Where a layer gave several of its variables one name, the second one is ``w_1``, as in files.
    """
    found: list[tuple[str, Variable]] = []
    times: Counter[str] = Counter()
    for variable in layer.own_variables():
        repeated = times[variable.name]
        found.append((f"{prefix}{variable.name}" + f"_{repeated}" * bool(repeated), variable))
        times[variable.name] += 1
    for name, sublayer in layer.sublayers():
        found += roles(sublayer, f"{prefix}{name}/")
    return found


def _written(model: Any) -> Any:
    """The model as files have it: one that starts with merged branches is a functional one."""
    return (model.as_functional() if model.kind == "sequential" else None) or model


def _layer(layer: Any, calls: list[CallRecord]) -> LayerRecord:
    if isinstance(layer, FunctionCall):
        config = {"name": layer.name, **serialization.to_plain(layer.options)}
        return LayerRecord(f"{OPERATION}{layer.class_name}", layer.name, config, calls, weights=[])
    nested = architecture(layer) if _is_model(layer) else None
    config = nested.config if nested else layer.get_config()
    weights = None if nested else [WeightSpec(role, v.trainable, v.shape) for role, v in roles(layer)]
    return LayerRecord(nested.class_name if nested else type(layer).__name__, layer.name, config, calls, nested,
                       registered_name=serialization.registered_name(type(layer)),
                       build_config=_build_config(layer), weights=weights)


def _build_config(layer: Layer) -> dict[str, Any] | None:
    shapes = layer._build_shapes
    if shapes is None:
        return None
    if isinstance(shapes, dict):
        return {"shapes_dict": {name: _plain(shape) for name, shape in shapes.items() if shape is not None}}
    return {"input_shape": _plain(shapes)}


def _plain(shape: Any) -> Any:
    return tree.map(lambda size: size, list(shape)) if not isinstance(shape, dict) else shape


def _call(call: Any, refs: dict[KerasTensor, TensorRef]) -> CallRecord:
    def plain(leaf: Any) -> Any:
        if isinstance(leaf, KerasTensor):
            return refs[leaf]
        if isinstance(leaf, np.ndarray):
            return {"class_name": "__tensor__", "config": {"value": leaf.tolist(), "dtype": leaf.dtype.name}}
        return leaf if isinstance(leaf, slice) or leaf is ... else serialization.to_plain(leaf)
    args, kwargs = tree.map(plain, (call.args, call.kwargs))
    return CallRecord(tuple(args), kwargs)


def _tensor(variable: Variable) -> TensorRecord:
    return TensorRecord(variable.path, variable.shape, variable.dtype,
                        lambda: variable.value if variable.merged is None else np.asarray(variable.merged()))
