"""``zoo convert`` where a model is built on the way: ONNX, and another data format."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import zoo as library
from tests.cli.conftest import Outcome
from zoo import layers


@pytest.fixture
def model(tmp_path: Path) -> Path:
    x = library.Input((6, 5, 3))
    y = layers.Flatten()(layers.Conv2D(4, 3, strides=2, padding="same")(x))
    library.Model(x, layers.Dense(2, name="classes")(y)).save(tmp_path / "m.keras")
    return tmp_path / "m.keras"


def test_data_format(zoo: Callable[..., Outcome], model: Path, tmp_path: Path) -> None:
    outcome = zoo("convert", model, tmp_path / "n.keras", "--data-format", "channels_first")
    assert outcome.code == 0, outcome.err
    assert "input 1 has the axes (0, 3, 1, 2)" in outcome.err
    image = np.random.default_rng(0).normal(size=(2, 6, 5, 3)).astype("float32")
    expected = library.load_model(model).predict_on_batch(image)
    received = library.load_model(tmp_path / "n.keras").predict_on_batch(image.transpose(0, 3, 1, 2))
    assert np.allclose(received, expected, 1e-5, 1e-6)


def test_data_format_that_a_layer_cannot_have(zoo: Callable[..., Outcome], tmp_path: Path) -> None:
    x = library.Input((6, 5, 3))
    library.Model(x, layers.Dense(2, name="head")(layers.Conv2D(4, 3, name="first")(x))).save(tmp_path / "m.keras")
    outcome = zoo("convert", tmp_path / "m.keras", tmp_path / "n.keras", "--data-format", "channels_first")
    assert outcome.code != 0 and "first would give or take channels_first, and head cannot" in outcome.err
    assert not (tmp_path / "n.keras").exists()


@pytest.mark.skipif(importlib.util.find_spec("onnx") is None, reason="the package onnx is not installed")
def test_onnx(zoo: Callable[..., Outcome], model: Path, tmp_path: Path) -> None:
    outcome = zoo("convert", model, tmp_path / "m.onnx")
    assert outcome.code == 0, outcome.err
    assert importlib.import_module("onnx").load(tmp_path / "m.onnx").graph.output[0].name == "classes"
