"""Layers in training: outputs, gradients and new states of the corpus's gradient cases."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import numpy as np
import pytest

import zoo
from tests.corpus import CORPUS, require_corpus
from zoo import layers, tree
from zoo.engine import graph as graphs
from zoo.engine.autodiff import gradients
from zoo.engine.function import Function

pytestmark = require_corpus
MODELS = {"Functional", "Sequential"}


def known_cases() -> list[pathlib.Path]:
    """Cases of which every layer is ours."""
    if CORPUS is None:
        return []
    found = []
    for path in sorted((CORPUS / "gradients").glob("*/meta.json")):
        made_of_layers = not path.parent.name.startswith("ops_")
        if made_of_layers and set(json.loads(path.read_text())["layers"]) <= MODELS | set(layers.LAYERS):
            found.append(path.parent)
    return found


def run(model: Any, training: bool, inputs: list[np.ndarray], cotangents: list[np.ndarray]) -> tuple[Any, Any, Any]:
    """Outputs, gradients by inputs, gradients by trainable weights."""
    def step(inputs: list[Any], cotangents: list[Any]) -> Any:
        outputs = tree.leaves(model(inputs if len(inputs) > 1 else inputs[0], training=training))
        weights = [graphs.current().reads.get(variable) for variable in model.trainable_weights]
        found = gradients(outputs, [*inputs, *(w for w in weights if w is not None)], cotangents)
        return outputs, found[:len(inputs)], found[len(inputs):]
    return Function(step)(inputs, cotangents)


@pytest.mark.parametrize("folder", known_cases(), ids=lambda folder: folder.name)
def test_gradients_equal_those_of_keras(folder: pathlib.Path) -> None:
    meta = json.loads((folder / "meta.json").read_text())
    with np.load(folder / "io.npz") as stored:
        arrays = dict(stored)
    count = sum(name.startswith("x") for name in arrays)
    inputs = [arrays[f"x{i}"] for i in range(count)]
    cotangents = [arrays[name] for name in sorted(arrays) if name.startswith("ct")]

    def compare(what: str, received: Any) -> None:
        np.testing.assert_allclose(received, arrays[what], **meta["tolerance"], err_msg=what)

    for mode in meta["modes"]:
        model = zoo.load_model(folder / "model.keras")
        outputs, by_inputs, by_weights = run(model, mode == "training", inputs, cotangents)
        for i, y in enumerate(outputs):
            compare(f"{mode}_y{i}", y)
        for i in meta["float_inputs"]:
            compare(f"{mode}_gx{i}", by_inputs[i])
        assert len(by_weights) == len(meta["trainable_weights"])
        for i, gradient in enumerate(by_weights):
            compare(f"{mode}_gw{i}", gradient)
        for i, weight in enumerate(model.get_weights()):
            if f"{mode}_state{i}" in arrays:
                compare(f"{mode}_state{i}", weight)
