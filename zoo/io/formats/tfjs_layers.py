"""TensorFlow.js layers models: ``model.json`` with architecture and manifest of the weights, and shards beside it.

Read are the files of its converter (``modelTopology`` is ``{"model_config", "keras_version", "backend"}``), those that
the library itself saves (``modelTopology`` is the model's JSON object), and older ones, which state no ``format`` or
keep the manifest in a file of its own. Written is what `tf.loadLayersModel` reads: the vocabulary of Keras 2.

Source: https://github.com/tensorflow/tfjs (tfjs-layers/src/models.ts, tfjs-converter/python).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zoo.errors import CorruptFile
from zoo.io import extras, json_codec
from zoo.io.container import Container, Content
from zoo.io.dialects import tfjs
from zoo.io.document import OptimizerRecord, TrainingRecord, WeightTree
from zoo.io.formats import tfjs_weights
from zoo.io.formats.training_state import optimizer_record, training_config
from zoo.io.layouts.by_name import BY_KERAS_NAME, grouped
from zoo.io.probe import Probe
from zoo.io.source import Source

MODEL, MANIFEST = "model.json", "weights_manifest.json"
_USER = "userDefinedMetadata"
_KEPT = ("generatedBy", "convertedBy", "signature")
_LAYERS, _GRAPH = "layers-model", "graph-model"
_CONFIG = "model_config"
_TRAINING = "training_config"

# Classes of Keras that the library calls otherwise, and arguments that it needs there; and the way back.
_ITS_NAMES: dict[str, tuple[str, dict[str, Any]]] = {
    "L1": ("L1L2", {"l2": 0.0}), "L2": ("L1L2", {"l1": 0.0}),
    "LecunUniform": ("LeCunUniform", {}), "LecunNormal": ("LeCunNormal", {})}
_KERAS_NAMES = {"LeCunUniform": ("LecunUniform", {}), "LeCunNormal": ("LecunNormal", {})}


def sniff(probe: Probe) -> str | None:
    """Whether the text, or ``model.json`` of the folder, is a layers model."""
    value = _value(probe)
    if value is None or value.get("format") == _GRAPH or not isinstance(value.get("modelTopology"), dict):
        return None
    return f"TensorFlow.js layers model ({value.get('convertedBy') or value.get('generatedBy') or 'older form'})"


def read(probe: Probe) -> Content:
    """Architecture, weights and training state.

    Raises:
        CorruptFile: a shard is missing or of another size than the manifest says.
        UnsafeFile: a shard would lie outside of the folder.
    """
    value, where = dict(_value(probe) or {}), f"{probe.where}"
    topology = dict(value["modelTopology"])
    training = json_codec.pop(topology, _TRAINING, dict, where) or value.get("trainingConfig")
    version, backend = (json_codec.pop(topology, key, str, where) for key in ("keras_version", "backend"))
    architecture = _renamed(json_codec.pop(topology, _CONFIG, dict, where) or topology, _KERAS_NAMES)
    manifest = value.get("weightsManifest")
    tensors = tfjs_weights.read(_manifest_beside(probe) if manifest is None else manifest, where,
                                lambda name: _shard(probe, name))
    slots = _names_of_slots(manifest)
    weights = WeightTree(BY_KERAS_NAME, grouped(tensor for tensor in tensors if tensor.name not in slots))
    state = [tensor for tensor in tensors if tensor.name in slots]
    record = None
    if isinstance(training, dict):
        record = TrainingRecord(training, optimizer_record(training, state) or
                                (OptimizerRecord(None, {}, state) if state else None))
    user = json_codec.pop(value, _USER, dict, where) or {}
    kept = {key: value[key] for key in _KEPT if key in value}
    metadata = extras.found(user.pop(extras.KEY, None), where) | ({"tfjs": kept} if kept else {})
    return Content(architecture, weights, record, version, backend, metadata | ({_USER: user} if user else {}))


def write(content: Content, path: Path) -> None:
    """Writes a new folder: ``model.json`` and shards."""
    assert content.architecture is not None and content.weights is not None
    path.mkdir()
    topology: dict[str, Any] = {"keras_version": content.keras_version, "backend": content.backend or "tensorflow",
                                _CONFIG: _renamed(content.architecture, _ITS_NAMES)}
    if content.training is not None:
        topology[_TRAINING] = training_config(content.training)
    user = content.metadata.get(_USER, {}) | extras.of(content.metadata)
    kept = content.metadata.get("tfjs") or {"generatedBy": f"keras v{content.keras_version}", "convertedBy": "zoo"}
    value = {"format": _LAYERS, **kept, "modelTopology": topology,
             "weightsManifest": tfjs_weights.write(path, (tensor for _, tensor in content.weights)),
             **({_USER: user} if user else {})}
    (path / MODEL).write_text(json_codec.dumps(value, str(path / MODEL)), encoding="utf-8")


def _renamed(value: Any, names: Mapping[str, tuple[str, dict[str, Any]]]) -> Any:
    """The architecture with other names of classes, and arguments that these need."""
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    if not isinstance(value, dict):
        return value
    name, config = value.get("class_name"), value.get("config")
    if isinstance(name, str) and name in names and isinstance(config, dict):
        return {**value, "class_name": names[name][0], "config": {**names[name][1], **config}}
    return {key: _renamed(item, names) for key, item in value.items()}


def _value(probe: Probe) -> dict[str, Any] | None:
    """The JSON object of a file, or of ``model.json`` in a folder."""
    if not probe.is_folder:
        return probe.json
    return _json(probe, MODEL) if probe.archive is not None and MODEL in probe.archive.members else None


def _json(probe: Probe, name: str) -> Any:
    source = _shard(probe, name)
    size = min(source.size, probe.limits.json_bytes + 1)
    value = json_codec.loads(source.read(0, size), source.where, probe.limits)
    return value if isinstance(value, dict) or name == MANIFEST else None


def _shard(probe: Probe, name: str) -> Source:
    """A file of the folder, or beside ``model.json``."""
    if probe.archive is not None:
        return probe.archive.member(name)
    path = probe.path.with_name(name)
    if not path.is_file() or path.is_symlink():
        raise CorruptFile(f"{probe.where}: expected {name!r} as a file beside it; copy all shards together")
    return probe.beside(name).source


def _manifest_beside(probe: Probe) -> Any:
    """The manifest that old converters wrote into a file of its own; none if there is none: no weights."""
    present = MANIFEST in probe.archive.members if probe.archive is not None \
        else probe.path.with_name(MANIFEST).is_file()
    return _json(probe, MANIFEST) if present else []


def _names_of_slots(manifest: Any) -> set[str]:
    """The weights that belong to the optimizer, as the library marks them."""
    return {weight["name"] for group in manifest or () for weight in group["weights"]
            if isinstance(weight, dict) and weight.get("group") == "optimizer"}


FORMAT = Container("tfjs_layers", "TensorFlow.js layers model", (), sniff, read, write, layouts=(BY_KERAS_NAME,),
                   dialects=("tfkeras", "keras2"), holds=frozenset({"architecture", "weights"}),
                   folder=r".*\.bin|model\.json|weights_manifest\.json", problems=tfjs.problems)
