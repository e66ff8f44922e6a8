"""TensorFlow.js layers models."""

from __future__ import annotations

import json
import pathlib
import re
from typing import Any

import numpy as np
import pytest

import zoo
from tests.corpus import CORPUS, require_corpus
from tests.io.contents import LEGACY
from zoo import io, layers
from zoo.errors import CannotExpress, CorruptFile, FileError, UnsafeFile, UnsupportedFile
from zoo.io.formats import tfjs_weights
from zoo.models import capture

KERNEL, BIAS = np.arange(6, dtype="f4").reshape(2, 3), np.array([1, -1, 0], "f4")
WEIGHTS: list[dict[str, Any]] = [{"name": "dense/kernel", "shape": [2, 3], "dtype": "float32"},
                                 {"name": "dense/bias", "shape": [3], "dtype": "float32"}]
TOPOLOGY = {"keras_version": "2.15.0", "backend": "tensorflow", "model_config": LEGACY}


def folder(path: pathlib.Path, data: bytes = KERNEL.tobytes() + BIAS.tobytes(), paths: Any = ("a.bin",),
           weights: Any = WEIGHTS, **keys: Any) -> pathlib.Path:
    """A model folder with one group of weights, cut evenly into shards."""
    path.mkdir()
    value = {"modelTopology": TOPOLOGY, "weightsManifest": [{"paths": list(paths), "weights": weights}], **keys}
    (path / "model.json").write_text(json.dumps(value))
    size = -(-len(data) // len(paths))
    for number, name in enumerate(paths):
        if isinstance(name, str) and "/" not in name and name != "..":
            (path / name).write_bytes(data[number * size:(number + 1) * size])
    return path


def arrays(path: pathlib.Path) -> dict[str, np.ndarray]:
    return {tensor.name: tensor.read() for _, tensor in io.read(path).weights}


@pytest.mark.parametrize("paths", [["a.bin"], ["a.bin", "b.bin"], [f"{i}.bin" for i in range(7)]])
def test_shards_of_any_size(tmp_path: pathlib.Path, paths: list[str]) -> None:
    found = arrays(folder(tmp_path / "m", paths=paths))
    assert np.array_equal(found["dense/kernel"], KERNEL) and np.array_equal(found["dense/bias"], BIAS)


def test_folder_and_file_are_the_same_model(tmp_path: pathlib.Path) -> None:
    path = folder(tmp_path / "m", format="layers-model")
    for place in (path, path / "model.json"):
        model = zoo.load_model(place)
        assert np.array_equal(model.layers[0].kernel.numpy(), KERNEL)


def test_older_forms(tmp_path: pathlib.Path) -> None:
    """The model's object itself as the topology, as the library saves it; the manifest in a file of its own."""
    path = folder(tmp_path / "m", modelTopology=LEGACY | {"keras_version": "tfjs-layers 1.7.4"})
    assert io.read(path).producer.dialect == "keras2" and len(arrays(path)) == 2
    value = json.loads((path / "model.json").read_text())
    (path / "weights_manifest.json").write_text(json.dumps(value.pop("weightsManifest")))
    (path / "model.json").write_text(json.dumps(value))
    assert np.array_equal(arrays(path)["dense/kernel"], KERNEL)
    assert np.array_equal(arrays(path / "model.json")["dense/bias"], BIAS)


def test_state_of_the_optimizer_is_no_weight(tmp_path: pathlib.Path) -> None:
    marked = [*WEIGHTS, {"name": "iter", "shape": [], "dtype": "int32", "group": "optimizer"}]
    data = KERNEL.tobytes() + BIAS.tobytes() + np.int32(7).tobytes()
    training = {"loss": "mse", "optimizer_config": {"class_name": "SGD", "config": {"learning_rate": 0.1}}}
    document = io.read(folder(tmp_path / "m", data, weights=marked, trainingConfig=training))
    assert document.weights.count == 2
    assert [tensor.read() for tensor in document.training.optimizer.tensors] == [7]


QUANTIZED = [
    ({"dtype": "uint8", "scale": 0.5, "min": -1.0}, "float32", np.array([0, 1, 255], "u1"), [-1.0, -0.5, 126.5]),
    ({"dtype": "uint16", "scale": 2, "min": 1}, "float32", np.array([0, 1, 65535], "u2"), [1.0, 3.0, 131071.0]),
    ({"dtype": "uint8", "scale": 0.5, "min": 0}, "int32", np.array([0, 1, 4], "u1"), [0, 1, 2]),
    ({"dtype": "float16"}, "float32", np.array([0.5, 2, -1], "f2"), [0.5, 2.0, -1.0]),
]


@pytest.mark.parametrize("quantization, dtype, stored, expected", QUANTIZED)
def test_quantised_weights(tmp_path: pathlib.Path, quantization: dict[str, Any], dtype: str, stored: np.ndarray,
                           expected: list[float]) -> None:
    weight = {"name": "w", "shape": [3], "dtype": dtype, "quantization": quantization}
    found = arrays(folder(tmp_path / "m", stored.tobytes(), weights=[weight]))["w"]
    assert found.tolist() == expected and found.dtype == ("float16" if stored.dtype == "f2" else dtype)


def weight(**changes: Any) -> list[Any]:
    return [{**WEIGHTS[0], **changes}]


HOSTILE = [
    ({"paths": ["../a.bin"]}, UnsafeFile, "refused the shard '../a.bin'"),
    ({"paths": ["/etc/passwd"]}, UnsafeFile, "refused the shard"),
    ({"paths": ["https://a/b.bin"]}, UnsafeFile, "refused the shard"),
    ({"paths": ["C:a.bin"]}, UnsafeFile, "refused the shard"),
    ({"paths": [".."]}, UnsafeFile, "refused the shard"),
    ({"paths": [7]}, CorruptFile, "names of shards"),
    ({"data": b"short"}, CorruptFile, "need 36 bytes, their files have 5"),
    ({"data": bytes(100)}, CorruptFile, "need 36 bytes, their files have 100"),
    ({"weights": weight(shape=[-2, -3])}, CorruptFile, "expected 'name', 'shape' and 'dtype'"),
    ({"weights": weight(shape=[10 ** 9, 10 ** 9])}, CorruptFile, "need 4000000000000000000 bytes"),
    ({"weights": weight(shape=[True])}, CorruptFile, "expected 'name'"),
    ({"weights": ["dense/kernel"]}, CorruptFile, "expected 'name'"),
    ({"weights": weight(dtype="string")}, UnsupportedFile, "'string'"),
    ({"weights": weight(quantization={"dtype": "uint4"})}, UnsupportedFile, "uint4"),
    ({"weights": weight(shape=[3, 1]) * 3}, CorruptFile, "there twice: \\['dense/kernel'\\]"),
    ({"weightsManifest": {"a": 1}}, CorruptFile, "a list of groups"),
    ({"weightsManifest": [{"paths": "a"}]}, CorruptFile, "'paths' and 'weights'"),
]


@pytest.mark.parametrize("changes, error, message", HOSTILE)
def test_hostile_manifests(tmp_path: pathlib.Path, changes: dict[str, Any], error: type[FileError],
                           message: str) -> None:
    path = folder(tmp_path / "m", **changes)
    for place in (path, path / "model.json"):
        with pytest.raises(error, match=message):
            io.read(place)


def test_missing_and_linked_shards(tmp_path: pathlib.Path) -> None:
    path = folder(tmp_path / "m")
    (path / "a.bin").rename(tmp_path / "elsewhere.bin")
    with pytest.raises(CorruptFile, match="a.bin"):
        io.read(path)
    with pytest.raises(CorruptFile, match="copy all shards"):
        io.read(path / "model.json")
    (path / "a.bin").symlink_to(tmp_path / "elsewhere.bin")
    with pytest.raises(UnsafeFile, match="link"):
        io.read(path)
    with pytest.raises(CorruptFile, match="expected 'a.bin' as a file"):
        io.read(path / "model.json")


def model() -> zoo.Sequential:
    return zoo.Sequential([layers.Input((4, 3)), layers.Bidirectional(layers.LSTM(2)), layers.Dense(2),
                           layers.BatchNormalization()])


def test_written_models_come_back(tmp_path: pathlib.Path) -> None:
    written = model()
    io.write(capture.document(written), tmp_path / "m", format="tfjs_layers")
    value = json.loads((tmp_path / "m" / "model.json").read_text())
    assert value["format"] == "layers-model"
    names = [entry["name"] for group in value["weightsManifest"] for entry in group["weights"]]
    assert names[:2] == [f"{written.layers[0].name}/forward_lstm/lstm_cell/{role}" for role in ("kernel", "recurrent_kernel")]
    x = np.ones((2, 4, 3), "f4")
    np.testing.assert_array_equal(zoo.load_model(tmp_path / "m").predict(x, verbose=0), written.predict(x, verbose=0))


def test_classes_that_it_calls_otherwise(tmp_path: pathlib.Path) -> None:
    dense = layers.Dense(2, kernel_initializer="lecun_normal", kernel_regularizer="l2")
    io.write(capture.document(zoo.Sequential([layers.Input((3,)), dense])), tmp_path / "m", format="tfjs_layers")
    text = (tmp_path / "m" / "model.json").read_text()
    assert '"LeCunNormal"' in text and '"class_name": "L1L2", "config": {"l1": 0.0, "l2": 0.01' in text
    config = io.read(tmp_path / "m").model.layers[-1].config
    assert config["kernel_initializer"]["class_name"] == "LecunNormal"


def test_large_weights_are_cut(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tfjs_weights, "SHARD_BYTES", 100)
    tensors = [io.TensorRecord.of("a", np.arange(30, dtype="f4")), io.TensorRecord.of("b", np.arange(30, dtype="i8")),
               io.TensorRecord.of("c", np.arange(5, dtype="f2")), io.TensorRecord.of("d", np.array([True, False]))]
    (tmp_path / "m").mkdir()
    manifest = tfjs_weights.write(tmp_path / "m", tensors)
    sizes = [(tmp_path / "m" / name).stat().st_size for name in manifest[0]["paths"]]
    assert sizes == [100, 100, 52]
    path = tmp_path / "m" / "model.json"
    path.write_text(json.dumps({"modelTopology": TOPOLOGY, "weightsManifest": manifest}))
    found = arrays(path)
    assert all(np.array_equal(found[tensor.name], tensor.read()) for tensor in tensors)
    assert [found[name].dtype for name in "abcd"] == ["float32", "int32", "float16", "bool"]


def test_values_that_the_format_lacks(tmp_path: pathlib.Path) -> None:
    for array, message in ((np.zeros(2), "float64; it has"), (np.array([2 ** 40]), "more than 32 bits"),
                           (np.array(["a"], object), "has no object")):
        with pytest.raises(CannotExpress, match=message):
            tfjs_weights.write(tmp_path, [io.TensorRecord.of("w", array)])
        for shard in tmp_path.glob("*.bin"):
            shard.unlink()


LACKING = {
    "the layer Subtract": lambda x: layers.Subtract()([x, x]),
    "reset_after=True of GRU": layers.GRU(2),
    "padding='causal' of Conv1D": layers.Conv1D(2, 3, padding="causal"),
    "the activation 'exponential'": layers.Dense(2, activation="exponential"),
    "kernel_constraint='NonNeg'": layers.Dense(2, kernel_constraint="non_neg"),
    "axis=1 of BatchNormalization": layers.BatchNormalization(axis=1),
    "letters, digits": layers.Dense(2, name="my layer"),
    "reset_after=True of GRUCell": layers.RNN(layers.GRUCell(2)),
    "Bidirectional with a mask": lambda x: layers.Bidirectional(layers.LSTM(2))(layers.Masking()(x)),
}


@pytest.mark.parametrize("problem", LACKING)
def test_what_tensorflow_js_lacks_is_listed(tmp_path: pathlib.Path, problem: str) -> None:
    x = layers.Input((4, 3))
    document = capture.document(zoo.Model(x, LACKING[problem](x)))
    with pytest.raises(CannotExpress, match=problem):
        io.write(document, tmp_path / "m", format="tfjs_layers")
    assert not (tmp_path / "m").exists()


def test_axes_are_known_through_nested_models(tmp_path: pathlib.Path) -> None:
    inner = zoo.Sequential([layers.Input((4, 4, 3)), layers.Conv2D(2, 3), layers.GlobalAveragePooling2D()])
    document = capture.document(zoo.Sequential([layers.Input((4, 4, 3)), inner, layers.Dense(3),
                                                layers.BatchNormalization(axis=1)]))
    io.write(document, tmp_path / "m", format="tfjs_layers")


def test_a_folder_of_other_things_is_not_replaced(tmp_path: pathlib.Path) -> None:
    document = capture.document(model())
    (tmp_path / "m" / "sub").mkdir(parents=True)
    with pytest.raises(FileExistsError, match="holds other things: \\['sub'\\]"):
        io.write(document, tmp_path / "m", format="tfjs_layers")
    (tmp_path / "m" / "sub").rmdir()
    (tmp_path / "m" / "photo.jpg").touch()
    with pytest.raises(FileExistsError, match="photo.jpg"):
        io.write(document, tmp_path / "m", format="tfjs_layers")
    (tmp_path / "f").write_text("mine")
    with pytest.raises(FileExistsError, match="received the file"):
        io.write(document, tmp_path / "f", format="tfjs_layers")
    assert (tmp_path / "f").read_text() == "mine" and (tmp_path / "m" / "photo.jpg").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["f", "m"]


@require_corpus
def test_a_model_of_the_wild(tmp_path: pathlib.Path) -> None:
    assert CORPUS is not None
    document = io.read(CORPUS / "wild" / "upscalerjs" / "models" / "model.json")
    io.write(document, tmp_path / "copy", format="tfjs_layers")
    again = io.read(tmp_path / "copy")
    assert again.model == document.model and again.metadata == document.metadata
    assert all(a.name == b.name and np.array_equal(a.read(), b.read())
               for (_, a), (_, b) in zip(document.weights, again.weights, strict=True))
