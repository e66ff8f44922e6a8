"""What the `call` of a layer class takes."""

from __future__ import annotations

import inspect
from functools import cache
from typing import Any


@cache
def call_parameters(cls: Any) -> tuple[str, ...]:
    """Names of the parameters that `call` of the class takes."""
    return tuple(inspect.signature(cls.call).parameters)[1:]


def accepts(cls: Any, argument: str) -> bool:
    """Whether `call` of the class takes the keyword `argument`."""
    return argument in call_parameters(cls)


@cache
def trains_by_default(cls: Any) -> bool:
    """Whether calls of the class are for training where neither the call nor the layers around it say anything."""
    return inspect.signature(cls.call).parameters["training"].default is True
