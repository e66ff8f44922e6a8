"""Weights grouped by layer: the layout of Keras 1, 2 and of every ``.h5`` model.

::

    <group>             attributes layer_names, and since Keras 2 backend, keras_version
      dense_1           attribute weight_names
        dense_1/kernel:0
        dense_1/bias:0
      top_level_model_weights       since tf.keras 2.6: weights of the model itself; not among layer_names

Keras 0 numbered the layers instead: ``layer_0/param_0`` with the attributes nb_layers and nb_params; its `Graph`
models have one group, ``graph``.
"""

from __future__ import annotations

from typing import Any

import h5py
import numpy as np

from zoo.errors import CorruptFile
from zoo.io import hdf5_writer
from zoo.io.document import WeightGroup, WeightTree
from zoo.io.hdf5 import Dataset, Group

TOP_LEVEL = "top_level_model_weights"

BY_LAYER, BY_NUMBER = "by_layer", "by_number"
_GRAPH = "graph"


def find(root: Group) -> Group | None:
    """The group that holds weights in this layout: the root of a weights file, or its ``model_weights``."""
    for group in (root, root.at("model_weights")):
        if isinstance(group, Group) and (group.has_texts("layer_names") or "nb_layers" in group.attributes
                                         or _is_graph(group)):
            return group
    return None


def read(group: Group) -> WeightTree:
    """The weights below a group that `find` found, in the order of its lists of names.

    Raises:
        CorruptFile: a listed group or array is missing; lists them all.
    """
    missing: list[str] = []
    if group.has_texts("layer_names"):
        paths = group.texts("layer_names")
        if TOP_LEVEL in group.members and TOP_LEVEL not in paths:
            paths = [*paths, TOP_LEVEL]
        groups = [_named(group, path, missing) for path in paths]
        layout = BY_LAYER
    else:
        paths = [_GRAPH] if _is_graph(group) else [f"layer_{k}" for k in range(_count(group, "nb_layers"))]
        groups = [_numbered(group, path, missing) for path in paths]
        layout = BY_NUMBER
    if missing:
        raise CorruptFile(f"{group.where}: {len(missing)} listed layers or weights are not in the file: "
                          f"{missing[:10]}; it was not written completely")
    return WeightTree(layout, groups, group.text("backend"), group.text("keras_version"))


def write(parent: h5py.Group, tree: WeightTree) -> None:
    """Writes a `by_layer` or `by_number` tree below `parent` with its own names, one array at a time.

    Raises:
        CannotExpress: HDF5 cannot store a name.
    """
    for name, value in (("backend", tree.backend), ("keras_version", tree.keras_version)):
        if value is not None:
            hdf5_writer.write_text(parent, name, value)
    paths = [group.path for group in tree.groups]
    if tree.layout == BY_LAYER:
        hdf5_writer.write_texts(parent, "layer_names", [path for path in paths if path != TOP_LEVEL])
    elif paths != [_GRAPH]:
        parent.attrs["nb_layers"] = len(paths)
    for group in tree.groups:
        below = hdf5_writer.subgroup(parent, group.path)
        if tree.layout == BY_LAYER:
            hdf5_writer.write_texts(below, "weight_names", [tensor.name for tensor in group.tensors])
        else:
            below.attrs["nb_params"] = len(group.tensors)
        for tensor in group.tensors:
            hdf5_writer.write_tensor(below, tensor.name, tensor)


def _is_graph(group: Group) -> bool:
    graph = group.at(_GRAPH)
    return isinstance(graph, Group) and "nb_params" in graph.attributes


def _named(parent: Group, path: str, missing: list[str]) -> WeightGroup:
    group = parent.at(path)
    if not isinstance(group, Group):
        missing.append(path)
        return WeightGroup(path, [])
    return _collect(group, path, group.texts("weight_names"), missing)


def _numbered(parent: Group, path: str, missing: list[str]) -> WeightGroup:
    group = parent.at(path)
    if not isinstance(group, Group):
        missing.append(path)
        return WeightGroup(path, [])
    return _collect(group, path, [f"param_{p}" for p in range(_count(group, "nb_params"))], missing)


def _collect(group: Group, path: str, names: list[str], missing: list[str]) -> WeightGroup:
    found = [(name, group.at(name)) for name in names]
    missing += [f"{path}/{name}" for name, member in found if not isinstance(member, Dataset)]
    return WeightGroup(path, [member.record(name) for name, member in found if isinstance(member, Dataset)])


def _count(group: Group, name: str) -> int:
    value: Any = group.attributes.get(name)
    if not isinstance(value, int | np.integer) or not 0 <= value <= len(group.members):
        raise CorruptFile(f"{group.where}: expected the attribute {name!r} to count {len(group.members)} members or "
                          f"fewer, received {value!r}")
    return int(value)
