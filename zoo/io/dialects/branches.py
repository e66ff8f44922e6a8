"""Models of Keras 0 and 1 that begin with branches, as functional ones.

The first layer of their `Sequential` may be a `Merge` that holds whole models: the branches that it merges. All of it
is plain JSON in the form of Keras 1; the result has the form of its functional models, in which the layers of the
branches stand side by side, as they do in weight files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from zoo.errors import CorruptFile
from zoo.io.dialects.structure import is_object, kind_of

Json = dict[str, Any]
Ref = list[Any]                                             # [layer, call, output]

#: First layers that hold branches, and where: a `Siamese` calls one layer on all of them.
HEADS = {"Merge": "layers", "Siamese": "inputs"}


class Wiring:
    """A functional model in the making.

    Args:
        name: of the model.
    """

    def __init__(self, name: str):
        self.name = name
        self.layers: dict[str, Json] = {}
        self.inputs: list[Ref] = []
        self._numbers: Counter[str] = Counter()

    def new_name(self, stem: str) -> str:
        """A name that no layer has yet."""
        while True:
            self._numbers[stem] += 1
            name = f"{stem}_{self._numbers[stem]}"
            if name not in self.layers:
                return name

    def input(self, name: str, shape: Any, dtype: str | None) -> Ref:
        """An input of the model, with the batch axis."""
        if name not in self.layers:
            config = {"name": name, "batch_input_shape": shape, "input_dtype": dtype or "float32"}
            self.layers[name] = {"class_name": "InputLayer", "config": config, "name": name, "inbound_nodes": []}
            self.inputs.append([name, 0, 0])
        return [name, 0, 0]

    def place(self, entry: Json) -> str:
        """Puts a layer into the model, unless it is there, and gives its name."""
        config = entry["config"]
        name = entry.get("name") or (config.get("name") if isinstance(config, dict) else None) \
            or self.new_name(entry["class_name"].lower())
        self.layers.setdefault(name, {**entry, "name": name, "inbound_nodes": []})
        return name

    def call(self, entry: Json, refs: list[Ref]) -> Ref:
        """What a layer gives for these tensors. A layer of a name that is known is that layer once more."""
        name = self.place(entry)
        known = self.layers[name]
        if refs not in known["inbound_nodes"]:
            known["inbound_nodes"].append(refs)
        first = int(kind_of(known) is not None)             # the making of a model counts as its first call
        return [name, known["inbound_nodes"].index(refs) + first, 0]

    def model(self, outputs: list[Ref]) -> Json:
        """The whole."""
        config = {"name": self.name, "layers": list(self.layers.values()), "input_layers": self.inputs,
                  "output_layers": outputs}
        return {"class_name": "Model", "config": config}


def layers_of(value: Json) -> list[Any]:
    """The layers of a `Sequential`."""
    config = value["config"]
    return config if isinstance(config, list) else config["layers"]


def without_branches(value: Json, new_name: Callable[[str], str]) -> Json:
    """A `Sequential` that begins with branches as a functional model; anything else as it is.

    Args:
        value: a model in the form of Keras 1.
        new_name: makes up names for models that have none.

    Raises:
        CorruptFile: a branch has no input, or is nothing that could be one.
    """
    if kind_of(value) != "sequential" or not _holds_branches(layers_of(value)[:1]):
        return value
    name = value.get("name") or new_name("sequential")
    wiring = Wiring(name)
    outputs = chain(wiring, layers_of(value), name)
    return {**value, **wiring.model(outputs)}


def _holds_branches(first: list[Any]) -> bool:
    return bool(first) and is_object(first[0]) and isinstance(first[0]["config"], dict) \
        and isinstance(first[0]["config"].get(HEADS.get(first[0]["class_name"], "")), list)


def chain(wiring: Wiring, entries: list[Any], where: str) -> list[Ref]:
    """Puts the layers of a `Sequential` into a functional model, from its inputs on.

    Returns:
        Its outputs.
    """
    if not entries or not all(is_object(entry) for entry in entries):
        raise CorruptFile(f"{where}: expected layers with 'class_name' and 'config', received {entries!r:.100}")
    first, *rest = entries
    refs = _head(wiring, first, where) if _holds_branches([first]) else _start(wiring, first, where)
    for entry in rest:
        refs = [wiring.call(entry, refs)]
    return refs


def _head(wiring: Wiring, entry: Json, where: str) -> list[Ref]:
    """The branches of a first layer, and what it makes of them."""
    config = entry["config"]
    held = HEADS[entry["class_name"]]
    name = wiring.place(config["layer"]) if entry["class_name"] == "Siamese" else ""    # its weights come first
    refs = [ref for branch in config[held] for ref in branch_outputs(wiring, branch, f"{where}/{config.get('name')}")]
    bare = {key: value for key, value in config.items() if key not in (held, "layer")}
    if entry["class_name"] == "Siamese":
        shared = {**config["layer"], "name": name}
        refs = [wiring.call(shared, [ref]) for ref in refs]
        if config.get("merge_mode") is None:
            return refs
        bare = {"name": config["name"], "mode": config["merge_mode"],
                **{key: config[key] for key in ("concat_axis", "dot_axes") if key in config}}
    return [wiring.call({"class_name": "Merge", "config": bare}, refs)]


def branch_outputs(wiring: Wiring, branch: Any, where: str) -> list[Ref]:
    """Puts one branch, a model or a single layer, into a functional model."""
    if not is_object(branch):
        raise CorruptFile(f"{where}: expected a layer or a model as a branch, received {branch!r:.100}")
    kind = kind_of(branch)
    if kind == "sequential":
        return chain(wiring, layers_of(branch), where)
    return _inlined(wiring, branch["config"], where) if kind == "functional" else _start(wiring, branch, where)


def _inlined(wiring: Wiring, config: Json, where: str) -> list[Ref]:
    """The layers of a functional branch, side by side with those of the model."""
    for entry in config["layers"]:
        wiring.layers.setdefault(entry["name"], {**entry, "inbound_nodes": list(entry["inbound_nodes"])})
    wiring.inputs += [ref for ref in config["input_layers"] if ref not in wiring.inputs]
    return list(config["output_layers"])


def _start(wiring: Wiring, entry: Json, where: str) -> list[Ref]:
    """The first layer of a chain, on an input of its own."""
    if entry["class_name"] == "InputLayer":
        config = entry["config"]
        return [wiring.input(config["name"], config.get("batch_input_shape"), config.get("input_dtype"))]
    inner = entry
    while kind_of(inner) == "sequential" and layers_of(inner):
        inner = layers_of(inner)[0]
    config = inner["config"]
    if kind_of(inner) == "functional":
        config = next(layer["config"] for layer in config["layers"] if layer["name"] == config["input_layers"][0][0])
    shape = config.get("batch_input_shape") if isinstance(config, dict) else None
    if shape is None:
        raise CorruptFile(f"{where}: expected the shape of the input in the first layer of a branch, received "
                          f"{config!r:.100}")
    name = entry.get("name") or config.get("name", "branch")
    return [wiring.call(entry, [wiring.input(f"{name}_input", shape, config.get("input_dtype"))])]
