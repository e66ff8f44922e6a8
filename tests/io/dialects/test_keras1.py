"""What is special about Keras 1: merging branches, values with names, what files do not tell."""

from __future__ import annotations

from typing import Any

import pytest

from tests.io.dialects.samples import Json, called, layer
from zoo.errors import CannotExpress, ConfigError, CorruptFile
from zoo.io import dialects
from zoo.io.document import Finding, LayerRecord, ModelRecord, TensorRef

GLOROT = {"class_name": "GlorotUniform", "config": {"seed": None}}
CONVOLUTION = {"nb_filter": 4, "border_mode": "same", "init": "glorot_uniform", "bias": True}
CONV = {"filters": 4, "padding": "same", "kernel_initializer": GLOROT, "use_bias": True}
L2 = {"name": "L1L2Regularizer", "l1": 0.0, "l2": 0.5}

# class and arguments of Keras 1, those of today: both ways
BOTH_WAYS = [
    ("Dense", {"output_dim": 3, "init": "orthogonal", "W_regularizer": L2, "b_constraint": {"name": "NonNeg"}},
     "Dense", {"units": 3, "kernel_initializer": {"class_name": "Orthogonal", "config": {"gain": 1.1, "seed": None}},
               "kernel_regularizer": {"class_name": "L1L2", "config": {"l1": 0.0, "l2": 0.5}},
               "bias_constraint": {"class_name": "NonNeg", "config": {}}}),
    ("Convolution1D", {**CONVOLUTION, "filter_length": 3, "subsample_length": 2}, "Conv1D",
     {**CONV, "kernel_size": 3, "strides": 2}),
    ("Convolution2D", {**CONVOLUTION, "nb_row": 2, "nb_col": 3, "subsample": [1, 2], "dim_ordering": "th"}, "Conv2D",
     {**CONV, "kernel_size": [2, 3], "strides": [1, 2], "data_format": "channels_first"}),
    ("AtrousConvolution2D", {"nb_row": 2, "nb_col": 3, "atrous_rate": [2, 2], "dim_ordering": "tf"}, "Conv2D",
     {"kernel_size": [2, 3], "dilation_rate": [2, 2], "data_format": "channels_last"}),
    ("Convolution3D", {"kernel_dim1": 1, "kernel_dim2": 2, "kernel_dim3": 3, "dim_ordering": "tf"}, "Conv3D",
     {"kernel_size": [1, 2, 3], "data_format": "channels_last"}),
    ("Convolution2D", {"nb_row": 1, "nb_col": 1, "dim_ordering": "th",
                       "W_constraint": {"name": "MaxNorm", "m": 2, "axis": 0}}, "Conv2D",
     {"kernel_size": [1, 1], "data_format": "channels_first",
      "kernel_constraint": {"class_name": "MaxNorm", "config": {"max_value": 2, "axis": 3}}}),
    ("MaxPooling1D", {"pool_length": 2, "stride": 3, "border_mode": "valid"}, "MaxPooling1D",
     {"pool_size": 2, "strides": 3, "padding": "valid"}),
    ("LSTM", {"output_dim": 3, "inner_init": "normal", "forget_bias_init": "zero", "inner_activation": "hard_sigmoid",
              "dropout_W": 0.1, "dropout_U": 0.2, "U_regularizer": None, "consume_less": "gpu"}, "LSTM",
     {"units": 3, "recurrent_initializer": {"class_name": "RandomNormal", "config": {
         "mean": 0.0, "stddev": 0.05, "seed": None}}, "unit_forget_bias": False,
      "recurrent_activation": "keras2>hard_sigmoid", "dropout": 0.1, "recurrent_dropout": 0.2,
      "recurrent_regularizer": None, "implementation": 2}),
    ("BatchNormalization", {"mode": 0, "axis": 1, "gamma_regularizer": L2}, "BatchNormalization",
     {"axis": 1, "gamma_regularizer": {"class_name": "L1L2", "config": {"l1": 0.0, "l2": 0.5}}}),
    ("BatchNormalization", {"mode": 2, "axis": 1}, "LegacyBatchNormalization", {"mode": 2, "axis": 1}),
    ("Dropout", {"p": 0.3}, "Dropout", {"rate": 0.3}),
    ("GaussianNoise", {"sigma": 0.3}, "GaussianNoise", {"stddev": 0.3}),
    ("LeakyReLU", {"alpha": 0.3}, "LeakyReLU", {"negative_slope": 0.3}),
    ("PReLU", {"init": "zero"}, "PReLU", {"alpha_initializer": {"class_name": "Zeros", "config": {}}}),
    ("ParametricSoftplus", {"alpha_init": 0.2, "beta_init": 5.0}, "ParametricSoftplus",
     {"alpha_init": 0.2, "beta_init": 5.0}),
    ("SReLU", {"t_left_init": "one"}, "SReLU", {"t_left_init": {"class_name": "Ones", "config": {}}}),
    ("MaxoutDense", {"output_dim": 3, "W_regularizer": L2}, "MaxoutDense",
     {"output_dim": 3, "W_regularizer": {"class_name": "L1L2", "config": {"l1": 0.0, "l2": 0.5}}}),
    ("Merge", {"mode": "concat", "mode_type": "raw", "concat_axis": 2}, "Concatenate", {"axis": 2}),
    ("Merge", {"mode": "dot", "mode_type": "raw", "dot_axes": [1, 2]}, "Dot", {"axes": [1, 2]}),
    ("Merge", {"mode": "max", "mode_type": "raw"}, "Maximum", {}),
    ("Merge", {"mode": "cos", "mode_type": "raw", "dot_axes": 1}, "Merge", {"mode": "cos", "dot_axes": 1}),
    ("Merge", {"mode": ["code", None, None], "mode_type": "lambda"}, "Merge",
     {"mode": {"class_name": "__lambda__", "config": {"code": "code", "defaults": None, "closure": None}}}),
    ("Merge", {"mode": "f", "mode_type": "function"}, "Merge", {"mode": {"class_name": "function", "config": "f"}}),
]

# as above, but Keras 1 says it in another way when it is written
READ = [
    ("TimeDistributedDense", {"output_dim": 3}, "Dense", {"units": 3}),
    ("GRU", {"output_dim": 3, "consume_less": "mem"}, "GRU", {"units": 3, "reset_after": False}),
    ("Embedding", {"input_dim": 3, "output_dim": 2, "input_length": 4, "dropout": 0.0}, "Embedding",
     {"input_dim": 3, "output_dim": 2}),
    ("ZeroPadding2D", {"padding": [1, 2, 3, 4], "dim_ordering": "tf"}, "ZeroPadding2D",
     {"padding": [[1, 2], [3, 4]], "data_format": "channels_last"}),
    ("ZeroPadding2D", {"padding": {"top_pad": 1, "left_pad": 2}, "dim_ordering": "tf"}, "ZeroPadding2D",
     {"padding": [[1, 0], [2, 0]], "data_format": "channels_last"}),
    ("ZeroPadding1D", {"padding": {"left_pad": 2}}, "ZeroPadding1D", {"padding": [2, 0]}),
    ("Convolution1D", {"filter_length": 2, "W_constraint": {"name": "UnitNorm", "axis": 2}}, "Conv1D",
     {"kernel_size": 2, "kernel_constraint": {"class_name": "UnitNorm", "config": {"axis": 1}}}),
    ("Merge", {"mode": "sum", "mode_type": "raw", "concat_axis": -1, "dot_axes": -1, "arguments": {},
               "output_shape": None, "output_mask": None}, "Add", {}),
]

# window, stride, mode, output size, what it is today (of an input whose size is not told)
DECONVOLUTIONS = [(3, 2, "valid", 7, None), (3, 2, "valid", 8, [1, 1]), (3, 2, "same", 6, None),
                  (3, 2, "same", 5, [0, 0]), (2, 2, "same", 6, None), (3, 1, "same", 4, None), (2, 3, "valid", 9, None)]


def in_second_place(class_name: str, arguments: Json,
                    data_format: str | None = None) -> tuple[LayerRecord, list[Finding]]:
    """A layer of Keras 1 that does not come first in its model."""
    value = {"class_name": "Sequential", "config": [layer("Activation", "first", activation="linear"),
                                                    layer(class_name, "x", **arguments)]}
    model, findings = dialects.decode_model(value, "keras1", data_format=data_format)
    return model.layers[-1], findings


def encoded(class_name: str, arguments: Json, dialect: str = "keras1") -> Json:
    records = [LayerRecord("Flatten", "first", {"name": "first"}),
               LayerRecord(class_name, "x", {"name": "x", **arguments})]
    written = dialects.encode_model(ModelRecord("sequential", "m", records, class_name="Sequential"), dialect)
    layers = written["config"]
    return (layers if isinstance(layers, list) else layers["layers"])[-1]


@pytest.mark.parametrize(("theirs", "arguments", "class_name", "canonical"), BOTH_WAYS + READ)
def test_read(theirs: str, arguments: Json, class_name: str, canonical: Json) -> None:
    record, _ = in_second_place(theirs, arguments)
    assert (record.class_name, record.config) == (class_name, {"name": "x", **canonical})


@pytest.mark.parametrize(("theirs", "arguments", "class_name", "canonical"), BOTH_WAYS)
def test_written(theirs: str, arguments: Json, class_name: str, canonical: Json) -> None:
    entry = encoded(class_name, canonical)
    assert (entry["class_name"], entry["config"]) == (theirs, {"name": "x", **arguments})


@pytest.mark.parametrize(("class_name", "arguments", "message"), [
    ("Softmax", {}, "the layer Softmax"), ("Conv2D", {"groups": 2}, "groups=2"),
    ("Dot", {"normalize": True}, "normalize"),
    ("Dense", {"kernel_initializer": {"class_name": "Constant", "config": {}}}, "init="),
    ("LSTM", {"return_state": True}, "return_state"), ("Conv2DTranspose", {"filters": 2}, "shape of their output"),
    ("Dense", {"kernel_regularizer": {"class_name": "OrthogonalRegularizer", "config": {}}}, "OrthogonalRegularizer")])
def test_what_keras1_lacks(class_name: str, arguments: Json, message: str) -> None:
    with pytest.raises(CannotExpress, match="Keras 1.2") as caught:
        encoded(class_name, arguments)
    assert message in str(caught.value) and "m/x" in str(caught.value)


@pytest.mark.parametrize(("class_name", "arguments"), [
    ("LegacyBatchNormalization", {"mode": 1}), ("Merge", {"mode": "cos"}), ("SReLU", {}), ("AutoEncoder", {}),
    ("Conv2D", {"filters": 1, "kernel_size": 1, "padding": "full"})])
def test_what_only_old_keras_has_is_refused_by_later_ones(class_name: str, arguments: Json) -> None:
    for dialect in ("keras3", "tfkeras"):
        with pytest.raises(CannotExpress, match="m/x"):
            encoded(class_name, arguments, dialect)


@pytest.mark.parametrize(("window", "stride", "mode", "size", "today"), DECONVOLUTIONS)
def test_transposed_convolutions_told_the_size_of_their_output(window: int, stride: int, mode: str, size: int,
                                                              today: Any) -> None:
    record, _ = in_second_place("Deconvolution2D", {
        "nb_filter": 1, "nb_row": window, "nb_col": window, "subsample": [stride, stride], "border_mode": mode,
        "output_shape": [None, size, size, 1], "dim_ordering": "tf"})
    assert record.class_name == "Conv2DTranspose" and record.config["output_padding"] == today


# ---- what files do not tell

def test_silent_layers_follow_the_others() -> None:
    value = {"class_name": "Sequential", "config": [
        layer("Convolution2D", "c", nb_row=1, nb_col=1, dim_ordering="th"), layer("UpSampling2D", "u", size=[2, 2])]}
    model, findings = dialects.decode_model(value, "keras1")
    assert model.layers[-1].config["data_format"] == "channels_first"
    assert [finding.severity for finding in findings] == ["info"]


@pytest.mark.parametrize(("assumed", "severity", "data_format"), [
    (None, "warning", "channels_last"), ("channels_first", "info", "channels_first")])
def test_silent_layers_alone(assumed: str | None, severity: str, data_format: str) -> None:
    record, (finding,) = in_second_place("ZeroPadding2D", {"padding": [1, 1]}, assumed)
    assert record.config["data_format"] == data_format
    assert finding.severity == severity and "dim_ordering" in finding.message and "x" in finding.where


def test_only_data_formats_can_be_assumed() -> None:
    with pytest.raises(ConfigError, match="expected 'channels_first'"):
        in_second_place("ZeroPadding2D", {"padding": [1, 1]}, "th")


# ---- branches

def branch(name: str, size: int) -> Json:
    return {"class_name": "Sequential", "config": [
        layer("Dense", name, output_dim=2, batch_input_shape=[None, size], input_dtype="float32")]}


def merging(*branches: Json, name: str = "m", **arguments: Any) -> Json:
    return layer("Merge", name, **{"mode": "sum", "mode_type": "raw", **arguments, "layers": list(branches)})


def test_branches_stand_side_by_side() -> None:
    nested = {"class_name": "Sequential", "config": [merging(branch("a", 3), branch("b", 4), name="inner"),
                                                     layer("Activation", "t", activation="tanh")]}
    value = {"class_name": "Sequential", "config": [merging(nested, branch("c", 5), mode="concat"),
                                                    layer("Dense", "d", output_dim=1)]}
    model, findings = dialects.decode_model(value, "keras1")
    assert model.kind == "functional"
    assert " ".join(record.name for record in model.layers) == "a_input a b_input b inner t c_input c m d"
    assert model.inputs == [TensorRef(f"{name}_input", 0, 0) for name in "abc"]
    assert model.layers[8].class_name == "Concatenate"
    assert model.layers[8].calls[0].args == ([TensorRef("t", 0, 0), TensorRef("c", 0, 0)],)
    assert model.outputs == TensorRef("d", 0, 0)
    assert sum("Merge" in finding.message for finding in findings) == 2


def test_a_branch_that_is_named_twice_is_one() -> None:
    value = {"class_name": "Sequential", "config": [merging(branch("a", 3), branch("a", 3))]}
    model, _ = dialects.decode_model(value, "keras1")
    assert [record.name for record in model.layers] == ["a_input", "a", "m"]
    assert len(model.layers[1].calls) == 1 and model.inputs == TensorRef("a_input", 0, 0)


def test_functional_branches_are_taken_apart() -> None:
    entries = [called(layer("InputLayer", "i", batch_input_shape=[None, 3])),
               called(layer("Dense", "e", output_dim=2), [["i", 0, 0]])]
    functional = {"class_name": "Model", "config": {"name": "f", "layers": entries, "input_layers": [["i", 0, 0]],
                                                    "output_layers": [["e", 0, 0]]}}
    value = {"class_name": "Sequential", "config": [merging(functional, branch("a", 2))]}
    model, _ = dialects.decode_model(value, "keras1")
    assert [record.name for record in model.layers] == ["i", "e", "a_input", "a", "m"]
    again, _ = dialects.decode_model(dialects.encode_model(model, "keras1"), "keras1")
    assert again == model


def test_a_branch_without_input() -> None:
    lone = {"class_name": "Sequential", "config": [layer("Dense", "a", output_dim=2)]}
    with pytest.raises(CorruptFile, match="shape of the input"):
        dialects.decode_model({"class_name": "Sequential", "config": [merging(lone)]}, "keras1")


def test_reading_leaves_the_file_alone() -> None:
    value = {"class_name": "Sequential", "config": [merging(branch("a", 3), branch("b", 4))]}
    copy = {"class_name": "Sequential", "config": [merging(branch("a", 3), branch("b", 4))]}
    dialects.decode_model(value, "keras1")
    assert value == copy
