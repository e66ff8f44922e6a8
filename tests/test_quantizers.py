"""Numbers of few bits, and layers and models that are brought to them. Literal values: what Keras 3 gives."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import numpy as np
import pytest

import zoo
from zoo import layers, ops, quantizers
from zoo.engine.tape import GradientTape
from zoo.engine.variable import Variable
from zoo.errors import ConfigError, ShapeError, Unsupported
from zoo.quantizers import AbsMaxQuantizer, Float8QuantizationConfig, Int4QuantizationConfig, Int8QuantizationConfig

X = np.random.RandomState(0).randn(5, 3).astype("float32")


# ---- whole numbers

def test_the_largest_stands_for_the_largest() -> None:
    whole, scale = quantizers.abs_max_quantize(X, 0)
    assert whole.tolist() == [[100, 27, 85], [127, 127, -85], [54, -10, -9], [23, 10, 127], [43, 8, 39]]
    np.testing.assert_allclose(scale, [[56.6738, 68.0032, 87.3288]], rtol=1e-5)
    assert whole.dtype == "int8" and scale.dtype == "float32"
    whole, scale = quantizers.abs_max_quantize(X, -1, (-8, 7))
    assert whole.tolist() == [[7, 2, 4], [7, 6, -3], [7, -1, -1], [2, 1, 7], [7, 1, 4]]
    np.testing.assert_allclose(scale[:, 0], [3.9681, 3.1238, 7.3677, 4.8134, 9.198], rtol=1e-4)


def test_groups_of_rows_have_zero_points() -> None:
    whole, scale, zero = quantizers.abs_max_quantize_grouped_with_zero_point(X, 2)
    assert whole.tolist() == [[7, -4, 7], [7, 7, -8], [7, -8, -8], [3, 7, 7], [7, 7, 7]]
    assert zero.tolist() == [[-8, -8, -1], [-8, 0, -7], [-8, -8, -8]]
    np.testing.assert_allclose(scale, [[0.03179, 0.09783, 0.1304], [0.03597, 0.01969, 0.10383],
                                       [0.05074, 0.00811, 0.02959]], rtol=2e-3)
    with pytest.raises(ShapeError, match="matrix"):
        quantizers.abs_max_quantize_grouped_with_zero_point(X[0], 2)


def test_two_numbers_in_a_byte() -> None:
    whole = np.array([[-3, 7], [2, -8], [1, 0]], "int8")
    packed, shape, count = quantizers.pack_int4(whole)
    assert packed.tolist() == [[45, -121], [1, 0]] and (shape, count) == ((2, 2), 3) and packed.dtype == "int8"
    assert quantizers.unpack_int4(packed, 3).tolist() == whole.tolist()
    packed, _, count = quantizers.pack_int4(whole.T, axis=-1)
    assert packed.tolist() == [[45, 1], [-121, 0]]
    assert quantizers.unpack_int4(packed, count, axis=1).tolist() == whole.T.tolist()
    packed, _, _ = quantizers.pack_int4(np.array([[1, 15, 3], [7, 8, 0]], "uint8"), 1, "uint8")
    assert packed.tolist() == [[241, 3], [135, 0]]
    assert quantizers.unpack_int4(packed, 3, 1, "uint8").tolist() == [[1, 15, 3], [7, 8, 0]]
    with pytest.raises(ConfigError, match="float32 and 'int8'"):
        quantizers.pack_int4(X)


# ---- rounding

@pytest.mark.parametrize(("form", "scale", "expected"), [
    ("float8_e4m3fn", 1, [0, 0.3125, -1.75, 448, 448, -448, 0.00390625, 0, 0.001953125, 5.5]),
    ("float8_e4m3fn", 0.25, [0, 0.3125, -1.75, 112, 112, -112, 0.0029296875, 0, 0.001953125, 5.5]),
    ("float8_e5m2", 1, [0, 0.3125, -1.75, 448, 1024, -57344, 0.0029296875, 1.52587890625e-05, 0.001953125, 5]),
    ("float8_e5m2", 0.25, [0, 0.3125, -1.75, 448, 1024, -14336, 0.0029296875, 1.1444091796875e-05, 0.001953125, 5])])
def test_eight_bit_floats(form: str, scale: float, expected: list[float]) -> None:
    values = np.array([0, 0.3, -1.7, 448, 1000, -57344, 3e-3, 1e-5, 0.0019, 5.3], "float32")
    found = quantizers.quantize_and_dequantize(values, np.float32(scale), form, "float32")
    np.testing.assert_array_equal(found, np.array(expected, "float32"))
    with pytest.raises(Unsupported, match="float8_e3m4"):
        quantizers.quantize_and_dequantize(values, 1.0, "float8_e3m4", "float32")


def test_scales_of_float8_follow_the_history() -> None:
    scales = [float(quantizers.compute_float8_scale(np.float32(a), np.float32(2), 448.0)) for a in (0, 3, np.inf)]
    np.testing.assert_allclose(scales, [2, 3 / 448, 2], rtol=1e-6)
    wider = quantizers.compute_float8_scale(np.float32(3), np.float32(2), 448.0, margin=1)
    assert float(wider) == pytest.approx(6 / 448)
    history = quantizers.compute_float8_amax_history(np.array([1.0, -5.0], "float32"), np.array([1, 2, 3], "float32"))
    assert history.tolist() == [5, 3, 1]


@pytest.mark.parametrize(("bits", "narrow", "expected"), [
    (8, False, [-1.29882, -1.00118, -0.09922, 0, 0.3698, 1.00118, 1.00118]),
    (3, True, [-1.15, -1.15, 0, 0, 0.38333, 1.15, 1.15]),
    (4, False, [-1.22667, -1.07333, -0.15333, 0, 0.30667, 1.07333, 1.07333])])
def test_evenly_spaced_numbers(bits: int, narrow: bool, expected: list[float]) -> None:
    values = np.array([-2, -1, -0.1, 0, 0.37, 1, 2], "float32")
    low, high = np.float32(-1.3), np.float32(1)
    np.testing.assert_allclose(quantizers.fake_quant_with_min_max_vars(values, low, high, bits, narrow), expected,
                               atol=1e-5)


def test_bounds_for_each_channel_and_gradients() -> None:
    values = Variable(np.repeat(np.array([[-2], [-0.1], [0.37], [2]], "float32"), 2, 1))
    low, high = Variable(np.array([-1.3, 0], "float32")), Variable(np.array([1, 3], "float32"))
    with GradientTape(persistent=True) as tape:
        y = quantizers.fake_quant_with_min_max_vars(values, low, high, 4, axis=1)
        loss = ops.sum(y * np.array([[1, 10], [2, 20], [4, 40], [8, 80]], "float32"))
    np.testing.assert_allclose(y.data, [[-1.22667, 0], [-0.15333, 0], [0.30667, 0.4], [1.07333, 2]], atol=1e-5)
    assert tape.gradient(loss, values).tolist() == [[0, 0], [2, 0], [4, 40], [0, 80]]
    assert tape.gradient(loss, low).tolist() == [1, 30] and tape.gradient(loss, high).tolist() == [8, 0]


# ---- objects

def test_quantizers_and_configs_come_back() -> None:
    for thing in (AbsMaxQuantizer(axis=0), AbsMaxQuantizer(value_range=(-8, 7)), Int8QuantizationConfig(),
                  Int8QuantizationConfig(AbsMaxQuantizer(0), None), Int4QuantizationConfig(block_size=32),
                  Float8QuantizationConfig()):
        record = json.loads(json.dumps(quantizers.serialize(thing)))
        again = quantizers.deserialize(record)
        assert type(again) is type(thing) and again.get_config() == thing.get_config()
    assert Int4QuantizationConfig.from_config({}).group is None and Int4QuantizationConfig().group == 128
    assert AbsMaxQuantizer().get_config() == {"value_range": [-127, 127], "epsilon": 1e-7, "output_dtype": "int8"}


@pytest.mark.parametrize(("make", "error", "match"), [
    (lambda: AbsMaxQuantizer(value_range=(-200, 100)), ConfigError, "-128 to 127"),
    (lambda: Int4QuantizationConfig(block_size=0), ConfigError, "block_size"),
    (lambda: Int4QuantizationConfig(AbsMaxQuantizer(value_range=(-8, 7))), ConfigError, "block_size=None"),
    (lambda: Int4QuantizationConfig(AbsMaxQuantizer(), block_size=None), ConfigError, r"\(-8, 7\)"),
    (lambda: Int8QuantizationConfig(AbsMaxQuantizer(output_dtype="int16")), ConfigError, "int16"),
    (lambda: quantizers.chosen_config(None, None), ConfigError, "quantize expects"),
    (lambda: quantizers.chosen_config("int4", Int8QuantizationConfig()), ConfigError, "quantize expects"),
    (lambda: quantizers.chosen_config("gptq", None), Unsupported, "gptq")])
def test_what_makes_no_sense_is_refused(make: Any, error: type, match: str) -> None:
    with pytest.raises(error, match=match):
        make()


# ---- layers and models

def network() -> zoo.Model:
    x = zoo.Input((6,), dtype="int32")
    h = layers.Dense(7, activation="relu", name="hidden")(layers.Embedding(11, 10, name="words")(x))
    h = layers.EinsumDense("abc,cde->abde", (None, 2, 3), bias_axes="de", name="heads")(h)
    h = layers.EinsumDense("abde,def->abf", (None, 5), name="merge")(h)
    return zoo.Model(x, layers.Dense(3, name="out")(layers.Reshape((30,))(h)))


#: What Keras 3 predicts for the first of four samples, when weights and samples are those of `weights_and_words`.
QUANTIZED = {
    "int8": ("int8", [34.267506, -34.146454, 18.237694]),
    "int8 weights": (Int8QuantizationConfig(activation_quantizer=None), [34.238041, -34.296093, 18.472937]),
    "int4": ("int4", [39.703564, -40.685680, 32.616833]),
    "int4 in pairs": (Int4QuantizationConfig(block_size=2), [36.650948, -20.377016, 12.798520]),
    "int4 whole": (Int4QuantizationConfig(block_size=None), [38.560841, -35.907036, 23.712688]),
    "int4 inputs": (Int4QuantizationConfig(activation_quantizer=AbsMaxQuantizer(), block_size=None),
                    [38.328159, -35.763351, 23.795969]),
    "float8": ("float8", [34.798828, -32.793213, 15.96875]),
}


def weights_and_words() -> tuple[list[np.ndarray], np.ndarray]:
    random = np.random.RandomState(0)
    return [random.randn(*w.shape).astype("float32") for w in network().weights], random.randint(0, 11, (4, 6))


@pytest.mark.parametrize("name", QUANTIZED)
@pytest.mark.parametrize("form", ["keras", "h5"])
@pytest.mark.filterwarnings("ignore:.*is written for Keras 3 alone")
def test_quantized_models_predict_what_keras_does_and_come_back(name: str, form: str, tmp_path: pathlib.Path) -> None:
    given, expected = QUANTIZED[name]
    model, (weights, words) = network(), weights_and_words()
    model.set_weights(weights)
    paths = [w.path for w in model.layers[-1].weights]
    model.quantize(given) if isinstance(given, str) else model.quantize(config=given)
    found = model.predict(words, verbose=0)
    np.testing.assert_allclose(found[0], expected, rtol=1e-5)
    dense, mode = model.get_layer("hidden"), given if isinstance(given, str) else given.mode
    assert dense.dtype_policy.quantization_mode == mode and set(paths) <= {w.path for w in model.layers[-1].weights}
    assert dense.kernel.dtype == ("float32" if mode == "float8" else "int8")
    model.save(tmp_path / f"model.{form}")
    again = zoo.load_model(tmp_path / f"model.{form}")
    np.testing.assert_array_equal(again.predict(words, verbose=0), found)


def test_weights_of_a_layer_in_int8() -> None:
    layer = layers.Dense(3)
    layer.build((None, 5))
    layer.kernel.assign(X.repeat(1, 0))
    layer.quantize("int8")
    whole, scale = quantizers.abs_max_quantize(X, 0)
    np.testing.assert_array_equal(layer.kernel, whole)
    np.testing.assert_array_equal(layer.scale, scale[0])
    assert layer.dtype_policy.name == "int8_from_float32" and layer.scheme.inputs and not layer.kernel.trainable
    with pytest.raises(ConfigError, match="is quantized"):
        layer.quantize("int8")


def test_layers_are_chosen() -> None:
    model = network()
    model.quantize("int8", filters="^h")
    quantized = [layer.name for layer in model.layers if layer.dtype_policy.quantization_mode]
    assert quantized == ["hidden", "heads"]
    model.quantize("int4", filters=lambda layer: layer.name == "out")
    model.quantize("float8", filters=["words", "merge"])
    assert [layer.dtype_policy.quantization_mode for layer in model.layers[1:]] == \
        [None, "int8", "int8", "float8", None, "int4"]
    with pytest.raises(ConfigError, match="no layer to quantize that passes 'nothing'"):
        model.quantize("int8", filters="nothing")


def test_layers_that_cannot_be_quantized_say_so() -> None:
    with pytest.raises(ConfigError, match="is not built"):
        layers.Dense(3).quantize("int8")
    with pytest.raises(Unsupported, match="Conv2D"):
        layers.Conv2D(3, 3).quantize("int8")
    with pytest.raises(Unsupported, match="not quantized as float8"):
        layers.Embedding(3, 3).quantize("float8")
    turned = layers.EinsumDense("abc,dc->abd", (None, 4))
    turned.build((None, 3, 5))
    with pytest.raises(Unsupported, match="first axes"):
        turned.quantize("int4")
    turned = layers.EinsumDense("abc,dc->abd", (None, 4))
    turned.build((None, 3, 5))
    x = X.T[None]
    before = turned(x)
    turned.quantize("int8")
    assert turned.scale.shape == (1, 1, 4)
    np.testing.assert_allclose(turned(x), before, atol=0.05)
