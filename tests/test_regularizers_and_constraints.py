"""Regularizers and constraints against the corpus; configs, names, wrong arguments."""

from __future__ import annotations

import ast
import json
import re

import numpy as np
import pytest

from tests.corpus import CORPUS, require_corpus
from zoo import constraints, regularizers
from zoo.engine.variable import Variable
from zoo.errors import ConfigError, ShapeError, UnknownClass

FOLDER = None if CORPUS is None else CORPUS / "ops" / "regularizers_constraints_initializers"
META = {"entries": [], "tolerance": {}} if FOLDER is None else json.loads((FOLDER / "meta.json").read_text())
ENTRIES = [entry for entry in META["entries"] if not entry["function"].startswith("initializers") and entry["outputs"]]
MODULES = {"regularizers": regularizers, "constraints": constraints}
W = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")


@require_corpus
@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["function"][:60])
def test_values_are_those_of_keras(entry) -> None:
    module, name, config = re.fullmatch(r"(\w+)\.(\w+)(?:\(.*\))? (\{.*\})", entry["function"]).groups()
    thing = MODULES[module].get({"class_name": name, "config": ast.literal_eval(config)})
    with np.load(FOLDER / "io.npz") as stored:
        x, expected = stored[entry["arguments"][0]["array"]], stored[entry["outputs"][0]]
    for argument in (x, Variable(x)):
        result = thing(argument)
        assert result.dtype == expected.dtype and result.shape == expected.shape
        np.testing.assert_allclose(result, expected, **META["tolerance"])


@pytest.mark.parametrize(("module", "name"), [(module, name) for module in MODULES.values() for name in module.ALL])
def test_configs_and_names(module, name: str) -> None:
    thing = module.get(name)
    again = module.deserialize(json.loads(json.dumps(module.serialize(thing))))
    assert type(again) is type(thing) is module.ALL[name]
    assert again.get_config() == thing.get_config()
    np.testing.assert_array_equal(again(W), thing(W))


def test_penalties() -> None:
    assert regularizers.L1(0.5)(np.array([-1, 3], "float32")) == 2
    assert regularizers.L2()(np.array([1, -2], "float32")) == pytest.approx(0.05)
    assert regularizers.get("l1_l2")(W) == 0
    assert regularizers.L1(None).l1 == 0.01
    columns = W / np.linalg.norm(W, axis=0)
    products = np.abs(columns.T @ columns)
    expected = 0.1 * (products.sum() - 3) / 6
    assert regularizers.OrthogonalRegularizer(0.1, "columns")(W) == pytest.approx(expected, rel=1e-5)
    assert regularizers.OrthogonalRegularizer()(np.zeros((2, 3), "float32")) == 0


def test_limits() -> None:
    norms = np.linalg.norm(constraints.MaxNorm(0.5)(W), axis=0)
    np.testing.assert_allclose(norms, 0.5, rtol=1e-5)
    np.testing.assert_allclose(constraints.MaxNorm(100)(W), W, rtol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(constraints.UnitNorm(1)(W), axis=1), 1, rtol=1e-5)
    halfway = constraints.MinMaxNorm(10.0, 20.0, rate=0.5)(W)
    np.testing.assert_allclose(np.linalg.norm(halfway, axis=0), (np.linalg.norm(W, axis=0) + 10) / 2, rtol=1e-5)
    assert constraints.NonNeg()(W).min() == 0
    assert constraints.Constraint()(W) is W


def test_wrong_arguments_are_named() -> None:
    for factor in (-1, float("nan"), "1", True):
        with pytest.raises(ConfigError, match="non-negative finite number for 'l1'"):
            regularizers.L1(factor)
    with pytest.raises(ConfigError, match="'rows' or 'columns'"):
        regularizers.OrthogonalRegularizer(mode="both")
    with pytest.raises(ShapeError, match="expected a matrix"):
        regularizers.OrthogonalRegularizer()(W[0])
    with pytest.raises(UnknownClass, match="'L2'"):
        regularizers.get("L22")
    with pytest.raises(UnknownClass, match="'MaxNorm'"):
        constraints.get("Maxnorm")
    assert regularizers.get(None) is constraints.get(None) is None
