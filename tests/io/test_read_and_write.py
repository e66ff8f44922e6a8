"""`zoo.io.read` and `zoo.io.write`: formats, dialects, layouts, and what is refused."""

from __future__ import annotations

import dataclasses
import gc
import json
import os
import pathlib
import subprocess
import sys
import weakref

import h5py
import numpy as np
import pytest

from tests.io.contents import ADAM, LEGACY, by_layer, by_path, equal
from zoo import io
from zoo.errors import CannotExpress, ConfigError

LAYER = {"class_name": "Dense", "config": {"name": "dense", "trainable": True, "units": 3, "activation": "relu",
                                           "use_bias": True, "batch_input_shape": [None, 2]}}
ARCHITECTURE = {"class_name": "Sequential", "config": {"name": "model", "layers": [LAYER]},
                "keras_version": "2.3.1", "backend": "tensorflow"}
KERNEL, BIAS = np.arange(6, dtype=np.float32).reshape(2, 3), np.ones(3, np.float32)


@pytest.fixture
def document(tmp_path: pathlib.Path) -> io.ModelDocument:
    """A document read from a pair of files: Keras 2 JSON and weights by layer."""
    (tmp_path / "model.json").write_text(json.dumps(ARCHITECTURE))
    with h5py.File(tmp_path / "weights.h5", "w") as file:
        file.attrs["layer_names"] = np.array([b"dense"])
        file.attrs["backend"], file.attrs["keras_version"] = "tensorflow", "2.3.1"
        file.create_group("dense").attrs["weight_names"] = np.array([b"dense/kernel:0", b"dense/bias:0"])
        file["dense/dense/kernel:0"], file["dense/dense/bias:0"] = KERNEL, BIAS
    return io.read(tmp_path / "model.json", weights=tmp_path / "weights.h5")


def values(document: io.ModelDocument) -> list[list[float]]:
    assert document.weights is not None
    return [tensor.read().ravel().tolist() for _, tensor in document.weights]


def test_a_pair_is_one_document(document: io.ModelDocument) -> None:
    assert document.format == "architecture_json" and document.model is not None and document.weights is not None
    assert document.producer.dialect == "keras2" and document.producer.keras_version == "2.3.1"
    assert "layout of the weights: by_layer" in document.producer.evidence
    assert [layer.name for layer in document.model.layers][-1] == "dense" and document.weights.count == 2


def test_pairs_that_are_none(document: io.ModelDocument, tmp_path: pathlib.Path) -> None:
    with pytest.raises(ConfigError, match="received an architecture alone"):
        io.read(tmp_path / "model.json", weights=tmp_path / "model.json")
    with pytest.raises(ConfigError, match="with weights of its own"):
        io.read(tmp_path / "weights.h5", weights=tmp_path / "weights.h5")


@pytest.mark.parametrize("name, format_, layout", [
    ("a.keras", "keras_zip", "by_path"), ("a.h5", "keras_h5", "by_layer"), ("a.hdf5", "keras_h5", "by_layer"),
    ("a.weights.h5", "weights_h5", "by_path"), ("a.json", "architecture_json", None)])
def test_the_suffix_chooses_the_format(document: io.ModelDocument, tmp_path: pathlib.Path, name: str, format_: str,
                                       layout: str | None) -> None:
    io.write(document, tmp_path / name)
    again = io.read(tmp_path / name)
    assert again.format == format_ and (again.weights and again.weights.layout) == layout
    if layout is not None:
        assert values(again) == values(document)


def test_format_and_dialect_can_be_asked_for(document: io.ModelDocument, tmp_path: pathlib.Path) -> None:
    for format_, dialect in (("keras_h5", "keras2"), ("keras_h5", "tfkeras"), ("keras_h5", "keras3"),
                             ("legacy_weights_h5", "keras2"), ("keras_zip", "keras3")):
        io.write(document, tmp_path / "model", format=format_, dialect=dialect)
        again = io.read(tmp_path / "model")
        assert (again.format, again.producer.dialect) == (format_, dialect) and values(again) == values(document)


def test_weights_alone_go_to_a_weights_file(document: io.ModelDocument, tmp_path: pathlib.Path) -> None:
    io.write(io.read(tmp_path / "weights.h5"), tmp_path / "copy.h5")
    again = io.read(tmp_path / "copy.h5")
    assert again.format == "legacy_weights_h5" and equal(again.weights, io.read(tmp_path / "weights.h5").weights)


def test_what_cannot_be_written(document: io.ModelDocument, tmp_path: pathlib.Path) -> None:
    weights, architecture = io.read(tmp_path / "weights.h5"), io.read(tmp_path / "model.json")
    before = sorted(os.listdir(tmp_path))
    for given, name, options, error, message in (
            (document, "a.pth", {}, ConfigError, "expected a suffix of"),
            (document, "a", {"format": "torch_checkpoint"}, ConfigError, "expected one of"),
            (document, "a.keras", {"dialect": "keras1"}, ConfigError, "is written in one of"),
            (architecture, "a.keras", {}, CannotExpress, "needs weights, which the document does not have"),
            (weights, "a.keras", {}, CannotExpress, "needs architecture"),
            (weights, "a.weights.h5", {}, CannotExpress, "their order follows the architecture"),
    ):
        with pytest.raises(error, match=message):
            io.write(given, tmp_path / name, **options)
    assert sorted(os.listdir(tmp_path)) == before


def test_state_that_is_not_of_the_model_is_not_translated(document: io.ModelDocument, tmp_path: pathlib.Path) -> None:
    record = io.OptimizerRecord("Adam", ADAM["config"], [io.TensorRecord.of("Adam/iterations:0", np.array(3))])
    trained = dataclasses.replace(document, training=io.TrainingRecord({"optimizer_config": ADAM}, record))
    io.write(trained, tmp_path / "same.h5")
    assert io.read(tmp_path / "same.h5").training.optimizer.tensors[0].read() == 3    # type: ignore[union-attr]
    with pytest.raises(CannotExpress, match="training=None"):
        io.write(trained, tmp_path / "other.keras")


def test_weights_of_theano(tmp_path: pathlib.Path) -> None:
    kernel = np.arange(8, dtype=np.float32).reshape(2, 2, 1, 2)
    config = {"name": "conv", "filters": 2, "kernel_size": [2, 2], "strides": [2, 2], "padding": "same",
              "batch_input_shape": [None, 5, 5, 1]}
    (tmp_path / "model.json").write_text(json.dumps(
        {"class_name": "Sequential", "config": {"name": "model", "layers": [{"class_name": "Conv2D", "config": config}]},
         "keras_version": "2.3.1", "backend": "theano"}))
    with h5py.File(tmp_path / "weights.h5", "w") as file:
        file.attrs["layer_names"] = np.array([b"conv"])
        file.attrs["backend"], file.attrs["keras_version"] = "theano", "2.3.1"
        file.create_group("conv").attrs["weight_names"] = np.array([b"conv/kernel", b"conv/bias"])
        file["conv/conv/kernel"], file["conv/conv/bias"] = kernel, BIAS[:2]
    document = io.read(tmp_path / "model.json", weights=tmp_path / "weights.h5")
    assert document.model is not None and document.model.layers[-1].config["padding"] == "same_theano"
    io.write(document, tmp_path / "same.h5")
    with h5py.File(tmp_path / "same.h5") as file:
        assert file.attrs["backend"] == file["model_weights"].attrs["backend"] == "theano"
        assert '"padding": "same"' in file.attrs["model_config"]
        assert np.array_equal(file["model_weights/conv/conv/kernel"][()], kernel)
    with pytest.raises(CannotExpress, match="model/conv: Theano's own padding='same_theano'"):
        io.write(document, tmp_path / "other.keras")
    document.model.layers[-1].config["padding"] = "valid"
    io.write(document, tmp_path / "other.keras")
    weights = io.read(tmp_path / "other.keras").weights
    assert weights is not None and np.array_equal(next(iter(weights))[1].read(), kernel[::-1, ::-1])


def test_weights_that_do_not_fit_are_not_dropped(document: io.ModelDocument, tmp_path: pathlib.Path) -> None:
    assert document.weights is not None
    document.weights.groups[0].tensors.append(io.TensorRecord.of("dense/extra:0", np.zeros(3)))
    with pytest.raises(CannotExpress, match="extra"):
        io.write(document, tmp_path / "a.keras")


def test_existing_files(document: io.ModelDocument, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "a.h5"
    io.write(document, path)
    content = path.read_bytes()
    with pytest.raises(FileExistsError):
        io.write(document, path, overwrite=False)
    broken = dataclasses.replace(document, weights=by_layer())
    broken.weights.groups[0].tensors[1].load = lambda: 1 / 0                         # type: ignore
    with pytest.raises(ZeroDivisionError):
        io.write(broken, path)
    assert path.read_bytes() == content and not [name for name in os.listdir(tmp_path) if ".tmp" in name]


def test_a_file_can_be_written_over_itself(document: io.ModelDocument, tmp_path: pathlib.Path) -> None:
    io.write(document, tmp_path / "a.h5")
    io.write(io.read(tmp_path / "a.h5"), tmp_path / "a.h5")
    assert values(io.read(tmp_path / "a.h5")) == values(document)


@pytest.mark.parametrize("name, tree", [("a.h5", by_layer()), ("a.keras", by_path())])
def test_one_array_at_a_time(document: io.ModelDocument, tmp_path: pathlib.Path, name: str,
                             tree: io.WeightTree) -> None:
    """Weights larger than the memory can be written."""
    made: list[weakref.ref[np.ndarray]] = []
    most = 0

    def load() -> np.ndarray:
        nonlocal most
        array = np.zeros((2, 2), np.float32)
        made.append(weakref.ref(array))
        gc.collect()
        most = max(most, sum(reference() is not None for reference in made))
        return array
    for _, tensor in tree:
        tensor.shape, tensor.load = (2, 2), load
    dialect = "keras2" if name == "a.h5" else "keras3"
    producer = dataclasses.replace(document.producer, dialect=dialect)
    io.write(dataclasses.replace(document, weights=tree, producer=producer), tmp_path / name)
    assert tree.count > 2 and most == 1


def test_reading_needs_neither_engine_nor_network() -> None:
    code = "import sys, zoo.io; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"zoo.engine", "zoo.layers", "zoo.ops", "zoo.hub", "numba", "requests", "PIL"}
    assert "zoo.io.read" in modules and not heavy & set(modules)


def test_the_architecture_alone_is_not_lost_with_a_legacy_list_config(tmp_path: pathlib.Path) -> None:
    value = {"class_name": "Sequential", "config": LEGACY["config"]["layers"], "keras_version": "2.0.9",
             "backend": "tensorflow"}
    (tmp_path / "old.json").write_text(json.dumps(value))
    document = io.read(tmp_path / "old.json")
    assert document.model is not None and document.model.kind == "sequential"
