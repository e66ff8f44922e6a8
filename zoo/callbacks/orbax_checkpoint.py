"""A callback of Keras that zoo refuses by name."""

from __future__ import annotations

from typing import Any

from zoo.callbacks.callback import Callback
from zoo.errors import Unsupported


class OrbaxCheckpoint(Callback):
    """Keras's checkpoints in the format of Orbax, a library of JAX.

    Raises:
        Unsupported: always; `ModelCheckpoint` and `BackupAndRestore` save in formats that every Keras reads.
    """

    def __init__(self, *args: Any, **kwargs: Any):
        raise Unsupported("OrbaxCheckpoint writes the format of Orbax, which needs JAX: use ModelCheckpoint to keep "
                          "models, or BackupAndRestore to survive a crash.")
