"""Compiling generated source, and keeping the machine code for later processes.

The source is made by this package from closed tables. It is written to a file of the cache only because Numba files
its machine code beside the file of the source; it is never read back.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba import types
from numba.core.caching import FunctionCache
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.runtime import rtsys

from zoo.config import cache_root

_HEADER = """from numpy import float32 as F, int32 as I, uint64 as U, floor, ceil, sqrt, inf, nan

"""
_CONSTANT = re.compile(r"\b[FIU]\((?:-?\d[\d.]*(?:e[+-]?\d+)?|-?inf|nan)\)")
INT, FLOAT = types.intp, types.float32
_SCALARS = {"float32": types.float32, "bool": types.boolean, "uint8": types.uint8, "int32": types.int32}


def read(dtype: str = "float32") -> types.Array:
    """Type of a flat contiguous array that is only read."""
    return types.Array(_SCALARS[dtype], 1, "C", readonly=True)


def written() -> types.Array:
    """Type of a flat contiguous float32 array that is written."""
    return types.Array(types.float32, 1, "C")


class _NoAlias(CompilerBase):
    """Numba's compiler, told that no array that is written overlaps another one.

    Else LLVM compares every written pointer with every other one before a loop, and gives up where these are many.
    """

    def define_pipelines(self) -> list[Any]:
        self.state.flags.noalias = True
        return [DefaultPassBuilder.define_nopython_pipeline(self.state)]


class _MachineCode(FunctionCache):
    """Numba's files of machine code, read without the tables that only compiling needs: these take 0.5 s to fill.

    What is compiled here calls no function that the tables would have to bring in.
    """

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The function in the cache; None if it is not there, or Numba cannot use it."""
        rtsys.initialize(target_context)
        with self._guard_against_spurious_io_errors():
            return self._load_overload(sig, target_context)


OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": {"contract"}, "pipeline_class": _NoAlias}


def compiled(name: str, parameters: Sequence[str], body: Sequence[str], argument_types: Sequence[Any],
             imports: str = "") -> Callable[..., None]:
    """The compiled function of generated source.

    Args:
        name: of the function.
        parameters: their names.
        body: its lines, indented relative to the function.
        argument_types: Numba's types of the parameters.
        imports: further lines of import, for functions of this package that it calls.
    """
    lines = [f"def {name}({', '.join(parameters)}):", *(f"    {line}" for line in body)]
    return _compile(name, _HEADER + imports + _named_constants("\n".join(lines)) + "\n", tuple(argument_types))


def _named_constants(source: str) -> str:
    """Source with each number like ``F(0.5)`` as a constant before the function.

    For Numba that is one value of known type; in the function it is a call, to be resolved wherever it stands.
    """
    constants = {text: f"K{i}" for i, text in enumerate(dict.fromkeys(_CONSTANT.findall(source)))}
    named = _CONSTANT.sub(lambda match: constants[match.group()], source)
    return "\n".join([*(f"{name} = {text}" for text, name in constants.items()), "", "", named])


@cache
def _compile(name: str, source: str, argument_types: tuple[Any, ...]) -> Callable[..., None]:
    path = _file_for(name, source)
    namespace: dict[str, Any] = {"__name__": __name__}      # Numba imports it again when it loads the machine code
    exec(compile(source, str(path or f"<{name}>"), "exec"), namespace)          # noqa: S102 - our own text
    function = numba.njit(**OPTIONS)(namespace[name])
    if path is not None:
        function._cache = _MachineCode(namespace[name])
    function.compile(types.void(*argument_types))
    function.disable_compile()
    return function


def _file_for(name: str, source: str) -> Path | None:
    """A file with the source, named by its content; None if the cache cannot be written."""
    path = cache_root() / "jit" / f"{name}_{hashlib.sha256(source.encode()).hexdigest()[:16]}.py"
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            handle, part = tempfile.mkstemp(dir=path.parent, suffix=".part")
            with os.fdopen(handle, "w") as file:
                file.write(source)
            os.replace(part, path)
        return path
    return None
