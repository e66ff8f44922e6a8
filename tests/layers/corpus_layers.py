"""Layers in the corpus: their configs, and cases that hold a single one."""

from __future__ import annotations

import json
import pathlib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

import zoo
from tests.corpus import CORPUS
from zoo import layers


_OF_MODELS = "build_input_shape"                            # of models inside of layers, as their input layer says
DEFAULTS = {"Identity": {"gain": 1.0}}                      # what Keras does not write


@dataclass(frozen=True)
class SingleLayerCase:
    """A case of `keras3` whose model is one layer between inputs."""

    name: str
    folder: pathlib.Path
    record: dict[str, Any]
    meta: dict[str, Any]

    def arrays(self) -> tuple[Any, list[np.ndarray]]:
        """Input (a list if there are several) and expected outputs of the first call."""
        call = self.meta["calls"][0]
        with np.load(self.folder / "io.npz") as stored:
            inputs = [stored[key] for key in call["inputs"].values()]
            return inputs[0] if len(inputs) == 1 else inputs, [stored[key] for key in call["outputs"]]

    def weights(self) -> list[np.ndarray]:
        """The layer's weights in the order of Keras."""
        return zoo.load_model(self.folder / "model.keras").get_weights()


def architectures(producer: str = "keras3") -> Iterator[tuple[pathlib.Path, dict[str, Any]]]:
    """Folder and architecture of every ``model.keras``."""
    assert CORPUS is not None
    for path in sorted((CORPUS / producer).glob("*/model.keras")):
        if path.is_file():
            with zipfile.ZipFile(path) as archive:
                yield path.parent, json.loads(archive.read("config.json"))


def layer_records(value: Any) -> Iterator[dict[str, Any]]:
    """All records of our layer classes in an architecture, nested ones too."""
    if isinstance(value, dict):
        if value.get("class_name") in layers.LAYERS and value.get("module") == "keras.layers":
            yield value
        for part in value.values():
            yield from layer_records(part)
    elif isinstance(value, list):
        for part in value:
            yield from layer_records(part)


def single_layer_cases() -> list[SingleLayerCase]:
    """Cases whose model has one layer, one of ours, called on one argument (others: see tests/conformance)."""
    found = []
    for folder, architecture in architectures():
        records = [r for r in architecture["config"].get("layers", ()) if r["class_name"] != "InputLayer"]
        meta = json.loads((folder / "meta.json").read_text())
        if len(records) == 1 and records[0]["class_name"] in layers.LAYERS and not meta.get("expectation") \
                and records[0]["config"].get("vocabulary", ()) is not None \
                and all(len(call["args"]) == 1 and not set(call["kwargs"]) - {"training"}
                        for call in records[0].get("inbound_nodes", ())):       # no vocabulary: it is in another file
            found.append(SingleLayerCase(folder.name, folder, records[0], meta))
    return found


def canonical(value: Any) -> Any:
    """A config without what does not matter: nulls, where classes come from, how dtypes are written."""
    if isinstance(value, dict):
        if value.get("class_name") == "DTypePolicy":
            return value["config"]["name"]
        if "class_name" in value:
            config = canonical(value.get("config") or {})
            return {"class_name": value["class_name"], "config": {**DEFAULTS.get(value["class_name"], {}), **config}}
        return {key: canonical(part) for key, part in value.items() if part is not None and key != _OF_MODELS}
    return [canonical(part) for part in value] if isinstance(value, list) else value
