"""Automatic names, as Keras makes them: ``conv2d``, ``conv2d_1``, ``batch_normalization``."""

from __future__ import annotations

import re
from collections import Counter

_used: Counter[str] = Counter()


def to_snake_case(name: str) -> str:
    """Keras's own rule: ``BatchNormalization`` gives ``batch_normalization``, ``ReLU`` gives ``re_lu``."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def unique_name(prefix: str) -> str:
    """``prefix`` at the first call, then ``prefix_1``, ``prefix_2``, ..."""
    count = _used[prefix]
    _used[prefix] += 1
    return f"{prefix}_{count}" if count else prefix


def count(prefix: str) -> int:
    """How often it was asked for that prefix, this time included."""
    _used[prefix] += 1
    return _used[prefix]


def reset() -> None:
    """Starts counting anew."""
    _used.clear()
