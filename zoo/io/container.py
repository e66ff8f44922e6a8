"""What a container is, and what one holds.

A container knows where its file keeps the architecture, the weights and the training state; it does not know what
they mean. `Content` is that raw material, in the words of whoever wrote the file. `zoo.io.read` turns it into a
`ModelDocument` with the help of dialects, `zoo.io.write` turns a document into it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zoo.io.document import ModelRecord, TrainingRecord, WeightTree
from zoo.io.probe import Probe


@dataclass
class Content:
    """What one file holds, verbatim.

    Args:
        architecture: the model's JSON object, ``{"class_name": ..., "config": ...}`` or Keras 0's
            ``{"name": ..., "layers": ...}``, without versions and training state.
        weights: in the file's own groups, names and order.
        training: ``compile`` arguments as stored, and the optimizer's tensors.
        keras_version, backend: as the file states them.
        metadata: what else is kept (``date_saved``, ``assets``, ``attributes``).
    """

    architecture: dict[str, Any] | None = None
    weights: WeightTree | None = None
    training: TrainingRecord | None = None
    keras_version: str | None = None
    backend: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Container:
    """One file format.

    Args:
        name: as `ModelDocument.format` has it.
        title: for people.
        suffixes: what such files are called when they are written; reading never looks at names.
        sniff: describes the file if it is of this format, else None.
        read: all that the file holds, tensors still on disk.
        write: writes a new file; None where zoo only reads.
        layouts: the groupings of weights that it can store, as in `WeightTree.layout`; the first is the one that
            documents of another layout are converted to.
        dialects: which producers' vocabularies it can be written in, the preferred one first.
        unchanged_dialects: others, in which a file of this container is written back as long as its model is unchanged.
        legacy: whether the architecture is in the legacy form, in which layers have no module.
        holds: which parts a document needs to be written to it: ``architecture``, ``weights``.
        assets: whether it has a place for files of layers (vocabularies).
        folder: if it is a folder of files rather than one file, a pattern of their names.
        narrow_floats: the dtypes of `zoo.io.narrow_floats` that its readers understand.
        problems: what its readers cannot do of a model; None if that is a matter of the dialect alone.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    sniff: Callable[[Probe], str | None]
    read: Callable[[Probe], Content]
    write: Callable[[Content, Path], None] | None = None
    layouts: tuple[str, ...] = ()
    dialects: tuple[str, ...] = ()
    unchanged_dialects: tuple[str, ...] = ()
    legacy: bool = False
    holds: frozenset[str] = frozenset()
    assets: bool = False
    folder: str | None = None
    narrow_floats: frozenset[str] = frozenset()
    problems: Callable[[ModelRecord], list[str]] | None = None
