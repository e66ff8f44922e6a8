"""Functions of strings: they are computed on the host, one by one, and have no gradients."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np

from zoo.engine.primitives import host_op
from zoo.engine.spec import Dim
from zoo.ops.promotion import Tensor
from zoo.ops.text import strings, tables
from zoo.ops.text.tables import bucket as bucket


def as_strings(x: Any) -> Tensor:
    """Strings (a list of them, or an array of any string dtype) as a tensor."""
    return np.asarray(x, object) if isinstance(x, (str, bytes, list, tuple)) else x


def lower(x: Any) -> Tensor:
    """With small letters, where the letters are of ASCII."""
    return host_op(as_strings(x), function=strings.Map(strings.lower))


def strip_punctuation(x: Any) -> Tensor:
    """Without the punctuation of ASCII."""
    return host_op(as_strings(x), function=strings.Map(strings.strip_punctuation))


def apply(x: Any, function: Callable[[np.ndarray], Any]) -> Tensor:
    """The result of a user's function from an array of strings to one of the same shape."""
    return host_op(as_strings(x), function=strings.Whole(function))


def split(x: Any, by: str | Callable[[np.ndarray], Any] = "whitespace", length: Dim = None) -> Tensor:
    """Tokens of each string along a new last axis, missing ones ``""``.

    Args:
        x: strings.
        by: ``whitespace``, ``character``, or a function from an array of strings to lists of tokens.
        length: tokens to keep; as many as the longest string has if None.
    """
    return host_op(as_strings(x), function=strings.Split(by, length))


def ngrams(x: Any, widths: Sequence[int]) -> Tensor:
    """Runs of neighbouring tokens in the last axis, joined by blanks: those of the first width, then of the next."""
    return host_op(as_strings(x), function=strings.NGrams(tuple(widths)))


def fit(x: Any, length: int, padding: Any) -> Tensor:
    """The last axis, whose size may be unknown, cut or padded to a length."""
    return host_op(x, function=strings.Fit(length, padding))


def lookup(x: Any, number: Callable[[Hashable], int]) -> Tensor:
    """What `number` gives for each token (string or integer), int64."""
    return host_op(x, function=tables.Lookup(number))


def tokens(x: Any, token: Callable[[int], Any], dtype: str) -> Tensor:
    """What `token` gives for each integer: strings, or integers."""
    return host_op(x, function=tables.Tokens(token, dtype))


def hash_buckets(x: Any, count: int, salt: Sequence[int] | None = None, empty: Hashable = None) -> Tensor:
    """The bucket into which TensorFlow hashes each string or integer, int64.

    Args:
        x: strings or integers.
        count: of the buckets.
        salt: two integers, for SipHash; FarmHash without.
        empty: a value that has bucket 0 for itself.
    """
    return host_op(x, function=tables.Buckets(count, None if salt is None else tuple(salt), empty))


def cross_buckets(xs: Sequence[Any], count: int) -> Tensor:
    """The bucket into which TensorFlow hashes each combination of values of several tensors, int64."""
    return host_op(*xs, function=tables.CrossBuckets(count))
