"""Layers of earlier releases: equal to today's where these exist, and to files of those releases."""

from __future__ import annotations

import json
from typing import Any

import h5py
import numpy as np
import pytest

from tests.corpus import CORPUS, require_corpus
from zoo import layers
from zoo.errors import ConfigError
from zoo.layers import GRU, LSTM, CuDNNGRU, CuDNNLSTM, LocallyConnected1D, LocallyConnected2D

GENERATOR = np.random.default_rng(0)
OF_KERAS1 = ["highway", "maxout_dense", "maxout_dense_nobias", "srelu", "srelu_shared_axes", "parametric_softplus",
             "parametric_softplus_shared", "time_distributed_dense_legacy", "time_distributed_dense_legacy_nobias",
             "thresholded_relu"]


def normal(*shape: int) -> np.ndarray:
    return GENERATOR.normal(size=shape).astype("float32")


# ---- cuDNN

def to_cudnn(kernel: np.ndarray, gates: int) -> np.ndarray:
    """The kernel as cuDNN reads it: each gate transposed, written in the shape of the untransposed one."""
    return np.concatenate([part.T.reshape(part.shape) for part in np.split(kernel, gates, axis=-1)], axis=-1)


@pytest.mark.parametrize("go_backwards", [False, True])
def test_cudnn_lstm_is_an_lstm(go_backwards: bool) -> None:
    kernel, recurrent, bias = normal(3, 16), normal(4, 16), normal(32)
    x, options = normal(2, 5, 3), {"return_sequences": True, "go_backwards": go_backwards}
    stored, today = CuDNNLSTM(4, **options), LSTM(4, **options)
    stored(x), today(x)
    stored.set_weights([to_cudnn(kernel, 4), to_cudnn(recurrent, 4), bias])
    today.set_weights([kernel, recurrent, bias[:16] + bias[16:]])
    np.testing.assert_allclose(stored(x), today(x), rtol=1e-5, atol=1e-6)
    assert [variable.name for variable in stored.weights] == ["kernel", "recurrent_kernel", "bias"]


def test_cudnn_gru_is_a_gru() -> None:
    kernel, recurrent, bias = normal(3, 12), normal(4, 12), normal(24)
    x = normal(2, 5, 3)
    stored, today = CuDNNGRU(4), GRU(4)
    stored(x), today(x)
    stored.set_weights([to_cudnn(kernel, 3), to_cudnn(recurrent, 3), bias])
    today.set_weights([kernel, recurrent, bias.reshape(2, 12)])
    np.testing.assert_allclose(stored(x), today(x), rtol=1e-5, atol=1e-6)


def test_the_forget_gate_of_cudnn_starts_open() -> None:
    layer = CuDNNLSTM(2)
    layer(normal(1, 2, 3))
    assert layer.cell.bias.value.tolist() == [0, 0, 1, 1] + [0] * 12


# ---- locally connected

@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_kernels_that_are_equal_everywhere_convolve(data_format: str, padding: str) -> None:
    """With odd windows, whose padding Keras's LocallyConnected and Conv share."""
    x, kernel = normal(2, 5, 6, 3), normal(3, 3, 3, 4)
    if data_format == "channels_first":
        x = np.moveaxis(x, -1, 1)
    layer = LocallyConnected2D(4, 3, padding=padding, data_format=data_format, implementation=2, use_bias=False)
    layer(x)
    conv = layers.Conv2D(4, 3, padding=padding, data_format=data_format, use_bias=False)
    expected = conv(x)
    conv.set_weights([kernel])
    expected = np.asarray(conv(x))
    layer.set_weights([_toeplitz(kernel, layer)])
    np.testing.assert_allclose(layer(x), expected, rtol=1e-4, atol=1e-5)


def _toeplitz(kernel: np.ndarray, layer: LocallyConnected2D) -> np.ndarray:
    """The dense matrix of a convolution, in the shape of the layer's kernel; numbers where nothing counts are noise."""
    first = layer.data_format == "channels_first"
    height, width = (5, 6)
    rows, columns = layer.places
    shift = 1 if layer.padding == "same" else 0
    dense = normal(height, width, 3, rows, columns, 4)
    for r in range(rows):
        for c in range(columns):
            for i in range(3):
                for j in range(3):
                    y, x = r + i - shift, c + j - shift
                    if 0 <= y < height and 0 <= x < width:
                        dense[y, x, :, r, c, :] = kernel[i, j]
    return dense.transpose(2, 0, 1, 5, 3, 4) if first else dense


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_the_dense_and_the_sparse_kernel_agree(data_format: str, padding: str) -> None:
    x = normal(2, 7, 3) if data_format == "channels_last" else normal(2, 3, 7)
    options: dict[str, Any] = {"strides": 2, "padding": padding, "data_format": data_format, "use_bias": False}
    dense, sparse = (LocallyConnected1D(4, 3, implementation=i, **options) for i in (2, 3))
    dense(x), sparse(x)
    matrix = dense.kernel.value.reshape(21, -1).T[dense._counts]
    sparse.set_weights([matrix])
    np.testing.assert_allclose(sparse(x), dense(x), rtol=1e-5, atol=1e-6)


def test_windows_and_the_dense_kernel_agree() -> None:
    x = normal(2, 7, 3)
    windows, dense = (LocallyConnected1D(4, 3, implementation=i) for i in (1, 2))
    windows(x), dense(x)
    kernel = np.zeros((7, 3, 5, 4), "float32")
    for place in range(5):
        kernel[place:place + 3, :, place] = windows.kernel.value[place].reshape(3, 3, 4)
    bias = normal(5, 4)
    windows.set_weights([windows.kernel.value, bias])
    dense.set_weights([kernel, bias])
    np.testing.assert_allclose(dense(x), windows(x), rtol=1e-5, atol=1e-6)


def test_windows_alone_take_no_padding() -> None:
    with pytest.raises(ConfigError, match="padding='valid' only"):
        LocallyConnected2D(4, 3, padding="same")


# ---- Keras 1

@require_corpus
@pytest.mark.parametrize("name", OF_KERAS1)
def test_layers_compute_what_keras_1_computed(name: str) -> None:
    assert CORPUS is not None
    folder = CORPUS / "keras-1.2.2" / name
    with np.load(folder / "io.npz") as arrays:
        x, expected = arrays["x0"], arrays["y0"]
    with h5py.File(folder / "model.h5") as file:
        for record in json.loads(file.attrs["model_config"])["config"]:
            config = {key: value for key, value in record["config"].items() if key != "input_dtype"}
            group = file["model_weights"][config["name"]]
            if "shared" in name:                            # which Keras 1 did not write
                config["shared_axes"] = [1]
            layer = getattr(layers, record["class_name"]).from_config(config)
            layer(x)
            layer.set_weights([np.asarray(group[key]) for key in group.attrs["weight_names"]])
            names = [key.decode().removeprefix(f"{config['name']}_") for key in group.attrs["weight_names"]]
            assert [variable.name for variable in layer.weights] == names
            x = layer(x)
    np.testing.assert_allclose(x, expected, rtol=1e-5, atol=1e-6)


def test_cells_derived_from_the_old_base() -> None:
    class Sum(layers.AbstractRNNCell):
        state_size = output_size = 3

        def call(self, inputs: Any, states: Any) -> Any:
            return inputs + states[0], [inputs + states[0]]

    x = normal(2, 4, 3)
    np.testing.assert_allclose(layers.RNN(Sum())(x), x.sum(1), rtol=1e-5)
    with pytest.raises(NotImplementedError, match="state_size"):
        layers.AbstractRNNCell().state_size
