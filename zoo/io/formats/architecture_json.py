"""Architectures as JSON text: `model.to_json()` of Keras 0 to 3."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zoo.io import extras, json_codec
from zoo.io.container import Container, Content
from zoo.io.document import TrainingRecord
from zoo.io.formats.training_state import compile_config, optimizer_record
from zoo.io.probe import Probe

# Keras 0 wrote the arguments of `compile` beside the layers.
_KERAS0_TRAINING = ("optimizer", "loss", "class_mode", "sample_weight_mode", "sample_weight_modes", "loss_weights",
                    "theano_mode")


def sniff(probe: Probe) -> str | None:
    """Whether the text is the JSON object of a model."""
    return kind_of(probe.json, "JSON") if probe.json is not None else None


def kind_of(value: dict[str, Any], language: str) -> str | None:
    """What the value of a text is, if it is a model."""
    if isinstance(value.get("class_name"), str) and "config" in value:
        return f"Keras {value.get('keras_version', '3' if 'module' in value else '')} architecture in {language}"
    return f"Keras 0 architecture in {language}" if _is_keras0(value) else None


def read(probe: Probe) -> Content:
    """The architecture, and the `compile` arguments if the text has them."""
    return content_of(dict(probe.json or {}), probe.where)


def content_of(value: dict[str, Any], where: str) -> Content:
    """What the value of a text holds; `value` is used up.

    Raises:
        CorruptFile: a key has a value of another type than Keras writes.
    """
    kept = extras.found(value.pop(extras.KEY, None), where)
    if _is_keras0(value):
        config = {key: value.pop(key) for key in _KERAS0_TRAINING if key in value}
        training = TrainingRecord(config, optimizer_record(config, [])) if config else None
        return Content(value, training=training, metadata=kept)
    training = json_codec.pop(value, "compile_config", dict, where)
    version, backend = (json_codec.pop(value, key, str, where) for key in ("keras_version", "backend"))
    record = TrainingRecord(training, optimizer_record(training, [])) if training else None
    return Content(value, training=record, keras_version=version, backend=backend, metadata=kept)


def write(content: Content, path: Path) -> None:
    """Writes the text, with the versions where Keras of that dialect states them."""
    text = json_codec.dumps(value_of(content, str(path)), str(path))
    with path.open("x", encoding="utf-8") as file:
        file.write(text)


def value_of(content: Content, where: str) -> dict[str, Any]:
    """The value of the text."""
    assert content.architecture is not None
    value: dict[str, Any] = dict(content.architecture)
    training = content.training
    if _is_keras0(value):
        value |= training.config if training is not None else {}
    elif "module" in value:                                         # Keras 3 and tf.keras 2.12: complete objects
        value |= {"compile_config": compile_config(training, where)} if training is not None else {}
    else:
        versions = {"keras_version": content.keras_version, "backend": content.backend}
        value |= {name: stated for name, stated in versions.items() if stated is not None}
    return value | extras.of(content.metadata)


def _is_keras0(value: dict[str, Any]) -> bool:
    return "class_name" not in value and (isinstance(value.get("layers"), list) and "name" in value
                                          or isinstance(value.get("nodes"), dict) and "node_config" in value)


FORMAT = Container("architecture_json", "Keras architecture in JSON", (".json",), sniff, read, write,
                   dialects=("keras3", "tfkeras", "keras2", "keras1", "keras0"), holds=frozenset({"architecture"}))
