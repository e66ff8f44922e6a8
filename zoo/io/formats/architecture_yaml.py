"""Architectures as YAML text: `model.to_yaml()` of Keras 0 to 2 and of tf.keras before 2.6. The JSON's twin."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zoo.errors import CorruptFile
from zoo.io import yaml_codec
from zoo.io.container import Container, Content
from zoo.io.formats import architecture_json
from zoo.io.probe import Probe


def sniff(probe: Probe) -> str | None:
    """Whether the text is the YAML mapping of a model."""
    return architecture_json.kind_of(probe.yaml, "YAML") if probe.yaml is not None else None


def read(probe: Probe) -> Content:
    """The architecture, and the `compile` arguments if the text has them.

    Raises:
        CorruptFile: it holds values that no architecture has.
    """
    return architecture_json.content_of(as_in_json(probe.yaml, probe.where), probe.where)


def write(content: Content, path: Path) -> None:
    """Writes the text, with the versions where Keras of that dialect states them."""
    with path.open("x", encoding="utf-8") as file:
        file.write(yaml_codec.dumps(architecture_json.value_of(content, str(path)), str(path)))


def as_in_json(value: Any, where: str) -> Any:
    """The value with lists in place of tuples, as the JSON of the same Keras has them."""
    if isinstance(value, dict):
        return {key: as_in_json(item, where) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_in_json(item, where) for item in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise CorruptFile(f"{where}: expected plain values, received {value!r:.50}")


FORMAT = Container("architecture_yaml", "Keras architecture in YAML", (".yaml", ".yml"), sniff, read, write,
                   dialects=("tfkeras", "keras2", "keras1", "keras0"), holds=frozenset({"architecture"}))
