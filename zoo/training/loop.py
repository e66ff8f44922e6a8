"""Epochs of training, and passes of evaluation."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from zoo.callbacks.callback_list import CallbackList
from zoo.config import config
from zoo.training import data
from zoo.training.frozen import FrozenPrefix
from zoo.training.interrupts import Interrupts
from zoo.training.outputs import class_weights

Logs = dict[str, Any]


class FitLoop:
    """The epochs of `fit`.

    Args:
        model: to train.
        training, validation: where batches come from; None for no validation.
        watchers: told of all that happens.
        prefix: what need not be trained.
        class_weight, validation_freq: as of `fit`.
    """

    def __init__(self, model: Any, training: data.Source, validation: data.Source | None, watchers: CallbackList,
                 prefix: FrozenPrefix, class_weight: dict[Any, float] | None, validation_freq: int | list[int]):
        self.model, self.training, self.validation = model, training, validation
        self.watchers, self.prefix = watchers, prefix
        self.class_weight, self.validation_freq = class_weight, validation_freq
        self.interrupts = Interrupts()
        self.logs: Logs = {}

    def run(self, initial_epoch: int, epochs: int) -> None:
        """Trains; whatever ends it, the callbacks hear that it ended, and no step is left half done."""
        model = self.model
        model.stop_training, model.training_interrupted, model.resume_at = False, False, None
        with self.interrupts:
            self.watchers.on_train_begin()
            first, skipped = model.resume_at or (initial_epoch, 0)
            try:
                for epoch in range(first, epochs):
                    self._epoch(epoch, skipped if epoch == first else 0)
                    if model.stop_training:
                        break
            except BaseException:
                model.training_interrupted = True
                raise
            finally:
                with self.interrupts.held():
                    if epochs > first and model.optimizer.built:
                        model.optimizer.finalize_variable_values(model.trainable_weights)
                    self.watchers.on_train_end(self.logs)

    def _epoch(self, epoch: int, skipped: int) -> None:
        """One epoch, without the first batches if an earlier run has done these."""
        model, watchers = self.model, self.watchers
        if skipped:
            self.logs = plain(model.get_metrics_result())
        else:
            model.reset_metrics()
        watchers.on_epoch_begin(epoch)
        forward, source = self.prefix.divide(self.training)
        for i, batch in itertools.islice(enumerate(source.epoch()), skipped, config.max_steps_per_epoch):
            watchers.on_train_batch_begin(i)
            with self.interrupts.held():
                self.logs = model.run_step("train", weighted(batch, self.class_weight), forward)
            watchers.on_train_batch_end(i, self.logs)
            if model.stop_training:
                break
        self.logs = dict(self.logs)
        if self.validation is not None and self._is_due(epoch):
            forward, source = self.prefix.divide(self.validation)
            figures = evaluate(model, source, watchers, forward)
            self.logs |= {f"val_{name}": value for name, value in figures.items()}
        watchers.on_epoch_end(epoch, self.logs)

    def _is_due(self, epoch: int) -> bool:
        frequency = self.validation_freq
        return (epoch + 1) % frequency == 0 if isinstance(frequency, int) else epoch + 1 in frequency


def evaluate(model: Any, source: data.Source, watchers: CallbackList, forward: Any = None) -> Logs:
    """Loss and metrics over an epoch of the source; `forward` as of `Trainer.run_step`."""
    model.reset_metrics()
    watchers.on_test_begin()
    logs: Logs = {}
    for i, batch in enumerate(itertools.islice(source.epoch(), config.max_steps_per_epoch)):
        watchers.on_test_batch_begin(i)
        logs = model.run_step("test", batch, forward)
        watchers.on_test_batch_end(i, logs)
    watchers.on_test_end(logs)
    return dict(logs)


def plain(figures: Logs) -> Logs:
    """Figures as Python's numbers, or arrays."""
    return {name: float(value) if np.ndim(value) == 0 else np.asarray(value) for name, value in figures.items()}


def weighted(batch: Any, class_weight: dict[Any, float] | None) -> data.Batch:
    """The batch with class weights turned into sample weights."""
    x, y, weight = data.unpack(batch)
    if class_weight:
        factors = np.asarray(class_weights({int(k): float(v) for k, v in class_weight.items()}, y))
        weight = factors if weight is None else weight * factors
    return x, y, weight
