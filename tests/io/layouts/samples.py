"""Small models and weight trees for tests of layouts."""

from __future__ import annotations

from typing import Any

import numpy as np

from zoo.io.document import LayerRecord, ModelRecord, WeightGroup, WeightTree
from zoo.io.tensors import TensorRecord

DENSE = {"use_bias": True}


def layer(class_name: str, name: str, **config: Any) -> LayerRecord:
    return LayerRecord(class_name, name, {"name": name, **config})


def sequential(*layers: LayerRecord, name: str = "sequential", **config: Any) -> ModelRecord:
    return ModelRecord("sequential", name, list(layers), config={"name": name, **config}, class_name="Sequential")


def nested(model: ModelRecord) -> LayerRecord:
    """The model as a layer of another one."""
    return LayerRecord(model.class_name, model.name, model.config, model=model)


def by_layer(groups: dict[str, list[str]], version: str = "2.15.0", shape: tuple[int, ...] = (2,)) -> WeightTree:
    """A tree whose tensors hold their own number in the file."""
    return WeightTree("by_layer", _groups(groups, shape), keras_version=version)


def by_path(groups: dict[str, list[str]], names: dict[str, str] | None = None) -> WeightTree:
    """A tree by object path; `names` are the names that the file stores with objects."""
    tree = WeightTree("by_path", _groups(groups, (2,)))
    for group in tree.groups:
        group.name = (names or {}).get(group.path)
    return tree


def _groups(groups: dict[str, list[str]], shape: tuple[int, ...]) -> list[WeightGroup]:
    count, made = 0, []
    for path, names in groups.items():
        tensors = []
        for name in names:
            tensors.append(TensorRecord.of(name, np.full(shape, count, np.float32)))
            count += 1
        made.append(WeightGroup(path, tensors))
    return made


def addresses(bound: dict[Any, TensorRecord]) -> dict[str, str]:
    """Canonical address -> the file's name of the tensor bound to it."""
    return {"/".join((*path, role)): tensor.name for (path, role), tensor in bound.items()}


def values(bound: dict[Any, TensorRecord]) -> dict[str, int]:
    """Canonical address -> the number of the tensor in the file."""
    return {"/".join((*path, role)): int(tensor.read().flat[0]) for (path, role), tensor in bound.items()}
