"""What is said of a document: layers, shapes and parameters that the file tells, and nothing that it does not."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.corpus import CORPUS, require_corpus
from tests.report import documents
from zoo import io
from zoo.io import Finding, ModelDocument, Producer, TensorRecord, WeightGroup, WeightTree
from zoo.report.description import describe, plain, walk_layers
from zoo.report.inspection import in_bytes, text
from zoo.report.shapes import output_shapes
from zoo.report.statistics import Statistics, statistics


def parameters(document: ModelDocument) -> dict[str, int | None]:
    return {layer["name"]: layer["parameters"] for _, layer in walk_layers(describe(document)["model"])}


def test_weights_find_their_layers_by_path_and_by_name() -> None:
    expected = {"picture": 0, "edges": 40, "flat": 0, "head": 148, "out": 10}
    paths, names = parameters(documents.document()), parameters(documents.document(documents.by_layer()))
    assert {name: paths[name] for name in expected} == expected == {name: names[name] for name in expected}
    assert paths["hidden"] == 148


def test_layers_of_one_class_are_counted() -> None:
    tree = WeightTree("by_path", [WeightGroup("layers/dense", [documents.tensor("0", 3, 3)]),
                                  WeightGroup("layers/dense_1", [documents.tensor("0", 4, 2)])])
    document = documents.document(tree)
    document.model.layers.insert(0, documents.layer("Dense", "zzz", units=3, use_bias=False))
    counted = parameters(document)
    assert (counted["zzz"], counted["out"]) == (9, 8)


def test_trainable_parameters_leave_out_frozen_layers_and_statistics() -> None:
    document = documents.document()
    assert describe(document)["weights"]["trainable_parameters"] == 198 - 10
    document.model.layers[3].config["trainable"] = False            # the nested model
    assert describe(document)["weights"]["trainable_parameters"] == 40


def test_weights_that_do_not_fit_are_findings() -> None:
    tree = documents.by_path()
    tree.groups.append(WeightGroup("somewhere/else", [documents.tensor("0", 3)]))
    del tree.groups[0]
    description = describe(documents.document(tree))
    messages = {found["message"] for found in description["findings"]}
    assert {"no layer owns somewhere/else/0", "the file lacks edges/kernel", "the file lacks edges/bias"} <= messages
    assert description["weights"]["parameters"] == 158 + 3


def test_layouts_that_say_nothing_of_layers() -> None:
    document = documents.document(WeightTree("flat", [WeightGroup("", [documents.tensor("x", 3)])]))
    description = describe(document)
    assert {layer["parameters"] for layer in description["model"]["layers"]} == {None}
    assert "not known" in description["findings"][0]["message"]


def test_output_shapes_are_those_that_the_next_layer_was_built_for() -> None:
    assert output_shapes(documents.functional()) == {"picture": (None, 5, 5, 1), "edges": (None, 3, 3, 4),
                                                     "head": (None, 4)}


def test_sequential_shapes() -> None:
    model = documents.functional()
    model.kind = "sequential"
    assert output_shapes(model)["edges"] == (None, 3, 3, 4)


def test_json_holds_everything_and_only_plain_values() -> None:
    document = documents.document(with_training=True)
    document.findings.append(Finding("warning", "net/edges", "odd"))
    document.metadata["assets"] = {"assets/words.txt": b"abc"}
    document.model.config["rate"] = float("nan")
    description = json.loads(json.dumps(describe(document, with_statistics=True), allow_nan=False))
    assert description["model"]["inputs"] == ["picture", 0, 0]
    assert description["model"]["layers"][4]["calls"] == [["head"]]
    assert description["model"]["layers"][4]["trainable"] is False
    assert description["weights"]["count"] == 6 and description["weights"]["bytes"] == 4 * 198
    first = description["weights"]["tensors"][0]
    assert first == {"name": "0", "shape": [3, 3, 1, 4], "dtype": "float32", "group": "layers/conv2d", "layer": "edges",
                     "role": "kernel", "statistics": {"minimum": 0.0, "maximum": 35.0, "mean": 17.5, "non_finite": 0}}
    assert description["training"]["optimizer"]["tensors"][0]["name"] == "momentum"
    assert description["metadata"]["assets"] == {"assets/words.txt": {"bytes": 3}}
    assert {"severity": "warning", "where": "net/edges", "message": "odd"} in description["findings"]


def test_tensors_are_read_only_for_statistics_and_one_at_a_time() -> None:
    alive: list[int] = []

    def load() -> np.ndarray:
        alive.append(1)
        return np.zeros((2,), np.float32)

    tree = WeightTree("flat", [WeightGroup("", [TensorRecord(str(i), (2,), "float32", load) for i in range(3)])])
    document = ModelDocument("torch_checkpoint", Producer("unknown"), weights=tree)
    describe(document)
    assert alive == []
    describe(document, with_statistics=True)
    assert len(alive) == 3


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int64", "uint8", "bool"])
def test_statistics(dtype: str) -> None:
    array = np.array([[1, 0], [1, 1]]).astype(dtype)
    assert statistics(array) == Statistics(0.0, 1.0, 0.75, 0)


def test_statistics_of_odd_arrays() -> None:
    assert statistics(np.array([np.nan, 1, np.inf, 3], np.float32)) == Statistics(1.0, 3.0, 2.0, 2)
    assert statistics(np.array([np.nan])) == Statistics(None, None, None, 1)
    assert statistics(np.zeros((0, 3))) == Statistics(None, None, None, 0)
    assert statistics(np.array(["a"])) is None


def test_statistics_of_large_arrays_go_by_blocks() -> None:
    array = np.ones(2**20 + 5, np.float32)
    array[-1] = 7
    found = statistics(array)
    assert (found.minimum, found.maximum) == (1.0, 7.0)
    assert found.mean == pytest.approx(1 + 6 / array.size)


def test_plain() -> None:
    assert plain({1: (np.float32(0.5), np.arange(2)), "x": {2, }}) == {"1": [0.5, [0, 1]], "x": "{2}"}


def test_text() -> None:
    document = documents.document(with_training=True)
    document.findings.append(Finding("warning", "net/edges", "odd \x1b[31m"))
    lines = list(text(describe(document)))
    assert "format      Keras archive (keras_zip)" in lines
    assert "written by  Keras 3.15.1, dialect keras3" in lines
    assert "inputs      picture (None, 5, 5, 1)" in lines
    shown = "\n".join(lines)
    assert "weights     198 parameters (10 not trainable) in 6 tensors, 792 B, float32" in shown
    assert "edges      Conv2D      (None, 3, 3, 4)          40  filters=4 kernel_size=(3,3) activation=relu" in shown
    assert "  hidden   Dense" in shown and "units=2 activation=softmax frozen" in shown
    assert "optimizer  SGD(learning_rate=0.5)" in shown and "state of the optimizer SGD: 1 tensor of 8 numbers" in shown
    assert "warning: net/edges: odd \\x1b[31m" in shown


def test_text_with_weights_has_statistics() -> None:
    lines = list(text(describe(documents.document(), with_statistics=True), with_weights=True))
    assert next(line.split() for line in lines if line.startswith("out/bias")) == [
        "out/bias", "layers/dense/1", "(2)", "float32", "-5", "-4", "-4.5"]


def test_text_of_weights_alone_lists_groups() -> None:
    document = ModelDocument("legacy_weights_h5", Producer("keras2"), weights=documents.by_layer())
    shown = "\n".join(text(describe(document)))
    assert "none: this file holds weights alone" in shown
    assert "edges        2          40  (3, 3, 1, 4) (4)" in shown


def test_text_fits_the_terminal() -> None:
    assert max(len(line) for line in text(describe(documents.document(), with_statistics=True), with_weights=True,
                                          width=80) if "---" in line) <= 80


@pytest.mark.parametrize("count, shown", [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (553467096, "553.5 MB"),
                                          (10**13, "10000.0 GB")])
def test_in_bytes(count: int, shown: str) -> None:
    assert in_bytes(count) == shown


@require_corpus
@pytest.mark.parametrize("case", ["keras3/model_nested_two_levels", "keras3/bidirectional_gru_concat",
                                  "training/conv_adam", "keras3/model_shared_layer"])
def test_the_two_layouts_of_one_model_give_the_same_parameters(case: str) -> None:
    folder = CORPUS / case
    if not (folder / "model.h5").exists() or not (folder / "model.keras").exists():
        pytest.skip("the case has one file only")
    zipped, flat = (describe(io.read(folder / name)) for name in ("model.keras", "model.h5"))
    assert zipped["weights"]["parameters"] == flat["weights"]["parameters"]
    assert [layer["parameters"] for layer in zipped["model"]["layers"]] == \
        [layer["parameters"] for layer in flat["model"]["layers"]]
    assert sum(layer["parameters"] for layer in flat["model"]["layers"]) == flat["weights"]["parameters"]
