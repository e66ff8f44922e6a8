"""Initializers: distributions, seeds, configs, names."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.corpus import CORPUS, require_corpus
from zoo import initializers, serialization
from zoo.engine import rng
from zoo.errors import ConfigError, ShapeError, UnknownClass
from zoo.initializers.random import fans

CLASSES = sorted({cls.__name__: cls for cls in initializers.ALL.values()}.items())
RANDOM = [name for name, cls in CLASSES if issubclass(cls, initializers.RandomInitializer)]
SHAPES = {"Identity": (3, 4), "STFT": (8, 1, 5), "Orthogonal": (3, 2, 4)}
STATISTICS = [] if CORPUS is None else json.loads((CORPUS / "ops/random_initializers/meta.json").read_text())["entries"]


@pytest.mark.parametrize(("name", "cls"), CLASSES)
def test_shape_dtype_and_config(name: str, cls) -> None:
    initializer = cls()
    shape = SHAPES.get(name, (4, 5))
    for dtype in ("float32", "float16", "float64"):
        values = initializer(shape, dtype)
        assert isinstance(values, np.ndarray) and values.shape == shape and values.dtype == dtype
    assert initializer(shape).dtype == "float32"
    record = initializers.serialize(initializer)
    assert record["class_name"] == name
    json.dumps(record)
    again = initializers.deserialize(record)
    assert type(again) is cls and again.get_config() == initializer.get_config()


@require_corpus
@pytest.mark.parametrize("entry", STATISTICS, ids=lambda e: f"{e['initializer']}-{len(e['shape'])}")
def test_distributions_are_those_of_keras(entry) -> None:
    config = {**entry.get("config", {}), "seed": 1}
    values = initializers.get({"class_name": entry["initializer"], "config": config})(tuple(entry["shape"]), "float32")
    if "gram" in entry:
        np.testing.assert_allclose(values.T @ values, entry["gram"], atol=1e-5)
        return
    np.testing.assert_allclose([values.mean(), values.std()], [entry["mean"], entry["std"]], rtol=0.03, atol=0.003)
    bounded = "untruncated" not in config.get("distribution", "") and entry["initializer"] != "RandomNormal"
    if bounded:
        np.testing.assert_allclose([values.min(), values.max()], [entry["min"], entry["max"]], rtol=0.03, atol=0.003)


@pytest.mark.parametrize("name", RANDOM)
def test_seeds(name: str) -> None:
    cls, shape = initializers.ALL[name], (6, 5)
    first, other = cls(seed=3), cls(seed=4)
    np.testing.assert_array_equal(first(shape), first(shape))
    assert not np.array_equal(first(shape), other(shape))
    assert not np.array_equal(cls()(shape), cls()(shape))
    rng.set_random_seed(11)
    before = cls()(shape)
    rng.set_random_seed(11)
    np.testing.assert_array_equal(cls()(shape), before)


def test_a_stream_of_seeds() -> None:
    source = rng.SeedGenerator(5)
    initializer = initializers.RandomNormal(seed=source)
    values = initializer((4,)), initializer((4,))
    assert not np.array_equal(*values)
    record = json.loads(json.dumps(initializers.serialize(initializer)))
    assert record["config"]["seed"]["config"] == {"seed": 5}
    np.testing.assert_array_equal(initializers.get(record)((4,)), values[0])


def test_truncated_values_stay_within_two() -> None:
    values = initializers.TruncatedNormal(1.0, 0.5, seed=0)((100_000,))
    assert 0 <= values.min() < 0.01 and 1.99 < values.max() <= 2


def test_fans() -> None:
    assert fans(()) == (1, 1) and fans((7,)) == (7, 7) and fans((3, 4)) == (3, 4)
    assert fans((5, 2, 3, 4)) == (30, 40)
    assert fans((2, 3, 4, 5), input_axes=[0, 1], output_axes=[2, 3]) == (6, 20)
    scaled = initializers.VarianceScaling(2.0, "fan_out", "uniform", 0, input_axes=[0], output_axes=[1, 2])((4, 3, 8))
    assert abs(np.abs(scaled).max() - np.sqrt(3 * 2 / 24)) < 0.02


@pytest.mark.parametrize("shape", [(6, 4), (4, 6), (2, 3, 5), (2, 2, 3, 20)])
def test_orthogonal_matrices(shape) -> None:
    values = initializers.Orthogonal(gain=2.0, seed=1)(shape).reshape(-1, shape[-1])
    gram = values.T @ values if values.shape[0] >= values.shape[1] else values @ values.T
    np.testing.assert_allclose(gram, 4 * np.eye(len(gram)), atol=1e-5)


def test_constants() -> None:
    assert initializers.Constant([1, 2])((3, 2), "int32").tolist() == [[1, 2]] * 3
    assert initializers.get(np.array([1.0, 2.0], "float32"))((2,)).tolist() == [1, 2]
    assert initializers.Identity(2.0)((2, 3)).tolist() == [[2, 0, 0], [0, 2, 0]]
    with pytest.raises(ShapeError, match=r"\(2,\) does not broadcast"):
        initializers.Constant([1, 2])((2, 3))
    with pytest.raises(ShapeError, match="matrix"):
        initializers.Identity()((2, 3, 4))


@require_corpus
def test_transforms_are_those_of_keras() -> None:
    """The corpus names the last one by its side only: it has a Hamming window and no scaling."""
    with np.load(CORPUS / "ops/regularizers_constraints_initializers/io.npz") as stored:
        for arguments, name in ((("real",), "e15_y0"), (("imag", "hamming", None), "e16_y0")):
            np.testing.assert_allclose(initializers.STFT(*arguments)((16, 1, 9)), stored[name], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("window", ["hann", "hamming", "blackman", "boxcar", "bartlett", "triang", "cosine", "nuttall",
                                    "blackmanharris", "flattop"])
def test_windows_are_symmetric_or_periodic(window: str) -> None:
    line = initializers.STFT("real", window, None)((9, 1, 5))[:, 0, 0]
    np.testing.assert_allclose(line, line[::-1], atol=1e-6)
    assert line.max() == pytest.approx(1, abs=1e-4)
    periodic = initializers.STFT("real", window, None, periodic=True)((8, 1, 5))[:, 0, 0]
    np.testing.assert_allclose(periodic, line[:8], atol=1e-6)
    scaled = initializers.STFT("real", window, "spectrum")((9, 1, 5))[:, 0, 0]
    np.testing.assert_allclose(np.abs(scaled).sum(), 1, rtol=1e-5)


def test_names_and_wrong_arguments() -> None:
    assert isinstance(initializers.get("normal"), initializers.RandomNormal)
    assert initializers.get(None) is None
    with pytest.raises(UnknownClass, match="glorot_uniform"):
        initializers.get("glorot_unifrom")
    with pytest.raises(ConfigError, match="mode of"):
        initializers.VarianceScaling(mode="fan_middle")
    with pytest.raises(ConfigError, match="seed to be an integer"):
        initializers.HeNormal(seed="seven")
    with pytest.raises(ConfigError, match="'chebwin'"):
        initializers.STFT(window="chebwin")
    assert serialization.to_plain(initializers.GlorotUniform()) == {"class_name": "GlorotUniform",
                                                                    "config": {"seed": None}}
