"""Small documents, made by hand: no layer is built for a test of what a file says."""

from __future__ import annotations

import numpy as np

from zoo.io import (
    CallRecord,
    LayerRecord,
    ModelDocument,
    ModelRecord,
    OptimizerRecord,
    Producer,
    TensorRecord,
    TensorRef,
    TrainingRecord,
    WeightGroup,
    WeightTree,
)


def tensor(name: str, *shape: int, start: float = 0.0) -> TensorRecord:
    size = int(np.prod(shape))
    return TensorRecord.of(name, np.arange(start, start + size, dtype=np.float32).reshape(shape))


def layer(class_name: str, name: str, source: str | None = None, built_for: list[int | None] | None = None,
          **config: object) -> LayerRecord:
    calls = [] if source is None else [CallRecord((TensorRef(source, 0, 0),))]
    return LayerRecord(class_name, name, {"name": name, "trainable": True, **config}, calls,
                       build_config=None if built_for is None else {"input_shape": built_for})


def functional(name: str = "net") -> ModelRecord:
    """Input -> convolution -> nested model with a dense layer -> dense, with names that do not follow the classes."""
    inner = ModelRecord("functional", "head", [
        layer("InputLayer", "head_in", batch_shape=[None, 36]),
        layer("Dense", "hidden", "head_in", [None, 36], units=4, activation="relu"),
    ], TensorRef("head_in", 0, 0), TensorRef("hidden", 0, 0), {"name": "head"})
    nested = layer("Functional", "head", "flat")
    nested.model = inner
    frozen = layer("Dense", "out", "head", [None, 4], units=2, activation="softmax")
    frozen.config["trainable"] = False
    return ModelRecord("functional", name, [
        layer("InputLayer", "picture", batch_shape=[None, 5, 5, 1]),
        layer("Conv2D", "edges", "picture", [None, 5, 5, 1], filters=4, kernel_size=[3, 3], strides=[1, 1],
              padding="valid", activation="relu"),
        layer("Flatten", "flat", "edges", [None, 3, 3, 4]),
        nested,
        frozen,
    ], TensorRef("picture", 0, 0), TensorRef("out", 0, 0), {"name": name})


def by_path() -> WeightTree:
    return WeightTree("by_path", [
        WeightGroup("layers/conv2d", [tensor("0", 3, 3, 1, 4), tensor("1", 4)]),
        WeightGroup("layers/dense", [tensor("0", 4, 2), tensor("1", 2, start=-5.0)]),
        WeightGroup("layers/functional/layers/dense", [tensor("0", 36, 4), tensor("1", 4)]),
    ])


def by_layer() -> WeightTree:
    return WeightTree("by_layer", [
        WeightGroup("edges", [tensor("edges/kernel:0", 3, 3, 1, 4), tensor("edges/bias:0", 4)]),
        WeightGroup("head", [tensor("hidden/kernel:0", 36, 4), tensor("hidden/bias:0", 4)]),
        WeightGroup("out", [tensor("out/kernel:0", 4, 2), tensor("out/bias:0", 2, start=-5.0)]),
    ])


def document(weights: WeightTree | None = None, *, with_training: bool = False) -> ModelDocument:
    training = None
    if with_training:
        training = TrainingRecord(
            {"loss": "mse", "metrics": ["mae"], "optimizer": {"class_name": "SGD", "config": {"learning_rate": 0.5}}},
            OptimizerRecord("SGD", {"learning_rate": 0.5}, [tensor("momentum", 4, 2)]))
    producer = Producer("keras3", "3.15.1", None, ["keras_version = 3.15.1"])
    return ModelDocument("keras_zip", producer, None, functional(),
                         weights if weights is not None else by_path(), training, {"date_saved": "2024-01-01"})
