"""Sequences of different lengths as one array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from zoo.errors import ConfigError, ShapeError

SIDES = ("pre", "post")


def pad_sequences(sequences: Sequence[Any], maxlen: int | None = None, dtype: Any = "int32", padding: str = "pre",
                  truncating: str = "pre", value: Any = 0.0) -> np.ndarray:
    """Sequences cut and padded to one length.

    Args:
        sequences: of numbers, or of arrays of one shape.
        maxlen: the length; that of the longest one if None.
        dtype: of the result.
        padding: ``pre`` to pad before, ``post`` after.
        truncating: ``pre`` to cut off beginnings, ``post`` ends.
        value: to pad with.

    Returns:
        (sequences, maxlen, ...).

    Raises:
        ConfigError: there is no such side, or the value does not fit the dtype.
        ShapeError: something is no sequence, or their elements differ in shape.

    Example:
        >>> pad_sequences([[1], [2, 3]])
        array([[0, 1],
               [2, 3]], dtype=int32)
    """
    if padding not in SIDES or truncating not in SIDES:
        raise ConfigError(f"pad_sequences: padding and truncating are 'pre' or 'post'. "
                          f"Received: {padding!r}, {truncating!r}")
    if not all(hasattr(sequence, "__len__") for sequence in sequences):
        raise ShapeError("pad_sequences: expected a list of sequences, each with a length.")
    longest = max((len(sequence) for sequence in sequences), default=0)
    length = longest if maxlen is None else maxlen
    shape = next((np.shape(sequence)[1:] for sequence in sequences if len(sequence)), ())
    if isinstance(value, str) and dtype is not object and not np.issubdtype(np.dtype(dtype), np.str_):
        raise ConfigError(f"pad_sequences: dtype {dtype!r} cannot hold the text {value!r}: give dtype=object.")
    padded = np.full((len(sequences), length, *shape), value, dtype)
    for row, sequence in zip(padded, sequences):
        kept = sequence[max(0, len(sequence) - length):] if truncating == "pre" else sequence[:length]
        if len(kept) and np.shape(kept)[1:] != shape:
            raise ShapeError(f"pad_sequences: expected elements of shape {shape}, received {np.shape(kept)[1:]}.")
        if len(kept):
            row[slice(len(kept)) if padding == "post" else slice(-len(kept), None)] = np.asarray(kept, dtype)
    return padded
