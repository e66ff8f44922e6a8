"""The second array module: kernels use nothing that CuPy lacks, and whole models run on it.

There need be no GPU. The names that kernels use are looked up in CuPy where that is installed; what they compute is
compared on `strict_arrays`, which refuses what CuPy refuses. Tests marked `gpu` run on a real one.
"""

from __future__ import annotations

import ast
import importlib.util
import pathlib
import sys
from functools import reduce
from typing import Any

import numpy as np
import pytest

import zoo
import zoo.config as config_module
from tests.cases.primitives import CASES, Case
from tests.engine import strict_arrays
from zoo import layers, ops
from zoo.config import config
from zoo.engine import device, rng
from zoo.engine.kernels import reference
from zoo.engine.kernels.reference import indexing, reduce as reductions, universal
from zoo.engine.kernels.registry import REFERENCE
from zoo.engine.variable import Variable
from zoo.errors import ConfigError, MissingDependency

FILES = sorted(pathlib.Path(reference.__file__).parent.glob("*.py"))
APPLICATIONS = [pytest.param(name, case, id=f"{name}-{i}")
                for name, cases in CASES.items() for i, case in enumerate(cases) if name != "host"]


def dotted(node: ast.Attribute) -> str | None:
    """``a.b`` for the expression ``xp.a.b``."""
    names = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return ".".join(names[::-1]) if isinstance(node, ast.Name) and node.id == "xp" else None


def names_used() -> set[str]:
    """What the definitions of primitives use of the array module, by name or by table."""
    nodes = [node for path in FILES for node in ast.walk(ast.parse(path.read_text()))]
    written = {name for node in nodes if isinstance(node, ast.Attribute) and (name := dotted(node))}
    tables = {*universal.UNIVERSAL.values(), *indexing.ACCUMULATORS.values(), *reductions.REDUCTIONS, *reductions.TESTS,
              *reductions.POSITIONS, *reductions.RUNNING}
    return written | tables


def test_names_are_found() -> None:
    assert {"where", "linalg.solve", "lib.stride_tricks.as_strided", "rint", "maximum"} <= names_used()


def test_cupy_has_all_names_that_kernels_use() -> None:
    cupy = pytest.importorskip("cupy", reason="CuPy is not installed")
    missing = []
    for name in sorted(names_used()):
        try:
            reduce(getattr, name.split("."), cupy)
        except AttributeError:
            missing.append(name)
    assert not missing


@pytest.mark.parametrize(("name", "case"), APPLICATIONS)
def test_definitions_work_on_arrays_as_strict_as_those_of_cupy(name: str, case: Case) -> None:
    function = REFERENCE[name]
    with np.errstate(all="ignore"):
        expected = function(np, *case.inputs, **case.attrs)
        received = function(strict_arrays.cupy, *map(strict_arrays.cupy.asarray, case.inputs), **case.attrs)
    expected, received = (x if isinstance(x, tuple) else (x,) for x in (expected, received))
    for one, other in zip(expected, received, strict=True):
        assert isinstance(other, strict_arrays.ndarray), f"{type(other)} is no array of the device"
        np.testing.assert_array_equal(other.get(), one)
        assert other.dtype == one.dtype


# ---- whole models

@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Strict arrays in the place of a GPU."""
    monkeypatch.setitem(sys.modules, "cupy", strict_arrays.cupy)
    with config_module.device("cuda"):
        yield
    assert config.device == "cpu"


def small_model(seed: int) -> zoo.Model:
    rng.set_random_seed(seed)
    inputs = zoo.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, padding="same", activation="relu")(inputs)
    x = layers.MaxPooling2D()(layers.BatchNormalization()(x))
    x = layers.Dropout(0.25)(layers.Reshape((4, 16))(x))
    x = layers.Dense(3, activation="softmax")(layers.LSTM(5)(x))
    model = zoo.Model(inputs, x)
    model.compile(zoo.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def trained(**compile_options: Any) -> tuple[list[float], np.ndarray, list[np.ndarray]]:
    model = small_model(3)
    if compile_options:
        model.compile("sgd", "sparse_categorical_crossentropy", **compile_options)
    random = np.random.default_rng(0)
    x, y = random.random((12, 8, 8, 3), "float32"), random.integers(0, 3, 12)
    history = model.fit(x, y, batch_size=4, epochs=2, verbose=0, shuffle=False)
    return history.history["loss"], model.predict(x, verbose=0), model.get_weights()


@pytest.mark.parametrize("options", [{}, {"run_eagerly": True}], ids=["compiled", "eagerly"])
def test_training_on_the_device_equals_training_on_the_cpu(options: dict[str, Any], gpu: None) -> None:
    losses, outputs, weights = trained(**options)
    assert isinstance(outputs, np.ndarray) and all(isinstance(weight, np.ndarray) for weight in weights)
    with config_module.device("cpu"):
        expected_losses, expected_outputs, expected_weights = trained(**options)
    np.testing.assert_allclose(losses, expected_losses, rtol=1e-5)
    np.testing.assert_allclose(outputs, expected_outputs, rtol=1e-4, atol=1e-6)
    for one, other in zip(weights, expected_weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)


def test_variables_move_when_they_are_read(gpu: None) -> None:
    variable = Variable(np.arange(3, dtype="float32"))
    assert isinstance(variable.value, strict_arrays.ndarray) and variable.value is variable.value
    assert variable.numpy().tolist() == [0, 1, 2]
    with config_module.device("cpu"):
        assert isinstance(variable.value, np.ndarray)
    assert variable.version == 0


def test_a_model_moves_back(gpu: None, tmp_path: pathlib.Path) -> None:
    model = small_model(5)
    x = np.ones((2, 8, 8, 3), "float32")
    there = model.predict(x, verbose=0)
    model.save(tmp_path / "model.keras")
    with config_module.device("cpu"):
        np.testing.assert_allclose(model.predict(x, verbose=0), there, rtol=1e-5)
        np.testing.assert_allclose(zoo.load_model(tmp_path / "model.keras").predict(x, verbose=0), there, rtol=1e-5)


def test_ops_compute_on_the_device(gpu: None) -> None:
    assert isinstance(ops.add(np.ones(2, "float32"), 1), strict_arrays.ndarray)
    assert ops.convert_to_numpy(ops.ones(2) * 3).tolist() == [3, 3]


def test_without_cupy_the_message_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingDependency, match=r"zoo\[cuda\]"):
        config_module.device("cuda")
    assert config.device == "cpu"


def test_without_a_gpu_the_message_says_so(gpu: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strict_arrays.cupy.cuda.runtime, "getDeviceCount", lambda: 0)
    with pytest.raises(ConfigError, match="has no GPU"):
        ops.add(np.ones(2, "float32"), 1)


def test_unknown_devices_are_refused() -> None:
    with pytest.raises(ConfigError, match="cpu, cuda"):
        config_module.device("tpu")


@pytest.mark.gpu
def test_training_on_a_real_gpu() -> None:
    with config_module.device("cuda"):
        losses, outputs, _ = trained()
    expected_losses, expected_outputs, _ = trained()
    np.testing.assert_allclose(losses, expected_losses, rtol=1e-3)
    np.testing.assert_allclose(outputs, expected_outputs, rtol=1e-2, atol=1e-4)


@pytest.mark.gpu
@pytest.mark.parametrize(("name", "case"), APPLICATIONS)
def test_definitions_on_a_real_gpu(name: str, case: Case) -> None:
    cupy = device.cuda()
    with np.errstate(all="ignore"):
        expected = REFERENCE[name](np, *case.inputs, **case.attrs)
    received = REFERENCE[name](cupy, *map(cupy.asarray, case.inputs), **case.attrs)
    pairs = zip(*(x if isinstance(x, tuple) else (x,) for x in (expected, received)), strict=True)
    for one, other in pairs if name not in ("qr", "svd", "eigh") else ():       # these are unique up to signs
        np.testing.assert_allclose(cupy.asnumpy(other), one, rtol=1e-2 if one.dtype == "float16" else 1e-4, atol=1e-5)
