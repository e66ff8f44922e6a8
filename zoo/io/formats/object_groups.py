"""Weights grouped by object path: the layout of Keras 3, and of tf.keras 2.12 and later inside ``.keras``.

::

    layers/dense/vars           attribute name (since Keras 3.6): the layer's own name
      0
      1
    layers/bidirectional/forward_layer/cell/vars/...
    vars                        of the model itself
    optimizer/vars/...          in .keras files: training state
    metrics/mean/vars/...

Large models may be split over several such files, listed in a JSON index (``*.weights.json``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import h5py

from zoo.errors import CorruptFile, UnsafeFile, UnsupportedFile
from zoo.io import hdf5_writer
from zoo.io.document import OptimizerRecord, TrainingRecord, WeightGroup, WeightTree
from zoo.io.formats.training_state import optimizer_record
from zoo.io.hdf5 import Dataset, Group
from zoo.io.tensors import TensorRecord

BY_PATH = "by_path"

_VARIABLES = "vars"
_OPTIMIZER, _METRICS = "optimizer", "metrics"
_OWN_PATH = re.compile(rf"{_OPTIMIZER}/(.+/)?{_VARIABLES}/\d+")


def found_in(root: Group) -> bool:
    """Whether a file has weights in this layout."""
    return any(path == _VARIABLES or path.endswith(f"/{_VARIABLES}") for path, _ in root.walk())


def is_index(value: Any) -> bool:
    """Whether a JSON value is the index of weights in several files."""
    listed = value.get("weight_map") if isinstance(value, dict) else None
    return isinstance(listed, dict) and bool(listed) and all(
        isinstance(names, list) and all(isinstance(name, str) and name.endswith(".h5") for name in names)
        for names in ([names] if isinstance(names, str) else names for names in listed.values()))


def read(root: Group) -> list[WeightGroup]:
    """Every group of the file that has variables, an empty list of them included, in natural order of the paths.

    Raises:
        UnsupportedFile: an array lies outside of the groups of variables.
    """
    groups: list[WeightGroup] = []
    for path, group in root.walk():
        datasets = [name for name, member in group.members.items() if isinstance(member, Dataset)]
        if datasets and path.rpartition("/")[2] != _VARIABLES:
            raise UnsupportedFile(f"{group.where}: expected arrays in groups called {_VARIABLES!r} only, received "
                                  f"{datasets[:5]}; this is not a layout that Keras writes")
        variables = group.members.get(_VARIABLES)
        if isinstance(variables, Group):
            groups.append(WeightGroup(path, _tensors(variables), variables.text("name")))
    return sorted(groups, key=lambda group: natural(group.path))


def read_shards(index: dict[str, Any], where: str, open_shard: Callable[[str], Group]) -> list[WeightGroup]:
    """The groups of a model whose weights are split over several files.

    Args:
        index: ``{"weight_map": {"/layers/dense/vars": ["a.weights.h5"]}}``.
        open_shard: opens a file that lies beside the index.

    Raises:
        UnsafeFile: the index points outside of its own folder.
        CorruptFile: an array is in two shards, or a listed group in none.
    """
    names: dict[str, None] = {}
    for listed in index["weight_map"].values():
        names.update(dict.fromkeys([listed] if isinstance(listed, str) else listed))
    merged: dict[str, WeightGroup] = {}
    for name in names:
        if re.search(r"[/\\:\0]", name) or name in ("", ".", ".."):
            raise UnsafeFile(f"{where}: refused the shard {name!r}: shards lie beside their index",
                             "shard-path", where)
        for group in read(open_shard(name)):
            known = merged.setdefault(group.path, WeightGroup(group.path, [], group.name))
            known.tensors += group.tensors
            known.name = known.name or group.name
    for group in merged.values():
        keys = [tensor.name for tensor in group.tensors]
        if len(set(keys)) != len(keys):
            raise CorruptFile(f"{where}: the arrays {keys} of {group.path!r} are in two shards")
        group.tensors.sort(key=lambda tensor: natural(tensor.name))
    lost = [key for key in index["weight_map"] if key.strip("/").removesuffix(_VARIABLES).rstrip("/") not in merged]
    if lost:
        raise CorruptFile(f"{where}: no shard holds {lost[:10]}")
    return sorted(merged.values(), key=lambda group: natural(group.path))


def divide(groups: list[WeightGroup],
           compile_config: dict[str, Any] | None) -> tuple[WeightTree, TrainingRecord | None]:
    """The model's weights, and the training state: `compile` arguments, optimizer slots, metrics."""
    optimizer = [group for group in groups if _top(group) == _OPTIMIZER]
    metrics = [group for group in groups if _top(group) == _METRICS]
    tree = WeightTree(BY_PATH, [group for group in groups if _top(group) not in (_OPTIMIZER, _METRICS)])
    if not compile_config and not optimizer and not metrics:
        return tree, None
    slots = []
    for group in optimizer:
        for tensor in group.tensors:
            tensor.name = f"{group.path}/{_VARIABLES}/{tensor.name}"
            slots.append(tensor)
    config = compile_config or {}
    record = optimizer_record(config, slots) or (OptimizerRecord(None, {}, slots) if optimizer else None)
    return tree, TrainingRecord(config, record, metrics)


def write(root: h5py.Group, tree: WeightTree, training: TrainingRecord | None) -> None:
    """Writes a `by_path` tree and the training state with their own names, one array at a time.

    Raises:
        CannotExpress: HDF5 cannot store a name.
    """
    metrics = training.metrics if training is not None else []
    for group in (*tree.groups, *metrics):
        below = hdf5_writer.subgroup(root, f"{group.path}/{_VARIABLES}" if group.path else _VARIABLES)
        if group.name is not None:
            hdf5_writer.write_text(below, "name", group.name)
        for tensor in group.tensors:
            hdf5_writer.write_tensor(below, tensor.name, tensor)
    if training is not None and training.optimizer is not None:
        for slot in _slots(training.optimizer):
            hdf5_writer.write_tensor(root, slot.name, slot)


def training_tensors(training: TrainingRecord) -> list[TensorRecord]:
    """All arrays of a training state, under their whole paths."""
    metrics = [replace(tensor, name=f"{group.path}/{_VARIABLES}/{tensor.name}")
               for group in training.metrics for tensor in group.tensors]
    return metrics + (_slots(training.optimizer) if training.optimizer is not None else [])


def is_slot(path: str) -> bool:
    """Whether the whole path of an array is that of an optimizer's state."""
    return _OWN_PATH.fullmatch(path) is not None


def of_metric(path: str) -> tuple[str | None, str]:
    """From the whole path of an array of a metric, the metric's path and the array's name; None for other paths."""
    found = re.fullmatch(rf"({_METRICS}/.+)/{_VARIABLES}/([^/]+)", path)
    return (found[1], found[2]) if found else (None, path)


def _slots(optimizer: OptimizerRecord) -> list[TensorRecord]:
    """The optimizer's arrays under their whole paths; those of inner optimizers come once more."""
    slots = [slot if is_slot(slot.name) else replace(slot, name=f"{_OPTIMIZER}/{_VARIABLES}/{index}")
             for index, slot in enumerate(optimizer.tensors)]
    return slots + [replace(optimizer.tensors[index], name=f"{_OPTIMIZER}/{path}/{_VARIABLES}/{number}")
                    for path, indices in optimizer.parts.items() for number, index in enumerate(indices)]


def natural(text: str) -> list[tuple[bool, int, str]]:
    """A sort key under which ``dense_10`` follows ``dense_9``."""
    pieces: Iterable[str] = re.split(r"(\d+)", text)
    return [(False, int(piece), "") if piece.isdecimal() else (True, 0, piece) for piece in pieces if piece]


def _tensors(variables: Group) -> list[TensorRecord]:
    found = {name: member for name, member in variables.members.items() if isinstance(member, Dataset)}
    return [found[name].record(name) for name in sorted(found, key=natural)]


def _top(group: WeightGroup) -> str:
    return group.path.partition("/")[0]
