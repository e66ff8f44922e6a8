"""Models in the form of Keras 1 as Keras 0 wrote them: the way back from `keras0_structure`.

A functional model is a `Graph`, whose nodes are called once and which merges what goes into a node.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

Json = dict[str, Any]
Lacks = Callable[[str], None]

_HELD = ("layer", "encoder", "decoder")
_TYPES = {"int32": "int", "int64": "int"}
_MERGE = {"merge_mode": "concat", "concat_axis": -1, "dot_axes": -1}


def lower(value: Json, lacks: Lacks) -> Json:
    """The JSON of Keras 0 of a model in the form of Keras 1.

    Args:
        value: the model.
        lacks: is told what cannot be said.
    """
    try:
        return _lowered(value, lacks)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        lacks(f"a model that contradicts itself: {type(error).__name__}: {error}")
        return {}


def _lowered(entry: Json, lacks: Lacks) -> Json:
    """A layer, or a model inside of another one."""
    class_name, config = entry["class_name"], entry["config"]
    if class_name == "Sequential":
        layers = config if isinstance(config, list) else config["layers"]
        return {"name": "Sequential", "layers": [_lowered(layer, lacks) for layer in layers]}
    if class_name == "Model":
        return _graph(config, lacks)
    rest = {key: value for key, value in config.items() if key not in ("name", "input_dtype", "batch_input_shape")}
    for key in _HELD:
        if key in rest:
            rest[f"{key}_config" if class_name == "AutoEncoder" else key] = _lowered(rest.pop(key), lacks)
    shape = config.get("batch_input_shape")
    if shape is not None and class_name == "Embedding":
        rest["input_length"] = shape[1]
    elif shape is not None:
        rest |= {"batch_input_shape": shape} if shape[0] is not None else {"input_shape": shape[1:]}
    if class_name == "InputLayer":
        class_name, rest = "Layer", {key: rest[key] for key in ("batch_input_shape", "input_shape") if key in rest}
    if class_name == "Merge":
        lacks(f"{config['name']}: merging that is not the beginning of a node")
    return {"name": class_name, "trainable": True, "cache_enabled": True, "custom_name": config["name"], **rest}


def _graph(config: Json, lacks: Lacks) -> Json:
    """A functional model as a graph."""
    layers = {entry["name"]: entry for entry in config["layers"]}
    outputs = [ref[0] for ref in config["output_layers"]]
    uses = Counter(ref[0] for entry in layers.values() for call in entry["inbound_nodes"] for ref in call)
    for name, entry in layers.items():
        if len(entry["inbound_nodes"]) > 1:
            lacks(f"{name}: a layer that is called {len(entry['inbound_nodes'])} times")
    inputs = [_input(layers[ref[0]]["config"]) for ref in config["input_layers"]]
    node_config, nodes, output_config = [], {}, []
    for name, entry in layers.items():
        ends = name in outputs and not uses[name]
        if entry["class_name"] == "InputLayer" or _is_merged_later(name, layers, uses, outputs):
            continue
        sources = _sources(entry, layers, uses, outputs)
        if ends and _says_nothing(entry):
            output_config.append({"name": name, **sources})
            continue
        node_config.append({"name": name, **sources, "create_output": name in outputs})
        nodes[name] = _lowered(_identity(name) if entry["class_name"] == "Merge" else entry, lacks)
    return {"name": "Graph", "input_config": inputs, "node_config": node_config, "output_config": output_config,
            "input_order": [entry["name"] for entry in inputs], "output_order": outputs, "nodes": nodes}


def _input(config: Json) -> Json:
    shape = config["batch_input_shape"]
    given = {"input_shape": shape[1:]} if shape[0] is None else {"batch_input_shape": shape}
    return {"name": config["name"], "dtype": _TYPES.get(config.get("input_dtype"), "float"), **given}


def _is_merged_later(name: str, layers: dict[str, Json], uses: Counter[str], outputs: list[str]) -> bool:
    """Whether a layer merges what goes into one node only, which does it itself."""
    if layers[name]["class_name"] != "Merge" or uses[name] != 1 or name in outputs:
        return False
    user = next(entry for entry in layers.values() for call in entry["inbound_nodes"] if [name, 0, 0] in call)
    return user["inbound_nodes"] == [[[name, 0, 0]]]


def _sources(entry: Json, layers: dict[str, Json], uses: Counter[str], outputs: list[str]) -> Json:
    """What goes into a node, and how it is merged."""
    refs, merging = entry["inbound_nodes"][0] if entry["inbound_nodes"] else [], entry
    if len(refs) == 1 and _is_merged_later(refs[0][0], layers, uses, outputs):
        merging = layers[refs[0][0]]
        refs = merging["inbound_nodes"][0]
    names = [ref[0] for ref in refs]
    how = dict(_MERGE)
    if merging["class_name"] == "Merge":
        told = {key: merging["config"][key] for key in ("concat_axis", "dot_axes") if key in merging["config"]}
        how |= {"merge_mode": merging["config"]["mode"], **told}
    return {"input": names[0], "inputs": [], **how} if len(names) == 1 else {"input": None, "inputs": names, **how}


def _says_nothing(entry: Json) -> bool:
    """Whether an output can stand for the layer."""
    return entry["class_name"] == "Merge" or entry["class_name"] == "Activation" \
        and entry["config"].get("activation") == "linear"


def _identity(name: str) -> Json:
    return {"class_name": "Activation", "config": {"name": name, "activation": "linear"}}
