"""A file becomes a `ModelDocument`."""

from __future__ import annotations

import os

from zoo.errors import ConfigError, CorruptFile, refused_as
from zoo.io import backend, dialects, layouts
from zoo.io.container import Container, Content
from zoo.io.document import ModelDocument, Producer
from zoo.io.formats import CONTAINERS
from zoo.io.limits import DEFAULT_LIMITS, Limits
from zoo.io.probe import Probe
from zoo.io.size import check_size
from zoo.io.sniff import refuse_unread, sniff_probe

# Who writes weights without an architecture, by layout, when the file names no version.
_WEIGHTS_DIALECTS = {"by_layer": "keras1", "by_number": "keras0", "by_path": "keras3", "by_name": "keras3"}


def read(path: str | os.PathLike[str], *, weights: str | os.PathLike[str] | None = None, assume: str | None = None,
         data_format: str | None = None, limits: Limits = DEFAULT_LIMITS) -> ModelDocument:
    """Reads a model file, an architecture, or weights; nothing in it is executed, and tensors stay on disk.

    Args:
        path: a file of any format in `zoo.io.formats.CONTAINERS`, whatever it is called, or a model folder.
        weights: where `path` is an architecture alone, the file with its weights.
        assume: the backend that wrote the file, ``theano`` or ``tensorflow``; None goes by what the file says or shows.
            Where it says nothing, one is taken and a finding tells so.
        data_format: ``channels_first`` or ``channels_last``, for layers of Keras 0 and 1 whose file does not tell; None
            takes that of the other layers, or the default of the time, and a finding tells so.
        limits: caps for what the file may ask for.

    Returns:
        The file's content. Its tensors can be read as long as the file stays as it is.

    Raises:
        UnknownFormat: not a model file; the message says what it looks like.
        UnsupportedFile: a format that zoo recognises but does not read.
        CorruptFile: truncated, or contradicting itself.
        UnsafeFile: refused by a guard.
        ConfigError: `weights` is given but has none, `path` has weights of its own, or no such backend or data format
            can be assumed.
        OSError: it does not exist or may not be read.

    Example:
        >>> document = read("model.json", weights="weights.h5")         # doctest: +SKIP
    """
    container, content = read_content(path, limits)
    if weights is not None:
        _attach(content, path, weights, limits)
    producer = _producer(content)
    document = ModelDocument(container.name, producer, str(path), weights=content.weights, training=content.training,
                             metadata=content.metadata)
    if content.architecture is not None:
        document.model, document.findings = dialects.decode_model(content.architecture, producer.dialect,
                                                                  producer.keras_version, data_format)
        document.architecture = content.architecture
    backend.settle(document, assume)
    if document.model is not None and producer.dialect in dialects.INCOMPLETE:
        layouts.complete(document.model, document.weights)
    return document


def read_content(path: str | os.PathLike[str], limits: Limits = DEFAULT_LIMITS) -> tuple[Container, Content]:
    """What a file holds, verbatim: the architecture as its own JSON, not translated.

    Raises:
        As `read`.
    """
    probe = Probe(path, limits)
    with refused_as(CorruptFile, f"{probe.where}: what the file says"):
        sniffed = sniff_probe(probe)
        refuse_unread(probe, sniffed)
        container = CONTAINERS[sniffed.format]
        content = container.read(probe)
        check_size(content.architecture, probe.where, limits)
    return container, content


def _attach(content: Content, path: str | os.PathLike[str], weights: str | os.PathLike[str], limits: Limits) -> None:
    """Puts the weights of another file into `content`."""
    if content.weights is not None:
        raise ConfigError(f"{path}: expected an architecture alone beside weights={str(weights)!r}, received a file "
                          "with weights of its own; leave `weights` out")
    _, other = read_content(weights, limits)
    if other.weights is None:
        raise ConfigError(f"weights={str(weights)!r}: expected a file with weights, received an architecture alone")
    content.weights = other.weights
    content.training = content.training or other.training
    content.keras_version = content.keras_version or other.keras_version
    content.backend = content.backend or other.backend


def _producer(content: Content) -> Producer:
    """Who wrote the file, from its versions, its vocabulary and its layout."""
    evidence = [f"{name} = {value}" for name, value in (("keras_version", content.keras_version),
                                                        ("backend", content.backend)) if value is not None]
    if content.architecture is not None:
        dialect = dialects.detect(content.architecture, content.keras_version)
        evidence.append(f"vocabulary of the architecture: {dialect}")
    else:
        dialect = _weights_dialect(content)
    if content.weights is not None:
        evidence.append(f"layout of the weights: {content.weights.layout}")
    return Producer(dialect, content.keras_version, content.backend, evidence)


def _weights_dialect(content: Content) -> str:
    if content.keras_version is not None:
        return dialects.detect({"class_name": None}, content.keras_version)         # the version alone decides
    return _WEIGHTS_DIALECTS.get(content.weights.layout, "unknown") if content.weights is not None else "unknown"
