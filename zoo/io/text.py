"""Architectures as JSON text, without a file."""

from __future__ import annotations

from typing import Any

from zoo.errors import CorruptFile
from zoo.io import dialects, json_codec
from zoo.io.document import ModelDocument, ModelRecord, Producer
from zoo.io.write import VERSIONS

_WHERE = "architecture"


def architecture_text(model: ModelRecord, dialect: str = "keras3", *, indent: int | None = None) -> str:
    """The JSON text of an architecture, as `to_json` of that Keras writes it.

    Raises:
        CannotExpress: the dialect lacks something that the model has.
    """
    value = dialects.encode_model(model, dialect, legacy=dialect != "keras3")
    if dialect != "keras3":
        value |= {"keras_version": VERSIONS[dialect], "backend": "tensorflow"}
    return json_codec.dumps(value, _WHERE, indent=indent)


def read_architecture_text(text: str) -> ModelDocument:
    """The document of such a text, of any dialect.

    Raises:
        CorruptFile: it is not the JSON object of a model.
        UnsafeFile: it is refused by a guard.
    """
    value: Any = json_codec.loads(text, _WHERE)
    if not isinstance(value, dict):
        raise CorruptFile(f"{_WHERE}: expected a JSON object, received {type(value).__name__}")
    version, backend = value.pop("keras_version", None), value.pop("backend", None)
    dialect = dialects.detect(value, version)
    document = ModelDocument("architecture_json", Producer(dialect, version, backend, ["JSON text"]), "JSON text")
    document.model, document.findings = dialects.decode_model(value, dialect, version)
    return document
