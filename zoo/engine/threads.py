"""One pool of worker threads, and BLAS kept to one thread while it works.

A kernel cuts its work into tiles and hands them to `parallel_for`. NumPy, BLAS and compiled kernels release the GIL,
so the tiles run side by side. BLAS is limited to one thread meanwhile: splitting the rows of a product over our own
threads is several times faster on the products of a network than the threads of BLAS are.

How the work is cut must not depend on the number of threads: then neither do the numbers.
"""

from __future__ import annotations

import itertools
import math
import os
import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

from zoo.config import config

ALIGNMENT = 64                                              # a cache line, and the widest vector register

WAKING = 1e-4                                               # seconds until a sleeping thread works, and reports back

Body = Callable[[int, "Workspace"], Any]
Sign = np.ndarray                                           # one whole number
Watch = Callable[[Sign, Sign, int], None]                   # raises the first, then looks a moment for another second


def aligned_bytes(size: int) -> np.ndarray:
    """Uninitialised memory whose first byte lies on a cache line."""
    block = np.empty(size + ALIGNMENT, np.uint8)
    start = -block.ctypes.data % ALIGNMENT
    return block[start:start + size]


class Workspace:
    """Scratch memory of one thread: arrays are stacked, and the stack is cut back after each task."""

    def __init__(self) -> None:
        self._memory = aligned_bytes(0)
        self._used = 0

    def take(self, shape: tuple[int, ...], dtype: Any = np.float32) -> np.ndarray:
        """An uninitialised array, valid until the task that took it ends."""
        dtype = np.dtype(dtype)
        start = -(-self._used // ALIGNMENT) * ALIGNMENT
        self._used = start + dtype.itemsize * math.prod(shape)
        if self._used > self._memory.size:                  # arrays taken before keep the memory that they have
            self._memory = aligned_bytes(max(self._used, 2 * self._memory.size))
        return np.ndarray(shape, dtype, self._memory, start)

    @contextmanager
    def frame(self) -> Iterator[Workspace]:
        """What is taken inside is given back at the end."""
        mark = self._used
        try:
            yield self
        finally:
            self._used = mark


class _Thread(threading.local):
    """What each thread has of its own."""

    def __init__(self) -> None:
        self.workspace = Workspace()
        self.in_task = False


def _sign() -> Sign:
    return np.zeros(1, np.intp)


class _Job:
    """Tasks 0 to count - 1, taken one by one by all threads that work on it."""

    def __init__(self, count: int, body: Body):
        self.count, self.body = count, body
        self.indices = iter(range(count))
        self.completed = itertools.count(1)
        self.finished = threading.Lock()
        self.finished.acquire()
        self.over = _sign()
        self.error: BaseException | None = None

    def work(self) -> bool:
        """Does tasks until none is left; whether the last one was done here. After an error the others are not done."""
        last = False
        for index in self.indices:
            if self.error is None:
                try:
                    _run(self.body, index)
                except BaseException as error:              # carried over to the caller's thread, whatever it is
                    self.error = error
            if next(self.completed) == self.count:
                last = True
                self.finished.release()
        return last


class _Pool:
    """Worker threads, started when first needed."""

    def __init__(self) -> None:
        self.jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self.lock = threading.Lock()
        self.workers = 0
        self.submitted = _sign()

    def submit(self, job: _Job, helpers: int) -> None:
        """Asks `helpers` workers to take part."""
        if self.workers < helpers:
            self._start(helpers)
        for _ in range(helpers):
            self.jobs.put(job)
        self.submitted[0] += 1

    def _start(self, wanted: int) -> None:
        with self.lock:
            for index in range(self.workers, wanted):
                threading.Thread(target=self._serve, name=f"zoo-worker-{index}", daemon=True).start()
            self.workers = max(self.workers, wanted)

    def _serve(self) -> None:
        own = [(library, 1) for library in _blas_libraries() if getattr(library, "threading_layer", "") == "openmp"]
        _set_blas_threads(own)                              # with OpenMP, each thread has a number of its own
        with np.errstate(all="ignore"):
            while True:                                     # the known number is read before there can be another one
                job = self.jobs.get()
                known = int(self.submitted[0])
                over = job.over if job.work() else _nothing
                if _watch is not None and self.jobs.empty():
                    _watch(over, self.submitted, known)


def parallel_for(count: int, body: Body, seconds: float = math.inf) -> None:
    """Calls ``body(index, workspace)`` for each index below `count`; the calling thread takes part.

    Tasks are taken dynamically. Inside a task it runs in the task's own thread. The first error is raised again.

    Args:
        count: number of tasks.
        body: does one task; what it takes from the workspace is given back when it returns.
        seconds: estimate for all tasks together; a worker is woken only for what takes longer than waking it.
    """
    helpers = 0 if _thread.in_task else min(count - 1, thread_count() - 1, seconds / WAKING)
    if helpers < 1:
        for index in range(count):
            _run(body, index)
        return
    job = _Job(count, body)
    _pool.submit(job, int(helpers))
    if not job.work() and _watch is not None:
        _watch(_nothing, job.over, 0)
    job.finished.acquire()
    if job.error is not None:
        raise job.error


def is_watching() -> bool:
    """Whether threads do something before they sleep."""
    return _watch is not None


def watch_with(watch: Watch | None) -> None:
    """What threads do before they sleep, which takes them long to wake from; None for nothing."""
    global _watch
    _watch = watch


def scratch() -> AbstractContextManager[Workspace]:
    """Scratch memory of the calling thread, for what the tasks that it starts inside share."""
    return _thread.workspace.frame()


def _run(body: Body, index: int) -> None:
    nested, _thread.in_task = _thread.in_task, True
    try:
        with _thread.workspace.frame() as workspace:
            body(index, workspace)
    finally:
        _thread.in_task = nested


def thread_count() -> int:
    """Threads that take part in a run: the setting, or what the process may use."""
    return config.threads or available_processors()


@cache
def available_processors() -> int:
    """Processors that this process may use: its affinity, the CPU quota of its control group, ``OMP_NUM_THREADS``.

    That variable is how joblib, Dask and Ray tell libraries in their worker processes what share is theirs.
    """
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min([count, *map(int, _quotas()), *_openmp_threads(os.environ)]))


def _openmp_threads(environment: Mapping[str, str]) -> Iterator[int]:
    """What ``OMP_NUM_THREADS`` says of the outermost level; whatever else it holds is not ours to refuse."""
    first = environment.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    if first.isascii() and first.isdigit():
        yield int(first)


def _quotas(root: Path = Path("/sys/fs/cgroup")) -> Iterator[float]:
    """CPU quotas in processors, of control groups version 2 and 1. Source: the kernel's documentation of cgroups."""
    for file in (root / "cpu.max", root / "cpu" / "cpu.cfs_quota_us"):
        if not file.is_file():
            continue
        period = file.with_name("cpu.cfs_period_us")
        parts = file.read_text().split() + (period.read_text().split() if period.is_file() else [])
        if len(parts) == 2 and parts[0] not in ("max", "-1"):
            yield int(parts[0]) / int(parts[1])


class _BlasLimit:
    """Counts the runs under way; BLAS has one thread while there is any, and its own number again afterwards."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.runs = 0
        self.before: list[tuple[Any, int]] = []

    def enter(self) -> None:
        with self.lock:
            self.runs += 1
            if self.runs == 1:
                self.before = [(library, library.get_num_threads()) for library in _blas_libraries()]
                _set_blas_threads([(library, 1) for library, _ in self.before])

    def leave(self) -> None:
        with self.lock:
            self.runs -= 1
            if self.runs == 0:
                self.restore()

    def restore(self) -> None:
        _set_blas_threads(self.before)
        self.before = []


def _set_blas_threads(counts: Iterable[tuple[Any, int]]) -> None:
    for library, count in counts:
        if hasattr(library, "clear_controlling_thread"):    # newer threadpoolctl: only the thread that set the
            library.clear_controlling_thread(force=True)    # number first may set it again
        library.set_num_threads(count)


@cache
def _blas_libraries() -> tuple[Any, ...]:
    return tuple(ThreadpoolController().select(user_api="blas").lib_controllers)


@contextmanager
def single_threaded_blas() -> Iterator[None]:
    """While a thread is inside, BLAS uses one thread a call; may be entered by several threads, and again inside."""
    limit = _blas_limit
    limit.enter()
    try:
        yield
    finally:
        limit.leave()


def _after_fork_in_child() -> None:
    """Threads do not survive a fork, nor do the runs that other threads were in."""
    global _pool, _thread, _blas_limit
    _blas_limit.restore()
    _pool, _thread, _blas_limit = _Pool(), _Thread(), _BlasLimit()


_pool, _thread, _blas_limit = _Pool(), _Thread(), _BlasLimit()
_nothing, _watch = _sign(), None

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
