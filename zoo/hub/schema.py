"""The shape of ``weights_manifest.json``, as a table, and the check of a document against it.

A shape is one of: a `Leaf` (a test of one value), a dict (an object with these keys; those that end in ``?`` may be
absent), a one-element list (a list, not empty, of that shape), or a `Tagged` union. No other key is allowed anywhere,
so that a misspelt optional key is an error and not a missing hash.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from zoo.hub.hashes import HEX_LENGTHS

SCHEMA = "zoo-weights-manifest/1"


@dataclass(frozen=True)
class Leaf:
    """A value that passes `test`; `expected` says in words what passes."""

    expected: str
    test: Callable[[Any], bool]


@dataclass(frozen=True)
class Tagged:
    """An object whose shape is chosen by the string under the key `tag`."""

    tag: str
    shapes: dict[str, dict[str, Any]]


def _pattern(expected: str, regex: str) -> Leaf:
    return Leaf(expected, lambda value: isinstance(value, str) and re.fullmatch(regex, value) is not None)


def _stays_inside(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[^\\:]+", value) is not None \
        and not value.startswith("/") and ".." not in PurePosixPath(value).parts


def _is_variant(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(item, (str, int, float)) for item in value.values())


# How an RGB image of 0..255 becomes an input; "file": as the file of a whole model says.
PREPROCESS = ("caffe", "tf", "torch", "lite", "none", "file")


def _is_labels(value: Any) -> bool:
    return value in ("imagenet", "file") or \
        (isinstance(value, list) and bool(value) and all(isinstance(item, str) for item in value))


NAME = _pattern("a name", r"\S(.*\S)?")
PAGE = _pattern("an http or https address", r"https?://[^\s/]+/\S*")
URL = _pattern("an address that begins with http://, https://, file:///, s3://, gs:// or hf://",
               r"((https?|s3|gs|hf)://[^\s/]+|file://)/\S+")
PATH = Leaf("a path", lambda value: isinstance(value, str) and bool(value.strip()) and "\0" not in value)
# The name becomes part of a path in the cache: nothing in it may lead out of that folder or hide the file.
FILE = _pattern("a plain file name", r"\w[\w.+-]*")
FRACTION = Leaf("a fraction between 0 and 1", lambda value: isinstance(value, float) and 0 < value < 1)

SOURCE = Tagged("kind", {
    "url": {"url": URL},
    "file": {"path": PATH},
    "package": {"distribution": NAME, "extra": NAME, "file": Leaf("a relative path without '..'", _stays_inside)},
})
ENTRY = {
    "model": NAME,
    "variant": Leaf("an object of strings, numbers and booleans", _is_variant),
    "file": FILE,
    "sources": [SOURCE],
    "format": NAME,
    "preprocess": Leaf(f"one of {', '.join(PREPROCESS)}", lambda value: value in PREPROCESS),
    "labels": Leaf("'imagenet', 'file', or a list of names", _is_labels),
    "licence": NAME,
    "publisher": PAGE,
    "paper?": PAGE,
    "size?": Leaf("a number of bytes", lambda value: type(value) is int and value > 0),
    "accuracy?": {"top1": FRACTION, "top5?": FRACTION, "source": PAGE},
    **{f"{name}?": _pattern(f"{length} hex digits in lower case", f"[0-9a-f]{{{length}}}")
       for name, length in HEX_LENGTHS.items()},
}
MANIFEST = {
    "schema": Leaf(f"{SCHEMA!r} (a newer one needs a newer zoo)", lambda value: value == SCHEMA),
    "weights": [ENTRY],
}


def problems(value: Any, shape: Any, where: str = "") -> Iterator[str]:
    """Yield every disagreement of a parsed JSON value with a shape, as sentences that begin with its path.

    Args:
        value: as parsed.
        shape: what it must be; see the module's text.
        where: path of the value in the document, as ``weights[3].sources[0]``; empty for the document itself.
    """
    if isinstance(shape, Leaf):
        if not shape.test(value):
            yield f"{where} must be {shape.expected}, received {value!r:.80}"
    elif isinstance(shape, list):
        if not isinstance(value, list) or not value:
            yield f"{where} must be a list that is not empty, received {value!r:.80}"
            return
        for index, item in enumerate(value):
            yield from problems(item, shape[0], f"{where}[{index}]")
    elif not isinstance(value, dict):
        yield f"{where or 'the document'} must be an object, received {value!r:.80}"
    elif isinstance(shape, Tagged):
        tag = value.get(shape.tag)
        if tag not in list(shape.shapes):  # a list, since the tag may be anything, hashable or not
            yield f"{where}.{shape.tag} must be one of {sorted(shape.shapes)}, received {tag!r:.80}"
            return
        yield from problems({key: item for key, item in value.items() if key != shape.tag}, shape.shapes[tag], where)
    else:
        yield from _object_problems(value, shape, where)


def _object_problems(value: dict[str, Any], shape: dict[str, Any], where: str) -> Iterator[str]:
    path = f"{where}." if where else ""
    shapes = {key.removesuffix("?"): inner for key, inner in shape.items()}
    yield from (f"{path}{key} is missing" for key in shape if not key.endswith("?") and key not in value)
    yield from (f"{path}{key} is not a key of schema {SCHEMA}" for key in value if key not in shapes)
    for key, inner in shapes.items():
        if key in value:
            yield from problems(value[key], inner, f"{path}{key}")
