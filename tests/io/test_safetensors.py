"""safetensors: whole models, weights alone, and files that nobody should trust."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import numpy as np
import pytest

import zoo
from zoo import io, layers
from zoo.errors import CannotExpress, CorruptFile, FileError, UnsafeFile, UnsupportedFile, WeightsMismatch
from zoo.io import narrow_floats, safetensors
from zoo.models import capture


def crafted(path: pathlib.Path, header: Any, data: bytes = b"", length: int | None = None) -> pathlib.Path:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes((len(text) if length is None else length).to_bytes(8, "little") + text + data)
    return path


def entry(start: int = 0, stop: int = 8, dtype: str = "F32", shape: Any = (2,)) -> dict[str, Any]:
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [start, stop]}


HOSTILE = [
    ({"w": entry()}, b"1234", CorruptFile, "the arrays need 8 bytes, there are 4"),
    ({"w": entry()}, bytes(12), CorruptFile, "4 bytes at its end belong to no array"),
    ({"w": entry(), "v": entry(4, 12)}, bytes(12), UnsafeFile, "v begins at byte 4, inside of the array before it"),
    ({"w": entry(), "v": entry(0, 8)}, bytes(8), UnsafeFile, "inside of the array"),
    ({"w": entry(4, 12)}, bytes(12), CorruptFile, "4 bytes before w belong to no array"),
    ({"w": entry(0, 4)}, bytes(4), CorruptFile, "needs 8 bytes, its offsets \\[0, 4\\] have 4"),
    ({"w": entry(8, 0)}, bytes(8), CorruptFile, "needs 8 bytes"),
    ({"w": entry(-8, 0)}, bytes(8), CorruptFile, "expected 'dtype'"),
    ({"w": entry(shape=[2 ** 62, 4])}, bytes(8), CorruptFile, "needs"),
    ({"w": entry(shape=[-1, -2])}, bytes(8), CorruptFile, "expected 'dtype'"),
    ({"w": entry(shape=[True, 2])}, bytes(8), CorruptFile, "expected 'dtype'"),
    ({"w": entry(dtype="F4", shape=[16])}, bytes(8), UnsupportedFile, "received 'F4'"),
    ({"w": entry(shape=[1] * 33 + [2])}, bytes(8), UnsupportedFile, "at most 32 dimensions"),
    ({"w": [1]}, b"", CorruptFile, "expected 'dtype'"),
    ({"__metadata__": {"a": 1}}, b"", CorruptFile, "texts by name"),
    ({"__metadata__": []}, b"", CorruptFile, "texts by name"),
    (b'{"w": {}, "w": {}}', b"", UnsafeFile, "keys twice"),
    (b'{"w": ', b"", CorruptFile, "not valid JSON"),
    (b'{"a": ' + b"[" * 300 + b"]" * 300 + b"}", b"", UnsafeFile, "nested deeper"),
    ({"__metadata__": {"keras_config": "[]"}}, b"", CorruptFile, "expected a JSON object"),
    ({"__metadata__": {"keras_config": "{"}}, b"", CorruptFile, "'keras_config': not valid JSON"),
    ({"__metadata__": {"zoo": '{"labels": 3}'}}, b"", CorruptFile, "list of texts in 'labels'"),
]


@pytest.mark.parametrize("header, data, error, message", HOSTILE)
def test_hostile_files(tmp_path: pathlib.Path, header: Any, data: bytes, error: type[FileError], message: str) -> None:
    with pytest.raises(error, match=f"model.*{message}"):
        io.read(crafted(tmp_path / "model", header, data))


def test_headers_beyond_the_file_or_the_limit(tmp_path: pathlib.Path) -> None:
    with pytest.raises(FileError):
        io.read(crafted(tmp_path / "model", {"w": entry()}, bytes(8), length=2 ** 63))
    with pytest.raises(UnsafeFile, match="a header of .* bytes; the limit is 10"):
        io.read(crafted(tmp_path / "model", {"w": entry()}, bytes(8)), limits=io.Limits(json_bytes=10))


ARRAYS = {"bool": np.array([True, False]), "float16": np.array([0.5, -2], "f2"), "float64": np.array([[1.5]]),
          "int64": np.array(7), "uint8": np.arange(5, dtype="u1"), "complex64": np.array([1j], "c8"),
          "float32": np.zeros((0, 3), "f4")}


def test_every_dtype(tmp_path: pathlib.Path) -> None:
    """Arrays of any mixture of sizes are written aligned, and come back in the given order."""
    records = [io.TensorRecord.of(name, array) for name, array in ARRAYS.items()]
    for dtype in narrow_floats.NARROW_FLOATS:
        values = narrow_floats.widen(np.arange(120, dtype="u1").astype(narrow_floats.NARROW_FLOATS[dtype]), dtype)
        records.append(io.TensorRecord(dtype, values.shape, dtype, lambda values=values: values))
    safetensors.write(tmp_path / "w", {}, records)
    again = [tensor for _, tensor in io.read(tmp_path / "w").weights]
    assert [(t.name, t.shape, t.dtype) for t in again] == [(t.name, t.shape, t.dtype) for t in records]
    assert all(a.read().tobytes() == b.read().tobytes() for a, b in zip(again, records, strict=True))
    header = json.loads((tmp_path / "w").read_bytes()[8:].split(b"]}}")[0] + b"]}}")
    assert all(item["data_offsets"][0] % 8 == 0 for name, item in header.items() if name in ("float64", "int64"))


def test_what_cannot_be_written(tmp_path: pathlib.Path) -> None:
    with pytest.raises(CannotExpress, match="no dtype for w of object"):
        safetensors.write(tmp_path / "w", {}, [io.TensorRecord.of("w", np.array(["a"], object))])
    twice = [io.TensorRecord.of("w", np.zeros(1)), io.TensorRecord.of("w", np.zeros(1))]
    with pytest.raises(CannotExpress, match="two entries would be called 'w'"):
        safetensors.write(tmp_path / "w", {}, twice)
    nested = zoo.Sequential([layers.Input((2,)), layers.Dense(2, name="a/b"),
                             zoo.Sequential([layers.Input((2,)), layers.Dense(2, name="b")], name="a")])
    with pytest.raises(CannotExpress, match="two weights would be called 'a/b/kernel'"):
        io.write(capture.document(nested), tmp_path / "w.safetensors")


def network() -> zoo.Sequential:
    return zoo.Sequential([layers.Input((3, 2)), layers.Bidirectional(layers.GRU(2)), layers.Dense(2, name="out")])


def test_a_model_and_its_training_state(tmp_path: pathlib.Path) -> None:
    model = network()
    model.compile("adam", "mse")
    x, y = np.ones((4, 3, 2), "f4"), np.ones((4, 2), "f4")
    model.fit(x, y, verbose=0)
    model.save(tmp_path / "m.safetensors")
    again = zoo.load_model(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))
    for each in (model, again):
        each.fit(x, y, verbose=0, shuffle=False)
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))
    found = io.read(tmp_path / "m.safetensors")
    assert "out/kernel" in [tensor.name for _, tensor in found.weights]
    assert found.training.optimizer.class_name == "Adam"


@pytest.mark.parametrize("name", ["w.npz", "w.safetensors"])
def test_weights_load_by_name(tmp_path: pathlib.Path, name: str) -> None:
    model, other = network(), network()
    model.save_weights(tmp_path / name)
    assert io.read(tmp_path / name).model is None
    first = model.layers[0].name
    renamed = network()
    with pytest.raises(WeightsMismatch, match=f"{first}/forward_layer/cell/kernel"):
        renamed.load_weights(tmp_path / name)
    other = zoo.models.model_from_json(model.to_json())
    assert other.load_weights(tmp_path / name).is_complete
    x = np.ones((4, 3, 2), "f4")
    np.testing.assert_array_equal(other.predict(x, verbose=0), model.predict(x, verbose=0))


def test_names_of_keras_are_understood(tmp_path: pathlib.Path) -> None:
    """Arrays of a Keras model saved under its own variables' names, in any order."""
    model = zoo.Sequential([layers.Input((3, 2)), layers.LSTM(2, name="lstm"), layers.Dense(2, name="out")])
    kernel, recurrent, bias = (np.asarray(array) for array in model.layers[0].get_weights())
    out = model.layers[1].get_weights()
    np.savez(tmp_path / "w.npz", **{"out/bias:0": out[1], "lstm/lstm_cell/kernel:0": kernel + 1, "out/kernel:0": out[0],
                                    "lstm/bias": bias, "lstm/lstm_cell/recurrent_kernel": recurrent})
    model.load_weights(tmp_path / "w.npz")
    np.testing.assert_array_equal(model.layers[0].get_weights()[0], kernel + 1)
