"""What every layer promises, checked for every row of `tests.cases.layers`."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from tests.cases.layers import CASES, ELSEWHERE, LayerCase
from zoo import layers, tree
from zoo.engine.function import Function
from zoo.engine.rng import set_random_seed
from zoo.layers import Layer

OWN_AXES = ("Flatten", "ConvLSTM", "LocallyConnected")     # channels at another place, or another order of weights
SPATIAL = [case for case in CASES if "data_format" in case.layer().get_config() and not case.name.startswith(OWN_AXES)
           and case.arguments.get("padding") != "causal"]
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)


@pytest.fixture(autouse=True)
def fixed_seed() -> None:
    set_random_seed(7)


def randomized(layer: Layer) -> Layer:
    """The layer with weights that initial values (zeros, ones) would hide; variances stay positive."""
    generator = np.random.default_rng(1)
    layer.set_weights([generator.uniform(0.5, 1.5, v.shape).astype(v.dtype) for v in layer.weights])
    return layer


def fits(symbolic: tuple[Any, ...], concrete: tuple[int, ...]) -> bool:
    return len(symbolic) == len(concrete) and all(s in (None, c) for s, c in zip(symbolic, concrete))


def test_every_layer_has_a_case() -> None:
    without = {cls.__name__ for cls in layers.LAYERS.values()} - {case.name for case in CASES} - set(ELSEWHERE)
    assert not without


@each_case
def test_symbolic_shapes_are_the_concrete_ones(case: LayerCase) -> None:
    concrete = tree.map(lambda y: y.shape, case.call(case.layer(), case.data()))
    inputs = [layers.Input(batch_shape=shape, dtype=case.dtype) for shape in case.symbolic_shapes()]
    partly = case.call(case.layer(), inputs[0] if len(inputs) == 1 else inputs)
    assert fits(partly.shape, concrete), f"{partly.shape} for {concrete}"
    whole = [layers.Input(shape[1:], dtype=case.dtype) for shape in case.shapes]
    known = case.call(case.layer(), whole[0] if len(whole) == 1 else whole)
    assert known.shape == (None, *concrete[1:])


@each_case
def test_symbolic_dtypes_are_the_concrete_ones(case: LayerCase) -> None:
    result = case.call(case.layer(), case.data())
    inputs = [layers.Input(shape[1:], dtype=case.dtype) for shape in case.shapes]
    assert case.call(case.layer(), inputs[0] if len(inputs) == 1 else inputs).dtype == result.dtype.name


@each_case
def test_an_equal_layer_comes_back_from_its_config(case: LayerCase) -> None:
    layer, data = case.layer(), case.data()
    case.call(layer, data)
    config = layer.get_config()
    again = type(layer).from_config(json.loads(json.dumps(config)))
    assert again.get_config() == config
    case.call(again, data)
    again.set_weights(randomized(layer).get_weights())
    np.testing.assert_array_equal(case.call(again, data), case.call(layer, data))


@each_case
def test_records_come_back_through_the_registry(case: LayerCase) -> None:
    layer = case.layer()
    again = layers.deserialize(json.loads(json.dumps(layers.serialize(layer))))
    assert type(again) is type(layer) and again.get_config() == layer.get_config()


@each_case
def test_compiled_calls_compute_what_eager_ones_do(case: LayerCase) -> None:
    layer, data = case.layer(), case.data()
    case.call(layer, data)
    randomized(layer)
    compiled = Function(lambda inputs: case.call(layer, inputs))
    np.testing.assert_allclose(compiled(data), case.call(layer, data), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("case", SPATIAL, ids=lambda case: case.title)
def test_channels_first_is_channels_last_transposed(case: LayerCase) -> None:
    last = getattr(layers, case.name)(**case.arguments, data_format="channels_last")
    first = getattr(layers, case.name)(**case.arguments, data_format="channels_first")
    data = case.data()
    expected = np.asarray(last(data))
    first(np.moveaxis(data, -1, 1))
    first.set_weights(randomized(last).get_weights())
    expected = np.asarray(last(data))
    received = np.asarray(first(np.moveaxis(data, -1, 1)))
    received = np.moveaxis(received, 1, -1) if received.ndim > 2 else received
    np.testing.assert_allclose(received, expected, rtol=1e-5, atol=1e-5)


@each_case
def test_weights_are_named_and_belong_to_the_layer(case: LayerCase) -> None:
    layer = case.layer()
    case.call(layer, case.data())
    names = [variable.name for variable in layer.own_variables()]
    assert len(set(names)) == len(names)
    assert all(variable.path == f"{layer.name}/{variable.name}" for variable in layer.own_variables())
    assert layer.count_params() == sum(w.size for w in layer.get_weights())
