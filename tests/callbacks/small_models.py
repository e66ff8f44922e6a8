"""A small regression, and ways to watch it being trained."""

from __future__ import annotations

from typing import Any

import numpy as np

import zoo
from zoo.callbacks import Callback
from zoo.engine import rng

X = np.random.default_rng(0).normal(size=(24, 3)).astype("float32")
Y = X @ np.array([[1.0], [-2.0], [0.5]], "float32")


def model(optimizer: Any = None, metrics: Any = ("mae",), dropout: float = 0.0, **options: Any) -> zoo.Sequential:
    """The same model each time, built and compiled."""
    rng.set_random_seed(1)
    made = zoo.Sequential([zoo.Input((3,)), zoo.layers.Dense(4, activation="tanh", name="hidden"),
                           zoo.layers.Dropout(dropout), zoo.layers.Dense(1, name="last")], name="small")
    made.compile(zoo.optimizers.SGD(0.1) if optimizer is None else optimizer, "mse", metrics=list(metrics), **options)
    return made


class Script(Callback):
    """Puts written figures in the place of the real ones, so that what callbacks make of them is known.

    Args:
        **figures: by name, one for each epoch.
    """

    def __init__(self, **figures: list[float]):
        self.figures = figures

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        logs.update({name: values[epoch] for name, values in self.figures.items()})


def follow(callback: Callback, epochs: int | None = None, **figures: list[float]) -> zoo.callbacks.History:
    """Trains with written figures; the history."""
    count = epochs or len(next(iter(figures.values())))
    return model().fit(X, Y, epochs=count, batch_size=24, verbose=0, callbacks=[Script(**figures), callback])
