"""Adapters of low rank, weights in few bits, and the layers that wrap or reverse a weight."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest

import zoo
from zoo import layers, ops
from zoo.errors import ConfigError, UnknownClass, Unsupported
from zoo.layers import quantization

RANDOM = np.random.default_rng(2)
INT8 = {"class_name": "QuantizedDTypePolicy", "config": {"mode": "int8", "source_name": "float32"}}
WEIGHT_ONLY = {"class_name": "Int8QuantizationConfig", "config": {"activation_quantizer": None}}


def int4(group: int) -> dict:
    return {"class_name": "Int4DTypePolicy", "config": {"mode": f"int4/{group}", "source_name": "float32"}}


def draw(*shape: int) -> np.ndarray:
    return RANDOM.normal(size=shape).astype("float32")


# ---- adapters

@pytest.mark.parametrize(("layer", "data"), [
    (layers.Dense(4, lora_rank=2, lora_alpha=6), draw(3, 5)), (layers.Conv2D(4, 3, lora_rank=2), draw(2, 5, 5, 3)),
    (layers.Conv1D(4, 2, groups=2, lora_rank=1), draw(2, 5, 4)),
    (layers.EinsumDense("abc,cde->abde", (None, 2, 3), bias_axes="e", lora_rank=2), draw(2, 4, 5)),
    (layers.Embedding(7, 4, lora_rank=2), np.array([[1, 6, 0]]))], ids=lambda v: type(v).__name__)
def test_an_adapter_adds_a_product_of_thin_matrices(layer, data) -> None:
    before = layer(data)
    layer.lora_b.assign(draw(*layer.lora_b.shape))
    main = getattr(layer, layer.main)
    assert not main.trainable and main not in layer.trainable_weights
    assert [v.name for v in layer.weights][-2:] == [f"lora_{layer.main}_a", f"lora_{layer.main}_b"]
    after = layer(data)
    assert not np.allclose(before, after)
    factor = layer.lora_alpha / layer.lora_rank
    main.assign(main.numpy() + factor * np.asarray(layer.lora_a) @ np.asarray(layer.lora_b))
    layer.lora_b.assign(np.zeros(layer.lora_b.shape))
    np.testing.assert_allclose(layer(data), after, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("form", ["model.keras", "model.h5"])
@pytest.mark.filterwarnings("ignore:.*is written for Keras 3 alone")
def test_training_changes_the_adapter_and_files_hold_the_sum(form: str, tmp_path: pathlib.Path) -> None:
    model = zoo.Sequential([zoo.Input((6,)), layers.Dense(5, activation="tanh"), layers.Dense(1)])
    dense = model.layers[0]
    dense.enable_lora(2)
    model.compile("sgd", "mse")
    x, kernel = draw(16, 6), dense.kernel.numpy()
    model.fit(x, x[:, :1], epochs=3, verbose=0)
    np.testing.assert_array_equal(dense.kernel, kernel)
    assert np.abs(dense.lora_b.numpy()).max() > 0
    model.save(tmp_path / form)
    again = zoo.load_model(tmp_path / form)
    assert again.layers[0].lora_rank == 2
    np.testing.assert_allclose(again.predict_on_batch(x), model.predict_on_batch(x), rtol=1e-5, atol=1e-6)
    with pytest.raises(ConfigError, match="has an adapter"):
        dense.enable_lora(1)
    with pytest.raises(ConfigError, match="is not built"):
        layers.Dense(2).enable_lora(1)


# ---- few bits

def quantized(x: np.ndarray, axis) -> tuple[np.ndarray, np.ndarray]:
    scale = 127 / (np.abs(x).max(axis, keepdims=True) + 1e-7)
    return np.clip(np.round(x * scale), -127, 127).astype("int64"), scale


@pytest.mark.parametrize("size", [6, 1500])
def test_int8_products_are_of_whole_numbers(size: int) -> None:
    layer, x = layers.Dense(4, dtype=INT8), 3 * draw(3, 2, size)
    layer(x)
    kernel, scale = RANDOM.integers(-127, 128, (size, 4)), RANDOM.uniform(50, 90, 4).astype("float32")
    bias = draw(4)
    layer.kernel.assign(kernel.astype("int8")), layer.scale.assign(scale), layer.bias.assign(bias)
    whole, of_inputs = quantized(x, -1)
    np.testing.assert_allclose(layer(x), (whole @ kernel) / (of_inputs * scale) + bias, rtol=1e-5, atol=1e-5)
    only = layers.Dense(4, dtype=INT8, quantization_config=WEIGHT_ONLY)
    only(x)
    only.set_weights(layer.get_weights())
    np.testing.assert_allclose(only(x), x @ (kernel / scale).astype("float32") + bias, rtol=1e-4, atol=1e-4)


def test_int8_einsum_has_a_scale_for_each_row_of_inputs() -> None:
    layer, x = layers.EinsumDense("abc,cde->abde", (None, 2, 3), bias_axes="de", dtype=INT8), draw(2, 4, 5)
    layer(x)
    kernel, scale = RANDOM.integers(-127, 128, (5, 2, 3)), RANDOM.uniform(50, 90, (1, 1, 2, 3)).astype("float32")
    layer.kernel.assign(kernel.astype("int8")), layer.scale.assign(scale)
    whole, of_inputs = quantized(x, 2)
    expected = np.einsum("abc,cde->abde", whole, kernel) / (of_inputs[..., None] * scale)
    np.testing.assert_allclose(layer(x), expected, rtol=1e-5, atol=1e-6)


def test_int4_is_two_numbers_in_a_byte_with_groups_of_rows() -> None:
    packed = np.array([[125, 2], [24, 0]], "int8")
    np.testing.assert_array_equal(quantization.unpacked_int4(packed, 3), [[-3, 7, 2], [-8, 1, 0]])
    layer, x = layers.Dense(3, use_bias=False, dtype=int4(2)), draw(2, 5)
    layer(x)
    assert [(v.name, v.shape) for v in layer.own_variables()] == [
        ("kernel", (5, 2)), ("kernel_scale", (3, 3)), ("kernel_zero", (3, 3)), ("g_idx", (5,))]
    whole, scale = RANDOM.integers(-8, 8, (5, 3)), draw(3, 3)
    zero = RANDOM.integers(-8, 8, (3, 3))
    padded = np.pad(whole, ((0, 0), (0, 1))) & 15
    layer.kernel.assign((padded[:, 0::2] | padded[:, 1::2] << 4).astype("uint8").view("int8"))
    layer.scale.assign(scale), layer.zero.assign(zero)
    rows = np.arange(5) // 2
    np.testing.assert_allclose(layer(x), x @ ((whole - zero[rows]) * scale[rows]), rtol=1e-4, atol=1e-5)


def test_float8_rounds_to_three_bits_of_mantissa() -> None:
    values = np.array([0.0, 1.0, 1.06, 1.07, -1.19, 17.5, 500.0, 0.001, 2.0 ** -9, -3.3], "float32")
    expected = [0, 1, 1, 1.125, -1.25, 18, 448, 2.0 ** -9 * 1, 2.0 ** -9, -3.25]
    expected[7] = 0.001953125 if 0.001 > 2.0 ** -10 else 0.0
    np.testing.assert_array_equal(quantization.rounded_float8(values, 1.0), np.array(expected, "float32"))
    np.testing.assert_array_equal(quantization.rounded_float8(2 * values, 2.0), 2 * np.array(expected, "float32"))


def test_quantized_layers_come_back_from_their_configs() -> None:
    for policy in (INT8, int4(128), {"class_name": "QuantizedFloat8DTypePolicy", "config": {
            "mode": "float8", "source_name": "float32", "amax_history_length": 1024}}):
        layer = layers.Dense(3, dtype=policy)
        assert layer.get_config()["dtype"] == policy and layer.compute_dtype == "float32"
        assert layers.Dense.from_config(layer.get_config()).scheme == layer.scheme
    assert layers.Dense(3, dtype="int8_from_float32").scheme.inputs
    with pytest.raises(Unsupported, match="GPTQ"):
        layers.Dense(3, dtype={"class_name": "GPTQDTypePolicy", "config": {"mode": "gptq/4/128"}})
    with pytest.raises(Unsupported, match="Conv2D"):
        layers.Conv2D(3, 3, dtype=INT8)
    with pytest.raises(Unsupported, match="adapters of quantized"):
        layers.Dense(3, dtype=INT8, lora_rank=2)


def test_policies_of_maps() -> None:
    plain = {"class_name": "DTypePolicyMap", "config": {"default_policy": "mixed_float16", "policy_map": {}}}
    assert layers.Dense(3, dtype=plain).dtype_policy.name == "mixed_float16"
    with pytest.raises(Unsupported, match="DTypePolicyMap"):
        layers.Dense(3, dtype={"class_name": "DTypePolicyMap", "config": {"policy_map": {"dense": "float16"}}})


# ---- layers around a weight

def test_reversible_embedding() -> None:
    layer, ids = layers.ReversibleEmbedding(7, 4, mask_zero=True, logit_soft_cap=0.5), np.array([[1, 6, 0]])
    vectors = layer(ids)
    table = np.asarray(layer.embeddings)
    np.testing.assert_array_equal(vectors, table[ids])
    np.testing.assert_allclose(layer(vectors, reverse=True), 0.5 * np.tanh(table[ids] @ table.T / 0.5), rtol=1e-5,
                               atol=1e-6)


def test_spectral_normalization_approaches_the_largest_singular_value() -> None:
    layer, x = layers.SpectralNormalization(layers.Dense(4), power_iterations=30), draw(2, 6)
    calm = layer(x)
    size = np.linalg.svd(np.asarray(layer.kernel), compute_uv=False)[0]
    np.testing.assert_allclose(layer(x, training=True), calm / size, rtol=1e-3)
    assert np.linalg.svd(np.asarray(layer.kernel), compute_uv=False)[0] == pytest.approx(1, rel=1e-3)
    layer.kernel.assign(np.zeros((6, 4)))
    assert not np.asarray(layer(x, training=True)).any()
    with pytest.raises(ConfigError, match="neither a kernel"):
        layers.SpectralNormalization(layers.ReLU())(x)


def shifted(x, by, training):
    return x + by * (2 if training else 1)


def test_lambda(tmp_path: pathlib.Path) -> None:
    layer = layers.Lambda(shifted, arguments={"by": 3.0}, name="shift")
    np.testing.assert_array_equal(layer(np.zeros(2, "float32")), [3, 3])
    np.testing.assert_array_equal(layer(np.zeros(2, "float32"), training=True), [6, 6])
    x = zoo.Input((3,))
    model = zoo.Model(x, layers.Lambda(lambda v: ops.square(v) - 1, name="bend")(layer(x)))
    model.save(tmp_path / "model.keras")
    with pytest.raises(UnknownClass, match="never runs code from a file.*custom_objects"):
        zoo.load_model(tmp_path / "model.keras")
    again = zoo.load_model(tmp_path / "model.keras", {"shifted": shifted, "bend": lambda v: v * v - 1})
    data = draw(2, 3)
    np.testing.assert_allclose(again.predict_on_batch(data), (data + 3) ** 2 - 1, rtol=1e-4, atol=1e-5)
    code = {"name": "l", "function": {"class_name": "__lambda__", "config": {"code": "4wEAAAA="}}}
    with pytest.raises(UnknownClass, match="a lambda; zoo never runs"):
        layers.Lambda.from_config(code)


def test_ternary_kernels_compute_with_signs_and_learn_as_a_whole() -> None:
    kernel = np.array([[0.5, -0.5], [0.5, 0.1]], "float32")
    x = np.array([[1.0, 2.0]], "float32")
    for threshold, signs, scale in ((None, [[1, -1], [1, 0]], 0.4), (0.05, [[1, -1], [1, 1]], 1), (9, [[0, 0], [0, 0]], 1)):
        layer = layers.TernaryDense(2, threshold, use_bias=False)
        layer(x)
        layer.kernel.assign(kernel)
        np.testing.assert_allclose(layer(x), x @ np.array(signs) * scale, rtol=1e-6, atol=1e-6)
    model = zoo.Sequential([layers.Input((2,)), layers.TernaryDense(1, 0.05)])
    model.layers[-1].kernel.assign(kernel[:, :1])
    model.compile("sgd", "mse")
    model.train_on_batch(x, np.zeros((1, 1)))
    step = 0.01 * 2 * 3 * x.T                               # of the loss (1 + 2)**2, with signs for weights
    np.testing.assert_allclose(model.layers[-1].kernel.numpy(), kernel[:, :1] - step, rtol=1e-4)
