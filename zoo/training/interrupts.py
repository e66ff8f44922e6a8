"""Ctrl-C between steps, never inside one."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from types import FrameType
from typing import Any


class Interrupts(AbstractContextManager["Interrupts"]):
    """While active, an interrupt that comes inside `held` waits for its end.

    A step assigns many variables: a KeyboardInterrupt among them would leave a model that is half of this step and half
    of the one before. It does nothing outside of the main thread, where no signal arrives, and where the program has
    a handler of its own.

    Example:
        >>> with Interrupts() as interrupts:
        ...     with interrupts.held():
        ...         pass                                    # whole, whatever happens
    """

    def __init__(self) -> None:
        self._busy = self._pending = self._installed = False

    def __enter__(self) -> Interrupts:
        self._installed = (threading.current_thread() is threading.main_thread()
                           and signal.getsignal(signal.SIGINT) is signal.default_int_handler)
        if self._installed:
            signal.signal(signal.SIGINT, self._interrupt)
        return self

    def __exit__(self, *error: Any) -> None:
        if self._installed:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if not self._busy:
            raise KeyboardInterrupt
        self._pending = True

    @contextmanager
    def held(self) -> Iterator[None]:
        """An interrupt is raised when the block has ended, not before."""
        self._busy = True
        try:
            yield
        finally:
            self._busy = False
        if self._pending:
            self._pending = False
            raise KeyboardInterrupt
