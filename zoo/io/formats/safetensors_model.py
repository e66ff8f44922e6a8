"""Whole models and weights alone in safetensors.

Arrays have the names ``layer/role`` (``block/dense/kernel``). A whole model has these entries in ``__metadata__``:
``format`` = ``keras``, ``keras_config`` (the JSON of the architecture, in the vocabulary of the Keras that wrote the
model), ``keras_version``, ``backend``, ``compile_config`` if it was compiled, with the state of its optimizer under
``optimizer/vars/0``, ``optimizer/vars/1``, ..., and ``zoo`` (labels, preprocessing; see `zoo.io.extras`). Other entries
are kept.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from zoo.errors import CorruptFile
from zoo.io import extras, json_codec, safetensors
from zoo.io.container import Container, Content
from zoo.io.document import OptimizerRecord, TrainingRecord, WeightGroup, WeightTree
from zoo.io.formats import object_groups
from zoo.io.formats.training_state import compile_config, optimizer_record
from zoo.io.layouts.by_name import BY_NAME, grouped
from zoo.io.narrow_floats import NARROW_FLOATS
from zoo.io.probe import Probe
from zoo.io.tensors import TensorRecord

CONFIG, COMPILE = "keras_config", "compile_config"
OTHERS = "safetensors"                          # in the document's metadata: entries that zoo knows nothing of

_VERSIONS = ("keras_version", "backend")


def sniff(probe: Probe) -> str | None:
    """Whether the file is safetensors with an architecture."""
    return "Keras model in safetensors" if probe.safetensors and CONFIG in probe.safetensors.metadata else None


def sniff_weights(probe: Probe) -> str | None:
    """Whether the file is safetensors without one."""
    return "arrays in safetensors" if probe.safetensors and CONFIG not in probe.safetensors.metadata else None


def read(probe: Probe) -> Content:
    """Architecture and training state if there are any, and all arrays.

    Raises:
        CorruptFile: truncated, contradicting itself, or with a damaged architecture.
        UnsafeFile: a guard refused it.
    """
    contents = probe.safetensors
    assert contents is not None
    metadata = dict(contents.metadata)
    architecture = _json(metadata, CONFIG, probe)
    versions = {name: metadata.pop(name, None) for name in _VERSIONS} if architecture is not None else {}
    config = _json(metadata, COMPILE, probe)
    weights, training = contents.tensors, None
    if config is not None:
        weights, training = _divided(contents.tensors, config)
    kept = extras.found(_json(metadata, extras.KEY, probe), f"{probe.where}: {safetensors.METADATA}")
    metadata.pop("format" if architecture is not None else "", None)
    return Content(architecture, WeightTree(BY_NAME, grouped(weights)), training,
                   metadata=kept | ({OTHERS: metadata} if metadata else {}), **versions)


def write(content: Content, path: Path) -> None:
    """Writes a new file, one array at a time."""
    assert content.architecture is not None and content.weights is not None
    metadata = {"format": "keras", CONFIG: json_codec.dumps(content.architecture, f"{path}: {CONFIG}")}
    metadata |= {name: value for name in _VERSIONS if (value := getattr(content, name)) is not None}
    tensors = [tensor for _, tensor in content.weights]
    if content.training is not None:
        metadata[COMPILE] = json_codec.dumps(compile_config(content.training, str(path)), f"{path}: {COMPILE}")
        tensors += object_groups.training_tensors(content.training)
    if extras.of(content.metadata):
        metadata[extras.KEY] = json_codec.dumps(content.metadata[extras.KEY], f"{path}: {extras.KEY}")
    safetensors.write(path, content.metadata.get(OTHERS, {}) | metadata, tensors)


def write_weights(content: Content, path: Path) -> None:
    """Writes a new file of arrays, one at a time."""
    assert content.weights is not None
    safetensors.write(path, content.metadata.get(OTHERS, {}), (tensor for _, tensor in content.weights))


def _json(metadata: dict[str, str], name: str, probe: Probe) -> dict[str, Any] | None:
    """Takes an entry that holds a JSON object out of the metadata."""
    text = metadata.pop(name, None)
    if text is None:
        return None
    where = f"{probe.where}: {safetensors.METADATA}, {name!r}"
    value = json_codec.loads(text, where, probe.limits)
    if not isinstance(value, dict):
        raise CorruptFile(f"{where}: expected a JSON object, received {value!r:.100}")
    return value


def _divided(tensors: list[TensorRecord], config: dict[str, Any]) -> tuple[list[TensorRecord], TrainingRecord]:
    """The model's weights, and the training state."""
    slots = [tensor for tensor in tensors if object_groups.is_slot(tensor.name)]
    weights = []
    metrics: dict[str, WeightGroup] = {}
    for tensor in tensors:
        path, own = object_groups.of_metric(tensor.name)
        if path is not None:
            metrics.setdefault(path, WeightGroup(path, [])).tensors.append(replace(tensor, name=own))
        elif not object_groups.is_slot(tensor.name):
            weights.append(tensor)
    record = optimizer_record(config, slots) or (OptimizerRecord(None, {}, slots) if slots else None)
    return weights, TrainingRecord(config, record, list(metrics.values()))


FORMAT = Container("safetensors", "Keras model in safetensors", (".safetensors",), sniff, read, write,
                   layouts=(BY_NAME,), dialects=("keras3", "tfkeras", "keras2", "keras1", "keras0"),
                   holds=frozenset({"architecture", "weights"}), narrow_floats=frozenset(NARROW_FLOATS))
WEIGHTS_FORMAT = Container("safetensors_weights", "weights in safetensors", (".safetensors",), sniff_weights, read,
                           write_weights, layouts=(BY_NAME,), holds=frozenset({"weights"}),
                           dialects=("keras3", "tfkeras", "keras2", "keras1", "keras0"),
                           narrow_floats=frozenset(NARROW_FLOATS))
