"""Who wrote an architecture."""

from __future__ import annotations

from typing import Any

import pytest

from tests.io.dialects.samples import keras2_input, layer, sequential
from zoo.io import dialects

DENSE2 = sequential(layer("Dense", "dense_1", units=2))


@pytest.mark.parametrize(("version", "expected"), [
    ("3.0.5", "keras3"), ("3.15.1", "keras3"), ("2.15.0", "tfkeras"), ("2.4.0", "tfkeras"), ("2.2.4-tf", "tfkeras"),
    ("2.1.6-tf", "tfkeras"), ("2.3.1", "keras2"), ("2.0.9", "keras2"), ("1.2.2", "keras1"), ("0.3.3", "keras0")])
def test_the_version_decides(version: str, expected: str) -> None:
    assert dialects.detect(DENSE2, version) == expected


@pytest.mark.parametrize(("config", "expected"), [
    (sequential(layer("InputLayer", "i", batch_shape=[None, 3])), "keras3"),
    (sequential(layer("Dense", "d", kernel_initializer={"class_name": "GlorotUniform", "config": {}})), "tfkeras"),
    (sequential(layer("LSTM", "l", time_major=False)), "tfkeras"),
    ({"class_name": "Functional", "config": {}}, "tfkeras"),
    (sequential(keras2_input("i", 3), layer("Dense", "d", units=2)), "keras2"),
    (sequential(layer("Embedding", "e", input_dim=3, output_dim=2)), "keras2"),
    ({"class_name": "Sequential", "config": [layer("Dense", "d", output_dim=2)]}, "keras1"),
    (sequential(layer("Convolution2D", "c", nb_filter=2, border_mode="same")), "keras1"),
    ({"name": "Sequential", "layers": [{"name": "Dense"}]}, "keras0"),
    ({"weights": []}, "unknown"), ([], "unknown"), (None, "unknown")])
def test_without_a_version_the_content_decides(config: Any, expected: str) -> None:
    assert dialects.detect(config, None) == expected
