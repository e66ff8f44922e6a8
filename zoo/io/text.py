"""Architectures as JSON and YAML text, without a file."""

from __future__ import annotations

from typing import Any

from zoo.errors import CorruptFile
from zoo.io import dialects, json_codec, yaml_codec
from zoo.io.document import ModelDocument, ModelRecord, Producer
from zoo.io.formats import architecture_json, architecture_yaml
from zoo.io.write import VERSIONS

_WHERE = "architecture"


def architecture_text(model: ModelRecord, dialect: str = "keras3", *, indent: int | None = None) -> str:
    """The JSON text of an architecture, as `to_json` of that Keras writes it.

    Raises:
        CannotExpress: the dialect lacks something that the model has.
    """
    return json_codec.dumps(_value(model, dialect), _WHERE, indent=indent)


def architecture_yaml_text(model: ModelRecord, dialect: str = "tfkeras") -> str:
    """The YAML text of an architecture, as `to_yaml` of that Keras wrote it (Keras 3 has none).

    Raises:
        CannotExpress: the dialect lacks something that the model has.
    """
    return yaml_codec.dumps(_value(model, dialect), _WHERE)


def read_architecture_text(text: str) -> ModelDocument:
    """The document of a JSON text, of any dialect.

    Raises:
        CorruptFile: it is not the JSON object of a model.
        UnsafeFile: it is refused by a guard.
    """
    return _document(json_codec.loads(text, _WHERE), architecture_json.FORMAT.name)


def read_architecture_yaml_text(text: str) -> ModelDocument:
    """The document of a YAML text, of any dialect.

    Raises:
        CorruptFile: it is not the YAML mapping of a model.
        UnsafeFile: it is refused by a guard.
    """
    value = architecture_yaml.as_in_json(yaml_codec.loads(text, _WHERE), _WHERE)
    return _document(value, architecture_yaml.FORMAT.name)


def _value(model: ModelRecord, dialect: str) -> dict[str, Any]:
    value = dialects.encode_model(model, dialect, legacy=dialect != "keras3")
    if dialect != "keras3":
        value |= {"keras_version": VERSIONS[dialect], "backend": "tensorflow"}
    return value


def _document(value: Any, container: str) -> ModelDocument:
    if not isinstance(value, dict):
        raise CorruptFile(f"{_WHERE}: expected a JSON object or a YAML mapping, received {type(value).__name__}")
    version, backend = value.pop("keras_version", None), value.pop("backend", None)
    dialect = dialects.detect(value, version)
    document = ModelDocument(container, Producer(dialect, version, backend, ["text"]), "text")
    document.model, document.findings = dialects.decode_model(value, dialect, version)
    return document
