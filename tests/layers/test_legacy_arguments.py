"""Layers under the spellings of Keras 1 and 2."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import pytest

from zoo import layers, spelling
from zoo.errors import ConfigError, OldSpelling
from zoo.io.dialects.keras1_arguments import ARGUMENTS
from zoo.serialization import init_parameters

#: name, positional and keyword arguments of old, those of today
SAME: list[tuple[str, tuple[Any, ...], dict[str, Any], str, dict[str, Any]]] = [
    ("Dense", (), {"output_dim": 3, "init": "one", "W_regularizer": "l2", "b_constraint": "non_neg", "bias": False},
     "Dense", {"units": 3, "kernel_initializer": "ones", "kernel_regularizer": "l2", "bias_constraint": "non_neg",
               "use_bias": False}),
    ("Convolution2D", (8, 3, 5), {"border_mode": "same", "subsample": (2, 1), "dim_ordering": "th"},
     "Conv2D", {"filters": 8, "kernel_size": (3, 5), "strides": (2, 1), "padding": "same",
                "data_format": "channels_first"}),
    ("Convolution2D", (), {"nb_filter": 8, "nb_row": 3, "nb_col": 5}, "Conv2D", {"filters": 8, "kernel_size": (3, 5)}),
    ("Convolution2D", (8, (3, 5), 2), {}, "Conv2D", {"filters": 8, "kernel_size": (3, 5), "strides": 2}),
    ("AtrousConvolution2D", (8, 3, 3), {"atrous_rate": (2, 2)}, "Conv2D",
     {"filters": 8, "kernel_size": 3, "dilation_rate": 2}),
    ("Deconvolution2D", (8, 3, 3), {"output_shape": (None, 9, 9, 8)}, "Conv2DTranspose",
     {"filters": 8, "kernel_size": 3}),
    ("Convolution3D", (8, 3, 4, 5), {}, "Conv3D", {"filters": 8, "kernel_size": (3, 4, 5)}),
    ("Convolution1D", (), {"nb_filter": 8, "filter_length": 3, "subsample_length": 2}, "Conv1D",
     {"filters": 8, "kernel_size": 3, "strides": 2}),
    ("SeparableConvolution2D", (8, 3, 3), {"init": "zero"}, "SeparableConv2D",
     {"filters": 8, "kernel_size": 3, "depthwise_initializer": "zeros", "pointwise_initializer": "zeros"}),
    ("LSTM", (4,), {"inner_init": "orthogonal", "inner_activation": "hard_sigmoid", "U_regularizer": "l1",
                    "dropout_W": 0.25, "dropout_U": 0.5, "consume_less": "gpu", "forget_bias_init": "zero"}, "LSTM",
     {"units": 4, "recurrent_initializer": "orthogonal", "recurrent_activation": "hard_sigmoid",
      "recurrent_regularizer": "l1", "dropout": 0.25, "recurrent_dropout": 0.5, "unit_forget_bias": False}),
    ("MaxPooling1D", (), {"pool_length": 3, "stride": 2, "border_mode": "same"}, "MaxPooling1D",
     {"pool_size": 3, "strides": 2, "padding": "same"}),
    ("AveragePooling2D", ((2, 3),), {"dim_ordering": "tf"}, "AveragePooling2D",
     {"pool_size": (2, 3), "data_format": "channels_last"}),
    ("Dropout", (), {"p": 0.3}, "Dropout", {"rate": 0.3}),
    ("GaussianNoise", (), {"sigma": 0.3}, "GaussianNoise", {"stddev": 0.3}),
    ("UpSampling1D", (), {"length": 3}, "UpSampling1D", {"size": 3}),
    ("Embedding", (9, 2), {"init": "normal", "W_constraint": "non_neg"}, "Embedding",
     {"input_dim": 9, "output_dim": 2, "embeddings_initializer": "normal", "embeddings_constraint": "non_neg"}),
    ("BatchNormalization", (), {"mode": 0, "gamma_init": "one"}, "BatchNormalization", {"gamma_initializer": "ones"}),
    ("LeakyReLU", (), {"alpha": 0.2}, "LeakyReLU", {"negative_slope": 0.2}),
    ("PReLU", (), {"init": "one"}, "PReLU", {"alpha_initializer": "ones"}),
]


@pytest.fixture(autouse=True)
def nothing_mentioned() -> None:
    spelling.forget()


@pytest.mark.parametrize(("old", "positional", "named", "today", "arguments"), SAME, ids=lambda part: str(part)[:40])
def test_old_and_new_spellings_make_equal_layers(old: str, positional: Any, named: Any, today: str,
                                                 arguments: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OldSpelling)
        layer = getattr(layers, old)(*positional, name="a", **named)
    assert type(layer) is getattr(layers, today)
    assert layer.get_config() == getattr(layers, today)(name="a", **arguments).get_config() | \
        {key: value for key, value in layer.get_config().items() if key == "implementation"}


def test_every_row_leads_to_arguments_that_exist() -> None:
    lacking = {(name, new) for name, rows in ARGUMENTS.items() for row in rows for new in row.new
               if new not in (*init_parameters(layers.LAYERS[name]), "input_shape")}
    assert not lacking


def test_each_spelling_is_mentioned_once() -> None:
    with pytest.warns(OldSpelling, match="Dropout: p of older Keras: say rate today"):
        layers.Dropout(p=0.5)
    layers.Dropout(p=0.5)                                   # warnings are errors in tests


def test_signatures_stay_what_they_are() -> None:
    assert "units" in inspect.signature(layers.Dense).parameters


def test_unknown_arguments_are_still_refused() -> None:
    with pytest.raises(ConfigError, match="unknown argument 'nb_filters'"):
        layers.Conv2D(3, 3, nb_filters=2)


def test_modes_of_batch_normalization_are_refused() -> None:
    with pytest.warns(OldSpelling), pytest.raises(ConfigError, match="mode=1"):
        layers.BatchNormalization(mode=1)


@pytest.mark.filterwarnings("ignore::zoo.errors.OldSpelling")
def test_shapes_of_first_layers() -> None:
    assert layers.LSTM(2, input_dim=3)._given_input_shape == (None, None, 3)
    assert layers.LSTM(2, input_length=5, input_dim=3)._given_input_shape == (None, 5, 3)
    assert layers.Embedding(9, 2, input_length=5)._given_input_shape == (None, 5)
    assert layers.Dense(2, input_dim=3)._given_input_shape == (None, 3)


def test_initial_weights_are_assigned_when_the_layer_is_built() -> None:
    layer = layers.Embedding(2, 2, weights=[[[1, 2], [3, 4]]])
    assert layer([[1, 0]]).tolist() == [[[3, 4], [1, 2]]]


def test_instances_of_today_count_as_those_of_old_names() -> None:
    assert isinstance(layers.Conv2D(3, 3), layers.Convolution2D)
    assert not isinstance(layers.Dense(3), layers.Convolution2D)

    class Mine(layers.Convolution2D):
        pass
    assert type(Mine(3, 3)) is Mine
