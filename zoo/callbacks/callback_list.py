"""Many callbacks as one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zoo import tree
from zoo.callbacks.callback import Callback
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

    def append(self, callback: Callback) -> None:
        """Adds one at the end."""
        self.callbacks.append(callback)


def _told(moment: str) -> Callable[..., None]:
    def tell(self: CallbackList, *arguments: Any, **options: Any) -> None:
        for callback in self.callbacks:
            getattr(callback, moment)(*arguments, **options)
    tell.__name__, tell.__doc__ = moment, f"Tells all callbacks; see `Callback.{moment}`."
    return tell


for _moment in (name for name in vars(Callback) if name.startswith("on_") or name in ("set_params", "set_model")):
    setattr(CallbackList, _moment, _told(_moment))
