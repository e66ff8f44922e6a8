"""What zoo keeps in a model file beside what Keras keeps there: the names of the classes, and how pixels are prepared.

One JSON object under the name ``zoo``, in a place that Keras does not look at: an attribute of an HDF5 file, the member
``zoo.json`` of an archive, a key of a JSON or YAML architecture, ``userDefinedMetadata`` of a TensorFlow.js model, an
entry of the ``__metadata__`` of a safetensors file. In a document it is ``document.metadata["zoo"]``::

    {"labels": ["cat", "dog"], "preprocess": "caffe"}
"""

from __future__ import annotations

from typing import Any

from zoo.errors import CorruptFile

KEY = "zoo"
LABELS, PREPROCESS = "labels", "preprocess"

_MOST_LABELS = 1_000_000


def of(metadata: dict[str, Any]) -> dict[str, Any]:
    """What is to be written under `KEY`: nothing if there is nothing to tell."""
    return {KEY: metadata[KEY]} if metadata.get(KEY) else {}


def found(value: Any, where: str) -> dict[str, Any]:
    """Metadata of a document, from what a file holds under `KEY` (None if it has nothing there).

    Raises:
        CorruptFile: it is not what zoo writes.
    """
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise CorruptFile(f"{where}: expected a JSON object under {KEY!r}, received {value!r:.100}")
    labels, preprocess = value.get(LABELS), value.get(PREPROCESS)
    if labels is not None and not (isinstance(labels, list) and len(labels) <= _MOST_LABELS
                                   and all(isinstance(label, str) for label in labels)):
        raise CorruptFile(f"{where}: expected a list of texts in {LABELS!r}, received {labels!r:.100}")
    if not isinstance(preprocess, str | None):
        raise CorruptFile(f"{where}: expected text in {PREPROCESS!r}, received {preprocess!r:.100}")
    return {KEY: value}
