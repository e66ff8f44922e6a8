"""A document with names of its classes, with the preparation of its images, and without training state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from zoo.errors import ConfigError
from zoo.io import extras
from zoo.io.document import ModelDocument


def with_labels(document: ModelDocument, labels: Sequence[str]) -> ModelDocument:
    """The document with the names of its classes, in the order of the model's outputs; see `zoo.io.extras`.

    Raises:
        ConfigError: they are not all text, or there are none.
    """
    if not labels or isinstance(labels, str) or not all(isinstance(label, str) for label in labels):
        raise ConfigError(f"labels: expected a list of names, received {labels!r:.100}")
    return _with(document, extras.LABELS, list(labels))


def with_preprocess(document: ModelDocument, mode: str) -> ModelDocument:
    """The document with the name of the way in which pixels are prepared for it: ``tf``, ``caffe``, ``torch``,
    ``none``."""
    return _with(document, extras.PREPROCESS, mode)


def without_training(document: ModelDocument) -> ModelDocument:
    """The document without compile arguments and the optimizer's state."""
    return replace(document, training=None)


def _with(document: ModelDocument, key: str, value: Any) -> ModelDocument:
    own = {**document.metadata.get(extras.KEY, {}), key: value}
    return replace(document, metadata={**document.metadata, extras.KEY: own})
