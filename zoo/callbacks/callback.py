"""What is told about the course of training, and can steer it."""

from __future__ import annotations

from typing import Any

Logs = dict[str, Any]


class Callback:
    """Base of all callbacks: override the moments that matter.

    Attributes:
        model: the model being trained.
        params: ``epochs``, ``steps`` (None if not known), ``verbose``.
    """

    model: Any = None
    params: dict[str, Any] = {}

    def set_params(self, params: dict[str, Any]) -> None:
        """Called before training."""
        self.params = params

    def set_model(self, model: Any) -> None:
        """Called before training."""
        self.model = model

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """`fit` begins."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """`fit` ends; called as well if it was interrupted."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """An epoch begins."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """An epoch ends; `logs` has its figures, those of validation with ``val_`` before the name."""

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """A step begins."""

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """A step ends; `logs` has the figures of the epoch so far."""

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Evaluation begins."""

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Evaluation ends."""

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """A batch of evaluation begins."""

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """A batch of evaluation ends."""

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Prediction begins."""

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """Prediction ends."""

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """A batch of prediction begins."""

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """A batch of prediction ends; `logs` has the ``outputs``."""


class History(Callback):
    """Keeps the figures of each epoch.

    Attributes:
        epoch: numbers of the epochs.
        history: lists of figures by name, one an epoch.
    """

    def __init__(self) -> None:
        self.epoch: list[int] = []
        self.history: dict[str, list[Any]] = {}

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Starts anew."""
        self.epoch, self.history = [], {}

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Adds an epoch."""
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)


class CallbackList:
    """Tells all callbacks, the history last.

    Args:
        callbacks: one, a list, a `CallbackList`, or None.
        model: being trained.
        verbose: as of `fit`.
        epochs, steps: how many there will be.
        fitting: whether this is `fit` (else evaluation or prediction alone).
    """

    def __init__(self, callbacks: Any, model: Any, *, verbose: int | str = 0, epochs: int = 1, steps: int | None = None,
                 fitting: bool = True):
        given = callbacks.callbacks if isinstance(callbacks, CallbackList) else callbacks or []
        self.callbacks: list[Callback] = list(given) if isinstance(given, (list, tuple)) else [given]
        self.history = next((c for c in self.callbacks if isinstance(c, History)), None) or History()
        self.callbacks = [c for c in self.callbacks if c is not self.history] + [self.history] * fitting
        params = {"verbose": verbose, "epochs": epochs, "steps": steps}
        for callback in self.callbacks:
            callback.set_params(params)
            callback.set_model(model)

    def _tell(self, moment: str, *arguments: Any) -> None:
        for callback in self.callbacks:
            getattr(callback, moment)(*arguments)

    def __getattr__(self, moment: str) -> Any:
        if not moment.startswith("on_"):
            raise AttributeError(moment)
        return lambda *arguments: self._tell(moment, *arguments)
