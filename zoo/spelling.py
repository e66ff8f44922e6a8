"""Arguments under the names that older Keras had for them, as today's.

Tables of `Spelling` say what old names mean. The same tables serve calls of old scripts (`accepts`, with a warning) and
configs in old files (`modernized`, without).
"""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zoo.errors import OldSpelling

_mentioned: set[str] = set()                                # spellings that were warned of


@dataclass(frozen=True)
class Spelling:
    """What old arguments mean.

    Args:
        old: their names; several together may make one new argument.
        new: names of the arguments that get the value; empty if the old ones have no effect any more.
        convert: takes the old values (None for those not given) and gives the new one.
    """

    old: tuple[str, ...]
    new: tuple[str, ...]
    convert: Callable[..., Any] = lambda value: value

    def __str__(self) -> str:
        today = f"say {', '.join(self.new)} today" if self.new else "has no effect any more"
        return f"{', '.join(self.old)} of older Keras: {today}"


def spellings(names: Mapping[str, str], convert: Callable[..., Any] | None = None) -> tuple[Spelling, ...]:
    """Rows of a table from ``{"old old": "new new"}``, all with the same conversion."""
    more = {} if convert is None else {"convert": convert}
    return tuple(Spelling(tuple(old.split()), tuple(new.split()), **more) for old, new in names.items())


def modernized(arguments: Mapping[str, Any], table: Sequence[Spelling], known: Sequence[str] = (),
               used: Callable[[Spelling], None] = lambda spelling: None) -> dict[str, Any]:
    """The arguments with old spellings replaced by today's.

    Args:
        arguments: by name.
        table: what old names mean.
        known: names that mean something today, and are left alone.
        used: is told which rows were needed.
    """
    result = dict(arguments)
    for row in table:
        given = [name for name in row.old if name in result and name not in known]
        if not given:
            continue
        used(row)
        value = row.convert(*(result.pop(name) if name in given else None for name in row.old))
        for name in row.new:
            result.setdefault(name, value)
    return result


def accepts(table: Sequence[Spelling], title: str = "") -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator: the function takes old spellings as well, and warns of each once.

    Args:
        table: what old names mean.
        title: what warnings call the function; its own name unless given.
    """
    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        known = tuple(inspect.signature(function).parameters)
        name = title or function.__name__

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            if kwargs:
                kwargs = modernized(kwargs, table, known, lambda row: warn_once(f"{name}: {row}", 5))
            return function(*args, **kwargs)
        return call
    return decorate


def warn_once(message: str, stacklevel: int = 3) -> None:
    """Warns of an old spelling, unless that was done already.

    Args:
        message: what was said, and what to say today.
        stacklevel: how far above the user's line is; 3 for a caller that the user calls.
    """
    if message not in _mentioned:
        warnings.warn(f"{message}.", OldSpelling, stacklevel=stacklevel)
        _mentioned.add(message)


def forget() -> None:
    """Every spelling is warned of anew."""
    _mentioned.clear()
