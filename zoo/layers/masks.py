"""Masks ride along with tensors: which steps of a sequence are real.

A value of a graph carries its mask itself. Arrays cannot, so theirs stand in a table beside, as long as the array
lives.
"""

from __future__ import annotations

import weakref
from typing import Any

from zoo.engine.graph import Value

_of_arrays: dict[int, tuple[weakref.ref[Any], Any]] = {}


def mask_of(tensor: Any) -> Any | None:
    """The mask of a tensor, bool of shape (batch, steps), or None."""
    if isinstance(tensor, Value):
        return tensor.mask
    entry = _of_arrays.get(id(tensor))
    return entry[1] if entry is not None and entry[0]() is tensor else None


def set_mask(tensor: Any, mask: Any | None) -> None:
    """Gives a tensor its mask."""
    if isinstance(tensor, Value):
        tensor.mask = mask
    elif mask is not None:
        key = id(tensor)
        _of_arrays[key] = (weakref.ref(tensor, lambda _: _of_arrays.pop(key, None)), mask)
