"""Many callbacks as one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zoo import tree
from zoo.callbacks.callback import Callback, Logs
from zoo.callbacks.history import History
from zoo.callbacks.progress import ProgbarLogger


class CallbackList(Callback):
    """Tells all callbacks, in their order.

    Args:
        callbacks: one, a nest of them, another `CallbackList`, or None.
        add_history, add_progbar: whether a `History`, a `ProgbarLogger` is put at the end if none is among them.
        model: being trained.
        **params: for `set_params` of all callbacks: ``verbose``, ``epochs``, ``steps``.

    Attributes:
        callbacks: all of them, flat.
        history: the `History` among them, or None.
    """

    def __init__(self, callbacks: Any = None, add_history: bool = False, add_progbar: bool = False, model: Any = None,
                 **params: Any):
        given = callbacks.callbacks if isinstance(callbacks, CallbackList) else callbacks
        self.callbacks: list[Callback] = [callback for callback in tree.leaves(given) if callback is not None]
        self._add(History, add_history)
        self._add(ProgbarLogger, add_progbar)
        self.history = next((callback for callback in self.callbacks if isinstance(callback, History)), None)
        if model is not None:
            self.set_model(model)
        if params:
            self.set_params(params)

    def _add(self, kind: Callable[[], Callback], wanted: bool) -> None:
        if wanted and not any(isinstance(callback, kind) for callback in self.callbacks):
            self.append(kind())

    def set_params(self, params: dict[str, Any]) -> None:
        """Tells all callbacks."""
        for callback in self.callbacks:
            callback.set_params(params)

    def set_model(self, model: Any) -> None:
        """Tells all callbacks."""
        for callback in self.callbacks:
            callback.set_model(model)

    def append(self, callback: Callback) -> None:
        """Adds one at the end."""
        self.callbacks.append(callback)


def _told(moment: str) -> Callable[..., None]:
    """The method of a list that calls those of its callbacks, always with logs."""
    def tell(self: CallbackList, logs: Logs | None = None) -> None:
        for callback in self.callbacks:
            getattr(callback, moment)({} if logs is None else logs)

    def tell_of(self: CallbackList, index: int, logs: Logs | None = None) -> None:
        for callback in self.callbacks:
            getattr(callback, moment)(index, {} if logs is None else logs)

    method = tell_of if moment.split("_")[-2] in ("epoch", "batch") else tell
    method.__name__, method.__doc__ = moment, f"Tells all callbacks; see `Callback.{moment}`."
    return method


for _moment in (name for name in vars(Callback) if name.startswith("on_")):
    setattr(CallbackList, _moment, _told(_moment))
