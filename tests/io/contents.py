"""Contents of model files, made up for the tests of containers."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from zoo import io
from zoo.io.container import Content

DENSE = {"module": "keras.layers", "class_name": "Dense", "registered_name": None,
         "config": {"name": "dense", "units": 3, "activation": "relu"}, "build_config": {"input_shape": [None, 2]}}
MODERN = {"module": "keras", "class_name": "Sequential", "registered_name": None,
          "config": {"name": "sequential", "layers": [
              {"module": "keras.layers", "class_name": "InputLayer", "registered_name": None,
               "config": {"batch_shape": [None, 2], "dtype": "float32", "name": "input"}}, DENSE]}}
LEGACY = {"class_name": "Sequential", "config": {"name": "sequential", "layers": [
    {"class_name": "Dense", "config": {"name": "dense", "units": 3, "batch_input_shape": [None, 2]}}]}}
KERAS0 = {"name": "Sequential", "layers": [{"name": "Dense", "output_dim": 3, "input_dim": 2}]}

ADAM = {"class_name": "Adam", "config": {"name": "adam", "learning_rate": 0.01}}


def tensors(*names: str) -> list[io.TensorRecord]:
    """One distinct array a name."""
    rng = np.random.default_rng(len(names))
    return [io.TensorRecord.of(name, rng.normal(size=(2, i + 1)).astype(np.float32)) for i, name in enumerate(names)]


def by_layer(**versions: str) -> io.WeightTree:
    return io.WeightTree("by_layer", [io.WeightGroup("dense", tensors("dense/kernel:0", "dense/bias:0")),
                                      io.WeightGroup("a/b", tensors("kernel")), io.WeightGroup("relu", []),
                                      io.WeightGroup("top_level_model_weights", [])], **versions)


def by_path() -> io.WeightTree:
    names = [("", None, ()), ("layers/dense", "dense", "01"), ("layers/dense_2", "mine", "01"),
             ("layers/dense_10", "größe", [*"0123456789", "10"]), ("layers/lookup", None, ["idf"]),
             ("layers/relu", "relu", ())]
    return io.WeightTree("by_path", [io.WeightGroup(path, tensors(*keys), name) for path, name, keys in names])


def by_name() -> io.WeightTree:
    return io.WeightTree("by_name", [io.WeightGroup("", tensors("scale", "größe")),
                                     io.WeightGroup("block/dense", tensors("block/dense/kernel", "block/dense/bias"))])


def training(config: dict[str, Any], *slots: str) -> io.TrainingRecord:
    return io.TrainingRecord(config, io.OptimizerRecord("Adam", ADAM["config"], tensors(*slots)))


def equal(a: Any, b: Any) -> bool:
    """Whether two plain structures of records are the same, arrays bit by bit."""
    if isinstance(a, io.TensorRecord):
        return (a.name, a.shape, a.dtype) == (b.name, b.shape, b.dtype) and a.read().tobytes() == b.read().tobytes()
    if dataclasses.is_dataclass(a):
        return type(a) is type(b) and all(equal(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a))
    if isinstance(a, list):
        return len(a) == len(b) and all(map(equal, a, b))
    return bool(a == b)


CONTENTS = {
    "keras_h5": Content(LEGACY, by_layer(backend="theano", keras_version="2.2.4"),
                        training({"loss": "mse", "optimizer_config": ADAM}, "Adam/iterations:0", "m", "Adam/v/0"),
                        "2.2.4", "theano", {"attributes": {"distributed_config": "{}"}}),
    "legacy_weights_h5": Content(weights=by_layer()),
    "weights_h5": Content(weights=by_path()),
    "keras_zip": Content(MODERN, by_path(), dataclasses.replace(
        training({"loss": "mse", "optimizer": ADAM}, "optimizer/vars/0", "optimizer/vars/1", "optimizer/inner/vars/0"),
        metrics=[io.WeightGroup("metrics/mean", tensors("0", "1"))]), "3.15.1", None,
        {"date_saved": "2026-01-02@03:04:05", "assets": {"assets/lookup/vocabulary.txt": "a\nö".encode()}}),
    "safetensors": Content(MODERN, by_name(), dataclasses.replace(
        training({"loss": "mse", "optimizer": ADAM}, "optimizer/vars/0", "optimizer/inner/vars/0"),
        metrics=[io.WeightGroup("metrics/mean", tensors("0", "1"))]), "3.15.1", None,
        {"zoo": {"labels": ["cat", "größer"], "preprocess": "tf"}, "safetensors": {"author": "me"}}),
    "safetensors_weights": Content(weights=by_name(), metadata={"safetensors": {"format": "pt"}}),
    "npz": Content(weights=by_name()),
    "tfjs_layers": Content(LEGACY, io.WeightTree("by_keras_name", by_name().groups),
                           io.TrainingRecord({"loss": "mse", "optimizer_config": ADAM},
                                             io.OptimizerRecord("Adam", ADAM["config"])), "2.15.0", "tensorflow",
                           {"zoo": {"labels": ["a"]}, "tfjs": {"generatedBy": "keras v2.15.0", "convertedBy": "me"},
                            "userDefinedMetadata": {"author": "me"}}),
    "architecture_yaml": Content(LEGACY, keras_version="2.2.4", backend="theano", metadata={"zoo": {"labels": ["a"]}}),
    "architecture_json": Content(LEGACY, keras_version="2.2.4", backend="theano"),
}
