"""Stopping when there is nothing left to train."""

from __future__ import annotations

import numpy as np

from zoo.callbacks.callback import Callback, Logs
from zoo.callbacks.progress import say


class TerminateOnNaN(Callback):
    """Stops training when the loss is no finite number.

    Args:
        raise_error: raise `FloatingPointError` instead of ending `fit` in the ordinary way.
    """

    def __init__(self, raise_error: bool = False):
        self.raise_error = raise_error

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Looks at the loss."""
        loss = (logs or {}).get("loss")
        if loss is None or np.all(np.isfinite(loss)):
            return
        if self.raise_error:
            raise FloatingPointError(f"The loss is {loss} after batch {batch}.")
        say(f"Batch {batch}: the loss is {loss}, training ends.")
        self.model.stop_training = True
