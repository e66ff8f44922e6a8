"""Whole models in HDF5 (``.h5``), as Keras 1 to 3 write them.

The root has the attributes ``model_config`` (JSON), ``keras_version``, since Keras 2 ``backend``, and
``training_config`` (JSON) if the model was compiled. ``model_weights`` holds the weights by layer,
``optimizer_weights`` the optimizer's slots, in the order of its attribute ``weight_names``. zoo's own attribute ``zoo``
(see `zoo.io.extras`) is for zoo alone.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from zoo.errors import CorruptFile
from zoo.io import extras, hdf5_writer, json_codec
from zoo.io.container import Container, Content
from zoo.io.document import OptimizerRecord, TrainingRecord
from zoo.io.formats import layer_groups
from zoo.io.formats.training_state import optimizer_record, training_config
from zoo.io.hdf5 import Dataset, Group
from zoo.io.probe import Probe

_KNOWN = {"model_config", "training_config", "keras_version", "backend", extras.KEY}


def sniff(probe: Probe) -> str | None:
    """Whether the file is HDF5 with an architecture."""
    root = probe.hdf5
    if root is None or "model_config" not in root.attributes:
        return None
    return f"Keras {root.text('keras_version') or '(version not said)'} model in HDF5"


def read(probe: Probe) -> Content:
    """Architecture, weights and training state.

    Raises:
        CorruptFile: something that the file lists is not there.
    """
    root = probe.hdf5
    assert root is not None
    architecture = _json(root, "model_config", probe)
    if not isinstance(architecture, dict):
        raise CorruptFile(f"{root.where}: expected a JSON object in 'model_config', received {architecture!r:.100}")
    weights = layer_groups.find(root)
    attributes = {name: value for name, value in root.attributes.items()
                  if name not in _KNOWN and isinstance(value, str)}
    kept = _json(root, extras.KEY, probe) if extras.KEY in root.attributes else None
    metadata = extras.found(kept, f"{root.where}, attribute {extras.KEY!r}")
    return Content(architecture, layer_groups.read(weights) if weights is not None else None, _training(root, probe),
                   root.text("keras_version"), root.text("backend"),
                   metadata | ({"attributes": attributes} if attributes else {}))


def write(content: Content, path: Path) -> None:
    """Writes a new file, one array at a time."""
    attributes = dict(content.metadata.get("attributes", {}))
    attributes |= {"keras_version": content.keras_version, "backend": content.backend,
                   "model_config": json_codec.dumps(content.architecture, f"{path}: model_config")}
    if extras.of(content.metadata):
        attributes[extras.KEY] = json_codec.dumps(content.metadata[extras.KEY], f"{path}: {extras.KEY}")
    if content.training is not None:
        attributes["training_config"] = json_codec.dumps(training_config(content.training),
                                                         f"{path}: training_config")
    with hdf5_writer.create(path) as file:
        for name, value in attributes.items():
            if value is not None:
                hdf5_writer.write_text(file, name, value)
        if content.weights is not None:
            layer_groups.write(file.create_group("model_weights"), content.weights)
        if content.training is not None and content.training.optimizer is not None:
            slots = content.training.optimizer.tensors
            names = _distinct([slot.name for slot in slots])
            group = file.create_group("optimizer_weights")
            hdf5_writer.write_texts(group, "weight_names", names)
            for name, slot in zip(names, slots):
                hdf5_writer.write_tensor(group, name, slot)


def _distinct(names: list[str]) -> list[str]:
    """The names, with a number after one that came before: order counts, names only tell places apart."""
    seen: Counter[str] = Counter()
    found = []
    for name in names:
        found.append(f"{name}_{seen[name]}" if seen[name] else name)
        seen[name] += 1
    return found


def _training(root: Group, probe: Probe) -> TrainingRecord | None:
    group = root.at("optimizer_weights")
    if "training_config" not in root.attributes and group is None:
        return None
    config = _json(root, "training_config", probe) if "training_config" in root.attributes else None
    if not isinstance(config, dict | None):
        raise CorruptFile(f"{root.where}: expected a JSON object in 'training_config', received {config!r:.100}")
    slots = []
    if isinstance(group, Group):
        found = {name: group.at(name) for name in group.texts("weight_names")}
        missing = [name for name, member in found.items() if not isinstance(member, Dataset)]
        if missing:
            raise CorruptFile(f"{group.where}: {len(missing)} listed optimizer weights are not in the file: "
                              f"{missing[:10]}; it was not written completely")
        slots = [member.record(name) for name, member in found.items() if isinstance(member, Dataset)]
    record = optimizer_record(config or {}, slots) or (OptimizerRecord(None, {}, slots) if slots else None)
    return TrainingRecord(config or {}, record)


def _json(root: Group, name: str, probe: Probe) -> object:
    return json_codec.loads(root.text(name) or "", f"{root.where}, attribute {name!r}", probe.limits)


FORMAT = Container("keras_h5", "Keras model in HDF5", (".h5", ".hdf5"), sniff, read, write,
                   layouts=(layer_groups.BY_LAYER,), dialects=("tfkeras", "keras3", "keras2", "keras1"),
                   legacy=True, holds=frozenset({"architecture", "weights"}))
