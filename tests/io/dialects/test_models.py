"""Models, nested models, inputs of sequential models, custom classes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.io.dialects.samples import called, functional, keras2_input, layer, legacy, modern, sequential
from zoo.errors import CorruptFile, UnsupportedFile
from zoo.io import dialects
from zoo.io.document import LayerRecord, ModelRecord, TensorRef

DENSE = layer("Dense", "d", units=2)


def names(model: ModelRecord) -> list[str]:
    return [record.name for record in model.layers]


# ---- inputs of sequential models

@pytest.mark.parametrize(("dialect", "first"), [
    ("keras2", {"batch_input_shape": [None, 3], "dtype": "int32"}),
    ("tfkeras", {"batch_input_shape": [None, 3], "dtype": "int32"}),
    ("tfkeras", {"input_shape": [3], "dtype": "int32"})])
def test_the_first_layer_may_hold_the_input(dialect: str, first: Any) -> None:
    model, _ = dialects.decode_model(sequential(layer("Embedding", "e", input_dim=3, **first), DENSE), dialect)
    assert names(model) == ["e_input", "e", "d"]
    assert model.layers[0].class_name == "InputLayer"
    assert model.layers[0].config == {"batch_shape": [None, 3], "dtype": "int32", "sparse": False, "name": "e_input"}
    assert "batch_input_shape" not in model.layers[1].config


def test_keras_2_gets_the_input_in_the_first_layer() -> None:
    entry = sequential(layer("Dense", "d", units=2, batch_input_shape=[None, 3], dtype="float32"))
    model, _ = dialects.decode_model(entry, "keras2")
    assert dialects.encode_model(model, "keras2") == entry
    again, _ = dialects.decode_model(dialects.encode_model(model, "tfkeras"), "tfkeras")
    assert again == model


def test_an_input_with_a_name_of_its_own_stays_a_layer() -> None:
    entry = sequential(keras2_input("mine", 3), DENSE)
    model, _ = dialects.decode_model(entry, "keras2")
    assert dialects.encode_model(model, "keras2") == entry


def test_a_nested_first_model_gives_the_input() -> None:
    inner = sequential(layer("Dense", "d", units=2, batch_input_shape=[None, 3], dtype="float32"), name="inner")
    entry = sequential(inner, DENSE)
    model, _ = dialects.decode_model(entry, "keras2")
    assert names(model) == ["inner_input", "inner", "d"]
    assert model.layers[0].config["batch_shape"] == [None, 3]
    assert dialects.encode_model(model, "keras2") == entry


def test_sequential_configs_were_lists_once() -> None:
    inner = {"class_name": "Sequential", "config": [layer("Dense", "a", units=2, batch_input_shape=[None, 3])]}
    model, _ = dialects.decode_model({"class_name": "Sequential", "config": [inner, DENSE]}, "keras2")
    assert names(model) == ["sequential_1_input", "sequential_1", "d"]
    assert model.name == "sequential_2"
    assert names(model.layers[1].model) == ["a_input", "a"]


def test_a_sequential_without_input_stays_without() -> None:
    model, _ = dialects.decode_model(sequential(DENSE, build_input_shape=[None, 4]), "tfkeras")
    assert names(model) == ["d"] and model.config["build_input_shape"] == [None, 4]


# ---- nested models

def test_nested_models_become_records() -> None:
    inner = functional([called(keras2_input("i", 3)), called(DENSE, legacy(("i", 0, 0)))], [["i", 0, 0]],
                       [["d", 0, 0]], class_name="Model", name="inner")
    outer = functional([called(keras2_input("x", 3)), called(inner, legacy(("x", 0, 0)))], [["x", 0, 0]],
                       [["inner", 1, 0]], class_name="Model", name="outer")
    model, _ = dialects.decode_model(outer, "keras2")
    record = model.layers[1]
    assert (model.class_name, record.class_name, record.model.kind) == ("Functional", "Functional", "functional")
    assert record.config is record.model.config
    assert [path for path, _ in model.walk()] == [("x",), ("inner",), ("inner", "i"), ("inner", "d")]
    assert dialects.encode_model(model, "keras2") == outer


@pytest.mark.parametrize("dialect", ["keras3", "tfkeras", "keras2"])
@pytest.mark.parametrize("kind", ["Sequential", "Functional"])
def test_models_inside_of_wrappers(kind: str, dialect: str) -> None:
    shape = "batch_shape" if dialect == "keras3" else "batch_input_shape"
    entry = layer("InputLayer", "i", **{shape: [None, 3]})
    refs = (["i", 0, 0], ["d", 0, 0]) if dialect == "keras3" else ([["i", 0, 0]], [["d", 0, 0]])
    call = modern(("i", 0, 0)) if dialect == "keras3" else legacy(("i", 0, 0))
    inner = sequential(entry, DENSE, name="inner") if kind == "Sequential" else \
        functional([called(entry), called(DENSE, call)], *refs, name="inner")
    model, _ = dialects.decode_model(sequential(layer("TimeDistributed", "t", layer=inner)), dialect)
    plain = model.layers[0].config["layer"]
    assert plain["class_name"] == kind
    assert dialects.from_plain(plain).layers[-1].config == {"name": "d", "units": 2}
    assert dialects.to_plain(dialects.from_plain(plain)) == plain
    again, _ = dialects.decode_model(dialects.encode_model(model, dialect), dialect)
    assert again == model


def test_layers_inside_of_wrappers_are_translated() -> None:
    cell = {"class_name": "GRUCell", "config": {"name": "c", "units": 2, "implementation": 2}}
    wrapped = layer("LSTM", "l", units=2, time_major=False, recurrent_activation="hard_sigmoid")
    model, _ = dialects.decode_model(sequential(layer("Bidirectional", "b", layer=wrapped),
                                                layer("RNN", "r", cell=cell)), "tfkeras")
    assert model.layers[0].config["layer"] == {
        "class_name": "LSTM", "config": {"name": "l", "units": 2, "recurrent_activation": "keras2>hard_sigmoid"}}
    assert model.layers[1].config["cell"] == {"class_name": "GRUCell",
                                              "config": {"reset_after": False, "name": "c", "units": 2}}


def test_a_mirrored_backward_layer_is_left_to_keras_2() -> None:
    forward = {"class_name": "LSTM", "config": {"name": "forward_lstm", "units": 2, "go_backwards": False}}
    backward = {"class_name": "LSTM", "config": {"name": "backward_lstm", "units": 2, "go_backwards": True}}
    record = LayerRecord("Bidirectional", "b", {"name": "b", "layer": forward, "backward_layer": backward})
    model = ModelRecord("sequential", "m", [record], class_name="Sequential")
    config = dialects.encode_model(model, "tfkeras")["config"]["layers"][0]["config"]
    assert "backward_layer" not in config and config["layer"]["config"]["name"] == "lstm"
    backward["config"]["units"] = 3
    config = dialects.encode_model(model, "tfkeras")["config"]["layers"][0]["config"]
    assert config["backward_layer"]["config"]["units"] == 3


# ---- classes that are not Keras's own

def test_custom_classes_keep_where_they_come_from() -> None:
    modern_entry = {"module": None, "class_name": "Scale", "config": {"name": "s", "factor": 2.0},
                    "registered_name": "Mine>Scale", "build_config": {"input_shape": [None, 3]}}
    model, findings = dialects.decode_model(sequential(modern_entry), "keras3")
    record = model.layers[0]
    assert (record.class_name, record.registered_name, record.config) == ("Scale", "Mine>Scale",
                                                                          {"name": "s", "factor": 2.0})
    assert [(f.severity, f.where) for f in findings] == [("info", "sequential/s")]
    assert dialects.encode_model(model, "keras3")["config"]["layers"][0] == modern_entry
    for dialect, options in (("tfkeras", {}), ("keras3", {"legacy": True})):
        entry = dialects.encode_model(model, dialect, **options)["config"]["layers"][0]
        assert entry == {"class_name": "Mine>Scale", "config": {"name": "s", "factor": 2.0}}
        again, _ = dialects.decode_model(sequential(entry), dialect)
        assert (again.layers[0].class_name, again.layers[0].registered_name) == ("Scale", "Mine>Scale")


def test_a_class_from_another_module_is_not_keras_s_own() -> None:
    entry = {"module": "my_layers", "class_name": "Dense", "config": {"name": "d"}, "registered_name": "Dense"}
    model, _ = dialects.decode_model(sequential(entry), "keras3")
    assert model.layers[0].module == "my_layers"
    assert dialects.encode_model(model, "keras3")["config"]["layers"][0]["module"] == "my_layers"


def test_modules_of_keras_are_ignored() -> None:
    for module in ("keras.layers", "keras.src.layers.core.dense", "tf_keras.src.layers", "tensorflow.keras.layers"):
        model, _ = dialects.decode_model(sequential({**DENSE, "module": module, "registered_name": None}), "keras3")
        assert (model.layers[0].class_name, model.layers[0].module) == ("Dense", None)


def test_a_model_that_defines_its_own_call_is_opaque() -> None:
    entry = {"module": None, "class_name": "Net", "config": {"units": 3}, "registered_name": "Mine>Net",
             "build_config": {"input_shape": [2, 4]}}
    model, findings = dialects.decode_model(entry, "keras3")
    assert (model.kind, model.class_name, model.config, model.layers) == ("opaque", "Net", {"units": 3}, [])
    assert findings[0].severity == "warning"
    assert dialects.encode_model(model, "keras3") == entry


def test_code_is_noted_and_never_decoded() -> None:
    code = {"class_name": "__lambda__", "config": {"code": "4wEA", "defaults": None, "closure": None}}
    _, findings = dialects.decode_model(sequential(layer("Lambda", "l", function=code)), "keras3")
    assert [(f.severity, f.where) for f in findings] == [("warning", "sequential/l")]


def test_operations_are_told_from_layers() -> None:
    source = called(layer("InputLayer", "x", batch_shape=[None, 3]))
    by_module = {**called(layer("Add", "a"), modern(("x", 0, 0), 2.0)), "module": "keras.src.ops.numpy",
                 "registered_name": "Add"}
    in_hdf5 = called(layer("Add", "a"), modern(("x", 0, 0), 2.0))
    merging = called(layer("Add", "a", trainable=True, dtype="float32"), modern([("x", 0, 0), ("x", 0, 0)]))
    of_dtype = called(layer("ZerosLike", "a", dtype="bool"), modern(("x", 0, 0)))      # masks that merge are such nodes
    for entry, expected in ((by_module, "ops.Add"), (in_hdf5, "ops.Add"), (merging, "Add"), (of_dtype, "ops.ZerosLike")):
        model, _ = dialects.decode_model(functional([source, entry], ["x", 0, 0], ["a", 0, 0]), "keras3")
        assert model.layers[1].class_name == expected
    model, _ = dialects.decode_model(functional([source, by_module], ["x", 0, 0], ["a", 0, 0]), "keras3")
    written = dialects.encode_model(model, "keras3")["config"]["layers"][1]
    assert written["module"] == "keras.src.ops.numpy"
    assert written["class_name"] == written["registered_name"] == "Add"


def test_names_of_tensorflow_operation_layers_are_those_that_calls_use() -> None:
    entry = {**called(layer("TensorFlowOpLayer", "Reshape"), legacy(("x", 0, 0))), "name": "tf_op_layer_Reshape"}
    source = functional([called(keras2_input("x", 3)), entry], [["x", 0, 0]], [["tf_op_layer_Reshape", 0, 0]])
    model, _ = dialects.decode_model(source, "tfkeras")
    assert model.outputs == TensorRef("tf_op_layer_Reshape", 0, 0)
    assert dialects.encode_model(model, "tfkeras")["config"]["layers"][1] == entry


# ---- objects in configs

@pytest.mark.parametrize(("dialect", "theirs", "canonical"), [
    ("keras3", {"module": "keras.initializers", "class_name": "OrthogonalInitializer", "config": {"gain": 1.0},
                "registered_name": None}, {"class_name": "Orthogonal", "config": {"gain": 1.0}}),
    ("keras3", {"module": "keras.initializers", "class_name": "GlorotUniform", "registered_name": None,
                "config": {"seed": 1, "input_axes": None, "output_axes": None}},
     {"class_name": "GlorotUniform", "config": {"seed": 1}}),
    ("tfkeras", {"class_name": "Zeros", "config": {"dtype": "float32"}}, {"class_name": "Zeros", "config": {}}),
    ("keras2", {"class_name": "VarianceScaling", "config": {"scale": 1.0}},
     {"class_name": "VarianceScaling", "config": {"scale": 1.0}}),
    ("keras2", {"class_name": "Identity", "config": {"gain": 1.0}},
     {"class_name": "Identity", "config": {"gain": 1.0}}),
    ("keras3", {"module": "mine", "class_name": "Ramp", "config": {"x": 1}, "registered_name": "Mine>Ramp"},
     {"class_name": "Ramp", "config": {"x": 1}, "module": "mine", "registered_name": "Mine>Ramp"}),
    ("keras2", "glorot_uniform", "glorot_uniform")])
def test_initializers(dialect: str, theirs: Any, canonical: Any) -> None:
    model, _ = dialects.decode_model(sequential(layer("Dense", "d", kernel_initializer=theirs)), dialect)
    assert model.layers[0].config["kernel_initializer"] == canonical


@pytest.mark.parametrize(("dialect", "theirs", "canonical"), [
    ("keras3", {"module": "builtins", "class_name": "function", "config": "relu6", "registered_name": "function"},
     "relu6"),
    ("keras3", {"module": "builtins", "class_name": "function", "config": "Mine>f", "registered_name": "function"},
     {"class_name": "function", "config": "Mine>f"}),
    ("keras3", {"module": "keras.layers", "class_name": "ReLU", "config": {"name": "r", "max_value": 6.0},
                "registered_name": None}, {"class_name": "ReLU", "config": {"name": "r", "max_value": 6.0}}),
    ("tfkeras", {"class_name": "LeakyReLU", "config": {"name": "r", "alpha": 0.1}},
     {"class_name": "LeakyReLU", "config": {"name": "r", "negative_slope": 0.1}})])
def test_activations(dialect: str, theirs: Any, canonical: Any) -> None:
    model, _ = dialects.decode_model(sequential(layer("Dense", "d", activation=theirs)), dialect)
    assert model.layers[0].config["activation"] == canonical
    again, _ = dialects.decode_model(dialects.encode_model(model, dialect), dialect)
    assert again == model


@pytest.mark.parametrize(("dialect", "name", "expected"), [
    ("keras3", "HeNormal", {"module": "keras.initializers", "class_name": "HeNormal", "config": {"seed": 3},
                            "registered_name": None}),
    ("tfkeras", "HeNormal", {"class_name": "HeNormal", "config": {"seed": 3}}),
    ("keras2", "HeNormal", {"class_name": "VarianceScaling",
                            "config": {"scale": 2.0, "mode": "fan_in", "distribution": "normal", "seed": 3}})])
def test_initializers_are_written(dialect: str, name: str, expected: Any) -> None:
    record = LayerRecord("Dense", "d", {"name": "d", "kernel_initializer": {"class_name": name, "config": {"seed": 3}}})
    model = ModelRecord("sequential", "m", [record], class_name="Sequential")
    written = dialects.encode_model(model, dialect)["config"]["layers"][0]["config"]
    assert written["kernel_initializer"] == expected


# ---- what cannot be read

@pytest.mark.parametrize("value", [None, [], {"class_name": "Model"}, {"class_name": 3, "config": {}},
                                   {"class_name": "Sequential", "config": {"layers": ["Dense"]}},
                                   {"class_name": "Sequential", "config": {"layers": [{"class_name": "Dense",
                                                                                      "config": {}}]}}])
def test_not_a_model(value: Any) -> None:
    with pytest.raises(CorruptFile, match="expected"):
        dialects.decode_model(value, "tfkeras")


def test_unknown_dialects_are_refused() -> None:
    with pytest.raises(UnsupportedFile, match="keras3"):
        dialects.decode_model(sequential(DENSE), "keras9")
