"""Callbacks: told about the course of training, able to steer it."""

from zoo.callbacks.callback import Callback as Callback
from zoo.callbacks.callback import CallbackList as CallbackList
from zoo.callbacks.callback import History as History
