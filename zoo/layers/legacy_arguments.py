"""Layers take their arguments under the names of older Keras as well."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

from zoo import serialization
from zoo.io.dialects.keras1_arguments import ARGUMENTS
from zoo.spelling import Spelling, modernized, warn_once


def install(classes: Mapping[str, type]) -> None:
    """Lets the constructors of all classes that the table knows take old arguments, with a warning for each spelling.

    Args:
        classes: by name; `zoo.layers` calls this once with its own.
    """
    for name, table in ARGUMENTS.items():
        if name in classes:
            _accept(classes[name], table)


def _accept(cls: type, table: Sequence[Spelling]) -> None:
    today, known = cls.__init__, serialization.init_parameters(cls)

    @functools.wraps(today)
    def construct(self: Any, *args: Any, **kwargs: Any) -> None:
        if not kwargs.keys() <= set(known):
            kwargs = modernized(kwargs, table, known, lambda row: warn_once(f"{cls.__name__}: {row}", 5))
        today(self, *args, **kwargs)

    cls.__init__ = construct
