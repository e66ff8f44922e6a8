"""What is compiled at a time: the source of one function, and the types of its arguments.

The types are words, so that Numba need not be imported to make a unit: ``intp``, ``float32``, and for flat contiguous
arrays ``float32[]`` (written) and ``read float32[]`` (only read).
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache, cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

_IMPORT = re.compile(r"^from (zoo[\w.]*) import ", re.MULTILINE)


@dataclass(frozen=True)
class Unit:
    """One function.

    Args:
        name: of the function in the source.
        source: the text of a module.
        types: of its arguments.
    """

    name: str
    source: str
    types: tuple[str, ...]

    @cached_property
    def key(self) -> str:
        """Names the unit by its content, modules of zoo that it imports included."""
        content = [self.source, *self.types, *map(_text_of, _IMPORT.findall(self.source))]
        return f"{self.name}-{hashlib.sha256(chr(0).join(content).encode()).hexdigest()[:24]}"

    def as_json(self) -> dict[str, Any]:
        """For another process; ``Unit.from_json`` makes a unit of it."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Unit:
        """The unit of `as_json`."""
        return cls(content["name"], content["source"], tuple(content["types"]))


@cache
def _text_of(module: str) -> str:
    spec = importlib.util.find_spec(module)
    return Path(spec.origin).read_text() if spec is not None and spec.origin else ""


class CompiledFunction:
    """The function of a unit. Its machine code is loaded, or made, by `load`; else when it is first called."""

    def __init__(self, unit: Unit):
        self.unit = unit
        self._code: Callable[..., None] | None = None

    @property
    def is_loaded(self) -> bool:
        """Whether it can be called without delay."""
        return self._code is not None

    def load(self) -> Callable[..., None]:
        """The machine code; the first to ask waits for it."""
        with _loading.lock:
            if self._code is None:
                self._code = import_module("zoo.engine.machine_code.build").machine_code(self.unit)
            return self._code

    def __call__(self, *arguments: Any) -> None:
        (self._code or self.load())(*arguments)

    def __repr__(self) -> str:
        return f"<CompiledFunction {self.unit.key}{'' if self.is_loaded else ', not loaded'}>"


class _Loading:
    """One function is loaded at a time, as Numba would have it; a forked process starts anew."""

    def __init__(self) -> None:
        self.lock = threading.RLock()


class _Recording(threading.local):
    """What each thread is recording."""

    def __init__(self) -> None:
        self.functions: dict[CompiledFunction, None] | None = None


_loading, _recording = _Loading(), _Recording()
_functions: dict[Unit, CompiledFunction] = {}


def compiled_function(unit: Unit) -> CompiledFunction:
    """The function of a unit, one for each unit in this process."""
    function = _functions.setdefault(unit, CompiledFunction(unit)) if unit not in _functions else _functions[unit]
    if _recording.functions is not None:
        _recording.functions[function] = None
    return function


@contextmanager
def recorded() -> Iterator[dict[CompiledFunction, None]]:
    """Collects the functions that this thread asks for inside."""
    outer, _recording.functions = _recording.functions, {}
    try:
        yield _recording.functions
    finally:
        _recording.functions = outer


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_loading.__init__)
