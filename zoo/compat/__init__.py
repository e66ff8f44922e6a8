"""Keras's module names for zoo: scripts that say ``import keras`` run as they are. See `installed` and `zoo run`."""

from zoo.compat.finder import KerasFinder as KerasFinder
from zoo.compat.finder import installed as installed
