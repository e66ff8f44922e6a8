"""How far a run is: a bar that stays in its line on a terminal, plain lines in a log."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from zoo.callbacks.callback import Callback, Logs
from zoo.config import config
from zoo.errors import ConfigError

logger = logging.getLogger("zoo")

BOLD, GREEN, WHITE, PLAIN = "\x1b[1m", "\x1b[32m", "\x1b[37m", "\x1b[0m"
ERASE_REST = "\x1b[K"                                       # ECMA-48 8.3.41: from the cursor to the end of the line
PIECE = "━"


def say(message: str, end: str = "\n") -> None:
    """Prints a message about the course of a run; logs it if `zoo.config.interactive_logging` is off."""
    if config.interactive_logging:
        print(message, end=end, flush=True)
    elif message.strip():
        logger.info(message.strip())


def on_terminal() -> bool:
    """Whether what is printed can be overwritten: on a terminal or in a notebook."""
    return bool(getattr(sys.stdout, "isatty", lambda: False)()) or "ipykernel" in sys.modules


def verbosity(verbose: int | str | bool, in_log: int = 2) -> int:
    """The argument `verbose` of `fit` and its relatives as a number; ``auto`` is 1 on a terminal, else `in_log`.

    Raises:
        ConfigError: it is none of auto, 0, 1, 2.
    """
    if verbose == "auto":
        return 1 if on_terminal() else in_log
    if verbose not in (0, 1, 2):
        raise ConfigError(f"`verbose` must be 'auto', 0, 1 or 2. Received: verbose={verbose!r}")
    return int(verbose)


class Progbar:
    """A progress bar as Keras's.

    On a terminal it stays in its line; elsewhere its last state alone is printed.

    Args:
        target: how many steps there will be; None if not known.
        width: of the bar, in characters.
        verbose: 0 silent, 1 a bar, 2 one line at the end.
        interval: seconds that pass at least between two states.
        stateful_metrics: names of values to be shown as they come; others are averaged over the steps.
        stateless_metrics: the other way round: names of the values to be averaged.
        unit_name: what is counted.

    Example:
        >>> bar = Progbar(target=10)
        >>> for i in range(10):
        ...     bar.update(i + 1, [("loss", 0.1)])
    """

    def __init__(self, target: int | None, width: int = 20, verbose: int = 1, interval: float = 0.05,
                 stateful_metrics: Iterable[str] | None = None, stateless_metrics: Iterable[str] | None = None,
                 unit_name: str = "step"):
        if stateful_metrics is not None and stateless_metrics is not None:
            raise ConfigError("Give stateful_metrics or stateless_metrics, not both.")
        self.target, self.width, self.verbose, self.interval = target, width, verbose, interval
        self.unit_name = unit_name
        self.stateful_metrics = set(stateful_metrics or ())
        self.stateless_metrics = None if stateless_metrics is None else set(stateless_metrics)
        self.seen = 0
        self.values: dict[str, tuple[Any, float]] = {}      # sum and number of steps
        self._start, self._after_first, self._shown_at = time.monotonic(), None, float("-inf")

    def add(self, n: int, values: Sequence[tuple[str, Any]] | None = None) -> None:
        """`n` more steps are done."""
        self.update(self.seen + n, values)

    def update(self, current: int, values: Sequence[tuple[str, Any]] | None = None,
               finalize: bool | None = None) -> None:
        """`current` steps are done.

        Args:
            current: how many.
            values: names and values of these last steps.
            finalize: whether this is the end; decided by `target` if None.
        """
        final = finalize if finalize is not None else self.target is not None and current >= self.target
        for name, value in values or ():
            self._take(name, value, 1 if final else max(current - self.seen, 1), final)
        self.seen, now = current, time.monotonic()
        if current == 1:
            self._after_first = now
        due = self.verbose == 1 and on_terminal() and now - self._shown_at >= self.interval
        if self.verbose and (final or due):
            self._shown_at = now
            self._show(now, final)

    def _take(self, name: str, value: Any, steps: int, final: bool) -> None:
        stateless = self.stateless_metrics
        averaged = name not in self.stateful_metrics if stateless is None else name in stateless
        total, count = self.values.get(name, (0.0, 0)) if averaged and not final else (0.0, 0)
        weight = steps if averaged else 1
        self.values[name] = total + np.mean(value) * weight, count + weight

    def _show(self, now: float, final: bool) -> None:
        in_place = self.verbose == 1 and on_terminal()
        style = _styled if in_place else _unstyled
        figures = "".join(f" - {name}: {_number(total / count)}" for name, (total, count) in self.values.items())
        each = self._seconds_each(now)
        elapsed = f"{now - self._start:.0f}s"
        if self.verbose == 2:
            say(f"{self._count()} - {elapsed} - {_duration(each)}/{self.unit_name}{figures}")
            return
        left = elapsed if final or not self.target else _clock(each * (self.target - self.seen))
        line = (f"{style(self._count(), BOLD)} {self._bar(style)}{style(left, BOLD)} "
                f"{_duration(each)}/{self.unit_name}{figures}")
        say(f"\r{line}{ERASE_REST}" if in_place else line, end="\n" if final or not in_place else "")

    def _count(self) -> str:
        return f"{self.seen:>{len(str(self.target))}}/{self.target}" if self.target else f"{self.seen:>7}/Unknown"

    def _bar(self, style: Any) -> str:
        if not self.target:
            return ""
        done = min(self.width, self.width * self.seen // self.target)
        return f"{style(PIECE * done, GREEN)}{style(PIECE * (self.width - done), WHITE)} "

    def _seconds_each(self, now: float) -> float:
        """Seconds that a step takes; the first one, in which programs are compiled, does not count beside others."""
        if self._after_first is not None and self.seen > 1:
            return (now - self._after_first) / (self.seen - 1)
        return (now - self._start) / self.seen if self.seen else 0.0


class ProgbarLogger(Callback):
    """Shows the progress of `fit`, `evaluate` and `predict` on the standard output."""

    def __init__(self) -> None:
        self.progbar: Progbar | None = None
        self.verbose, self.epochs, self.target = 1, 1, None
        self._fitting = False

    def set_params(self, params: dict[str, Any]) -> None:
        """Takes ``verbose``, ``epochs`` and ``steps``."""
        super().set_params(params)
        self.verbose = verbosity(params.get("verbose", 1))
        self.epochs, self.target = params.get("epochs", 1), params.get("steps")

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """From here on validation is silent."""
        self._fitting = True

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Validation is over; an interrupted line is ended."""
        self._fitting = False
        if getattr(self.model, "training_interrupted", False) and self.verbose == 1 and on_terminal():
            say("")

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Says which epoch begins, and starts a bar."""
        if self.verbose and self.epochs > 1:
            say(f"Epoch {epoch + 1}/{self.epochs}")
        self._begin()

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Moves the bar."""
        self._move(batch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Shows the final figures, those of validation too."""
        self._finish(logs)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Starts a bar, unless this is validation."""
        if not self._fitting:
            self._begin()

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Moves the bar, unless this is validation."""
        if not self._fitting:
            self._move(batch, logs)

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Shows the final figures, unless this is validation."""
        if not self._fitting:
            self._finish(logs)

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Starts a bar."""
        self._begin()

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Moves the bar."""
        self._move(batch, None)

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """Completes the bar."""
        self._finish(None)

    def _begin(self) -> None:
        self.progbar = Progbar(self.target, verbose=self.verbose, stateless_metrics=())

    def _move(self, batch: int, logs: Logs | None) -> None:
        assert self.progbar is not None
        self.progbar.update(batch + 1, list((logs or {}).items()), finalize=False)

    def _finish(self, logs: Logs | None) -> None:
        assert self.progbar is not None
        if self.target is None:                             # a stream: now its length is known
            self.target = self.progbar.target = self.progbar.seen
        self.progbar.update(self.progbar.seen, list((logs or {}).items()), finalize=True)


def _styled(text: str, style: str) -> str:
    return f"{style}{text}{PLAIN}" if text else ""


def _unstyled(text: str, style: str) -> str:
    return text


def _number(value: float) -> str:
    return f"{value:.4f}" if abs(value) > 1e-3 else f"{value:.4e}"


def _duration(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size or seconds == 0:
            return f"{seconds / size:.0f}{unit}"
    return f"{seconds * 1e6:.0f}us"


def _clock(seconds: float) -> str:
    whole = int(seconds)
    if whole >= 3600:
        return f"{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d}"
    return f"{whole // 60}:{whole % 60:02d}" if whole >= 60 else f"{whole}s"
