"""What zoo keeps in a model file beside what Keras keeps there: the names of the classes, how pixels are prepared,
where the random numbers of its layers are, and by the conventions of which release it trains.

One JSON object under the name ``zoo``, in a place that Keras does not look at: an attribute of an HDF5 file, the member
``zoo.json`` of an archive, a key of a JSON or YAML architecture, ``userDefinedMetadata`` of a TensorFlow.js model, an
entry of the ``__metadata__`` of a safetensors file. In a document it is ``document.metadata["zoo"]``::

    {"labels": ["cat", "dog"], "preprocess": "caffe", "seeds": [[1337, 12]], "conventions": "keras-2.3"}
"""

from __future__ import annotations

from typing import Any

from zoo.errors import CorruptFile

KEY = "zoo"
LABELS, PREPROCESS, SEEDS, CONVENTIONS = "labels", "preprocess", "seeds", "conventions"

# Words for how pixels are prepared; `zoo.applications.preprocess` knows what each does.
PREPROCESS_MODES = ("caffe", "tf", "torch", "lite", "none")

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
    labels = value.get(LABELS)
    if labels is not None and not (isinstance(labels, list) and len(labels) <= _MOST_LABELS
                                   and all(isinstance(label, str) for label in labels)):
        raise CorruptFile(f"{where}: expected a list of texts in {LABELS!r}, received {labels!r:.100}")
    for key in (PREPROCESS, CONVENTIONS):
        if not isinstance(value.get(key), str | None):
            raise CorruptFile(f"{where}: expected text in {key!r}, received {value[key]!r:.100}")
    seeds = value.get(SEEDS, [])
    if not (isinstance(seeds, list) and all(_is_state(state) for state in seeds)):
        raise CorruptFile(f"{where}: expected pairs of whole numbers in {SEEDS!r}, received {seeds!r:.100}")
    return {KEY: value}


def _is_state(value: Any) -> bool:
    """Whether it is the state of a seed generator: a seed, and how many states were taken from it."""
    return isinstance(value, list) and len(value) == 2 and all(
        isinstance(number, int) and 0 <= number < 2 ** 32 for number in value)
