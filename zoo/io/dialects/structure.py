"""The structure of models, apart from what layers and arguments are called: which layers, called how, in which model.

Nested models inside the config of another layer (a `TimeDistributed` of a model) are kept as plain JSON objects in
the form of Keras 3: `to_plain` and `from_plain` go between these and records.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zoo.errors import CorruptFile
from zoo.io.dialects import nodes
from zoo.io.dialects.vocabulary import SEQUENTIAL
from zoo.io.document import LayerRecord, ModelRecord, TensorRef

ReadLayer = Callable[[dict[str, Any], str], LayerRecord]
_COUNTING = "outputs"                           # of the plain form, as in Keras 3
WIRING = ("layers", "input_layers", "output_layers")


def is_object(value: Any) -> bool:
    """Whether a JSON value is ``{"class_name": ..., "config": ...}``."""
    return isinstance(value, dict) and isinstance(value.get("class_name"), str) and "config" in value


def kind_of(value: dict[str, Any]) -> str | None:
    """``functional`` or ``sequential`` if an object holds a model with its layers, else None."""
    config = value["config"]
    if isinstance(config, dict) and isinstance(config.get("layers"), (list, tuple)):
        if "input_layers" in config and "output_layers" in config:
            return "functional"
        if value["class_name"] == SEQUENTIAL:
            return "sequential"
    return "sequential" if isinstance(config, list) and value["class_name"] == SEQUENTIAL else None      # Keras < 2.2.3


def checked_object(value: Any, where: str) -> dict[str, Any]:
    """The value, if it is an object with a class and a config.

    Raises:
        CorruptFile: it is something else.
    """
    if not is_object(value) or not isinstance(value["config"], (dict, list)):
        raise CorruptFile(f"{where}: expected an object with 'class_name' and 'config', received {value!r:.100}")
    return value


def read_functional(config: dict[str, Any], model: ModelRecord, read_layer: ReadLayer, counting: str,
                    where: str) -> list[str]:
    """Fills `model` with the layers and the wiring of a functional model's config.

    Args:
        counting: as in `nodes.first_nodes`.

    Returns:
        The layers whose calls had to be numbered anew.

    Raises:
        CorruptFile: two layers have one name, or a call refers to something that does not exist.
    """
    for entry in config["layers"]:
        entry = checked_object(entry, where)
        layer = read_layer(entry, where)
        layer.calls = nodes.read_calls(entry.get("inbound_nodes", []), layer, f"{where}/{layer.name}")
        model.layers.append(layer)
    names = [layer.name for layer in model.layers]
    doubles = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if doubles:
        raise CorruptFile(f"{where}: expected layers of different names, received more than one {doubles}")
    model.inputs = nodes.read_refs(config["input_layers"], where)
    model.outputs = nodes.read_refs(config["output_layers"], where)
    return nodes.renumber(model, counting, where)


def starts_of(model: ModelRecord, counting: str) -> dict[str, tuple[int, int]]:
    """The numbers of the first calls of all layers; see `nodes.first_nodes`."""
    return {layer.name: nodes.first_nodes(layer, counting) for layer in model.layers}


def to_plain(model: ModelRecord) -> dict[str, Any]:
    """A canonical model as a JSON object, for the config of a layer that holds it."""
    starts = starts_of(model, _COUNTING)
    layers = []
    for layer in model.layers:
        entry = layer_to_plain(layer)
        if model.kind == "functional":
            calls = [nodes.write_modern_call(call, starts, _no_spec) for call in layer.calls]
            entry |= {"name": layer.name, "inbound_nodes": calls}
        layers.append(entry)
    config = {**model.config, "name": model.name, "layers": layers}
    if model.kind == "functional":
        config |= {"input_layers": nodes.write_refs(model.inputs, starts),
                   "output_layers": nodes.write_refs(model.outputs, starts)}
    return {"class_name": model.class_name, "config": config, **_origin(model)}


def _no_spec(ref: TensorRef) -> dict[str, Any]:
    return {}


def layer_to_plain(layer: LayerRecord) -> dict[str, Any]:
    """A canonical layer, without its calls, as a JSON object."""
    if layer.model is not None:
        return to_plain(layer.model)
    return {"class_name": layer.class_name, "config": layer.config, **_origin(layer)}


def _origin(record: LayerRecord | ModelRecord) -> dict[str, Any]:
    return {key: getattr(record, key) for key in ("module", "registered_name", "build_config")
            if getattr(record, key) is not None}


def from_plain(value: dict[str, Any]) -> ModelRecord:
    """The canonical model that `to_plain` wrote."""
    config = value["config"]
    rest = {key: item for key, item in config.items() if key not in WIRING}
    kind = kind_of(value)
    model = ModelRecord(kind or "opaque", config.get("name", ""), config=rest, class_name=value["class_name"],
                        **{key: value.get(key) for key in ("module", "registered_name", "build_config")})
    if kind == "functional":
        read_functional(config, model, layer_from_plain, _COUNTING, model.name)
    elif kind == "sequential":
        model.layers = [layer_from_plain(entry, model.name) for entry in config["layers"]]
    return model


def layer_from_plain(value: dict[str, Any], where: str = "") -> LayerRecord:
    """The canonical layer (or nested model) behind a JSON object, without calls."""
    origin = {key: value.get(key) for key in ("module", "registered_name", "build_config")}
    if kind_of(value) is None:
        names = (value["config"].get("name"), value.get("name"), value["class_name"].lower())
        name = next(name for name in names if isinstance(name, str))
        return LayerRecord(value["class_name"], name, value["config"], **origin)
    model = from_plain(value)
    return LayerRecord(model.class_name, model.name, model.config, model=model, **origin)


def one_output(nest: Any) -> Any:
    """A list of one tensor as that tensor, as readers of Keras 2 files understand it."""
    return nest[0] if isinstance(nest, list) and len(nest) == 1 and isinstance(nest[0], TensorRef) else nest
