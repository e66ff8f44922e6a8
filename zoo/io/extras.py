"""What zoo keeps in a model file beside what Keras keeps there: the names of the classes, how pixels are prepared,
where the random numbers of its layers are, and by the conventions of which release it trains.

One JSON object under the name ``zoo``, in a place that Keras does not look at: an attribute of an HDF5 file, the member
``zoo.json`` of an archive, a key of a JSON or YAML architecture, ``userDefinedMetadata`` of a TensorFlow.js model, an
entry of the ``__metadata__`` of a safetensors file. In a document it is ``document.metadata["zoo"]``::

    {"labels": ["cat", "dog"], "preprocess": "caffe", "seeds": [[1337, 12]], "conventions": "keras-2.3"}
"""

from __future__ import annotations

from typing import Any

from zoo.errors import ConfigError, CorruptFile

KEY = "zoo"
LABELS, PREPROCESS, SEEDS, CONVENTIONS = "labels", "preprocess", "seeds", "conventions"

# Words for how pixels are prepared; `zoo.applications.preprocess` knows what each does.
PREPROCESS_MODES = ("caffe", "tf", "torch", "lite", "none")

_MOST_LABELS = 1_000_000


def of(metadata: dict[str, Any]) -> dict[str, Any]:
    """What is to be written under `KEY`: nothing if there is nothing to tell."""
    return {KEY: metadata[KEY]} if metadata.get(KEY) else {}


def by_users(metadata: dict[str, Any]) -> dict[str, Any]:
    """What a document's metadata holds of what users say of a model."""
    return {key: value for key, value in metadata.get(KEY, {}).items() if key in _OF_USERS}


def said(metadata: dict[str, Any]) -> dict[str, Any]:
    """What a user said of a model, checked; without what is None.

    Raises:
        ConfigError: another key than ``labels`` and ``preprocess``, or a value of another kind.
    """
    for key, value in metadata.items():
        if key not in _OF_USERS:
            raise ConfigError(f"model.metadata: expected the keys {', '.join(_OF_USERS)}, received {key!r}.")
        if value is not None and not _OF_USERS[key](value):
            raise ConfigError(f"model.metadata[{key!r}]: expected {_EXPECTED[key]}, received {value!r:.100}.")
    return {key: value for key, value in metadata.items() if value is not None}


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
    if labels is not None and not _are_labels(labels):
        raise CorruptFile(f"{where}: expected {_EXPECTED[LABELS]} in {LABELS!r}, received {labels!r:.100}")
    for key in (PREPROCESS, CONVENTIONS):
        if not isinstance(value.get(key), str | None):
            raise CorruptFile(f"{where}: expected text in {key!r}, received {value[key]!r:.100}")
    seeds = value.get(SEEDS, [])
    if not (isinstance(seeds, list) and all(_is_state(state) for state in seeds)):
        raise CorruptFile(f"{where}: expected pairs of whole numbers in {SEEDS!r}, received {seeds!r:.100}")
    return {KEY: value}


def _are_labels(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= _MOST_LABELS and all(isinstance(label, str) for label in value)


_OF_USERS = {LABELS: _are_labels, PREPROCESS: lambda value: value in PREPROCESS_MODES}
_EXPECTED = {LABELS: "a list of texts", PREPROCESS: f"one of {', '.join(PREPROCESS_MODES)}"}


def _is_state(value: Any) -> bool:
    """Whether it is the state of a seed generator: a seed, and how many states were taken from it."""
    return isinstance(value, list) and len(value) == 2 and all(
        isinstance(number, int) and 0 <= number < 2 ** 32 for number in value)
