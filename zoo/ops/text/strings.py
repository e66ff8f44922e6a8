"""Functions of strings, element by element or row by row, as functions of the host.

Letters and blanks are those of ASCII, as in TensorFlow: other letters have no lower case here, other blanks do not
separate words. Strings are held as Python's `str`; elements given as `bytes` are read as UTF-8.
"""

from __future__ import annotations

import math
import string
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo.engine.primitives.rules import require
from zoo.engine.spec import Dim, TensorSpec
from zoo.errors import ShapeError

_PUNCTUATION = string.punctuation.encode()


def encoded(item: Any) -> bytes:
    """A string as UTF-8."""
    return item if isinstance(item, bytes) else str(item).encode()


def objects(items: Iterable[Any], shape: Sequence[int]) -> np.ndarray:
    """An array of Python objects."""
    array = np.empty(shape, object)
    array.ravel()[:] = np.fromiter(items, object, array.size)
    return array


def rows(lists: Sequence[Sequence[Any]], shape: Sequence[int], length: Dim, padding: Any) -> np.ndarray:
    """Lists of different lengths as one array, cut or padded to `length` (the longest one if None)."""
    width = max(map(len, lists), default=0) if length is None else length
    return objects((item for row in lists for item in [*row[:width], *[padding] * (width - len(row))]),
                   (*shape, width))


def lower(text: bytes) -> bytes:
    """With small letters."""
    return text.lower()


def strip_punctuation(text: bytes) -> bytes:
    """Without the punctuation of ASCII."""
    return text.translate(None, _PUNCTUATION)


@dataclass(frozen=True)
class Map:
    """Each string changed by a function of its bytes."""

    function: Callable[[bytes], bytes]

    def infer(self, x: TensorSpec) -> TensorSpec:
        """The same shape."""
        require("text", x, {"string"})
        return x

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The changed strings."""
        return objects((self.function(encoded(item)).decode(errors="replace") for item in x.flat), x.shape)


@dataclass(frozen=True)
class Whole:
    """A user's function of whole arrays of strings, which keeps their shape."""

    function: Callable[[np.ndarray], Any]

    def infer(self, x: TensorSpec) -> TensorSpec:
        """The same shape."""
        require("text", x, {"string"})
        return x

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The function's result.

        Raises:
            ShapeError: it is of another shape.
        """
        result = np.asarray(self.function(np.asarray(x, str)), object)
        if result.shape != x.shape:
            raise ShapeError(f"text: the function {self.function!r} was given strings of shape {x.shape}, expected as "
                             f"many back, received shape {result.shape}.")
        return result


@dataclass(frozen=True)
class Split:
    """Each string cut into tokens, along a new last axis.

    Args:
        by: ``whitespace``, ``character``, or a user's function from an array of strings to lists of tokens.
        length: tokens to keep, missing ones are ``""``; as many as the longest string has if None.
    """

    by: str | Callable[[np.ndarray], Any]
    length: Dim = None

    def infer(self, x: TensorSpec) -> TensorSpec:
        """One axis more, of unknown size if no length is given."""
        require("text", x, {"string"})
        return x.with_shape((*x.shape, self.length))

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The tokens."""
        if self.by == "whitespace":
            tokens = [[word.decode(errors="replace") for word in encoded(item).split()] for item in x.flat]
        elif self.by == "character":
            tokens = [list(encoded(item).decode(errors="replace")) for item in x.flat]
        else:
            tokens = [[str(token) for token in line] for line in self.by(np.asarray(x, str).ravel())]
        return rows(tokens, x.shape, self.length, "")


@dataclass(frozen=True)
class NGrams:
    """Runs of neighbouring tokens in the last axis, joined by blanks; ``""`` at the end of a row is no token.

    Args:
        widths: how many tokens in a run: first all runs of the first width, then those of the next.
    """

    widths: tuple[int, ...]

    def infer(self, x: TensorSpec) -> TensorSpec:
        """The last axis has another, unknown size."""
        require("text", x, {"string"})
        return x.with_shape((*x.shape[:-1], None))

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The runs."""
        lines = [self._runs(_without_padding(row)) for row in x.reshape(math.prod(x.shape[:-1]), x.shape[-1])]
        return rows(lines, x.shape[:-1], None, "")

    def _runs(self, tokens: list[str]) -> list[str]:
        return [" ".join(tokens[i:i + width]) for width in self.widths for i in range(len(tokens) - width + 1)]


def _without_padding(row: np.ndarray) -> list[str]:
    tokens = list(row)
    while tokens and tokens[-1] == "":
        tokens.pop()
    return tokens


@dataclass(frozen=True)
class Fit:
    """The last axis cut or padded to a length."""

    length: int
    padding: Any

    def infer(self, x: TensorSpec) -> TensorSpec:
        """The last axis has that length."""
        return x.with_shape((*x.shape[:-1], self.length))

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The fitted array."""
        kept = x[..., :self.length]
        result = np.full((*x.shape[:-1], self.length), self.padding, x.dtype)
        result[..., :kept.shape[-1]] = kept
        return result
