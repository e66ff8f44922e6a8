"""Weights alone in HDF5, by layer: `save_weights` of Keras 0 to 2, whatever the file is called."""

from __future__ import annotations

from pathlib import Path

from zoo.io import hdf5_writer
from zoo.io.container import Container, Content
from zoo.io.formats import layer_groups
from zoo.io.probe import Probe


def sniff(probe: Probe) -> str | None:
    """Whether the file is HDF5 with weights by layer and no architecture."""
    if probe.hdf5 is None or "model_config" in probe.hdf5.attributes:
        return None
    group = layer_groups.find(probe.hdf5)
    if group is None:
        return None
    if not group.has_texts("layer_names"):
        return "Keras 0 weights in HDF5, by number of the layer"
    return f"Keras {group.text('keras_version') or '1 (or a file that does not say)'} weights in HDF5, by layer"


def read(probe: Probe) -> Content:
    """The weights."""
    assert probe.hdf5 is not None
    group = layer_groups.find(probe.hdf5)
    assert group is not None
    tree = layer_groups.read(group)
    return Content(weights=tree, keras_version=tree.keras_version, backend=tree.backend)


def write(content: Content, path: Path) -> None:
    """Writes a new file, one array at a time."""
    assert content.weights is not None
    with hdf5_writer.create(path) as file:
        layer_groups.write(file, content.weights)


FORMAT = Container("legacy_weights_h5", "Keras weights in HDF5, by layer", (".h5", ".hdf5"), sniff, read, write,
                   layouts=(layer_groups.BY_LAYER, layer_groups.BY_NUMBER),
                   dialects=("tfkeras", "keras3", "keras2", "keras1", "keras0"), holds=frozenset({"weights"}))
