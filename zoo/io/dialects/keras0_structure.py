"""Models of Keras 0 in the form of Keras 1.

Keras 0 wrote ``{"name": class, "custom_name": name, argument: value, ...}`` for a layer. A `Graph` has named inputs,
nodes and outputs; a `Siamese` calls one layer on several inputs; names of layers need not differ. All of it is plain
JSON.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from zoo.errors import CorruptFile
from zoo.io.dialects.branches import Wiring

Json = dict[str, Any]
Ref = list[Any]

_MODELS = frozenset({"Sequential", "Graph"})
_DTYPES = {"int": "int32", "float": "float32"}
_NOT_ARGUMENTS = frozenset({"name", "custom_name", "cache_enabled", "input_shape"})
# What layers hold: in which arguments, and what those are called later.
_HELD = {"layers": "layers", "inputs": "inputs", "layer": "layer", "encoder": "encoder", "decoder": "decoder",
         "encoder_config": "encoder", "decoder_config": "decoder"}


class Lifting:
    """Translates one file.

    Args:
        value: its JSON.
    """

    def __init__(self, value: Json):
        self.value = value
        self._uses = Counter(_names_in(value))
        self._given: Counter[str] = Counter()

    def model(self) -> Json:
        """The model in the form of Keras 1.

        Raises:
            CorruptFile: something in it is of another form.
        """
        try:
            return self._lifted(self.value)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            raise CorruptFile(f"expected a model of Keras 0, received one that contradicts itself: "
                              f"{type(error).__name__}: {error}") from error

    def _lifted(self, value: Json, name: str | None = None) -> Json:
        """A layer or a model.

        Args:
            name: of a node; else the layer has one of its own, or gets one.
        """
        class_name = value["name"]
        if class_name == "Sequential":
            lifted: Json = {"class_name": class_name, "config": [self._lifted(layer) for layer in value["layers"]]}
            return lifted | ({"name": name} if name else {})
        if class_name == "Graph":
            return self._graph(value, name or "graph")
        name = name or self._name(value)
        given = {key: item for key, item in value.items() if key not in _NOT_ARGUMENTS}
        config = {"name": name, "trainable": True,
                  **{_HELD.get(key, key): self._held(key, item) for key, item in given.items()}}
        shape = _batch_shape(class_name, value)
        if shape is not None:
            config |= {"batch_input_shape": shape, "input_dtype": "int32" if class_name == "Embedding" else "float32"}
        if class_name == "Layer":                           # the base class: what comes in goes out
            if shape is None:
                return _identity(name)
            config = {key: config[key] for key in ("name", "batch_input_shape", "input_dtype")}
            return {"class_name": "InputLayer", "config": config}
        if class_name == "AutoEncoder":
            config |= _first_input(config["encoder"])
        if class_name == "LambdaMerge":
            config |= {"mode": config.pop("function", None), "mode_type": "function"}
            class_name = "Merge"
        if class_name == "Merge":
            del config["trainable"]
        return {"class_name": class_name, "config": config}

    def _held(self, key: str, value: Any) -> Any:
        """Layers and models inside of a layer."""
        if key not in _HELD:
            return value
        return [self._lifted(item) for item in value] if isinstance(value, list) else self._lifted(value)

    def _name(self, value: Json) -> str:
        stem = _stem(value)
        if self._uses[stem] == 1:
            return stem
        self._given[stem] += 1
        return f"{stem}_{self._given[stem]}"

    # ---- graphs

    def _graph(self, value: Json, name: str) -> Json:
        """A `Graph` as a functional model, with inputs and outputs in alphabetical order, as `predict` had them."""
        wiring = Wiring(name)
        tensors: dict[str, list[Ref]] = {}
        for entry in sorted(value["input_config"], key=lambda entry: entry["name"]):
            shape = entry.get("batch_input_shape") or [None, *entry["input_shape"]]
            dtype = _DTYPES.get(entry.get("dtype", "float"), entry.get("dtype"))
            tensors[entry["name"]] = [wiring.input(entry["name"], shape, dtype)]
        outputs = {}
        for entry in value["node_config"]:
            node = entry["name"]
            tensors[node] = self._node(wiring, value["nodes"][node], entry, tensors)
            if entry.get("create_output"):
                outputs[node] = tensors[node][0]
        for entry in value["output_config"]:
            if entry["name"] not in outputs:
                outputs[entry["name"]] = self._output(wiring, entry, tensors)
        return wiring.model([outputs[key] for key in sorted(outputs)])

    def _node(self, wiring: Wiring, layer: Json, entry: Json, tensors: dict[str, list[Ref]]) -> list[Ref]:
        if layer["name"] == "SiameseHead":
            return [tensors[entry["input"]][layer["head"]]]
        if layer["name"] == "Siamese":
            shared = self._lifted(layer["layer"], entry["name"])
            refs = [wiring.call(shared, [ref]) for source in entry["inputs"] for ref in tensors[source]]
            merged = [_merged(wiring, layer, refs, f"{entry['name']}_merge")] if layer.get("merge_mode") else []
            return merged or refs
        refs = _sources(entry, tensors)
        if len(refs) > 1:
            refs = [_merged(wiring, entry, refs, f"{entry['name']}_merge")]
        return [wiring.call(self._lifted(layer, entry["name"]), refs)]

    def _output(self, wiring: Wiring, entry: Json, tensors: dict[str, list[Ref]]) -> Ref:
        """The tensor of an output, from a layer of the output's name if no other has it."""
        refs, name = _sources(entry, tensors), entry["name"]
        if name in wiring.layers:
            name = wiring.new_name(name)
        return _merged(wiring, entry, refs, name) if len(refs) > 1 else wiring.call(_identity(name), refs)


def lift(value: Json) -> Json:
    """The JSON of Keras 0 in the form of Keras 1.

    Raises:
        CorruptFile: it is of no form that Keras 0 had.
    """
    return Lifting(value).model()


def _stem(value: Json) -> str:
    return str(value.get("custom_name") or value["name"].lower())


def _names_in(value: Any) -> list[str]:
    """The names of all layers that are not nodes of a graph."""
    if isinstance(value, list):
        return [name for item in value for name in _names_in(item)]
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        return []
    if value["name"] == "Graph":
        return []
    inside = [name for key in _HELD if key in value for name in _names_in(value[key])]
    return inside if value["name"] in _MODELS else [_stem(value), *inside]


def _batch_shape(class_name: str, value: Json) -> list[Any] | None:
    """The shape of a layer's input, where it tells; that of an `Embedding` is called something else."""
    if class_name == "Embedding":
        return [None, value.get("input_length")]
    if value.get("batch_input_shape") is not None:
        return list(value["batch_input_shape"])
    if value.get("input_shape") is not None:
        return [None, *value["input_shape"]]
    size = value.get("input_dim")
    if size is None:
        return None
    return [None, value["input_length"], size] if "input_length" in value else [None, size]


def _first_input(lifted: Json) -> Json:
    """Shape and dtype of the input of a model or layer, in the form of Keras 1, as far as it tells."""
    while isinstance(lifted["config"], list) and lifted["config"]:
        lifted = lifted["config"][0]
    config = lifted["config"]
    return {key: config[key] for key in ("batch_input_shape", "input_dtype") if key in config}


def _sources(entry: Json, tensors: dict[str, list[Ref]]) -> list[Ref]:
    names = entry.get("inputs") or [entry["input"]]
    return [ref for name in names for ref in tensors[name]]


def _merged(wiring: Wiring, entry: Json, refs: list[Ref], name: str) -> Ref:
    config = {"name": name, "mode": entry.get("merge_mode", "concat")}
    config |= {key: entry[key] for key in ("concat_axis", "dot_axes") if key in entry}
    return wiring.call({"class_name": "Merge", "config": config}, refs)


def _identity(name: str) -> Json:
    return {"class_name": "Activation", "config": {"name": name, "activation": "linear"}}
