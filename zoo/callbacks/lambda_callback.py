"""Callbacks without a class."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zoo.callbacks.callback import Callback
from zoo.errors import ConfigError

MOMENTS = tuple(name for name in vars(Callback) if name.startswith("on_"))


class LambdaCallback(Callback):
    """Calls functions at the moments of training.

    Args:
        on_epoch_begin, on_epoch_end: take the epoch and the logs.
        on_train_begin, on_train_end: take the logs.
        on_train_batch_begin, on_train_batch_end: take the batch and the logs.
        **others: functions for any other moment of `Callback`, as ``on_test_batch_end``, ``on_batch_end``.

    Example:
        >>> LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch, logs["loss"]))
    """

    def __init__(self, on_epoch_begin: Callable[..., Any] | None = None, on_epoch_end: Callable[..., Any] | None = None,
                 on_train_begin: Callable[..., Any] | None = None, on_train_end: Callable[..., Any] | None = None,
                 on_train_batch_begin: Callable[..., Any] | None = None,
                 on_train_batch_end: Callable[..., Any] | None = None, **others: Callable[..., Any] | None):
        named = {"on_epoch_begin": on_epoch_begin, "on_epoch_end": on_epoch_end, "on_train_begin": on_train_begin,
                 "on_train_end": on_train_end, "on_train_batch_begin": on_train_batch_begin,
                 "on_train_batch_end": on_train_batch_end}
        unknown = sorted(set(others) - set(MOMENTS))
        if unknown:
            raise ConfigError(f"LambdaCallback: there are no moments {', '.join(unknown)}. "
                              f"Known: {', '.join(MOMENTS)}.")
        for moment, function in (named | others).items():
            if function is not None:
                setattr(self, moment, function)
