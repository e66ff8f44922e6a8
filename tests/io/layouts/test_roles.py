"""Which weights a layer owns, by class and config."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.corpus import CORPUS, require_corpus
from tests.io.layouts.samples import layer, sequential
from zoo.io import dialects
from zoo.io.dialects.structure import to_plain
from zoo.io.document import WeightSpec
from zoo.io.layouts.order import legacy_order
from zoo.io.layouts.owners import owners_of
from zoo.io.layouts.roles import ANATOMY, anatomy_of

CELL = {"class_name": "LSTMCell", "config": {"name": "lstm_cell"}}
GRU_CELL = {"class_name": "GRUCell", "config": {"name": "gru_cell", "use_bias": False}}
INNER = {"class_name": "Dense", "config": {"name": "dense"}}
LSTM = {"class_name": "LSTM", "config": {"name": "lstm"}}
PLAIN_MODEL = to_plain(sequential(layer("InputLayer", "i"), layer("Dense", "a"), layer("PReLU", "b"), name="m"))

ROLES = [
    ("Dense", {}, "kernel bias"), ("Dense", {"use_bias": False}, "kernel"),
    ("Dense", {"lora_rank": 2}, "kernel bias lora_kernel_a lora_kernel_b"),
    ("Conv2D", {"use_bias": True}, "kernel bias"), ("Conv1DTranspose", {}, "kernel bias"),
    ("DepthwiseConv2D", {"use_bias": False}, "kernel"), ("LocallyConnected2D", {}, "kernel bias"),
    ("SeparableConv1D", {}, "depthwise_kernel pointwise_kernel bias"),
    ("BatchNormalization", {"scale": True, "center": True}, "gamma beta moving_mean moving_variance"),
    ("BatchNormalization", {"scale": False}, "beta moving_mean moving_variance"),
    ("BatchNormalization", {"scale": False, "center": False}, "moving_mean moving_variance"),
    ("BatchNormalization", {"renorm": True},
     "gamma beta moving_mean moving_variance moving_stddev renorm_mean renorm_stddev"),
    ("LayerNormalization", {"center": False}, "gamma"), ("GroupNormalization", {}, "gamma beta"),
    ("RMSNormalization", {}, "scale"), ("UnitNormalization", {}, ""), ("PReLU", {}, "alpha"), ("ReLU", {}, ""),
    ("Normalization", {"mean": None}, "mean variance count"), ("Normalization", {"mean": [0.0]}, ""),
    ("Embedding", {}, "embeddings"), ("ReversibleEmbedding", {"tie_weights": False}, "embeddings reverse_embeddings"),
    ("EinsumDense", {"bias_axes": None}, "kernel"), ("EinsumDense", {"bias_axes": "d"}, "kernel bias"),
    ("LSTM", {}, "cell/kernel cell/recurrent_kernel cell/bias"),
    ("GRU", {"use_bias": False}, "cell/kernel cell/recurrent_kernel"),
    ("ConvLSTM2D", {}, "cell/kernel cell/recurrent_kernel cell/bias"),
    ("CuDNNLSTM", {}, "kernel recurrent_kernel bias"),
    ("RNN", {"cell": CELL}, "cell/kernel cell/recurrent_kernel cell/bias"),
    ("RNN", {"cell": {"class_name": "StackedRNNCells", "config": {"cells": [CELL, GRU_CELL]}}},
     "cell/cells/0/kernel cell/cells/0/recurrent_kernel cell/cells/0/bias "
     "cell/cells/1/kernel cell/cells/1/recurrent_kernel"),
    ("Bidirectional", {"layer": LSTM},
     "forward_layer/cell/kernel forward_layer/cell/recurrent_kernel forward_layer/cell/bias "
     "backward_layer/cell/kernel backward_layer/cell/recurrent_kernel backward_layer/cell/bias"),
    ("Bidirectional", {"layer": LSTM, "backward_layer": {"class_name": "GRU", "config": {"use_bias": False}}},
     "forward_layer/cell/kernel forward_layer/cell/recurrent_kernel forward_layer/cell/bias "
     "backward_layer/cell/kernel backward_layer/cell/recurrent_kernel"),
    ("TimeDistributed", {"layer": INNER}, "layer/kernel layer/bias"),
    ("TimeDistributed", {"layer": PLAIN_MODEL}, "layer/layers/0/kernel layer/layers/0/bias layer/layers/1/alpha"),
    ("SpectralNormalization", {"layer": INNER}, "layer/kernel vector_u layer/bias"),
    ("Attention", {"use_scale": False}, ""), ("Attention", {"use_scale": True}, "scale"),
    ("Attention", {"use_scale": True, "score_mode": "concat"}, "scale concat_score_weight"),
    ("AdditiveAttention", {}, "scale"), ("AdditiveAttention", {"use_scale": False}, ""),
    ("MultiHeadAttention", {"use_bias": False},
     "query_dense/kernel key_dense/kernel value_dense/kernel output_dense/kernel"),
    ("MultiHeadAttention", {"use_gate": True},
     "query_dense/kernel query_dense/bias key_dense/kernel key_dense/bias gate_dense/kernel gate_dense/bias "
     "value_dense/kernel value_dense/bias output_dense/kernel output_dense/bias"),
    ("StringLookup", {"output_mode": "int"}, ""), ("StringLookup", {"output_mode": "tf_idf"}, "idf_weights"),
    ("Flatten", {}, ""), ("TFOpLambda", {}, ""), ("ops.Add", {}, ""),
]


def roles_of(class_name: str, config: dict[str, Any]) -> str:
    return " ".join(slot.key[1] for slot in owners_of(sequential(layer(class_name, "x", **config))).all_slots())


@pytest.mark.parametrize(("class_name", "config", "expected"), ROLES)
def test_roles(class_name: str, config: Any, expected: str) -> None:
    assert roles_of(class_name, config) == expected


def test_statistics_are_not_trainable() -> None:
    slots = owners_of(sequential(layer("BatchNormalization", "x"))).all_slots()
    assert [(slot.key[1], slot.trainable) for slot in slots] == [
        ("gamma", True), ("beta", True), ("moving_mean", False), ("moving_variance", False)]


def test_every_class_of_keras_is_known_or_open() -> None:
    """A layer class is in the table, has no weights, or is one of those whose weights no config tells."""
    unknown = {name for name in dialects.DIALECTS["keras3"].layers if anatomy_of(name, {}) is None}
    assert unknown == {"FlaxLayer", "JaxLayer", "TFSMLayer", "TorchModuleWrapper"}
    assert set(ANATOMY) - {"ConvLSTMCell"} <= set().union(*(dialect.layers for dialect in dialects.DIALECTS.values()))


def test_quantized_layers_keep_their_scales_and_custom_ones_are_unknown() -> None:
    quantized = {"dtype": {"class_name": "QuantizedDTypePolicy", "config": {"mode": "int8"}}}
    assert [own.role for own in anatomy_of("Dense", quantized).own][-1] == "kernel_scale"
    assert anatomy_of("Mine", {}) is None
    assert not owners_of(sequential(layer("Mine", "x"))).is_known


def test_given_weights_count_more_than_the_table() -> None:
    record = layer("Dense", "x", use_bias=True)
    record.weights = [WeightSpec("kernel", True, (3, 2)), WeightSpec("mask", False, (3,)),
                      WeightSpec("sub/w", True, (1,))]
    slots = owners_of(sequential(record)).all_slots()
    assert [(slot.key[1], slot.trainable, slot.shape) for slot in slots] == [
        ("kernel", True, (3, 2)), ("mask", False, (3,)), ("sub/w", True, (1,))]


@require_corpus
@pytest.mark.parametrize("folder", ["keras-2.2.4-applications", "keras-2.3.1-applications"])
def test_networks_of_keras_applications(folder: str) -> None:
    """The roles that their configs give are the weights that the releases stored, in order and by name."""
    assert CORPUS is not None
    checked = 0
    for path in sorted((CORPUS / folder).glob("*.model.json")):
        architecture = json.loads(path.read_text())
        model, _ = dialects.decode_model(architecture, "keras2")
        table = json.loads(path.with_name(path.name.replace(".model.", ".layout.")).read_text())
        expected = [_row(row) for row in table["layers"]]
        found = [(owner.name, [slot.name for slot in legacy_order(owner, keras3=False)])
                 for owner in owners_of(model).parts]
        assert [row for row in found if row[1]] == [row for row in expected if row[1]], path.name
        checked += 1
    assert checked


def _row(row: dict[str, Any]) -> tuple[str, list[str]]:
    """Name and variables of a layer; Keras 2 had a name of its own for the kernel of depthwise convolutions."""
    variables = [name.rpartition("/")[2] for name, _ in row["weights"]]
    depthwise = row["class"] == "DepthwiseConv2D"
    return row["name"], ["kernel" if depthwise and name == "depthwise_kernel" else name for name in variables]
