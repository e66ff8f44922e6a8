"""Class names and arguments of layers in each dialect, against the canonical ones."""

from __future__ import annotations

from typing import Any

import pytest

from tests.io.dialects.samples import layer, sequential
from zoo.errors import CannotExpress
from zoo.io import dialects
from zoo.io.document import LayerRecord, ModelRecord

GLOROT = {"class_name": "GlorotUniform", "config": {"seed": None}}
LAMBDA = {"class_name": "__lambda__", "config": {"code": "4wEA", "defaults": None, "closure": None}}

# dialect, its class, its arguments, canonical class, canonical arguments: both ways
BOTH_WAYS = [
    ("tfkeras", "LeakyReLU", {"alpha": 0.3}, "LeakyReLU", {"negative_slope": 0.3}),
    ("keras2", "LeakyReLU", {"alpha": 0.3}, "LeakyReLU", {"negative_slope": 0.3}),
    ("keras3", "LeakyReLU", {"negative_slope": 0.3}, "LeakyReLU", {"negative_slope": 0.3}),
    ("tfkeras", "Activation", {"activation": "hard_sigmoid"}, "Activation", {"activation": "keras2>hard_sigmoid"}),
    ("keras2", "GRUCell", {"recurrent_activation": "hard_sigmoid", "reset_after": True}, "GRUCell",
     {"recurrent_activation": "keras2>hard_sigmoid", "reset_after": True}),
    ("keras3", "Activation", {"activation": "hard_sigmoid"}, "Activation", {"activation": "hard_sigmoid"}),
    ("tfkeras", "Activation", {"activation": "swish"}, "Activation", {"activation": "silu"}),
    ("tfkeras", "Dense", {"units": 2, "dtype": "mixed_float16"}, "Dense", {"units": 2, "dtype": "mixed_float16"}),
    ("tfkeras", "MultiHeadAttention", {"num_heads": 2, "query_shape": None, "value_shape": None, "key_shape": None},
     "MultiHeadAttention", {"num_heads": 2}),
    ("tfkeras", "Lambda", {"function": ["4wEA", None, None], "function_type": "lambda"}, "Lambda",
     {"function": LAMBDA}),
    ("keras2", "Lambda", {"function": "relu", "function_type": "function", "output_shape": [2],
                          "output_shape_type": "raw"}, "Lambda",
     {"function": {"class_name": "function", "config": "relu"}, "output_shape": [2]}),
    ("keras3", "Lambda", {"function": LAMBDA}, "Lambda", {"function": LAMBDA}),
    ("tfkeras", "TFOpLambda", {"function": "math.add"}, "TFOpLambda", {"function": "math.add"}),
    ("tfkeras", "LocallyConnected1D", {"filters": 2}, "LocallyConnected1D", {"filters": 2}),
    ("keras3", "BatchNormalization", {"axis": -1, "renorm": True, "renorm_clipping": {}, "renorm_momentum": 0.9},
     "BatchNormalization", {"axis": -1, "renorm": True, "renorm_clipping": {}, "renorm_momentum": 0.9}),
]

# as above, but only read: the dialect says it in another way when it writes
READ = [
    ("tfkeras", "BatchNormalization", {"axis": [3], "virtual_batch_size": None, "fused": True, "renorm": False},
     "BatchNormalization", {"axis": 3}),
    ("tfkeras", "SyncBatchNormalization", {"axis": [1]}, "BatchNormalization", {"axis": 1, "synchronized": True}),
    ("tfkeras", "BatchNormalizationV1", {"axis": [1]}, "BatchNormalization", {"axis": 1}),
    ("tfkeras", "UnifiedLSTM", {"units": 2}, "LSTM", {"units": 2}),
    ("tfkeras", "LSTM", {"units": 2, "time_major": False, "implementation": 2}, "LSTM", {"units": 2}),
    ("tfkeras", "LSTM", {"units": 2, "time_major": True}, "LSTM", {"units": 2, "time_major": True}),
    ("keras2", "GRU", {"units": 2}, "GRU", {"reset_after": False, "units": 2}),
    ("tfkeras", "DepthwiseConv2D", {"kernel_size": [2, 2], "groups": 1, "kernel_initializer": GLOROT},
     "DepthwiseConv2D", {"kernel_size": [2, 2]}),
    ("tfkeras", "Conv2DTranspose", {"filters": 2, "groups": 1}, "Conv2DTranspose", {"filters": 2}),
    ("tfkeras", "SeparableConv2D", {"filters": 2, "kernel_initializer": GLOROT, "depthwise_initializer": GLOROT},
     "SeparableConv2D", {"filters": 2, "depthwise_initializer": GLOROT}),
    ("tfkeras", "Embedding", {"input_dim": 3, "input_length": 5}, "Embedding", {"input_dim": 3}),
    ("tfkeras", "Dense", {"units": 2, "batch_input_shape": [None, 3], "dynamic": False}, "Dense", {"units": 2}),
    ("tfkeras", "Dense", {"units": 2, "dtype": {"class_name": "Policy", "config": {"name": "mixed_float16"}}},
     "Dense", {"units": 2, "dtype": "mixed_float16"}),
    ("keras3", "Dense", {"units": 2, "quantization_config": None, "dtype": {
        "module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}, "registered_name": None,
        "shared_object_id": 5}}, "Dense", {"units": 2, "dtype": "float32"}),
    ("keras3", "ELU", {"alpha": 1.0, "input_shape": [5]}, "ELU", {"alpha": 1.0}),
    ("keras3", "GroupQueryAttention", {"head_dim": 2}, "GroupedQueryAttention", {"head_dim": 2}),
    ("tfkeras", "ReLU", {"negative_slope": {"class_name": "__numpy__", "config": {"value": 0.5, "dtype": "float32"}}},
     "ReLU", {"negative_slope": 0.5}),
    ("keras2", "LeakyReLU", {"alpha": {"type": "ndarray", "value": 0.25}}, "LeakyReLU", {"negative_slope": 0.25}),
    ("keras2", "Reshape", {"target_shape": {"class_name": "__tuple__", "items": [2, 3]}}, "Reshape",
     {"target_shape": [2, 3]}),
]

# canonical class and arguments -> dialect's arguments: what says nothing is left out
WRITTEN = [
    ("tfkeras", "Conv2D", {"filters": 2, "groups": 1}, {"filters": 2}),
    ("tfkeras", "Conv2D", {"filters": 2, "groups": 2}, {"filters": 2, "groups": 2}),
    ("keras2", "Conv2D", {"filters": 2, "groups": 1}, {"filters": 2}),
    ("keras2", "GlobalMaxPooling2D", {"keepdims": False}, {}),
    ("tfkeras", "LSTM", {"units": 2, "zero_output_for_mask": False, "seed": None}, {"units": 2}),
    ("tfkeras", "Conv3DTranspose", {"filters": 2, "dilation_rate": [1, 1, 1]}, {"filters": 2}),
    ("tfkeras", "BatchNormalization", {"axis": 3, "synchronized": False}, {"axis": 3}),
    ("tfkeras", "Resizing", {"height": 2, "width": 2, "data_format": "channels_last", "antialias": False,
                             "pad_to_aspect_ratio": False, "fill_mode": "constant", "fill_value": 0.0},
     {"height": 2, "width": 2}),
    ("keras3", "SpatialDropout2D", {"rate": 0.5, "trainable": True}, {"rate": 0.5}),
    ("tfkeras", "Attention", {"use_scale": True, "score_mode": "dot"}, {"use_scale": True}),
    ("tfkeras", "Attention", {"score_mode": "concat"}, {"score_mode": "concat"}),
    ("tfkeras", "Discretization", {"bin_boundaries": [0.0], "num_bins": 2},
     {"bin_boundaries": [0.0], "num_bins": None}),
]

# dialect, canonical class and arguments, what the message says
LACKING = [
    ("tfkeras", "Conv3DTranspose", {"dilation_rate": [2, 1, 1]}, "dilation_rate"),
    ("tfkeras", "ZeroPadding1D", {"data_format": "channels_first"}, "data_format='channels_first'"),
    ("tfkeras", "AdaptiveMaxPooling2D", {}, "the layer AdaptiveMaxPooling2D"),
    ("tfkeras", "Activation", {"activation": "hard_sigmoid"}, "another function of that name"),
    ("keras3", "Activation", {"activation": "keras2>hard_sigmoid"}, "keras2>hard_sigmoid"),
    ("keras3", "LSTM", {"time_major": True}, "time_major=True"),
    ("keras3", "TFOpLambda", {"function": "math.add"}, "the layer TFOpLambda"),
    ("keras2", "Conv2D", {"groups": 2}, "groups=2"),
    ("keras2", "LayerNormalization", {}, "the layer LayerNormalization"),
    ("keras2", "Dense", {"dtype": "mixed_float16"}, "mixed_float16"),
    ("keras2", "Dense", {"activation": "gelu"}, "the activation gelu"),
    ("keras2", "Dense", {"kernel_regularizer": {"class_name": "OrthogonalRegularizer", "config": {}}}, "Orthogonal"),
    ("tfkeras", "Dense", {"dtype": {"class_name": "QuantizedDTypePolicy", "config": {"mode": "int8"}}}, "Quantized"),
    ("tfkeras", "ops.Add", {}, "the operation ops.Add"),
]


def decoded(dialect: str, class_name: str, arguments: dict[str, Any]) -> LayerRecord:
    """The record of a layer that does not come first in its model."""
    layers = layer("Flatten", "first"), layer(class_name, "x", **arguments)
    model, _ = dialects.decode_model(sequential(*layers), dialect)
    return model.layers[-1]


def encoded(dialect: str, class_name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """The JSON object of a layer."""
    records = [LayerRecord("Flatten", "first", {"name": "first"}),
               LayerRecord(class_name, "x", {"name": "x", **arguments})]
    written = dialects.encode_model(ModelRecord("sequential", "m", records, class_name="Sequential"), dialect)
    return written["config"]["layers"][-1]


@pytest.mark.parametrize(("dialect", "theirs", "arguments", "class_name", "canonical"), BOTH_WAYS + READ)
def test_read(dialect: str, theirs: str, arguments: Any, class_name: str, canonical: Any) -> None:
    record = decoded(dialect, theirs, arguments)
    assert (record.class_name, record.config) == (class_name, {"name": "x", **canonical})


@pytest.mark.parametrize(("dialect", "theirs", "arguments", "class_name", "canonical"), BOTH_WAYS)
def test_written(dialect: str, theirs: str, arguments: Any, class_name: str, canonical: Any) -> None:
    entry = encoded(dialect, class_name, canonical)
    assert entry["class_name"] == theirs
    assert entry["config"] == {"name": "x", **arguments}


@pytest.mark.parametrize(("dialect", "class_name", "canonical", "arguments"), WRITTEN)
def test_what_says_nothing_is_left_out(dialect: str, class_name: str, canonical: Any, arguments: Any) -> None:
    assert encoded(dialect, class_name, canonical)["config"] == {"name": "x", **arguments}


@pytest.mark.parametrize(("dialect", "class_name", "canonical", "message"), LACKING)
def test_what_a_dialect_lacks(dialect: str, class_name: str, canonical: Any, message: str) -> None:
    with pytest.raises(CannotExpress) as caught:
        encoded(dialect, class_name, canonical)
    assert message in str(caught.value) and "m/x" in str(caught.value)


def test_everything_that_is_lacking_is_listed() -> None:
    records = [LayerRecord("RMSNormalization", "a", {}), LayerRecord("Conv2D", "b", {"groups": 2})]
    with pytest.raises(CannotExpress, match="2 parts") as caught:
        dialects.encode_model(ModelRecord("sequential", "m", records, class_name="Sequential"), "keras2")
    assert "m/a: the layer RMSNormalization" in str(caught.value) and "m/b: the argument groups=2" in str(caught.value)


def test_the_file_is_not_changed_by_reading() -> None:
    entry = sequential(layer("BatchNormalization", "bn", axis=[1], batch_input_shape=[None, 3]))
    dialects.decode_model(entry, "tfkeras")
    assert entry == sequential(layer("BatchNormalization", "bn", axis=[1], batch_input_shape=[None, 3]))
