"""Architectures that other tools fail on."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import zoo
from tests.failure_modes.files import IMAGES, SEQUENCES, X, dense, edited, layer_configs, legacy, of_layer, rezipped, same
from zoo import layers
from zoo.errors import Unsupported, UnknownClass, ZooError

LAMBDA = {"class_name": "Lambda", "config": {
    "name": "double", "trainable": True, "dtype": "float32", "function_type": "lambda", "output_shape": None,
    "function": [base64.b64encode(b"\xe3not for this Python").decode(), None, None], "module": "__main__",
    "output_shape_type": "raw", "output_shape_module": None, "arguments": {}}}


def with_lambda(path: Path, closure: Any = None) -> Path:
    legacy(dense(), path)

    def change(config: dict[str, Any]) -> None:
        entry = json.loads(json.dumps(LAMBDA))
        entry["config"]["function"][2] = closure
        config["config"]["layers"].append(entry)
    return edited(path, change)


def test_fm02_bytecode_of_another_python(tmp_path: Path) -> None:
    path, model = with_lambda(tmp_path / "m.h5"), None
    assert "double" in [layer.name for _, layer in zoo.io.read(path).model.walk()]
    with pytest.raises(UnknownClass, match="double.*never runs code"):
        zoo.load_model(path)
    model = zoo.load_model(path, replace={"double": lambda x: 2 * x})
    inner = zoo.Model(model.input, model.get_layer("second").output)
    np.testing.assert_allclose(model.predict_on_batch(X), 2 * inner.predict_on_batch(X), rtol=1e-6)


def test_fm03_lambdas_with_closures_are_told(tmp_path: Path) -> None:
    found = zoo.io.read(with_lambda(tmp_path / "m.h5", closure=[3])).findings
    assert any("double" in finding.where or "double" in finding.message for finding in found)


def test_fm04_groups_of_depthwise_convolutions(tmp_path: Path) -> None:
    model = of_layer(layers.DepthwiseConv2D(3, name="d"))
    path = legacy(model, tmp_path / "m.h5")
    same(model, edited(path, lambda c: layer_configs(c)["d"]["config"].update(groups=1)), IMAGES)
    with pytest.raises(ZooError, match="groups"):
        zoo.load_model(edited(path, lambda c: layer_configs(c)["d"]["config"].update(groups=3)))


@pytest.mark.parametrize("key", ["batch_shape", "batch_input_shape", "shape"])
def test_fm05_spellings_of_input_shapes(key: str, tmp_path: Path) -> None:
    model = of_layer(layers.Flatten(), layers.Dense(2, name="d"))
    path = legacy(model, tmp_path / "m.h5")

    def change(config: dict[str, Any]) -> None:
        entry = config["config"]["layers"][0]["config"]
        shape = entry.pop("batch_input_shape", None) or entry.pop("batch_shape")
        entry[key] = shape[1:] if key == "shape" else shape
    same(model, edited(path, change), IMAGES)


def test_fm06_input_shape_on_a_recurrent_layer(tmp_path: Path) -> None:
    model = zoo.Sequential([zoo.Input(batch_shape=(2, 5, 3)), layers.LSTM(4, stateful=True, name="l")])
    path = legacy(model, tmp_path / "m.h5")

    def change(config: dict[str, Any]) -> None:
        config["config"]["layers"] = [entry for entry in config["config"]["layers"]
                                      if entry["class_name"] != "InputLayer"]
        layer_configs(config)["l"]["config"]["batch_input_shape"] = [2, 5, 3]
    loaded = same(model, edited(path, change), SEQUENCES)
    assert loaded.input_shape == (2, 5, 3)


def test_fm07_time_major(tmp_path: Path) -> None:
    model = of_layer(layers.GRU(4, return_sequences=True, name="g"), shape=(5, 3))
    path = legacy(model, tmp_path / "m.h5")
    same(model, edited(path, lambda c: layer_configs(c)["g"]["config"].update(time_major=False)), SEQUENCES)
    path = edited(path, lambda c: layer_configs(c)["g"]["config"].update(time_major=True))
    try:
        loaded = zoo.load_model(path)
    except Unsupported as error:
        assert "time_major" in str(error)
    else:
        swapped = loaded.predict_on_batch(SEQUENCES.swapaxes(0, 1))
        np.testing.assert_allclose(swapped.swapaxes(0, 1), model.predict_on_batch(SEQUENCES), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["Functional", "Model", "Container", "Network"])
def test_fm08_names_of_functional_models(name: str, tmp_path: Path) -> None:
    inner = of_layer(layers.Dense(3, name="d"))
    model = of_layer(inner)
    path = legacy(model, tmp_path / "m.h5")

    def change(config: dict[str, Any]) -> None:
        config["class_name"] = config["config"]["layers"][1]["class_name"] = name
    same(model, edited(path, change), IMAGES)


@pytest.mark.parametrize(("layer", "old"), [
    (lambda: layers.BatchNormalization(name="b"), "BatchNormalizationV1"),
    (lambda: layers.Dense(3, name="b"), "DenseV2"),
    (lambda: layers.LSTM(3, name="b"), "UnifiedLSTM"), (lambda: layers.GRU(3, name="b"), "UnifiedGRU")])
def test_fm09_class_names_with_versions(layer: Any, old: str, tmp_path: Path) -> None:
    model = of_layer(layer(), shape=(5, 3))
    same(model, edited(legacy(model, tmp_path / "m.h5"), lambda c: layer_configs(c)["b"].update(class_name=old)),
         SEQUENCES)


def test_fm10_axis_as_a_list(tmp_path: Path) -> None:
    model = of_layer(layers.BatchNormalization(name="b"))
    same(model, edited(legacy(model, tmp_path / "m.h5"),
                       lambda c: layer_configs(c)["b"]["config"].update(axis=[3])), IMAGES)


def test_fm13_sequential_without_an_input_shape(tmp_path: Path) -> None:
    model = dense()

    def change(config: dict[str, Any]) -> None:
        config["config"].pop("build_input_shape", None)
        config["config"]["layers"] = [entry for entry in config["config"]["layers"]
                                      if entry["class_name"] != "InputLayer"]
        for entry in config["config"]["layers"]:
            entry["config"].pop("batch_input_shape", None)
    same(model, edited(legacy(model, tmp_path / "m.h5"), change), X)


def keras1(*entries: tuple[str, dict[str, Any]]) -> str:
    """A functional architecture of Keras 1 with two inputs that go into the first layer."""
    inputs = [{"class_name": "InputLayer", "name": name, "inbound_nodes": [],
               "config": {"name": name, "batch_input_shape": [None, 4], "input_dtype": "float32", "sparse": False}}
              for name in ("a", "b")]
    rows, before = inputs, ["a", "b"]
    for class_name, config in entries:
        rows.append({"class_name": class_name, "name": config["name"], "config": config,
                     "inbound_nodes": [[[name, 0, 0] for name in before]]})
        before = [config["name"]]
    return json.dumps({"class_name": "Model", "keras_version": "1.2.2", "config": {
        "name": "m", "layers": rows, "input_layers": [["a", 0, 0], ["b", 0, 0]],
        "output_layers": [[before[0], 0, 0]]}})


MERGES = {"sum": lambda a, b: a + b, "mul": lambda a, b: a * b, "ave": lambda a, b: (a + b) / 2,
          "concat": lambda a, b: np.concatenate([a, b], -1), "max": np.maximum,
          "dot": lambda a, b: (a * b).sum(-1, keepdims=True)}


@pytest.mark.parametrize("mode", MERGES)
@pytest.mark.parametrize("keys", ["all", "few"])
def test_fm21_fm23_merge_of_keras_1(mode: str, keys: str) -> None:
    """FM23: files of Keras 1.1 lack some of the keys."""
    config = {"name": "merge_1", "mode": mode, "mode_type": "raw", "concat_axis": -1, "dot_axes": 1}
    if keys == "all":
        config |= {"output_shape": None, "output_shape_type": "raw", "output_mask": None, "output_mask_type": "raw",
                   "arguments": {}}
    model = zoo.models.model_from_json(keras1(("Merge", config)))
    a, b = X[:, :4], X[:, 2:]
    np.testing.assert_allclose(model.predict_on_batch([a, b]), MERGES[mode](a, b), rtol=1e-5, atol=1e-6)


def test_fm22_arguments_of_keras_1() -> None:
    text = json.dumps({"class_name": "Sequential", "keras_version": "1.2.2", "config": [{
        "class_name": "Convolution2D", "config": {
            "name": "c", "nb_filter": 4, "nb_row": 3, "nb_col": 2, "border_mode": "same", "subsample": [2, 1],
            "dim_ordering": "tf", "init": "he_normal", "bias": False, "activation": "relu", "W_regularizer": {
                "name": "WeightRegularizer", "l1": 0.0, "l2": 0.01}, "b_regularizer": None,
            "activity_regularizer": None, "W_constraint": None, "b_constraint": None,
            "batch_input_shape": [None, 8, 9, 3], "trainable": True}}]})
    layer = zoo.models.model_from_json(text).get_layer("c")
    assert (layer.filters, layer.kernel_size, layer.strides, layer.use_bias) == (4, (3, 2), (2, 1), False)
    assert layer.kernel_initializer.__class__.__name__ == "HeNormal" and layer.kernel.regularizer is not None


def test_fm24_architectures_of_keras_0() -> None:
    text = json.dumps({"name": "Sequential", "layers": [
        {"name": "Dense", "custom_name": "d", "output_dim": 3, "input_dim": 4, "input_shape": [4], "init": "uniform",
         "activation": "tanh", "W_regularizer": None, "b_regularizer": None, "activity_regularizer": None,
         "W_constraint": None, "b_constraint": None}]})
    model = zoo.models.model_from_json(text)
    assert model.output_shape == (None, 3) and model.layers[-1].activation is zoo.activations.tanh


@pytest.mark.parametrize("module", ["keras.engine.functional", "keras.src.engine.functional", "no.such.module"])
def test_fm30_modules_that_moved(module: str, tmp_path: Path) -> None:
    model = of_layer(layers.Flatten(), layers.Dense(2))
    model.save(tmp_path / "m.keras")
    same(model, rezipped(tmp_path / "m.keras", "config.json", lambda c: c.update(module=module)), IMAGES)


def test_fm46_functions_of_tensorflow_as_layers() -> None:
    text = json.dumps({"class_name": "Functional", "keras_version": "2.11.0", "backend": "tensorflow", "config": {
        "name": "m", "input_layers": [["x", 0, 0]], "output_layers": [["s", 0, 0]], "layers": [
            {"class_name": "InputLayer", "name": "x", "inbound_nodes": [], "config": {
                "name": "x", "batch_input_shape": [None, 6], "dtype": "float32", "sparse": False, "ragged": False}},
            {"class_name": "TFOpLambda", "name": "a", "inbound_nodes": [["x", 0, 0, {"y": 2.0}]], "config": {
                "name": "a", "trainable": True, "dtype": "float32", "function": "math.multiply"}},
            {"class_name": "SlicingOpLambda", "name": "s", "inbound_nodes": [["a", 0, 0, {"slice_spec": [
                {"start": None, "stop": None, "step": None}, {"start": 1, "stop": 4, "step": None}]}]], "config": {
                "name": "s", "trainable": True, "dtype": "float32", "function": "__operators__.getitem"}}]}})
    np.testing.assert_allclose(zoo.models.model_from_json(text).predict_on_batch(X), 2 * X[:, 1:4], rtol=1e-6)


@pytest.mark.parametrize("layer", [
    layers.LocallyConnected2D(2, 3, name="r"), layers.ThresholdedReLU(0.5, name="r"),
    layers.RandomHeight(0.1, name="r"), layers.RandomWidth(0.1, name="r")])
def test_fm47_layers_that_keras_3_dropped(layer: layers.Layer, tmp_path: Path) -> None:
    model = of_layer(layer)
    same(model, legacy(model, tmp_path / "m.h5"), IMAGES)


def test_fm50_virtual_batches(tmp_path: Path) -> None:
    model = of_layer(layers.BatchNormalization(name="b"))
    path = edited(legacy(model, tmp_path / "m.h5"),
                  lambda c: layer_configs(c)["b"]["config"].update(axis=[4], virtual_batch_size=2))
    with pytest.raises(ZooError, match="axis|virtual_batch_size"):
        zoo.load_model(path)


def test_fm51_custom_classes_can_be_inspected_and_replaced(tmp_path: Path) -> None:
    model = dense()
    model.save(tmp_path / "m.keras")

    def change(config: dict[str, Any]) -> None:
        layer_configs(config)["first"].update(class_name="Mine", module="my.code", registered_name="pack>Mine")
    path = rezipped(tmp_path / "m.keras", "config.json", change)
    document = zoo.io.read(path)
    assert document.weights.count == 4
    with pytest.raises(UnknownClass, match=r"pack>Mine|Mine.*custom_objects.*\n.*replace=\{'first'"):
        zoo.load_model(path)
    same(model, path, X, custom_objects={"Mine": layers.Dense})
    same(model, path, X, replace={"first": layers.Dense(5, activation="tanh")})


def test_fm52_policies_instead_of_dtypes(tmp_path: Path) -> None:
    model = dense()
    model.save(tmp_path / "m.keras")
    policy = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}, "registered_name": None}
    path = rezipped(tmp_path / "m.keras", "config.json",
                    lambda c: [entry["config"].update(dtype=policy) for entry in c["config"]["layers"]])
    loaded = same(model, path, X)
    loaded.save(tmp_path / "old.h5", dialect="tfkeras")
    seen: list[Any] = []
    edited(tmp_path / "old.h5", lambda c: seen.extend(entry["config"].get("dtype") for entry in c["config"]["layers"]))
    assert set(seen) == {"float32"}


def test_fm55_calls_in_the_words_of_three_dialects(tmp_path: Path) -> None:
    x = zoo.Input((6,))
    y = layers.Dense(4, name="d")(x)
    model = zoo.Model(x, layers.Add()([y, layers.Dense(4)(y)]))
    for dialect in ("keras2", "tfkeras", "keras3"):
        model.save(tmp_path / f"{dialect}.h5", dialect=dialect)
        same(model, tmp_path / f"{dialect}.h5", X)
    model.save(tmp_path / "m.keras")
    same(model, tmp_path / "m.keras", X)
