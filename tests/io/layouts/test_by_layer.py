"""The layout by layer: order of weights, matching of layers and of weights, names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.io.layouts.samples import addresses, by_layer, layer, nested, sequential, values
from zoo.errors import CannotExpress
from zoo.io.document import LayerRecord, ModelRecord, WeightSpec, WeightTree
from zoo.io.layouts import BoundWeights, bind_weights, encode_weights
from zoo.io.layouts.order import legacy_order
from zoo.io.layouts.owners import owners_of
from zoo.io.tensors import TensorRecord


def base(*frozen: str, **config: Any) -> LayerRecord:
    """A nested model of two dense layers and two batch normalizations, of which some are frozen."""
    layers = [layer(class_name, name, trainable=name not in frozen) for class_name, name in (
        ("Dense", "d1"), ("BatchNormalization", "b1"), ("Dense", "d2"), ("BatchNormalization", "b2"))]
    return nested(sequential(*layers, name="base", **config))


def order(record: LayerRecord, keras3: bool) -> str:
    """Short names of a layer's weights in the order of a file."""
    short = {"kernel": "k", "bias": "b", "gamma": "g", "beta": "e", "moving_mean": "m", "moving_variance": "v"}
    owner = owners_of(sequential(record)).parts[0]
    return " ".join(f"{slot.key[0][-1]}{short.get(slot.name, slot.name)}" for slot in legacy_order(owner, keras3))


ALL_FROZEN = ("d1", "b1", "d2", "b2")


# ---- order

@pytest.mark.parametrize("keras3", [True, False])
@pytest.mark.parametrize(("frozen", "expected"), [
    ((), "d1k d1b b1g b1e d2k d2b b2g b2e b1m b1v b2m b2v"),
    (("d1", "b2"), "b1g b1e d2k d2b d1k d1b b1m b1v b2g b2e b2m b2v"),
    (ALL_FROZEN, "d1k d1b b1g b1e b1m b1v d2k d2b b2g b2e b2m b2v")])
def test_trainable_weights_come_first(frozen: tuple[str, ...], expected: str, keras3: bool) -> None:
    assert order(base(*frozen), keras3) == expected


def test_a_frozen_model_whose_layers_are_not() -> None:
    assert order(base(trainable=False), keras3=False) == "d1k d1b b1g b1e d2k d2b b2g b2e b1m b1v b2m b2v"
    assert order(base(trainable=False), keras3=True) == "d1k d1b b1g b1e b1m b1v d2k d2b b2g b2e b2m b2v"


def test_models_inside_of_nested_models() -> None:
    middle = nested(sequential(base("d1"), layer("Dense", "d3"), name="middle"))
    assert order(middle, keras3=False) == "b1g b1e d2k d2b b2g b2e d3k d3b d1k d1b b1m b1v b2m b2v"


def test_a_wrapper_keeps_what_its_layer_says() -> None:
    inner = {"class_name": "BatchNormalization", "config": {"name": "bn", "trainable": False}}
    record = layer("TimeDistributed", "t", layer=inner, trainable=False)
    assert [slot.name for slot in legacy_order(owners_of(sequential(record)).parts[0], True)] == [
        "gamma", "beta", "moving_mean", "moving_variance"]


# ---- weights inside a layer

@pytest.mark.parametrize("names", [
    ["d1/kernel:0", "d1/bias:0", "b1/gamma:0", "b1/beta:0", "d2/kernel:0", "d2/bias:0", "b2/gamma:0", "b2/beta:0",
     "b1/moving_mean:0", "b1/moving_variance:0", "b2/moving_mean:0", "b2/moving_variance:0"],
    ["base/d2/kernel", "base/d2/bias", "base/d1/kernel", "base/d1/bias", "base/b1/gamma", "base/b1/beta",
     "base/b1/moving_mean", "base/b1/moving_variance", "base/b2/gamma", "base/b2/beta", "base/b2/moving_mean",
     "base/b2/moving_variance"]])
def test_names_tell_the_weights_whatever_was_frozen(names: list[str]) -> None:
    bound, report = bind_weights(sequential(base("d1", "b1")), by_layer({"base": names}))
    expected = {f"base/{name.removesuffix(':0').removeprefix('base/')}": name for name in names}
    assert addresses(bound) == expected
    assert not report.missing and not report.unexpected
    assert "another order" in report.notes[0]


def test_without_names_the_flags_tell() -> None:
    names = [f"param_{i}" for i in range(12)]
    bound, report = bind_weights(sequential(base("d1", "b2")), by_layer({"base": names}))
    assert values(bound)["base/d1/kernel"] == 4 and values(bound)["base/b2/moving_variance"] == 11
    assert "3 orders are possible" in report.notes[0]


def test_variable_names_tell_whether_the_flags_are_right() -> None:
    """Saved unfrozen, loaded into a frozen model: gamma cannot be a moving mean."""
    names = [f"x/{name}" for name in ("kernel", "bias", "gamma", "beta", "kernel_1", "bias_1", "gamma_1", "beta_1",
                                      "moving_mean", "moving_variance", "moving_mean_1", "moving_variance_1")]
    bound, report = bind_weights(sequential(base(*ALL_FROZEN)), by_layer({"base": names}))
    assert values(bound)["base/d2/kernel"] == 4 and values(bound)["base/b1/moving_mean"] == 8
    assert "other layers were frozen" in report.notes[0]


def test_shapes_tell_whether_the_flags_are_right() -> None:
    dense, norm = layer("Dense", "d"), layer("BatchNormalization", "b")
    dense.weights = [WeightSpec("kernel", True, (3, 2)), WeightSpec("bias", True, (2,))]
    norm.weights = [WeightSpec(role, trainable, (3,)) for role, trainable in (
        ("gamma", True), ("beta", True), ("moving_mean", False), ("moving_variance", False))]
    model = sequential(nested(sequential(norm, dense, name="base")))
    tensors = [TensorRecord.of(f"p{i}", np.zeros(shape)) for i, shape in enumerate(
        [(3,), (3,), (3,), (3,), (3, 2), (2,)])]
    tree = by_layer({"base": []})
    tree.groups[0].tensors = tensors
    bound, report = bind_weights(model, tree)
    assert addresses(bound)["base/d/kernel"] == "p4" and addresses(bound)["base/b/moving_mean"] == "p2"
    assert not report.mismatched


def test_official_names_are_no_names_of_variables() -> None:
    bound, report = bind_weights(sequential(layer("Dense", "fc1")), by_layer({"fc1": ["fc1_W_1:0", "fc1_b_1:0"]}))
    assert addresses(bound) == {"fc1/kernel": "fc1_W_1:0", "fc1/bias": "fc1_b_1:0"}
    assert report.notes == []


@pytest.mark.parametrize(("record", "names"), [
    (layer("LSTM", "x"), ["x/lstm_cell/kernel:0", "x/lstm_cell/recurrent_kernel:0", "x/lstm_cell/bias:0"]),
    (layer("DepthwiseConv2D", "x"), ["x/depthwise_kernel:0", "x/bias:0"]),
    (layer("Normalization", "x", mean=None), ["mean:0", "variance:0", "count:0"]),
    (layer("SpectralNormalization", "x", layer={"class_name": "Dense", "config": {"name": "d"}}),
     ["x/d/kernel", "x/d/bias", "x/vector_u"]),
])
def test_names_inside_of_layers(record: LayerRecord, names: list[str]) -> None:
    bound, report = bind_weights(sequential(record), by_layer({"x": names}))
    assert list(addresses(bound).values()) == names or set(addresses(bound).values()) == set(names)
    assert not report.missing and not report.unexpected and not report.notes


# ---- layers and groups

MODEL = sequential(layer("InputLayer", "i"), layer("Dense", "a"), layer("ReLU", "r"), layer("Dense", "b"))
PAIR = ["kernel:0", "bias:0"]


def test_layers_of_other_names_go_by_their_order() -> None:
    """Layers without weights do not count."""
    tree = by_layer({"input_1": [], "dense_7": PAIR, "relu_3": [], "dense_9": PAIR})
    bound, report = bind_weights(MODEL, tree)
    assert values(bound) == {"a/kernel": 0, "a/bias": 1, "b/kernel": 2, "b/bias": 3}
    assert "by their order" in report.notes[0]


def test_by_name_takes_only_equal_names() -> None:
    bound, report = bind_weights(MODEL, by_layer({"b": PAIR, "other": PAIR}), by_name=True)
    assert values(bound) == {"b/kernel": 0, "b/bias": 1}
    assert report.missing == ["a/kernel", "a/bias"]
    assert report.unexpected == ["other/kernel:0", "other/bias:0"]


def test_equal_names_in_another_order() -> None:
    bound, _ = bind_weights(MODEL, by_layer({"b": PAIR, "a": PAIR}))
    assert values(bound) == {"a/kernel": 2, "a/bias": 3, "b/kernel": 0, "b/bias": 1}


def test_another_number_of_layers() -> None:
    bound, report = bind_weights(MODEL, by_layer({"a": PAIR, "b": PAIR, "c": PAIR}))
    assert values(bound) == {"a/kernel": 0, "a/bias": 1, "b/kernel": 2, "b/bias": 3}
    assert report.unexpected == ["c/kernel:0", "c/bias:0"] and "2 layers" in report.notes[0]


def test_another_number_of_weights() -> None:
    bound, report = bind_weights(sequential(layer("Dense", "a", use_bias=False)), by_layer({"a": PAIR}))
    assert values(bound) == {"a/kernel": 0}
    assert report.unexpected == ["a/bias:0"] and "were matched by name" in report.notes[0]
    bound, report = bind_weights(sequential(layer("Dense", "a")), by_layer({"a": ["a/kernel"]}))
    assert values(bound) == {"a/kernel": 0} and report.missing == ["a/bias"]


@pytest.mark.parametrize(("skip", "by_name"), [(False, False), (True, False), (True, True), (False, True)])
def test_other_shapes_are_reported_and_never_bound(skip: bool, by_name: bool) -> None:
    record = layer("Dense", "a")
    record.weights = [WeightSpec("kernel", True, (3, 2)), WeightSpec("bias", True, (2,))]
    bound, report = bind_weights(sequential(record), by_layer({"a": PAIR}), by_name=by_name, skip_mismatch=skip)
    assert values(bound) == {"a/bias": 1} and report.loaded == ["a/bias"]
    lines = report.skipped if skip else report.mismatched
    assert lines == ["a/kernel: expected (3, 2), received (2,) (kernel:0)"]
    assert not (report.mismatched if skip else report.skipped) and not report.missing


def test_layers_of_unknown_classes_number_their_weights() -> None:
    model = sequential(layer("Mine", "m"), nested(sequential(layer("Dense", "d"), layer("Mine", "n"), name="base")))
    tree = by_layer({"m": ["m/w", "m/v"], "base": ["base/d/kernel", "base/d/bias", "base/n/w"]})
    bound, report = bind_weights(model, tree)
    assert values(bound) == {"m/0": 0, "m/1": 1, "base/d/kernel": 2, "base/d/bias": 3, "base/n/0": 4}
    assert not report.unexpected


def test_a_model_of_unknown_class_keeps_the_names() -> None:
    net = ModelRecord("opaque", "net", class_name="Net")
    bound, report = bind_weights(net, by_layer({"block": ["w", "v"]}))
    assert values(bound) == {"block/w": 0, "block/v": 1} and not report.unexpected
    with pytest.raises(CannotExpress, match="no place for: block/w"):
        encode_weights(bound, net, "by_layer", "keras3")


# ---- writing

def numbered(model: ModelRecord) -> BoundWeights:
    slots = owners_of(model).all_slots()
    return BoundWeights({slot.key: TensorRecord.of(slot.name, np.full((2,), i, np.float32))
                         for i, slot in enumerate(slots)})


WRAPPED = {"class_name": "Dense", "config": {"name": "dense"}}
CELLS = {"class_name": "StackedRNNCells", "config": {"name": "stacked_rnn_cells", "cells": [
    {"class_name": "LSTMCell", "config": {"name": "lstm_cell", "use_bias": False}}]}}


@pytest.mark.parametrize(("record", "keras3", "tfkeras", "keras2"), [
    (layer("Dense", "x", use_bias=False), ["x/kernel"], ["x/kernel:0"], ["x/kernel:0"]),
    (layer("DepthwiseConv2D", "x", use_bias=False), ["x/kernel"], ["x/depthwise_kernel:0"], ["x/depthwise_kernel:0"]),
    (layer("LSTM", "x", use_bias=False), ["x/lstm_cell/kernel", "x/lstm_cell/recurrent_kernel"],
     ["x/lstm_cell/kernel:0", "x/lstm_cell/recurrent_kernel:0"], ["x/kernel:0", "x/recurrent_kernel:0"]),
    (layer("TimeDistributed", "x", layer=WRAPPED), ["x/dense/kernel", "x/dense/bias"], ["x/kernel:0", "x/bias:0"],
     ["x/kernel:0", "x/bias:0"]),
    (layer("Bidirectional", "x", layer={"class_name": "GRU", "config": {"name": "gru", "use_bias": False}}),
     ["x/forward_gru/gru_cell/kernel", "x/forward_gru/gru_cell/recurrent_kernel", "x/backward_gru/gru_cell/kernel",
      "x/backward_gru/gru_cell/recurrent_kernel"],
     ["x/forward_gru/gru_cell/kernel:0", "x/forward_gru/gru_cell/recurrent_kernel:0",
      "x/backward_gru/gru_cell/kernel:0", "x/backward_gru/gru_cell/recurrent_kernel:0"],
     ["x/forward_gru/kernel:0", "x/forward_gru/recurrent_kernel:0", "x/backward_gru/kernel:0",
      "x/backward_gru/recurrent_kernel:0"]),
    (layer("RNN", "x", cell=CELLS),
     ["x/stacked_rnn_cells/lstm_cell/kernel", "x/stacked_rnn_cells/lstm_cell/recurrent_kernel"],
     ["x/stacked_rnn_cells/lstm_cell/kernel:0", "x/stacked_rnn_cells/lstm_cell/recurrent_kernel:0"], None),
    (layer("MultiHeadAttention", "x", use_bias=False),
     ["x/query/kernel", "x/key/kernel", "x/value/kernel", "x/attention_output/kernel"],
     ["x/query/kernel:0", "x/key/kernel:0", "x/value/kernel:0", "x/attention_output/kernel:0"], None),
    (nested(sequential(layer("Dense", "d", use_bias=False), name="x")), ["x/d/kernel"], ["d/kernel:0"], ["d/kernel:0"]),
])
def test_names_of_each_keras(record: LayerRecord, keras3: Any, tfkeras: Any, keras2: Any) -> None:
    model = sequential(record)
    for dialect, expected in (("keras3", keras3), ("tfkeras", tfkeras), ("keras2", keras2)):
        if expected is not None:
            tree = encode_weights(numbered(model), model, "by_layer", dialect)
            assert [tensor.name for tensor in tree.groups[0].tensors] == expected


def test_names_are_made_unique() -> None:
    inner = [nested(sequential(layer("Dense", "d"), name=name)) for name in ("one", "two")]
    model = sequential(nested(sequential(*inner, name="x")))
    tree = encode_weights(numbered(model), model, "by_layer", "tfkeras")
    names = [tensor.name for tensor in tree.groups[0].tensors]
    assert names == ["d/kernel:0", "d/bias:0", "d/kernel_1:0", "d/bias_1:0"]


def test_layers_without_weights_have_empty_groups() -> None:
    functional = ModelRecord("functional", "m", list(MODEL.layers), config={"name": "m"})
    for model, expected in ((MODEL, ["a", "r", "b"]), (functional, ["i", "a", "r", "b"])):
        tree = encode_weights(numbered(model), model, "by_layer", "keras3")
        assert [group.path for group in tree.groups] == expected


@pytest.mark.parametrize("frozen", [(), ("d1", "b2"), ALL_FROZEN])
@pytest.mark.parametrize("dialect", ["keras3", "tfkeras", "keras2"])
def test_what_is_written_is_read_again(dialect: str, frozen: tuple[str, ...]) -> None:
    model = sequential(base(*frozen), layer("Dense", "last"))
    tree = encode_weights(numbered(model), model, "by_layer", dialect)
    again, report = bind_weights(model, WeightTree("by_layer", tree.groups, keras_version="3.1" if dialect == "keras3"
                                                   else "2.3.1"))
    assert values(again) == values(numbered(model)) and not report.notes
