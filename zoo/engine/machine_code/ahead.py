"""Compiling what will be needed: in processes of their own, while somebody waits or while the program goes on."""

from __future__ import annotations

import json
import logging
import os
import queue
import subprocess
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from zoo.engine.machine_code import store, worker
from zoo.engine.machine_code.unit import CompiledFunction, Unit
from zoo.engine.threads import available_processors

logger = logging.getLogger("zoo")
processes: set[int] = set()                                 # that are compiling for this one
_WORTH_PROCESSES = 4                                        # functions; for fewer, starting a process takes longer


@dataclass(frozen=True)
class Outcome:
    """What became of a unit.

    Attributes:
        key: of the unit.
        error: why it could not be compiled or kept; None if it could.
    """

    key: str
    error: str | None


@cache
def numba_problem() -> str | None:
    """Why Numba cannot be used, as one sentence; None if it can. It is imported for that."""
    try:
        import_module("zoo.engine.machine_code.build")
    except Exception as error:                              # noqa: BLE001 - a broken installation may raise anything
        return f"the installed Numba cannot be used ({type(error).__name__}: {error})"
    return None


def missing(functions: Iterable[CompiledFunction]) -> list[CompiledFunction]:
    """Those functions whose machine code is neither in memory nor on disk."""
    return [function for function in functions if not function.is_loaded and not store.has(function.unit)]


def compile_all(functions: Sequence[CompiledFunction]) -> None:
    """Compiles what is missing and loads all, before it returns; several processes share the work if it is much."""
    absent = missing(functions)
    if len(absent) >= _WORTH_PROCESSES and available_processors() > 1 and store.writable_folder() == store.folder():
        for _ in in_processes([function.unit for function in absent], available_processors()):
            pass                                            # what failed there is tried again here, and may raise
    for function in functions:
        function.load()


def in_processes(units: Sequence[Unit], processes: int, nice: bool = False) -> Iterator[Outcome]:
    """Compiles units in that many processes at most; yields each when it is done."""
    outcomes: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
    ordered = sorted(units, key=lambda unit: -len(unit.source))
    for i in range(min(processes, len(ordered))):
        threading.Thread(target=_in_process, args=(ordered[i::processes], outcomes, nice), daemon=True).start()
    for _ in ordered:
        yield outcomes.get()


def _in_process(units: Sequence[Unit], outcomes: queue.SimpleQueue[Outcome], nice: bool) -> None:
    """Has one process compile units, and reports what it says; if it dies, what it did not say."""
    open_units, reason = {unit.key for unit in units}, "its process ended early"
    try:
        words, environment = worker.command(*[worker.NICE] * nice)
        process = subprocess.Popen(words, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, text=True, start_new_session=nice)
        with process:
            with process.stdin as requests:
                requests.writelines(json.dumps(unit.as_json()) + "\n" for unit in units)
            processes.add(process.pid)                      # from here on it does its work whatever becomes of this one
            for line in process.stdout:
                outcome = Outcome(**json.loads(line))
                open_units.discard(outcome.key)
                outcomes.put(outcome)
        processes.discard(process.pid)
    except (OSError, ValueError) as error:
        reason = str(error)
    for key in open_units:
        outcomes.put(Outcome(key, reason))


class Pending:
    """Functions that are compiled and loaded while the program goes on.

    A forked process has no threads but its own: there it is started again when somebody asks.

    Args:
        functions: what to compile.
    """

    def __init__(self, functions: Sequence[CompiledFunction]):
        self.functions = tuple(functions)
        self.failure: str | None = None
        self._process = 0
        self._over = False

    @property
    def is_over(self) -> bool:
        """Whether everything is loaded, or has failed. The first to ask starts it."""
        if not self._over and self._process != os.getpid():
            self._process = os.getpid()
            threading.Thread(target=self._work, name="zoo-compiling", daemon=True).start()
        return self._over

    def _work(self) -> None:
        try:
            with _one_at_a_time.lock:
                self._compile_and_load()
        except Exception as error:                          # noqa: BLE001 - NumPy's kernels go on
            self.failure = f"{type(error).__name__}: {error}"
        if self.failure is not None:
            logger.warning("Kernels are not compiled: %s. The kernels of NumPy are used.", self.failure)
        self._over = True

    def _compile_and_load(self) -> None:
        store.writable_folder()                             # says why not
        for outcome in in_processes([function.unit for function in missing(self.functions)], 1, nice=True):
            self.failure = outcome.error or self.failure
        if self.failure is None:
            for function in self.functions:
                function.load()


class _Turn:
    """Programs take turns: much of what one needs, another one has compiled."""

    def __init__(self) -> None:
        self.lock = threading.Lock()


_one_at_a_time = _Turn()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_one_at_a_time.__init__)
