"""Weights alone in HDF5, by object path: `save_weights` of Keras 3 (``.weights.h5``), also split into shards."""

from __future__ import annotations

from pathlib import Path

from zoo.errors import CorruptFile
from zoo.io import hdf5_writer
from zoo.io.container import Container, Content
from zoo.io.formats import object_groups
from zoo.io.hdf5 import Group
from zoo.io.probe import Probe


def sniff(probe: Probe) -> str | None:
    """Whether the file is HDF5 with weights by object path, or the index of such files."""
    if probe.hdf5 is not None:
        return "Keras 3 weights in HDF5, by object path" if object_groups.found_in(probe.hdf5) else None
    if object_groups.is_index(probe.json):
        return "index of Keras 3 weights in several HDF5 files"
    return None


def read(probe: Probe) -> Content:
    """The weights, and the optimizer's state if the file has it.

    Raises:
        CorruptFile: a shard is missing or contradicts the index.
    """
    if probe.hdf5 is not None:
        groups = object_groups.read(probe.hdf5)
    else:
        groups = object_groups.read_shards(probe.json or {}, probe.where, lambda name: _shard(probe, name))
    tree, training = object_groups.divide(groups, None)
    return Content(weights=tree, training=training)


def write(content: Content, path: Path) -> None:
    """Writes one new file, one array at a time."""
    assert content.weights is not None
    with hdf5_writer.create(path) as file:
        object_groups.write(file, content.weights, content.training)


def _shard(probe: Probe, name: str) -> Group:
    path = probe.path.with_name(name)
    if not path.is_file() or path.is_symlink():
        raise CorruptFile(f"{probe.where}: expected the shard {name!r} as a file beside the index; copy all shards "
                          "together")
    root = probe.beside(name).hdf5
    if root is None:
        raise CorruptFile(f"{path}: expected an HDF5 file with a part of the weights")
    return root


FORMAT = Container("weights_h5", "Keras 3 weights in HDF5", (".weights.h5",), sniff, read, write,
                   layouts=(object_groups.BY_PATH,), dialects=("keras3", "tfkeras"), holds=frozenset({"weights"}),
                   narrow_floats=frozenset({"bfloat16"}))
