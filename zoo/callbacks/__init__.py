"""Callbacks: told about the course of training, able to steer it. The names of `keras.callbacks`."""

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
from zoo.callbacks.remote_monitor import RemoteMonitor as RemoteMonitor
from zoo.callbacks.swap_ema_weights import SwapEMAWeights as SwapEMAWeights
from zoo.callbacks.tensorboard import TensorBoard as TensorBoard
from zoo.callbacks.terminate_on_nan import TerminateOnNaN as TerminateOnNaN
