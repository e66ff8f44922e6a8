"""The layout by object path: addresses, spellings, numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.io.layouts.samples import by_path, layer, nested, sequential, values
from tests.io.layouts.test_by_layer import CELLS, numbered
from zoo.errors import CannotExpress, UnsupportedFile
from zoo.io.document import LayerRecord, ModelRecord, WeightTree
from zoo.io.layouts import BoundWeights, bind_weights, encode_weights
from zoo.io.tensors import TensorRecord

INNER = {"class_name": "Dense", "config": {"name": "dense", "use_bias": False}}


def paths(model: ModelRecord) -> dict[str, list[str]]:
    """Path of each group with tensors -> their keys."""
    tree = encode_weights(numbered(model), model, "by_path", "keras3")
    return {group.path: [tensor.name for tensor in group.tensors] for group in tree.groups if group.tensors}


@pytest.mark.parametrize(("record", "expected"), [
    (layer("Dense", "x"), {"layers/dense": ["0", "1"]}),
    (layer("PReLU", "x"), {"layers/p_re_lu": ["0"]}),
    (layer("BatchNormalization", "x"), {"layers/batch_normalization": ["0", "1", "2", "3"]}),
    (layer("Conv2DTranspose", "x", use_bias=False), {"layers/conv2d_transpose": ["0"]}),
    (layer("LSTM", "x"), {"layers/lstm/cell": ["0", "1", "2"]}),
    (layer("RNN", "x", cell=CELLS), {"layers/rnn/cell/cells/lstm_cell": ["0", "1"]}),
    (layer("TimeDistributed", "x", layer=INNER), {"layers/time_distributed/layer": ["0"]}),
    (layer("Bidirectional", "x", layer={"class_name": "GRU", "config": {"use_bias": False}}),
     {"layers/bidirectional/forward_layer/cell": ["0", "1"], "layers/bidirectional/backward_layer/cell": ["0", "1"]}),
    (layer("SpectralNormalization", "x", layer=INNER),
     {"layers/spectral_normalization": ["0", "1"], "layers/spectral_normalization/layer": ["0"]}),
    (layer("MultiHeadAttention", "x", use_bias=False, use_gate=True),
     {f"layers/multi_head_attention/{name}": ["0"]
      for name in ("query_dense", "key_dense", "_gate_dense", "value_dense", "output_dense")}),
    (layer("GroupedQueryAttention", "x", use_bias=False),
     {f"layers/grouped_query_attention/{name}": ["0"]
      for name in ("_query_dense", "_key_dense", "_value_dense", "_output_dense")}),
    (layer("StringLookup", "x", output_mode="tf_idf"), {"layers/string_lookup": ["idf_weights"]}),
    (nested(sequential(layer("InputLayer", "i"), layer("Dense", "a"), layer("Dense", "b"), name="x")),
     {"layers/sequential/layers/dense": ["0", "1"], "layers/sequential/layers/dense_1": ["0", "1"]}),
])
def test_addresses(record: LayerRecord, expected: Any) -> None:
    model = sequential(record)
    assert paths(model) == expected
    again, report = bind_weights(model, encode_weights(numbered(model), model, "by_path", "keras3"))
    assert values(again) == values(numbered(model)) and not report.unexpected and not report.missing


def test_objects_are_numbered_by_class_in_order() -> None:
    model = sequential(layer("Dense", "z"), layer("ReLU", "r"), layer("Dense", "a"), layer("Conv1D", "c"),
                       layer("Dense", "m"))
    tree = encode_weights(numbered(model), model, "by_path", "keras3")
    assert [(group.path, group.name) for group in tree.groups] == [
        ("", "sequential"), ("layers/dense", "z"), ("layers/re_lu", "r"), ("layers/dense_1", "a"),
        ("layers/conv1d", "c"), ("layers/dense_2", "m")]


def test_operations_do_not_count() -> None:
    model = ModelRecord("functional", "m", [layer("InputLayer", "i"), layer("ops.Dense", "o"), layer("Dense", "d")])
    bound, _ = bind_weights(model, by_path({"layers/dense": ["0", "1"]}))
    assert values(bound) == {"d/kernel": 0, "d/bias": 1}


@pytest.mark.parametrize("private", [True, False])
def test_spellings_of_attributes(private: bool) -> None:
    prefix = "layers/multi_head_attention/" + "_" * private
    groups = {f"{prefix}{name}_dense": ["0"] for name in ("query", "key", "value", "output")}
    bound, report = bind_weights(sequential(layer("MultiHeadAttention", "x", use_bias=False)), by_path(groups))
    assert list(values(bound)) == ["x/query_dense/kernel", "x/key_dense/kernel", "x/value_dense/kernel",
                                   "x/output_dense/kernel"]
    assert not report.unexpected


def test_tf_keras_2_12_counts_layers_with_weights_twice() -> None:
    model = sequential(layer("Dense", "a"), layer("ReLU", "r"), layer("Dense", "b"), layer("ReLU", "s"),
                       nested(sequential(layer("Dense", "c"), layer("Dense", "d"), name="base")))
    top = "_layer_checkpoint_dependencies"
    bound, report = bind_weights(model, by_path({
        f"{top}/dense": ["0", "1"], f"{top}/dense_2": ["0", "1"], f"{top}/re_lu": [], f"{top}/re_lu_1": [],
        f"{top}/sequential/{top}/dense": ["0", "1"], f"{top}/sequential/{top}/dense_2": ["0", "1"]}))
    assert values(bound) == {"a/kernel": 0, "a/bias": 1, "b/kernel": 2, "b/bias": 3, "base/c/kernel": 4,
                             "base/c/bias": 5, "base/d/kernel": 6, "base/d/bias": 7}
    assert not report.missing and not report.unexpected


def test_empty_copies_of_early_keras_3_are_no_matter() -> None:
    record = layer("Bidirectional", "x", layer={"class_name": "SimpleRNN", "config": {"use_bias": False}})
    _, report = bind_weights(sequential(record), by_path({
        "layers/bidirectional/forward_layer/cell": ["0", "1"], "layers/bidirectional/backward_layer/cell": ["0", "1"],
        "layers/bidirectional/layer/cell": []}))
    assert len(report.loaded) == 4 and not report.unexpected and not report.missing


def test_layers_of_unknown_classes_keep_their_places() -> None:
    bound, report = bind_weights(sequential(layer("Mine", "m"), layer("Dense", "d", use_bias=False)), by_path({
        "layers/mine": ["0", "1"], "layers/mine/part/deep": ["0"], "layers/dense": ["0"]}))
    assert values(bound) == {"d/kernel": 3, "m/0": 0, "m/1": 1, "m/part/deep/0": 2}
    assert not report.unexpected


def test_a_model_of_unknown_class_keeps_all_places() -> None:
    model = ModelRecord("opaque", "net", class_name="Net")
    tree = by_path({"first": ["0", "1"], "blocks/dense": ["0"]})
    bound, _ = bind_weights(model, tree)
    assert values(bound) == {"first/0": 0, "first/1": 1, "blocks/dense/0": 2}
    again = encode_weights(bound, model, "by_path", "keras3")
    assert {group.path: len(group.tensors) for group in again.groups if group.tensors} == {
        "first": 2, "blocks/dense": 1}


def test_by_name_uses_the_stored_names() -> None:
    model = sequential(layer("Dense", "b", use_bias=False), layer("Dense", "new", use_bias=False))
    tree = by_path({"layers/dense": ["0"], "layers/dense_1": ["0"]}, {"layers/dense": "a", "layers/dense_1": "b"})
    bound, report = bind_weights(model, tree, by_name=True)
    assert values(bound) == {"b/kernel": 1}
    assert report.missing == ["new/kernel"] and report.unexpected == ["layers/dense/0"]
    bound, report = bind_weights(model, by_path({"layers/dense": ["0"], "layers/dense_1": ["0"]}), by_name=True)
    assert values(bound) == {"b/kernel": 0, "new/kernel": 1} and "no layer names" in report.notes[0]


def test_what_is_missing_and_what_is_left_over() -> None:
    tree = by_path({"layers/dense": ["0"], "layers/conv2d": ["0"]})
    bound, report = bind_weights(sequential(layer("Dense", "d")), tree)
    assert values(bound) == {"d/kernel": 0}
    assert report.missing == ["d/bias"] and report.unexpected == ["layers/conv2d/0"]


def test_a_layer_that_is_shared_between_models_is_stored_once() -> None:
    shared = [layer("Dense", "both") for _ in range(2)]
    model = sequential(nested(sequential(shared[0], layer("Dense", "d"), name="base")), shared[1], layer("Dense", "e"))
    bound, report = bind_weights(model, by_path({
        "layers/sequential/layers/dense": ["0", "1"], "layers/sequential/layers/dense_1": ["0", "1"],
        "layers/dense_1": ["0", "1"]}))
    assert values(bound)["both/kernel"] == values(bound)["base/both/kernel"] == 0
    assert values(bound)["e/kernel"] == 4 and not report.missing
    assert report.notes == ["both: stored once, with the layer base/both that it is shared with"]


def test_writing_needs_all_weights() -> None:
    model = sequential(layer("Dense", "d"))
    weights = BoundWeights({(("d",), "kernel"): TensorRecord.of("k", np.zeros(2)),
                            (("e",), "kernel"): TensorRecord.of("k", np.zeros(2))})
    with pytest.raises(CannotExpress, match="missing: d/bias") as caught:
        encode_weights(weights, model, "by_path", "keras3")
    assert "no place for: e/kernel" in str(caught.value)


def test_unknown_layouts_are_refused() -> None:
    with pytest.raises(UnsupportedFile, match="flat"):
        bind_weights(sequential(), WeightTree("flat"))
    with pytest.raises(UnsupportedFile, match="flat"):
        encode_weights(BoundWeights(), sequential(), "flat", "keras3")
