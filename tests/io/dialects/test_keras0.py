"""What is special about Keras 0: names, graphs, shared layers, autoencoders."""

from __future__ import annotations

from typing import Any

import pytest

from tests.io.dialects.samples import Json
from zoo.errors import CannotExpress, CorruptFile
from zoo.io import dialects
from zoo.io.document import LayerRecord, ModelRecord, TensorRef


def old(class_name: str, name: str | None = None, **arguments: Any) -> Json:
    """A layer as Keras 0 wrote it."""
    named = {"custom_name": name} if name is not None else {}
    return {"name": class_name, "trainable": True, "cache_enabled": True, **named, **arguments}


def dense(name: str = "dense", size: int | None = None, units: int = 2) -> Json:
    shape = {"input_shape": [size]} if size is not None else {}
    return old("Dense", name, output_dim=units, input_dim=size, activation="linear", **shape)


def stack(*layers: Json) -> Json:
    return {"name": "Sequential", "layers": list(layers)}


def node(name: str, *inputs: str, **more: Any) -> Json:
    given = {"input": inputs[0], "inputs": []} if len(inputs) == 1 else {"input": None, "inputs": list(inputs)}
    return {"name": name, **given, "merge_mode": "concat", "concat_axis": -1, "dot_axes": -1, **more}


def graph(inputs: list[Json], nodes: list[tuple[Json, Json]], outputs: list[Json]) -> Json:
    return {"name": "Graph", "input_config": inputs, "node_config": [config for config, _ in nodes],
            "nodes": {config["name"]: layer for config, layer in nodes}, "output_config": outputs}


def read(value: Json) -> ModelRecord:
    return dialects.decode_model(value, dialects.detect(value, None))[0]


def names(model: ModelRecord) -> str:
    return " ".join(layer.name for layer in model.layers)


def test_names_that_do_not_differ_are_numbered() -> None:
    model = read(stack(dense(size=3), old("Activation", "act", activation="tanh"), dense()))
    assert names(model) == "dense_1_input dense_1 act dense_2"
    assert model.layers[0].config["batch_shape"] == [None, 3] and model.layers[1].config["units"] == 2


@pytest.mark.parametrize(("layer", "shape", "dtype"), [
    (old("Embedding", "e", input_dim=9, output_dim=2, input_length=5, input_shape=[9]), [None, 5], "int32"),
    (old("LSTM", "e", output_dim=2, input_dim=3, input_length=None), [None, None, 3], "float32"),
    (old("LSTM", "e", output_dim=2, batch_input_shape=[4, 5, 3], input_dim=3), [4, 5, 3], "float32"),
    (old("Dense", "e", output_dim=2, input_dim=3), [None, 3], "float32"),
    (old("Convolution2D", "e", nb_filter=1, nb_row=1, nb_col=1, input_shape=[3, 5, 5]), [None, 3, 5, 5], "float32")])
def test_the_shape_of_the_input(layer: Json, shape: list[Any], dtype: str) -> None:
    given = read(stack(layer)).layers[0].config
    assert (given["batch_shape"], given["dtype"]) == (shape, dtype)


def test_batch_normalization_is_one_of_its_own() -> None:
    model = read(stack(dense(size=3), old("BatchNormalization", "n", mode=0, axis=-1, epsilon=1e-6, momentum=0.9)))
    assert model.layers[-1].class_name == "LegacyBatchNormalization" and model.layers[-1].config["mode"] == 0


def test_channels_come_first_where_nothing_tells() -> None:
    assert read(stack(old("UpSampling2D", "u", size=[2, 2]))).layers[0].config["data_format"] == "channels_first"


def test_graphs_have_inputs_and_outputs_in_alphabetical_order() -> None:
    model = read(graph([{"name": "z", "dtype": "float", "input_shape": [3]},
                        {"name": "a", "dtype": "int", "input_shape": [4]}],
                       [(node("first", "z"), dense()), (node("both", "first", "a", merge_mode="sum"), dense())],
                       [node("y", "both"), node("b", "first", "both", merge_mode="mul")]))
    assert model.inputs == [TensorRef("a", 0, 0), TensorRef("z", 0, 0)]
    assert model.outputs == [TensorRef("b", 0, 0), TensorRef("y", 0, 0)]
    found = {layer.name: layer for layer in model.layers}
    assert found["a"].config["dtype"] == "int32" and found["both_merge"].class_name == "Add"
    assert found["b"].class_name == "Multiply" and found["y"].class_name == "Activation"
    assert found["both"].calls[0].args == (TensorRef("both_merge", 0, 0),)


def test_a_node_may_be_an_output() -> None:
    model = read(graph([{"name": "x", "input_shape": [3]}], [(node("n", "x", create_output=True), dense())], []))
    assert names(model) == "x n" and model.outputs == TensorRef("n", 0, 0)


def test_a_node_may_be_a_model_or_shared() -> None:
    shared = old("Siamese", "siamese", layer=dense("inner"), inputs=[], merge_mode=None, is_graph=True)
    model = read(graph([{"name": "x", "input_shape": [3]}, {"name": "y", "input_shape": [3]}],
                       [(node("s", "x", "y"), shared), (node("h", "s"), {"name": "SiameseHead", "head": 1}),
                        (node("m", "h"), stack(dense(size=2)))], [node("o", "m")]))
    found = {layer.name: layer for layer in model.layers}
    assert [call.args for call in found["s"].calls] == [(TensorRef("x", 0, 0),), (TensorRef("y", 0, 0),)]
    assert found["m"].model is not None and found["m"].calls[0].args == (TensorRef("s", 1, 0),)


def test_one_layer_on_several_branches() -> None:
    siamese = old("Siamese", "s", layer=dense("shared", 2), inputs=[stack(dense("a", 3)), stack(dense("b", 4))],
                  merge_mode="concat", concat_axis=1, dot_axes=-1, is_graph=False)
    model = read(stack(siamese, dense("top")))
    assert names(model) == "shared a_input a b_input b s top"           # its weights come first in files
    assert [call.args for call in model.layers[0].calls] == [(TensorRef("a", 0, 0),), (TensorRef("b", 0, 0),)]


def test_an_autoencoder_holds_two_models() -> None:
    model = read(stack({"name": "AutoEncoder", "encoder_config": stack(dense("e", 5)), "decoder_config": dense("d", 2),
                        "output_reconstruction": False}))
    assert names(model) == "autoencoder_input autoencoder" and model.layers[0].config["batch_shape"] == [None, 5]
    config = model.layers[1].config
    assert (config["encoder"]["class_name"], config["decoder"]["class_name"]) == ("Sequential", "Dense")


def test_models_are_written_as_graphs() -> None:
    value = graph([{"name": "x", "dtype": "float", "input_shape": [3]}],
                  [(node("a", "x", create_output=False), dense("a")), (node("b", "x", create_output=True), dense("b")),
                   (node("c", "a", "b", create_output=False, merge_mode="sum"), dense("c"))], [node("y", "c")])
    written = dialects.encode_model(read(value), "keras0")
    assert [(entry["name"], entry["input"], entry["inputs"], entry["merge_mode"]) for entry in
            written["node_config"] + written["output_config"]] == [
        ("a", "x", [], "concat"), ("b", "x", [], "concat"), ("c", None, ["a", "b"], "sum"), ("y", "c", [], "concat")]
    assert [entry["create_output"] for entry in written["node_config"]] == [False, True, False]
    assert read(written) == read(value)


@pytest.mark.parametrize(("layer", "message"), [
    (LayerRecord("Bidirectional", "x", {"layer": {"class_name": "LSTM", "config": {"name": "l", "units": 1}}}),
     "the layer Bidirectional"), (LayerRecord("BatchNormalization", "x", {}), "the layer BatchNormalization"),
    (LayerRecord("Dense", "x", {"units": 1, "use_bias": False}), "without bias"),
    (LayerRecord("Conv2D", "x", {"filters": 1, "kernel_size": [1, 1], "dilation_rate": 2}), "AtrousConvolution2D"),
    (LayerRecord("LegacyBatchNormalization", "x", {"mode": 2}), "mode=2")])
def test_what_keras0_lacks(layer: LayerRecord, message: str) -> None:
    with pytest.raises(CannotExpress, match=message):
        dialects.encode_model(ModelRecord("sequential", "m", [layer], class_name="Sequential"), "keras0")


@pytest.mark.parametrize("value", [
    {"name": "Sequential", "layers": [3]}, {"name": "Sequential", "layers": [{"custom_name": "x"}]},
    {"name": "Graph", "layers": [], "input_config": []},
    graph([{"name": "x"}], [], []), graph([{"name": "x", "input_shape": [3]}], [(node("n", "nobody"), dense())], [])])
def test_what_contradicts_itself(value: Json) -> None:
    with pytest.raises(CorruptFile, match="contradicts itself"):
        dialects.decode_model(value, "keras0")
