"""Architectures as JSON text: `model.to_json()` of Keras 0 to 3."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zoo.io import json_codec
from zoo.io.container import Container, Content
from zoo.io.document import TrainingRecord
from zoo.io.formats.training_state import compile_config, optimizer_record
from zoo.io.probe import Probe

# Keras 0 wrote the arguments of `compile` beside the layers.
_KERAS0_TRAINING = ("optimizer", "loss", "class_mode", "sample_weight_mode", "sample_weight_modes", "loss_weights",
                    "theano_mode")


def sniff(probe: Probe) -> str | None:
    """Whether the text is the JSON object of a model."""
    value = probe.json
    if value is None:
        return None
    if isinstance(value.get("class_name"), str) and "config" in value:
        return f"Keras {value.get('keras_version', '3' if 'module' in value else '')} architecture in JSON"
    return "Keras 0 architecture in JSON" if _is_keras0(value) else None


def read(probe: Probe) -> Content:
    """The architecture, and the `compile` arguments if the text has them."""
    value: dict[str, Any] = dict(probe.json or {})
    if _is_keras0(value):
        config = {key: value.pop(key) for key in _KERAS0_TRAINING if key in value}
        return Content(value, training=TrainingRecord(config, optimizer_record(config, [])) if config else None)
    training = json_codec.pop(value, "compile_config", dict, probe.where)
    version, backend = (json_codec.pop(value, key, str, probe.where) for key in ("keras_version", "backend"))
    record = TrainingRecord(training, optimizer_record(training, [])) if training else None
    return Content(value, training=record, keras_version=version, backend=backend)


def write(content: Content, path: Path) -> None:
    """Writes the text, with the versions where Keras of that dialect states them."""
    assert content.architecture is not None
    value: dict[str, Any] = dict(content.architecture)
    training = content.training
    if _is_keras0(value):
        value |= training.config if training is not None else {}
    elif "module" in value:                                         # Keras 3 and tf.keras 2.12: complete objects
        value |= {"compile_config": compile_config(training, str(path))} if training is not None else {}
    else:
        versions = {"keras_version": content.keras_version, "backend": content.backend}
        value |= {name: stated for name, stated in versions.items() if stated is not None}
    with path.open("x", encoding="utf-8") as file:
        file.write(json_codec.dumps(value, str(path)))


def _is_keras0(value: dict[str, Any]) -> bool:
    return "class_name" not in value and (isinstance(value.get("layers"), list) and "name" in value
                                          or isinstance(value.get("nodes"), dict) and "node_config" in value)


FORMAT = Container("architecture_json", "Keras architecture in JSON", (".json",), sniff, read, write,
                   dialects=("keras3", "tfkeras", "keras2", "keras1", "keras0"), holds=frozenset({"architecture"}))
