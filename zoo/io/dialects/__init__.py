"""Vocabularies of model files: from each Keras's JSON to one canonical form, and back. Pure functions of plain data.

A dialect is a table (`dialect.Dialect`): which classes it has, what it calls their arguments, which of them it lacks.
A new dialect is a new table here; how calls are written is in `nodes`, what surrounds layers in `structure`.
"""

from __future__ import annotations

from typing import Any

from zoo.errors import CorruptFile, UnsupportedFile, refused_as
from zoo.io.dialects.decode import Decoder
from zoo.io.dialects.detect import detect as detect
from zoo.io.dialects.dialect import Dialect
from zoo.io.dialects.dim_ordering import ordering_of
from zoo.io.dialects.encode import Encoder, refuse
from zoo.io.dialects.keras0 import KERAS0
from zoo.io.dialects.keras1 import KERAS1
from zoo.io.dialects.keras2 import KERAS2
from zoo.io.dialects.keras3 import KERAS3
from zoo.io.dialects.structure import from_plain as from_plain
from zoo.io.dialects.structure import to_plain as to_plain
from zoo.io.dialects.tfkeras import TFKERAS
from zoo.io.document import Finding, ModelRecord

DIALECTS: dict[str, Dialect] = {dialect.name: dialect for dialect in (KERAS3, TFKERAS, KERAS2, KERAS1, KERAS0)}

#: Dialects whose architectures do not tell everything; see `layouts.untold`.
INCOMPLETE = frozenset({"keras0", "keras1"})


def decode_model(config: dict[str, Any], dialect: str, keras_version: str | None = None,
                 data_format: str | None = None) -> tuple[ModelRecord, list[Finding]]:
    """A model's JSON as a canonical record.

    Args:
        config: ``{"class_name", "config", ...}``.
        dialect: as `detect` says.
        keras_version: as the file says it.
        data_format: of layers of Keras 0 and 1 that do not tell theirs; None goes by the others, or by the default of
            the time.

    Returns:
        The model, and what a user should know about it.

    Raises:
        CorruptFile: the JSON contradicts itself.
        UnsupportedFile: the dialect is not known.
        ConfigError: `data_format` is none.
    """
    known = _known(dialect).at(keras_version)
    if known.lift is not None:
        config = known.lift(config)
    ordering = ordering_of(config, data_format, known.dim_ordering) if known.dim_ordering is not None else None
    decoder = Decoder(known, ordering)
    with refused_as(CorruptFile, "the architecture"):
        return decoder.model(config), decoder.findings


def encode_model(model: ModelRecord, dialect: str, *, legacy: bool = False) -> dict[str, Any]:
    """A canonical record as the JSON of a dialect.

    Args:
        dialect: ``keras3``, ``tfkeras``, ``keras2``, ``keras1`` or ``keras0``.
        legacy: for Keras 3: as in HDF5 files, where layers have no module.

    Raises:
        CannotExpress: the dialect lacks something; all of it is listed.
        UnsupportedFile: the dialect is not known.
    """
    encoder = Encoder(_known(dialect), legacy)
    encoded = encoder.model(model)
    if encoder.dialect.lower is not None and not encoder.problems:
        encoded = encoder.dialect.lower(encoded, encoder.problems.append)
    refuse(encoder.problems, encoder.dialect)
    return encoded


def _known(dialect: str) -> Dialect:
    if dialect not in DIALECTS:
        raise UnsupportedFile(f"expected a dialect among {', '.join(DIALECTS)}, received {dialect!r}")
    return DIALECTS[dialect]
