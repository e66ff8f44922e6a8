"""Activations against the corpus (values; gradients through the engine's own), and by name."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.corpus import CORPUS, require_corpus
from zoo import activations
from zoo.engine.autodiff import gradients
from zoo.engine.function import Function
from zoo.errors import ConfigError, UnknownClass

FOLDER = None if CORPUS is None else CORPUS / "ops" / "activations"
META = {"entries": [], "tolerance": {}} if FOLDER is None else json.loads((FOLDER / "meta.json").read_text())
ENTRIES = [pytest.param(entry, id=entry["output"]) for entry in META["entries"]]


@pytest.fixture(scope="module")
def stored():
    with np.load(FOLDER / "io.npz") as file:
        return {name: file[name] for name in file}


def function_of(entry):
    return activations.get(entry["function"].split(".")[-1])


@require_corpus
@pytest.mark.parametrize("entry", ENTRIES)
def test_values_are_those_of_keras(entry, stored) -> None:
    x = stored[entry["input"]]
    expected = stored[entry["output"]]
    for function in (function_of(entry), Function(lambda x: function_of(entry)(x, **entry["options"]))):
        result = function(x) if isinstance(function, Function) else function(x, **entry["options"])
        assert result.dtype == expected.dtype
        np.testing.assert_allclose(result, expected, **META["tolerance"])


@require_corpus
@pytest.mark.parametrize("entry", ENTRIES)
def test_gradients_are_those_of_keras(entry, stored) -> None:
    """Also at the kinks, which are points of the grid."""
    x, expected = stored[entry["input"]], stored[entry["output"]]
    cotangent = np.ones_like(expected)
    if entry["input"] == "rows":
        cotangent = stored["rows_cotangent"][tuple(map(slice, expected.shape))]
    gradient = Function(lambda x: gradients([function_of(entry)(x, **entry["options"])], [x], [cotangent])[0])
    np.testing.assert_allclose(gradient(x), stored[entry["gradient"]], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", sorted(activations.ALL))
def test_every_name_gives_a_function_that_keeps_shape_and_dtype(name: str) -> None:
    function = activations.get(name)
    x = np.linspace(-3, 3, 8, dtype="float16").reshape(2, 4)
    options = {"threshold": 1.0, "default_value": 0.0} if name == "threshold" else {}
    result = function(x, **options)
    assert result.dtype == "float16"
    assert result.shape == ((2, 2) if name == "glu" else (2, 4))
    assert activations.get(activations.serialize(function)) is function


def test_identifiers() -> None:
    assert activations.get(None) is activations.linear
    assert activations.get(np.tanh) is np.tanh
    assert activations.serialize(activations.swish) == "silu"
    assert activations.deserialize("mine", {"mine": np.sin}) is np.sin
    with pytest.raises(UnknownClass, match="'gelo'. Did you mean 'gelu'"):
        activations.get("gelo")
    with pytest.raises(ConfigError, match="received 3"):
        activations.get(3)


def test_two_hard_sigmoids() -> None:
    """The one of Keras 3 has slope 1/6, that of Keras 1 and 2 has slope 0.2."""
    x = np.array([-2.75, 0.0, 1.0], "float32")
    np.testing.assert_allclose(activations.get("hard_sigmoid")(x), (x + 3) / 6)
    np.testing.assert_allclose(activations.get("keras2>hard_sigmoid")(x), [0, 0.5, 0.7])


def test_relu_with_options() -> None:
    x = np.array([-1, 0.5, 3, 8], "float32")
    assert activations.relu(x, 0.5, 6.0, 1.0).tolist() == [-1, -0.25, 3, 6]
    assert activations.relu(x, max_value=6).tolist() == [0, 0.5, 3, 6]
    assert activations.relu(x, negative_slope=0.25).tolist() == [-0.25, 0.5, 3, 8]
