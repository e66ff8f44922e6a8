"""Every model file of the corpus: loaded, run, compared with what the real Keras computed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import zoo
from tests.conformance.model_cases import ModelCase, cases, difference
from tests.conformance.outcome import tally
from tests.corpus import CORPUS, require_corpus
from zoo import layers, tree
from zoo.errors import UnknownClass, ZooError

pytestmark = require_corpus
DEFAULT_TOLERANCE = {"rtol": 1e-4, "atol": 1e-5}
PRODUCERS = ("keras3", "tfkeras2", "keras-3.0.5", "keras-3.6.0", "tfkeras-2.12", "tfkeras-2.15")
HISTORICAL = (("keras-0.3.3", "model.json"), ("keras-0.3.3", "model.yaml"), ("keras-1.2.2", "model.h5"),
              ("keras-1.2.2", "model.json"), ("keras-1.2.2", "model.yaml"),
              *((producer, form) for producer in ("keras-2.0.9", "keras-2.2.4", "keras-2.3.1")
                for form in ("model.h5", "model.json")))
# The release wrote these cells without any argument, and cannot read them back.
NAMED = ("Unsupported: ", "not yet in zoo", "Cell: missing a required argument: 'units'")


def outcome(case: ModelCase, file: str) -> str | None:
    """None if the file predicts what it should, else why not."""
    try:
        model = zoo.load_model(case.folder / file, case.custom_objects(), compile=False, **case.options(file))
        for inputs, expected in case.calls():
            given = inputs if isinstance(model.input, dict) else list(inputs.values())
            received = tree.leaves(model.predict_on_batch(given if len(given) > 1 or isinstance(given, dict) else given[0]))
            problem = difference(received, expected, **case.tolerance)
            if problem:
                return problem
    except ZooError as error:
        return f"{type(error).__name__}: {' '.join(str(error).split())}"
    return None


@pytest.mark.parametrize(("producer", "form"), [*((producer, form) for producer in PRODUCERS
                                                  for form in ("model.keras", "model.h5")), *HISTORICAL])
def test_predictions_equal_those_of_keras(producer: str, form: str) -> None:
    row = tally(f"{producer} {form}")
    for case in cases(producer):
        if form not in case.files() or not any(True for _ in case.calls()):
            continue
        unknown = case.unknown_layers()
        if case.meta.get("expectation"):
            row.not_yet[case.name] = "has an expectation of its own: see test_custom_code"
        elif unknown:
            row.not_yet[case.name] = f"layers {', '.join(unknown)}"
        else:
            problem = outcome(case, form)
            if problem is None:
                row.passed.append(case.name)
            else:
                named = any(words in problem for words in NAMED)        # refused by name
                (row.not_yet if named else row.failed)[case.name] = problem
    assert row.passed and not row.failed, "\n".join(row.lines())


@pytest.mark.parametrize("producer", ["keras3", "tfkeras2"])
def test_custom_code_ends_in_a_clear_error(producer: str) -> None:
    for case in cases(producer):
        if not case.meta.get("expectation"):
            continue
        for file in case.files():
            with pytest.raises(UnknownClass, match="custom_objects"):
                zoo.load_model(case.folder / file)


def test_wild_files() -> None:
    assert CORPUS is not None
    row = tally("wild")
    for entry in json.loads((CORPUS / "wild" / "INDEX.json").read_text()):
        if "io" not in entry:
            row.not_yet[entry["file"]] = "no reference outputs"
            continue
        problem, unknown = wild_outcome(entry)
        if unknown:
            row.not_yet[entry["file"]] = f"layers {', '.join(unknown)}"
        elif problem:
            row.failed[entry["file"]] = problem
        else:
            row.passed.append(entry["file"])
    assert row.passed and not row.failed, "\n".join(row.lines())


def wild_outcome(entry: dict[str, Any]) -> tuple[str | None, list[str]]:
    """Why the file does not predict as recorded, and the layers of it that zoo does not have yet."""
    path = CORPUS / "wild" / entry["file"]
    try:
        document = zoo.io.read(path)
        unknown = sorted({layer.class_name for _, layer in document.model.walk()
                          if layer.model is None and not layers.is_known(layer.class_name, layer.registered_name)})
        if unknown:
            return None, unknown
        with np.load(CORPUS / "wild" / entry["io"]) as arrays:
            inputs = [arrays[key] for key in sorted(k for k in arrays.files if k.startswith("x"))]
            expected = [arrays[key] for key in sorted(k for k in arrays.files if k.startswith("y"))]
        # The reference is tf_keras, which takes the kernels of all files for TensorFlow's.
        by_theano = entry["attrs"].get("backend") == "theano"
        model = zoo.load_model(path, compile=False, assume="tensorflow" if by_theano else None)
        received = tree.leaves(model.predict_on_batch(inputs if len(inputs) > 1 else inputs[0]))
    except ZooError as error:
        return f"{type(error).__name__}: {str(error).splitlines()[0]}", []
    return difference(received, expected, **DEFAULT_TOLERANCE), []


def test_wild_files_without_a_reference_become_models_of_keras_3(tmp_path: Path) -> None:
    """Files that tf_keras cannot load: read, converted, and both predict the same."""
    assert CORPUS is not None
    row = tally("wild, no reference: to Keras 3")
    for entry in json.loads((CORPUS / "wild" / "INDEX.json").read_text()):
        path = CORPUS / "wild" / entry["file"]
        if "io" in entry or path.suffix == ".npy" or path.name.endswith("inputs_and_outputs.h5"):
            continue
        document = zoo.io.read(path)
        if document.model is None or document.weights is None:
            row.not_yet[entry["file"]] = "read; holds an architecture or weights alone"
            continue
        zoo.io.write(replace(document, training=None), tmp_path / "m.keras", dialect="keras3")
        if any(layer.class_name == "Lambda" for _, layer in document.model.walk()):
            row.not_yet[entry["file"]] = "read and converted; holds a lambda"
            continue
        old, new = zoo.load_model(path, compile=False), zoo.load_model(tmp_path / "m.keras", compile=False)
        x = [_numbers_for(tensor, old) for tensor in tree.leaves(old.inputs)]
        outputs = [tree.leaves(model.predict_on_batch(x if len(x) > 1 else x[0])) for model in (old, new)]
        problem = difference(outputs[1], outputs[0], **DEFAULT_TOLERANCE)
        row.passed.append(entry["file"]) if problem is None else row.failed.update({entry["file"]: problem})
    assert row.passed and not row.failed, "\n".join(row.lines())


def _numbers_for(tensor: Any, model: Any) -> np.ndarray:
    """A batch for an input: numbers of words where the model begins with an embedding."""
    shape = (2, *(16 if size is None else size for size in tensor.shape[1:]))
    words = any(type(layer).__name__ == "Embedding" for layer in model.layers)
    generator = np.random.default_rng(0)
    return generator.integers(0, 2, shape) if words else generator.normal(size=shape).astype("float32")
