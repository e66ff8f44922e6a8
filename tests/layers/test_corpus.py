"""Layers as real Keras wrote them: the same configs back, the same numbers."""

from __future__ import annotations

import json

import pytest

import zoo.models  # noqa: F401 - reads models inside of wrappers
from tests.conformance.model_cases import difference
from tests.conformance.outcome import Tally, tally
from tests.corpus import CORPUS, require_corpus
from tests.layers.corpus_layers import SingleLayerCase, architectures, canonical, layer_records, single_layer_cases
from zoo import layers, tree
from zoo.errors import UnknownClass, Unsupported
from zoo.layers.layer import accepts

pytestmark = require_corpus
REFUSED = {"quantized", "custom", "lambda"}                 # cases model_<word>...
SINGLE = single_layer_cases() if CORPUS is not None else []


def test_configs_come_back_as_keras_wrote_them() -> None:
    compared, different, refused = 0, [], {}
    for folder, architecture in architectures():
        for record in layer_records(architecture):
            try:
                layer = layers.deserialize(record)
            except (Unsupported, UnknownClass) as error:
                refused.setdefault(folder.name, str(error))
                continue
            compared += 1
            received = canonical(json.loads(json.dumps(layer.get_config())))
            if received != canonical(record["config"]):
                different.append(f"{folder.name} {record['class_name']}: {received} for {canonical(record['config'])}")
    print(f"{compared} configs compared, {len(different)} differ, refused: {refused}")
    assert compared > 1000
    assert not different, "\n".join(different[:20])
    assert {case.split("_")[1] for case in refused} <= REFUSED, refused


@pytest.fixture(scope="module")
def row() -> Tally:
    return tally("keras3 single layers")


@pytest.mark.parametrize("case", SINGLE, ids=lambda case: case.name)
def test_a_single_layer_computes_what_keras_computed(case: SingleLayerCase, row: Tally) -> None:
    row.failed[case.name] = "see the test of that name"
    layer = layers.deserialize(case.record)
    inputs, expected = case.arrays()
    layer(tree.map(lambda x: layers.Input(batch_shape=x.shape, dtype=x.dtype), inputs))    # moves no states
    stored = case.weights()
    assert [w.shape for w in layer.get_weights()] == [w.shape for w in stored]
    layer.set_weights(stored)
    mode = {"training": False} if accepts(type(layer), "training") else {}
    assert difference(tree.leaves(layer(inputs, **mode)), expected, **case.meta["tolerance"]) is None
    del row.failed[case.name]
    row.passed.append(case.name)


@pytest.mark.parametrize("case", SINGLE, ids=lambda case: case.name)
def test_weights_have_the_names_of_keras(case: SingleLayerCase) -> None:
    layer = layers.deserialize(case.record)
    layer(case.arrays()[0])
    expected = [[path.rpartition("/")[2], shape] for path, shape in case.meta["weights"]]
    assert [[variable.name, list(variable.shape)] for variable in layer.weights] == expected
