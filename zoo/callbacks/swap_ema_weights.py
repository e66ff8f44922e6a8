"""Evaluating with moving averages of the weights."""

from __future__ import annotations

from typing import Any

from zoo.callbacks.callback import Callback, Logs
from zoo.callbacks.learning_rate import rated
from zoo.errors import ConfigError


class SwapEMAWeights(Callback):
    """Puts the moving averages that the optimizer keeps in the place of the weights while the model is evaluated.

    Args:
        swap_on_epoch: whether to do so at the end of each epoch as well, until the next one begins, so that callbacks
            after this one (`ModelCheckpoint`, say) see the averages.
    """

    def __init__(self, swap_on_epoch: bool = False):
        self.swap_on_epoch = swap_on_epoch
        self._weights: dict[Any, Any] = {}                  # variable -> its own value, while averages are in its place

    def _put_in(self) -> None:
        optimizers = rated(self.model.optimizer).values()
        if not any(optimizer.use_ema for optimizer in optimizers):
            raise ConfigError("SwapEMAWeights: the optimizer keeps no moving averages: make it with use_ema=True.")
        for variable, average in (pair for optimizer in optimizers for pair in optimizer.averages.items()):
            if variable not in self._weights:
                self._weights[variable] = variable.value
                variable.assign(average.value)

    def _put_back(self) -> None:
        for variable, value in self._weights.items():
            variable.assign(value)
        self._weights = {}

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """The weights are back."""
        if self.swap_on_epoch:
            self._put_back()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """The averages come in, if so desired."""
        if self.swap_on_epoch:
            self._put_in()

    def on_train_end(self, logs: Logs | None = None) -> None:
        """The weights are what `fit` left: the averages."""
        self._weights = {}

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """The averages come in."""
        self._put_in()

    def on_test_end(self, logs: Logs | None = None) -> None:
        """The weights are back."""
        self._put_back()

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """The averages come in."""
        self._put_in()

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """The weights are back."""
        self._put_back()
