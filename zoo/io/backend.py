"""Which backend wrote a file. Theano rotated the kernels of convolutions and padded for ``same`` in its own way.

Keras 2 says it; Keras 1 shows it in the names of its weights; Keras 0 does not tell. What is guessed is a finding.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from zoo.errors import ConfigError
from zoo.io.dialects.theano import meant_otherwise_by_theano, with_meanings_of_theano
from zoo.io.document import Convention, Finding, ModelDocument
from zoo.io.layouts.arrangement import is_rotated_by_theano
from zoo.io.layouts.owners import owners_of

BACKENDS = ("theano", "tensorflow")

# Dialects of Keras that ran on Theano as well.
THEANO_DIALECTS = ("keras0", "keras1", "keras2")


@dataclass(frozen=True)
class _Verdict:
    """What is taken for the backend, and why.

    Args:
        severity: of the finding that says so: ``info`` if the file shows it, ``warning`` if it is a guess or
            contradicts the file, None if there is nothing to say.
    """

    backend: str
    reason: str
    severity: str | None = None


def check_assumed(assume: str | None) -> None:
    """Refuses backends that are none.

    Raises:
        ConfigError: it is neither of the two nor None.
    """
    if assume is not None and assume not in BACKENDS:
        raise ConfigError(f"assume={assume!r}: expected the backend that wrote the file, one of {list(BACKENDS)}, "
                          "or None to go by what the file shows")


def settle(document: ModelDocument, assume: str | None = None) -> None:
    """Notes in a document how its arrays are arranged, and which layers pad as Theano did.

    Args:
        document: just read; its weights get their `Convention`, its layers their padding.
        assume: ``theano`` or ``tensorflow``, whatever the file shows; None goes by that.

    Raises:
        ConfigError: another backend is assumed.
    """
    check_assumed(assume)
    dialect = document.producer.dialect
    if dialect not in THEANO_DIALECTS:
        if document.weights is not None:
            document.weights.convention = Convention(dialect)
        return
    verdict = _verdict(document, assume)
    if document.weights is not None:
        document.weights.convention = Convention(dialect, verdict.backend)
    if verdict.severity is not None and (affected := list(_affected(document))):
        document.producer.evidence.append(f"backend taken for {verdict.backend}: {verdict.reason}")
        document.findings.append(Finding(verdict.severity, document.path or document.format,
                                         _message(verdict, affected)))
    if verdict.backend == "theano" and document.model is not None:
        with_meanings_of_theano(document.model, dialect, document.producer.keras_version)


def _verdict(document: ModelDocument, assume: str | None) -> _Verdict:
    stated = document.producer.backend
    if assume is not None:
        contradicts = stated is not None and (stated == "theano") != (assume == "theano")
        return _Verdict(assume, f"assumed, although the file says {stated}" if contradicts else "assumed",
                        "warning" if contradicts else None)
    if stated is not None:
        return _Verdict("theano" if stated == "theano" else "tensorflow", "the file says so")
    names = [tensor.name for _, tensor in document.weights] if document.weights is not None else []
    if names and document.producer.dialect != "keras0":
        numbered = any(name.endswith(":0") for name in names)
        return _Verdict("tensorflow" if numbered else "theano", "TensorFlow's names of weights end in ':0'" if numbered
                        else "names of weights do not end in ':0', as TensorFlow's do", "info")
    if document.producer.dialect == "keras0":
        return _Verdict("theano", "Keras 0 ran on it by default", "warning")
    first = document.model is not None and any(owner.config.get("data_format") == "channels_first"
                                               for owner in owners_of(document.model).walk())
    return _Verdict("theano", "images have their channels first, its default", "warning") if first else \
        _Verdict("tensorflow", "it was the default, and no images have their channels first", "warning")


def _affected(document: ModelDocument) -> Iterator[str]:
    """What depends on the backend: layers, or arrays where there are only these."""
    if document.model is not None:
        yield from ("/".join((*owner.path, owner.prefix.rstrip("/"))).rstrip("/")
                    for owner in owners_of(document.model).walk() if is_rotated_by_theano(owner.class_name))
        producer = document.producer
        yield from meant_otherwise_by_theano(document.model, producer.dialect, producer.keras_version)
    elif document.weights is not None:
        yield from (f"{group.path}/{tensor.name}" for group, tensor in document.weights if len(tensor.shape) > 2)


def _message(verdict: _Verdict, affected: list[str]) -> str:
    names = list(dict.fromkeys(affected))
    shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    other = next(backend for backend in BACKENDS if backend != verdict.backend)
    return (f"the file is taken for one that was written with the backend {verdict.backend}: {verdict.reason}. "
            f"Theano rotates the kernels of convolutions and pads in its own way, which concerns {shown}. If it was "
            f"{other}: zoo.io.read(path, assume={other!r}), or --assume {other}")
