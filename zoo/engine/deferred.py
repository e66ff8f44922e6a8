"""Programs whose kernels are still to be compiled: nobody waits for what another program can do in the meantime.

The setting `jit` decides. ``background``: the kernels of NumPy run until the compiled ones are there, which an idle
process makes. ``wait``: they are made before the program is. ``off``: there are none.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from zoo.config import config
from zoo.engine.kernels import families
from zoo.engine.machine_code import ahead
from zoo.engine.program import Program

_WORTH_A_NOTICE = 4                                         # functions; each takes some half a second


class DeferredProgram:
    """Runs one program until the kernels of another one are compiled, then that one.

    Args:
        compiled: the program that is to be run.
        plain: the same without compiled kernels.
    """

    def __init__(self, compiled: Program, plain: Program):
        self._compiled, self._plain = compiled, plain
        self._pending: ahead.Pending | None = ahead.Pending(compiled.functions())

    @property
    def current(self) -> Program:
        """The program that runs now."""
        pending = self._pending
        if pending is None:
            return self._compiled
        if not pending.is_over:
            return self._plain
        if pending.failure is not None:
            self._compiled = self._plain
        self._plain, self._pending = self._compiled, None   # lets go of the memory of the other one
        return self._compiled

    def run(self, *arrays: Any) -> list[np.ndarray]:
        """As `Program.run`."""
        return self.current.run(*arrays)

    def __getattr__(self, name: str) -> Any:
        """What else a program has is that of the one that runs now."""
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self.current, name)

    def __str__(self) -> str:
        return str(self.current)


def ready(program: Program, without: Callable[[], Program], wait: bool) -> Program | DeferredProgram:
    """A program that can run at once.

    Args:
        program: may have kernels that are not compiled yet.
        without: makes the same without compiled kernels.
        wait: whether to compile now whatever the setting says; that this takes a while is then said on stderr.
    """
    functions = program.functions()
    missing = ahead.missing(functions)
    if missing and not wait and config.jit == "background":
        return DeferredProgram(program, without())
    if functions:
        problem = ahead.numba_problem()
        if problem is not None:
            families.give_up("jit", problem)
            return without()
    if wait and len(missing) >= _WORTH_A_NOTICE:
        _say(f"compiling {len(missing)} kernels, once on this machine (zoo warmup does it ahead of time) ...")
    ahead.compile_all(functions)
    return program


def _say(text: str) -> None:
    if config.interactive_logging:
        print(text, file=sys.stderr, flush=True)
    else:
        ahead.logger.info(text)


def functions_of(programs: Sequence[Program | DeferredProgram]) -> list[Any]:
    """The compiled functions of all programs, each once."""
    return list(dict.fromkeys(function for program in programs for function in program.functions()))
