"""Theano's padding as zeros around the data and a convolution without padding."""

from __future__ import annotations

import pathlib
from typing import Any

import numpy as np
import pytest

import zoo
from zoo import Input, Sequential, layers
from zoo.io.document import OptimizerRecord, TrainingRecord
from zoo.io.edits.explicit_padding import has_explicable_padding, with_explicit_padding
from zoo.models import capture, restore

LAYERS = {
    "stride": layers.Conv2D(3, 3, 2, "same_theano", name="c"),
    "even": layers.Conv2D(3, (2, 4), 1, "same_theano", name="c"),
    "first": layers.Conv2D(3, 3, 2, "same_theano", data_format="channels_first", name="c"),
    "dilation": layers.Conv1D(3, 2, 1, "same_theano", dilation_rate=3, name="c"),
    "volume": layers.Conv3D(2, 3, (1, 2, 3), "same_theano", name="c"),
    "depthwise": layers.DepthwiseConv2D(5, 2, "same_theano", name="c"),
    "separable": layers.SeparableConv1D(3, 4, 1, "same_theano", name="c"),
}


def model_of(layer: Any) -> tuple[Sequential, np.ndarray]:
    x = np.random.default_rng(0).normal(size=(2, *(6, 7, 8)[:layer.rank], 4)).astype("float32")
    return Sequential([Input(x.shape[1:]), layer, layers.Flatten(name="f"), layers.Dense(2, name="d")]), x


@pytest.mark.parametrize("name", LAYERS)
def test_predictions_stay(name: str, tmp_path: pathlib.Path) -> None:
    model, x = model_of(LAYERS[name])
    document = capture.document(model)
    document.training = TrainingRecord({"loss": "mse"}, OptimizerRecord("Adam", {}, []))
    edited = with_explicit_padding(document)
    assert edited.model is not None and not has_explicable_padding(edited.model)
    assert edited.training is not None and edited.training.optimizer is None
    assert document.model is not None and document.model.layers[1].config["padding"] == "same_theano"
    np.testing.assert_allclose(restore.model(edited).predict_on_batch(x), model.predict_on_batch(x), atol=1e-5)
    edited.training = None
    zoo.io.write(edited, tmp_path / "a.keras")
    np.testing.assert_allclose(zoo.load_model(tmp_path / "a.keras").predict_on_batch(x), model.predict_on_batch(x),
                               atol=1e-5)


@pytest.mark.parametrize("layer", [
    layers.Conv2D(3, 2, 2, "same_theano"), layers.Conv2D(3, 3, 1, "same"), layers.MaxPooling2D(2, 2, "same_theano"),
    layers.Conv2DTranspose(3, 3, 2, "same_theano")])
def test_what_depends_on_the_size_of_the_data_stays(layer: Any) -> None:
    document = capture.document(model_of(layer)[0])
    assert with_explicit_padding(document) is document
