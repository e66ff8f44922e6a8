"""Numba: source to machine code, and machine code to a function. Only here is Numba needed to run kernels.

The source is made by zoo from closed tables; the store is as private as the user's cache.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
from numba import types
from numba.core import serialize
from numba.core.compiler import CompilerBase, CompileResult, DefaultPassBuilder
from numba.core.runtime import rtsys

from zoo.engine.machine_code import store
from zoo.engine.machine_code.unit import Unit

_SCALARS = {"float32": types.float32, "bool": types.boolean, "uint8": types.uint8, "int32": types.int32,
            "intp": types.intp}


class _NoAlias(CompilerBase):
    """Numba's compiler, told that no array that is written overlaps another one.

    Else LLVM compares every written pointer with every other one before a loop, and gives up where these are many.
    """

    def define_pipelines(self) -> list[Any]:
        self.state.flags.noalias = True
        return [DefaultPassBuilder.define_nopython_pipeline(self.state)]


_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": {"contract"}, "pipeline_class": _NoAlias}


def machine_code(unit: Unit) -> Callable[..., None]:
    """The function of a unit: from the store, else compiled and kept there."""
    namespace: dict[str, Any] = {"__name__": __name__}      # Numba imports it again when it loads the machine code
    exec(compile(unit.source, f"<{unit.key}>", "exec"), namespace)              # noqa: S102 - our own text
    function = numba.njit(**_OPTIONS)(namespace[unit.name])
    kept = _load(unit, function)
    if kept is not None:
        function.add_overload(kept)
    else:
        function.compile(types.void(*map(_type_of, unit.types)))
        (result,) = function.overloads.values()
        store.keep(unit, serialize.dumps((_target(function), result._reduce())))
    function.disable_compile()
    return function


def _type_of(word: str) -> Any:
    scalar = _SCALARS[word.removeprefix("read ").removesuffix("[]")]
    return types.Array(scalar, 1, "C", readonly=word.startswith("read ")) if word.endswith("[]") else scalar


def _target(function: Any) -> tuple[Any, ...]:
    """What LLVM compiles for: system, processor and its features."""
    return function.targetctx.codegen().magic_tuple()


def _load(unit: Unit, function: Any) -> CompileResult | None:
    """What the store has, if it was made for this processor.

    It is read without the tables of Numba that only compiling needs, which take half a second to fill: what is compiled
    here calls nothing that they would have to bring in.
    """
    content = store.read(unit)
    if content is None:
        return None
    rtsys.initialize(function.targetctx)
    target, reduced = serialize.loads(content)
    if target != _target(function):
        return None
    return CompileResult._rebuild(function.targetctx, *reduced)
