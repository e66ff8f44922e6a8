"""How much memory a model may ask for, checked before anything is allocated.

Two questions, two places. While a model is made from a file, its variables are summed up: `allowance` says how many
bytes they may take. Before a program runs, what it needs is known to the byte: `check` compares that with
`config.memory`. Sizes come from files that nobody vouches for, and ``Dense(10**9)`` costs eleven characters.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from zoo.config import config
from zoo.engine.graph import Value
from zoo.errors import TooLarge

_UNKNOWN_MACHINE = 64 << 30                                 # where the system does not say how much memory it has


@dataclass
class _Allowance:
    """What is left of the bytes that variables may take."""

    limit: int
    reason: str
    used: int = 0


_allowance: ContextVar[_Allowance | None] = ContextVar("allowance", default=None)


@contextmanager
def allowance(limit: int, reason: str) -> Iterator[None]:
    """Inside, variables of layers may take `limit` bytes together.

    Args:
        reason: where the limit comes from and how to change it, for the message.
    """
    token = _allowance.set(_Allowance(limit, reason))
    try:
        yield
    finally:
        _allowance.reset(token)


def charge(nbytes: int, path: str) -> None:
    """Counts a new variable.

    Raises:
        TooLarge: all variables together are over the allowance.
    """
    current = _allowance.get()
    if current is None:
        return
    current.used += nbytes
    if current.used > current.limit:
        raise TooLarge(f"{path}: this variable needs {nbytes:,} bytes, all of the model together more than "
                       f"{current.limit:,}. {current.reason}")


def check(name: str, planned: int, values: Iterable[Value]) -> None:
    """Compares what a program needs with what it may take.

    Args:
        planned: bytes for its intermediate results.
        values: these results, of which the largest is named.

    Raises:
        TooLarge: it needs more.
    """
    if planned > (limit := memory()):
        largest = max(values, key=lambda value: value.spec.nbytes)
        raise TooLarge(f"{name}: its intermediate results need {planned:,} bytes, more than {limit:,}. The largest is "
                       f"{_described(largest)}. Use a smaller batch or input, or raise zoo.config.config.memory "
                       f"(ZOO_MEMORY).")


def claim(name: str, nbytes: int) -> None:
    """Announces a table that is about to be made.

    Raises:
        TooLarge: it is larger than the results of a run may be.
    """
    if nbytes > (limit := memory()):
        raise TooLarge(f"{name}: a table of {nbytes:,} bytes is more than {limit:,}. Use smaller sizes.")


def out_of_memory(name: str, values: Iterable[Value], error: MemoryError) -> TooLarge:
    """The error for a program that the system had no memory for."""
    largest = max(values, key=lambda value: value.spec.nbytes, default=None)
    where = f" The largest of its results is {_described(largest)}." if largest is not None else ""
    return TooLarge(f"{name}: not enough memory ({error}).{where} Use a smaller batch or input.")


def memory() -> int:
    """Bytes that the intermediate results of a program may take: the setting, or what the machine has."""
    if config.memory is not None:
        return config.memory
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):           # not on Windows
        return _UNKNOWN_MACHINE


def _described(value: Value) -> str:
    scope = value.node.scope if value.node is not None else ""
    return f"{value.spec!r} ({value.spec.nbytes:,} bytes) of {f'layer {scope!r}' if scope else 'an input'}"
