"""Dtype policies by name, object and record; what layers make of them."""

from __future__ import annotations

import importlib
import json
import pathlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import zoo
from zoo import compat, dtype_policies, layers, ops, optimizers
from zoo.config import config
from zoo.dtype_policies import DTypePolicy, Int4DTypePolicy, QuantizedDTypePolicy, QuantizedFloat8DTypePolicy
from zoo.errors import ConfigError, DtypeError, Unsupported


@pytest.fixture(autouse=True)
def settings() -> Iterator[None]:
    with config.using(dtype_policy=None, max_epochs=None, max_steps_per_epoch=None):
        yield


@pytest.mark.parametrize(("name", "computes", "keeps"), [
    ("float32", "float32", "float32"), ("float16", "float16", "float16"), ("mixed_float16", "float16", "float32"),
    ("mixed_bfloat16", "bfloat16", "float32"), ("float64", "float64", "float64"), ("int32", "int32", "int32")])
def test_a_policy_says_both_dtypes(name: str, computes: str, keeps: str) -> None:
    policy = DTypePolicy(name)
    assert (policy.name, policy.compute_dtype, policy.variable_dtype) == (name, computes, keeps)
    assert policy.quantization_mode is None and repr(policy) == f'<DTypePolicy "{name}">'
    layer = layers.Dense(3, dtype=policy)
    assert layer.dtype_policy == policy and layer.dtype == keeps and layer.compute_dtype == computes


@pytest.mark.parametrize(("name", "cls", "arguments"), [
    ("int8_from_float32", QuantizedDTypePolicy, {"mode": "int8", "source_name": "float32"}),
    ("int4_from_mixed_bfloat16", QuantizedDTypePolicy, {"mode": "int4", "source_name": "mixed_bfloat16"}),
    ("int4/32_from_float32", Int4DTypePolicy, {"mode": "int4/32", "source_name": "float32"}),
    ("float8_from_float32", QuantizedFloat8DTypePolicy,
     {"mode": "float8", "source_name": "float32", "amax_history_length": 1024})])
def test_quantized_policies(name: str, cls: type, arguments: dict[str, Any]) -> None:
    policy = dtype_policies.get(name)
    assert type(policy) is cls and policy.name == name and policy.get_config() == arguments
    assert policy == cls(**arguments) and policy != DTypePolicy() and policy.variable_dtype == "float32"
    assert policy.quantization_mode == arguments["mode"].partition("/")[0]


@pytest.mark.parametrize("name", ["float16", "mixed_float16", "int8_from_float32", "int4/128_from_float32",
                                  "float8_from_mixed_float16"])
def test_records_come_back(name: str) -> None:
    policy = dtype_policies.get(name)
    record = json.loads(json.dumps(dtype_policies.serialize(policy)))
    assert dtype_policies.deserialize(record) == policy == dtype_policies.get(record)
    assert hash(dtype_policies.get(record)) == hash(policy)


def test_dtypes_are_policies_too() -> None:
    assert dtype_policies.get(np.float64).name == dtype_policies.get(float).name.replace("32", "64") == "float64"
    assert dtype_policies.get(np.dtype("float16")) == DTypePolicy("half")
    assert Int4DTypePolicy("int4/-1").block_size == -1


@pytest.mark.parametrize(("make", "error", "match"), [
    (lambda: DTypePolicy("mixed_float64"), DtypeError, "mixed are float16 and bfloat16"),
    (lambda: DTypePolicy("float33"), DtypeError, "no dtype policy 'float33'"),
    (lambda: DTypePolicy(3), ConfigError, "expected a name"),
    (lambda: QuantizedDTypePolicy("gptq/4/128"), Unsupported, "int8, int4, float8"),
    (lambda: Int4DTypePolicy("int4/0"), ConfigError, "int4/32"),
    (lambda: dtype_policies.get("awq/4/128_from_float32"), Unsupported, "awq"),
    (lambda: dtype_policies.get({"class_name": "DTypePolicy", "config": {}}), Unsupported, "not supported"),
    (lambda: dtype_policies.set_dtype_policy("int8_from_float32"), Unsupported, "layers it is meant for"),
    (lambda: setattr(config, "dtype_policy", "mixed_int8"), ConfigError, "mixed_float16")])
def test_what_is_no_policy_is_refused(make: Any, error: type, match: str) -> None:
    with pytest.raises(error, match=match):
        make()


def test_the_global_policy_is_that_of_layers_that_are_given_none() -> None:
    assert dtype_policies.dtype_policy().name == config.floatx
    dtype_policies.set_global_policy("mixed_bfloat16")
    assert layers.Dense(2).dtype_policy.name == "mixed_bfloat16" and layers.Dense(2, dtype="float32").dtype == "float32"
    dtype_policies.set_dtype_policy(None)
    with config.using(floatx="float64"):
        assert layers.Dense(2).dtype == "float64"


def test_mixed_precision_computes_in_float32() -> None:
    x = np.array([[1.0, 2049.0]], "float32")               # 2049 is no float16
    mixed, plain = (layers.Dense(3, dtype=dtype) for dtype in ("mixed_float16", "float32"))
    mixed(x), plain(x)
    mixed.set_weights(plain.get_weights())
    np.testing.assert_array_equal(mixed(x), plain(x))
    assert mixed(x).dtype == "float32"


def test_inputs_are_cast_to_the_policy_unless_autocast_is_off() -> None:
    class Seen(layers.Layer):
        def call(self, x: Any, other: Any = None) -> Any:
            self.seen = ops.dtype(x), other if other is None else ops.dtype(other)
            return x

    x = np.ones((2, 2), "float32")
    half, off, wide = Seen(dtype="float16"), Seen(dtype="float16", autocast=False), Seen(dtype="float64")
    half(x, other=np.ones(2, "int32")), off(x), wide(x, other=x)
    assert half.seen == ("float16", "int32") and off.seen == ("float32", None) and wide.seen == ("float64",) * 2
    assert half(layers.Input((2,))).dtype == "float16" and "autocast" not in half.get_config()


def test_policies_of_layers_may_be_set() -> None:
    layer = layers.Dense(3)
    layer.dtype_policy = "mixed_bfloat16"
    assert layer.dtype_policy == DTypePolicy("mixed_bfloat16") and layer.get_config()["dtype"] == "mixed_bfloat16"
    layer.build((None, 2))
    layer.dtype_policy = DTypePolicy("float16")
    assert layer(np.ones((1, 2), "float32")).dtype == "float32"                 # the weights stay float32
    with pytest.raises(ConfigError, match=r"quantize\('int8'\)"):
        layer.dtype_policy = "int8_from_float32"


def test_mixed_models_keep_their_policies_in_files(tmp_path: pathlib.Path) -> None:
    x = layers.Input((4,))
    model = zoo.Model(x, layers.Dense(2, dtype="float32")(layers.Dense(3, dtype="mixed_float16")(x)))
    model.save(tmp_path / "model.keras")
    again = zoo.load_model(tmp_path / "model.keras")
    assert [layer.dtype_policy.name for layer in again.layers[1:]] == ["mixed_float16", "float32"]
    assert [v.gradient_dtype for v in again.weights] == ["float16", "float16", None, None]


@pytest.mark.parametrize("eager", [False, True])
def test_gradients_that_are_too_large_for_float16_halve_the_loss_scale(eager: bool) -> None:
    model = zoo.Sequential([layers.Input((1,)), layers.Dense(1, kernel_initializer="ones", dtype="mixed_float16")])
    model.compile(optimizers.LossScaleOptimizer(optimizers.SGD(0.125), initial_scale=2.0 ** 16), "mse",
                  run_eagerly=eager)
    x, y = np.ones((1, 1), "float32"), np.zeros((1, 1), "float32")
    model.train_on_batch(x, y)                              # the gradient is 2, times 2**16: not a float16
    assert float(model.optimizer.dynamic_scale) == 2.0 ** 15 and model.get_weights()[0] == 1
    for scale in (2.0 ** 14, 2.0 ** 14):                    # 2 * 2**15 is too large as well, 2 * 2**14 is not
        model.train_on_batch(x, y)
        assert float(model.optimizer.dynamic_scale) == scale
    assert model.get_weights()[0] == 0.75


def test_training_does_no_more_than_the_limits() -> None:
    model = zoo.Sequential([layers.Input((1,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.zeros((8, 1), "float32")
    with compat.installed():
        import_limits(2, 3)
    assert len(model.fit(x, x, batch_size=1, epochs=5, verbose=0).history["loss"]) == 2
    assert int(model.optimizer.iterations.value) == 6 and model.predict(x, batch_size=1, verbose=0).shape == (3, 1)
    with pytest.raises(ConfigError, match="KERAS_MAX_EPOCHS"):
        config.max_epochs = 0


def import_limits(epochs: int, steps: int) -> None:
    """Sets the limits as a script of Keras's does."""
    module = importlib.import_module("keras.config")
    module.set_max_epochs(epochs)
    module.set_max_steps_per_epoch(steps)
    assert (module.max_epochs(), module.max_steps_per_epoch()) == (epochs, steps)
    assert module.dtype_policy().name == "float32" and module.is_interactive_logging_enabled() in (True, False)
