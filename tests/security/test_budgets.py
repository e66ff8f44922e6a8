"""Architectures that ask for too much: refused by name, within seconds, before memory is taken."""

from __future__ import annotations

import json
import pathlib
import time
from typing import Any

import pytest

import zoo
from tests.security.files import dense_model, keras_archive, layer, sequential
from zoo.errors import ConfigError, CorruptFile, TooLarge, UnsafeFile, ZooError
from zoo.io.limits import Limits


def nested(depth: int) -> dict[str, Any]:
    model = dense_model()
    for index in range(depth):
        model = {**model, "config": {"name": f"model_{index}", "layers": [model]}}
    return model


def call(*tensors: tuple[str, int]) -> dict[str, Any]:
    return {"args": [{"class_name": "__keras_tensor__", "config": {
        "shape": [None, 4], "dtype": "float32", "keras_history": [name, node, 0]}} for name, node in tensors],
        "kwargs": {}}


def functional(layers: list[dict[str, Any]], last: str, node: int = 0, name: str = "model") -> dict[str, Any]:
    first = layer("InputLayer", "input", batch_shape=[None, 4], dtype="float32")
    first |= {"name": "input", "inbound_nodes": []}
    return {"module": "keras.src.models.functional", "class_name": "Functional", "config": {
        "name": name, "layers": [first, *layers], "input_layers": [["input", 0, 0]],
        "output_layers": [[last, node, 0]]}}


def doubling(depth: int) -> dict[str, Any]:
    """Each model calls the one inside of it twice."""
    inner = layer("Dense", "dense", units=4) | {"name": "dense"}
    for index in range(depth):
        name = inner["name"]
        inner = {**inner, "inbound_nodes": [call(("input", 0)), call((name, 0))]}
        inner = functional([inner], name, 1, f"model_{index}") | {"name": f"model_{index}"}
    return inner


def cycle() -> dict[str, Any]:
    one = layer("Dense", "one", units=4) | {"name": "one", "inbound_nodes": [call(("two", 0))]}
    two = layer("Dense", "two", units=4) | {"name": "two", "inbound_nodes": [call(("one", 0))]}
    return functional([one, two], "two")


GIANTS: dict[str, tuple[Any, type[ZooError], str]] = {
    "dense": (sequential(layer("Dense", units=10 ** 9)), TooLarge, "attack/kernel: this variable needs 16,000,000,000"),
    "narrow dense": (sequential(layer("Dense", units=10 ** 9), shape=(None, 1)), TooLarge, "attack/bias"),
    "embedding": (sequential(layer("Embedding", input_dim=10 ** 12, output_dim=1)), TooLarge, "embeddings"),
    "convolution": (sequential(layer("Conv2D", filters=10 ** 6, kernel_size=[999, 999]), shape=(None, 1000, 1000, 3)),
                    TooLarge, "attack/kernel"),
    "recurrent": (sequential(layer("LSTM", units=10 ** 6), shape=(None, 3, 4)), TooLarge, "recurrent_kernel"),
    "normalization": (sequential(layer("BatchNormalization"), shape=(None, 10 ** 10)), TooLarge, "attack/gamma"),
    "many small ones": (sequential(*(layer("Dense", f"dense_{i}", units=10 ** 4) for i in range(200))), TooLarge,
                        "all of the model together"),
    "after upsampling": (sequential(layer("UpSampling2D", "up", size=10 ** 9), layer("Flatten", "flat"),
                                    layer("Dense", units=3), shape=(None, 4, 4, 1)), TooLarge, "attack/kernel"),
    "reshape": (sequential(layer("Reshape", target_shape=[10 ** 9, 4])), ZooError, "target_shape"),
    "layers": (sequential(*(layer("Dropout", f"d{i}", rate=0.1) for i in range(20_000))), UnsafeFile, "20,001 layers"),
    "doubling": (doubling(25), UnsafeFile, "times once calls of nested models are followed"),
    "cycle": (cycle(), CorruptFile, "need each other in a circle"),
}


@pytest.mark.parametrize("name", GIANTS)
def test_giants(name: str, tmp_path: pathlib.Path) -> None:
    value, error, message = GIANTS[name]
    path = tmp_path / "m.json"
    path.write_text(json.dumps(value))
    start = time.monotonic()
    with pytest.raises(error, match=message):
        zoo.load_model(path)
    assert time.monotonic() - start < 10


@pytest.mark.parametrize("depth", [300, 100_000])
def test_deep_nesting(depth: int, tmp_path: pathlib.Path) -> None:
    text = '{"class_name": "Sequential", "config": {"name": "m", "layers": [' * depth + "]}}" * depth
    (tmp_path / "m.json").write_text(text)
    with pytest.raises(UnsafeFile, match="nested deeper"):
        zoo.load_model(tmp_path / "m.json")
    assert [found.rule for found in zoo.scan(tmp_path / "m.json")] == ["over-limit"]


def test_a_million_layers(tmp_path: pathlib.Path) -> None:
    entry = '{"class_name": "A", "config": {"name": "a"}}'
    (tmp_path / "m.json").write_text('{"class_name": "Sequential", "config": {"layers": [%s]}}'
                                     % ", ".join([entry] * 1_000_000))
    start = time.monotonic()
    with pytest.raises(UnsafeFile, match="JSON of 2,000,002 objects"):
        zoo.load_model(tmp_path / "m.json")
    assert time.monotonic() - start < 10


def test_the_deepest_that_is_read(tmp_path: pathlib.Path) -> None:
    (tmp_path / "m.json").write_text(json.dumps(nested(60)))
    assert zoo.load_model(tmp_path / "m.json").layers
    (tmp_path / "m.json").write_text(json.dumps(doubling(6)))
    assert zoo.load_model(tmp_path / "m.json").layers


def test_a_giant_beside_small_weights(tmp_path: pathlib.Path) -> None:
    model = sequential(layer("Dense", "dense", units=2), layer("Dense", units=10 ** 8))
    path = keras_archive(tmp_path / "m.keras", model)
    with pytest.raises(TooLarge, match="holds 40 bytes of weights"):
        zoo.load_model(path)


def test_limits_are_adjustable(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Limits.from_environment({"ZOO_LIMIT_LAYERS": "7", "ZOO_LIMIT_RATIO": ""}) == Limits(layers=7)
    with pytest.raises(ConfigError, match="ZOO_LIMIT_CALLS: expected a number"):
        Limits.from_environment({"ZOO_LIMIT_CALLS": "many"})


@pytest.mark.parametrize("record", [
    layer("AdaptiveAveragePooling2D", output_size=[10 ** 7, 10 ** 7]),
    layer("RandAugment", num_ops=10 ** 9, value_range=[0, 255]),
], ids=lambda record: record["class_name"])
def test_endless_loops(record: dict[str, Any], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sizes that cost steps rather than bytes."""
    monkeypatch.setattr("zoo.engine.graph._MOST_NODES", 20_000)
    (tmp_path / "m.json").write_text(json.dumps(sequential(record, shape=(None, 8, 8, 3))))
    with pytest.raises(TooLarge, match="more than 20,000 operations"):
        zoo.load_model(tmp_path / "m.json")
