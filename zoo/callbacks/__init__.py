"""Callbacks: told about the course of training, able to steer it. The names of `keras.callbacks`.

Those that need the network or Pillow are loaded when they are first used, so that models do without.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from zoo.callbacks.backup_and_restore import BackupAndRestore as BackupAndRestore
from zoo.callbacks.callback import Callback as Callback
from zoo.callbacks.callback_list import CallbackList as CallbackList
from zoo.callbacks.csv_logger import CSVLogger as CSVLogger
from zoo.callbacks.early_stopping import EarlyStopping as EarlyStopping
from zoo.callbacks.history import History as History
from zoo.callbacks.lambda_callback import LambdaCallback as LambdaCallback
from zoo.callbacks.learning_rate import LearningRateScheduler as LearningRateScheduler
from zoo.callbacks.learning_rate import ReduceLROnPlateau as ReduceLROnPlateau
from zoo.callbacks.model_checkpoint import ModelCheckpoint as ModelCheckpoint
from zoo.callbacks.orbax_checkpoint import OrbaxCheckpoint as OrbaxCheckpoint
from zoo.callbacks.progress import ProgbarLogger as ProgbarLogger
from zoo.callbacks.swap_ema_weights import SwapEMAWeights as SwapEMAWeights
from zoo.callbacks.terminate_on_nan import TerminateOnNaN as TerminateOnNaN

if TYPE_CHECKING:
    from zoo.callbacks.remote_monitor import RemoteMonitor as RemoteMonitor
    from zoo.callbacks.tensorboard import TensorBoard as TensorBoard

_LATER = {"RemoteMonitor": "zoo.callbacks.remote_monitor", "TensorBoard": "zoo.callbacks.tensorboard"}


def __getattr__(name: str) -> Any:
    """Imports the module of a callback at first use (PEP 562)."""
    if name in _LATER:
        value = globals()[name] = getattr(importlib.import_module(_LATER[name]), name)
        return value
    raise AttributeError(f"module 'zoo.callbacks' has no attribute {name!r}")
