"""Calls, node numbers, and inputs and outputs of functional models."""

from __future__ import annotations

from typing import Any

import pytest

from tests.io.dialects.samples import called, functional, keras2_input, layer, legacy, modern, sequential
from zoo.errors import CannotExpress, CorruptFile
from zoo.io import dialects
from zoo.io.document import CallRecord, LayerRecord, ModelRecord, TensorRef

X = TensorRef("x", 0, 0)
Y = TensorRef("y", 0, 0)


def call_of(entry: dict[str, Any], raw: Any, dialect: str, *others: str) -> CallRecord:
    """The only call of a layer in a model with the inputs ``x`` and `others`."""
    inputs = [called(keras2_input(name, 3)) for name in ("x", *others)]
    model, _ = dialects.decode_model(functional([*inputs, called(entry, raw)], [["x", 0, 0]], [["l", 0, 0]]), dialect)
    assert len(model.layers[-1].calls) == 1
    return model.layers[-1].calls[0]


ADD, DENSE, LSTM = layer("Add", "l", trainable=True), layer("Dense", "l", units=2), layer("LSTM", "l", units=2)
OP = layer("TFOpLambda", "l", function="math.add")
SLICE = layer("SlicingOpLambda", "l", function="__operators__.getitem")

LEGACY = [
    ("one tensor", DENSE, legacy(("x", 0, 0)), CallRecord((X,))),
    ("a list of tensors", ADD, legacy(("x", 0, 0), ("y", 0, 0)), CallRecord(([X, Y],))),
    ("a dictionary", DENSE, {"a": ["x", 0, 0, {}], "b": ["y", 0, 0, {}]}, CallRecord(({"a": X, "b": Y},))),
    ("a nest", DENSE, [["x", 0, 0, {}], [["y", 0, 0, {}]]], CallRecord(([X, [Y]],))),
    ("three fields", DENSE, [["x", 0, 0]], CallRecord((X,))),
    ("tensors among the keywords", DENSE, [["x", 0, 0, {"value": ["y", 0, 0]}]], CallRecord((X,), {"value": Y})),
    ("a list of tensors there", DENSE, [["x", 0, 0, {"m": [["x", 0, 0], ["y", 0, 0]]}]],
     CallRecord((X,), {"m": [X, Y]})),
    ("a constant", ADD, [["x", 0, 0, {}], ["_CONSTANT_VALUE", -1, [1.0, 2.0], {}]], CallRecord(([X, [1.0, 2.0]],))),
    ("an unwrapped tensor", OP, ["x", 0, 0, {"y": ["y", 0, 0], "name": None}],
     CallRecord((X,), {"y": Y, "name": None})),
    ("a function of a list", OP, [["x", 0, 0, {"axis": 1}]], CallRecord(([X],), {"axis": 1})),
    ("slices", SLICE, ["x", 0, 0, {"slice_spec": [{"class_name": "__ellipsis__"},
                                                  {"start": 1, "stop": None, "step": None}]}],
     CallRecord((X,), {"slice_spec": [..., slice(1, None)]})),
    ("states in a list", LSTM, legacy(("x", 0, 0), ("y", 0, 0), ("y", 0, 0)),
     CallRecord((X,), {"initial_state": [Y, Y]})),
    ("a bound training mode", DENSE, [["x", 0, 0, {"training": False}]], CallRecord((X,), {"training": False})),
]

MODERN = [
    ("one tensor", DENSE, modern(("x", 0, 0)), CallRecord((X,))),
    ("a list of tensors", ADD, modern([("x", 0, 0), ("y", 0, 0)]), CallRecord(([X, Y],))),
    ("positions and keywords", DENSE, modern(("x", 0, 0), ("y", 0, 0), key=("y", 0, 0)),
     CallRecord((X, Y), {"key": Y})),
    ("defaults", DENSE, modern(("x", 0, 0), mask=None, training=False, query_mask=None), CallRecord((X,))),
    ("masks of a list", ADD, modern([("x", 0, 0), ("y", 0, 0)], mask=[None, None]), CallRecord(([X, Y],))),
    ("a mask", DENSE, modern(("x", 0, 0), mask=("y", 0, 0)), CallRecord((X,), {"mask": Y})),
    ("a slice", DENSE,
     modern(("x", 0, 0), [{"class_name": "__slice__", "config": {"start": 1, "stop": 2, "step": None}},
                          {"class_name": "__ellipsis__", "config": {}}]),
     CallRecord((X, [slice(1, 2), ...]))),
]


@pytest.mark.parametrize(("entry", "raw", "expected"), [row[1:] for row in LEGACY], ids=[row[0] for row in LEGACY])
def test_calls_of_keras_2(entry: Any, raw: Any, expected: CallRecord) -> None:
    assert call_of(entry, raw, "tfkeras", "y") == expected


@pytest.mark.parametrize(("entry", "raw", "expected"), [row[1:] for row in MODERN], ids=[row[0] for row in MODERN])
def test_calls_of_keras_3(entry: Any, raw: Any, expected: CallRecord) -> None:
    assert call_of(entry, raw, "keras3", "y") == expected


@pytest.mark.parametrize("dialect", ["keras3", "tfkeras"])
@pytest.mark.parametrize(("entry", "expected"), [(row[1], row[3]) for row in LEGACY if row[0] != "three fields"],
                         ids=[row[0] for row in LEGACY if row[0] != "three fields"])
def test_calls_are_written_so_that_they_read_the_same(entry: Any, expected: CallRecord, dialect: str) -> None:
    if dialect == "keras3" and (entry in (OP, SLICE) or "training" in expected.kwargs):
        return                                  # Keras 3 has no such layers, and does not bind the mode
    inputs = [LayerRecord("InputLayer", name, {"name": name, "batch_shape": [None, 3]}) for name in ("x", "y")]
    record = LayerRecord(entry["class_name"], "l", dict(entry["config"]), [expected])
    model = ModelRecord("functional", "m", [*inputs, record], [X, Y], TensorRef("l", 0, 0), {"name": "m"})
    again, _ = dialects.decode_model(dialects.encode_model(model, dialect), dialect)
    assert again.layers[-1].calls == [expected]


def nested(dialect: str, class_name: str, *numbers: Any) -> ModelRecord:
    """A nested model called twice; `numbers` are those by which a layer and the outputs refer to the calls."""
    shape = "batch_shape" if dialect == "keras3" else "batch_input_shape"
    inner_layers = [layer("InputLayer", "i", **{shape: [None, 3]}), layer("Dense", "d", units=3)]
    inner = sequential(*inner_layers, name="inner") if class_name == "Sequential" else functional(
        [called(inner_layers[0]), called(inner_layers[1], legacy(("i", 0, 0)))], ["i", 0, 0], ["d", 0, 0], name="inner")
    write = (lambda *refs: modern(list(refs) if len(refs) > 1 else refs[0])) if dialect == "keras3" else legacy
    entry = called(inner, *[write(("x", 0, 0))] * 2)
    add = called(ADD, write(*[("inner", number, 0) for number in numbers[0]]))
    outputs = [["l", 0, 0], *(["inner", number, 0] for number in numbers[1])]
    layers = [called(layer("InputLayer", "x", **{shape: [None, 3]})), entry, add]
    return dialects.decode_model(functional(layers, [["x", 0, 0]], outputs), dialect)[0]


@pytest.mark.parametrize(("dialect", "class_name", "in_calls", "in_outputs"), [
    ("keras3", "Functional", (0, 1), (1, 2)),   # Keras 3 counts the creation in the outputs only
    ("keras3", "Sequential", (0, 1), (0, 1)),
    ("tfkeras", "Functional", (1, 2), (1, 2)), ("tfkeras", "Sequential", (1, 2), (1, 2)),
    ("keras2", "Model", (1, 2), (1, 2)), ("keras2", "Sequential", (1, 2), (1, 2)),
])
def test_the_creation_of_a_nested_model_may_count(dialect: str, class_name: str, in_calls: Any,
                                                  in_outputs: Any) -> None:
    model = nested(dialect, class_name, in_calls, in_outputs)
    first, second = TensorRef("inner", 0, 0), TensorRef("inner", 1, 0)
    assert model.layers[2].calls == [CallRecord(([first, second],))]
    assert model.outputs == [TensorRef("l", 0, 0), first, second]
    again, _ = dialects.decode_model(dialects.encode_model(model, dialect), dialect)
    assert again == model


def test_a_deferred_sequential_of_tf_keras_counts_from_0() -> None:
    inner = sequential(layer("Dense", "d", units=3), name="inner")
    model, _ = dialects.decode_model(functional([called(keras2_input("x", 3)), called(inner, legacy(("x", 0, 0)))],
                                                [["x", 0, 0]], [["inner", 0, 0]]), "tfkeras")
    assert model.outputs == TensorRef("inner", 0, 0)


def test_shared_layers_keep_their_calls_apart() -> None:
    shared = called(DENSE, legacy(("x", 0, 0)), legacy(("y", 0, 0)))
    model, _ = dialects.decode_model(functional([called(keras2_input("x", 3)), called(keras2_input("y", 3)), shared],
                                                [["x", 0, 0], ["y", 0, 0]], [["l", 1, 0], ["l", 0, 0]]), "keras2")
    assert model.layers[2].calls == [CallRecord((X,)), CallRecord((Y,))]
    assert model.outputs == [TensorRef("l", 1, 0), TensorRef("l", 0, 0)]


def test_numbers_with_gaps_are_counted_anew() -> None:
    """As written where the layer was also called outside of the model."""
    shared = called(DENSE, modern(("x", 0, 0)), modern(("y", 0, 0)))
    model, findings = dialects.decode_model(functional(
        [called(keras2_input("x", 3)), called(keras2_input("y", 3)), shared], [["x", 0, 0], ["y", 0, 0]],
        [["l", 2, 0], ["l", 5, 0]]), "keras3")
    assert model.outputs == [TensorRef("l", 0, 0), TensorRef("l", 1, 0)]
    assert [finding.where for finding in findings] == ["model/l"]


@pytest.mark.parametrize(("layers", "outputs", "message"), [
    ([called(DENSE, legacy(("nobody", 0, 0)))], [["l", 0, 0]], "nobody"),
    ([called(DENSE, legacy(("x", 0, 0)))], [["l", 7, 0], ["l", 0, 0]], "layer 'l' has 1 calls"),
    ([called(DENSE, legacy(("x", 0, 0))), called(DENSE, legacy(("x", 0, 0)))], [["l", 0, 0]], "more than one"),
    ([called(DENSE, ["x"])], [["l", 0, 0]], "inbound_nodes"),
    ([called(DENSE, legacy(("x", 0, 0)))], "l", "call number"),
    ([{"class_name": "Dense", "inbound_nodes": []}], [["l", 0, 0]], "'config'"),
    ([{**called(DENSE), "inbound_nodes": {"x": 1}}], [["l", 0, 0]], "list of calls"),
])
def test_files_that_contradict_themselves(layers: Any, outputs: Any, message: str) -> None:
    with pytest.raises(CorruptFile, match=message):
        dialects.decode_model(functional([called(keras2_input("x", 3)), *layers], [["x", 0, 0]], outputs), "tfkeras")


@pytest.mark.parametrize(("dialect", "raw", "expected"), [
    ("keras3", ["x", 0, 0], X), ("keras3", [["x", 0, 0]], [X]), ("keras3", {"a": ["x", 0, 0]}, {"a": X}),
    ("tfkeras", [["x", 0, 0]], X), ("tfkeras", {"a": ["x", 0, 0]}, {"a": X}), ("keras2", [["x", 0, 0]], X),
    ("tfkeras", [["x", 0, 0], ["x", 0, 0]], [X, X]), ("keras3", [["x", 0, 0], {"b": ["x", 0, 0]}], [X, {"b": X}])])
def test_structures_of_inputs_and_outputs(dialect: str, raw: Any, expected: Any) -> None:
    model, _ = dialects.decode_model(functional([called(keras2_input("x", 3))], raw, raw), dialect)
    assert model.inputs == model.outputs == expected
    written = dialects.encode_model(model, dialect)["config"]
    assert written["input_layers"] == written["output_layers"] == raw


def test_keras_3_gets_the_shapes_that_are_known() -> None:
    records = [LayerRecord("InputLayer", "x", {"name": "x", "batch_shape": [None, 3], "dtype": "int32"}),
               LayerRecord("Dense", "a", {"name": "a"}, [CallRecord((X,))], build_config={"input_shape": [None, 3]}),
               LayerRecord("Dense", "b", {"name": "b"}, [CallRecord((TensorRef("a", 0, 0),))],
                           build_config={"input_shape": [None, 4]})]
    model = ModelRecord("functional", "m", records, X, TensorRef("b", 0, 0), {"name": "m"})
    layers = dialects.encode_model(model, "keras3")["config"]["layers"]
    specs = [entry["inbound_nodes"][0]["args"][0]["config"] for entry in layers[1:]]
    assert specs == [{"shape": [None, 3], "dtype": "int32", "keras_history": ["x", 0, 0]},
                     {"shape": [None, 4], "dtype": "float32", "keras_history": ["a", 0, 0]}]


@pytest.mark.parametrize(("class_name", "call", "message"), [
    ("Dense", CallRecord((X,), {"mask": X}), "tensors as keyword arguments"),
    ("Dense", CallRecord(({"a": X},)), "dictionaries"),
    ("Dense", CallRecord((X, 1, 2)), "3 positional arguments")])
def test_calls_that_keras_2_cannot_write(class_name: str, call: CallRecord, message: str) -> None:
    records = [LayerRecord("InputLayer", "x", {"batch_shape": [None, 3]}), LayerRecord(class_name, "l", {}, [call])]
    with pytest.raises(CannotExpress, match=message):
        dialects.encode_model(ModelRecord("functional", "m", records, X, TensorRef("l", 0, 0)), "keras2")


def test_positional_arguments_get_their_names() -> None:
    records = [LayerRecord("InputLayer", "x", {"name": "x", "batch_shape": [None, 3]}),
               LayerRecord("MultiHeadAttention", "l", {"name": "l"}, [CallRecord((X, X), {"key": X})])]
    written = dialects.encode_model(ModelRecord("functional", "m", records, X, TensorRef("l", 0, 0)), "tfkeras")
    assert written["config"]["layers"][1]["inbound_nodes"] == [
        [["x", 0, 0, {"value": ["x", 0, 0], "key": ["x", 0, 0]}]]]
