"""Figures for TensorBoard."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from zoo.callbacks import event_file
from zoo.callbacks.callback import Callback, Logs
from zoo.callbacks.event_file import EventFile
from zoo.callbacks.learning_rate import rates
from zoo.errors import ConfigError, Unsupported
from zoo.spelling import accepts, spellings

#: Arguments of older Keras that have nothing to do any more.
OLD = spellings({"batch_size": "", "write_grads": "", "embeddings_layer_names": "", "embeddings_data": ""})


class TensorBoard(Callback):
    """Writes event files that TensorBoard shows: figures of training in ``train``, of validation in ``validation``.

    Args:
        log_dir: the folder.
        histogram_freq: after how many epochs to write the distributions of the weights; 0 for never.
        write_graph: whether to write the architecture.
        write_images: whether to write the weights as pictures too, as often as their distributions.
        write_steps_per_second: whether to write how fast training is.
        update_freq: ``epoch``; ``batch`` or a number to write the figures after every so many batches as well.
        profile_batch: only 0: there is no profiler.
        embeddings_freq, embeddings_metadata: only 0 and None: embeddings are not written.

    Raises:
        Unsupported: profiles or embeddings are asked for.
    """

    @accepts(OLD, title="TensorBoard")
    def __init__(self, log_dir: str | os.PathLike[str] = "logs", histogram_freq: int = 0, write_graph: bool = True,
                 write_images: bool = False, write_steps_per_second: bool = False, update_freq: str | int = "epoch",
                 profile_batch: Any = 0, embeddings_freq: int = 0, embeddings_metadata: Any = None):
        if profile_batch or embeddings_freq or embeddings_metadata:
            raise Unsupported("TensorBoard: profiles and embeddings are not written: leave profile_batch, "
                              "embeddings_freq and embeddings_metadata out. `zoo bench` and zoo.explain tell times.")
        if update_freq not in ("epoch", "batch") and (not isinstance(update_freq, int) or update_freq < 1):
            raise ConfigError(f"TensorBoard: `update_freq` must be 'epoch', 'batch' or a number of batches. "
                              f"Received: update_freq={update_freq!r}")
        self.log_dir, self.histogram_freq = Path(log_dir), histogram_freq
        self.write_graph, self.write_images = write_graph, write_images
        self.write_steps_per_second = write_steps_per_second
        self.update_freq = {"epoch": 0, "batch": 1}.get(update_freq, update_freq)
        self._files: dict[str, EventFile] = {}
        self._batches = self._batches_before = 0
        self._fitting = False
        self._epoch_start = self._batch_start = 0.0

    def _file(self, part: str) -> EventFile:
        if part not in self._files:
            self._files[part] = EventFile(self.log_dir / part)
        return self._files[part]

    def _write(self, part: str, step: int, figures: Logs, name: str = "{}") -> None:
        values = [event_file.scalar(name.format(key), float(value)) for key, value in figures.items()
                  if np.ndim(value) == 0]
        if values:
            self._file(part).add(step, *values)

    def _close(self) -> None:
        for file in self._files.values():
            file.close()
        self._files = {}

    # ---- moments

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Writes the architecture."""
        self._batches, self._fitting = 0, True
        if self.write_graph and getattr(self.model, "kind", None) in ("functional", "sequential") and self.model.built:
            self._file("train").add(0, event_file.text("keras", self.model.to_json(), "graph_keras_model"))

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Ends the files."""
        self._fitting = False
        self._close()

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Starts the clock."""
        self._epoch_start, self._batches_before = time.perf_counter(), self._batches

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Starts the clock."""
        self._batch_start = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Writes figures if so many batches are done."""
        self._batches += 1
        if self.update_freq and self._batches % self.update_freq == 0:
            figures = dict(logs or {})
            if self.write_steps_per_second:
                figures["steps_per_second"] = 1 / (time.perf_counter() - self._batch_start)
            self._write("train", self._batches, figures, "batch_{}")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Writes the figures of the epoch, and the weights if it is time."""
        logs = logs or {}
        training = {name: value for name, value in logs.items() if not name.startswith("val_")}
        if self.write_steps_per_second:
            done = self._batches - self._batches_before
            training["steps_per_second"] = done / (time.perf_counter() - self._epoch_start)
        self._write("train", epoch, training | rates(self.model.optimizer), "epoch_{}")
        self._write("validation", epoch, {name[4:]: v for name, v in logs.items() if name not in training}, "epoch_{}")
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._write_weights(epoch)

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Writes the figures of validation by the number of steps done before it."""
        if self.model.optimizer is not None:
            steps = int(np.asarray(self.model.optimizer.iterations))
            self._write("validation", steps, logs or {}, "evaluation_{}_vs_iterations")
        if not self._fitting:
            self._close()

    def _write_weights(self, epoch: int) -> None:
        for variable in self.model.weights:
            weight = variable.numpy().astype(np.float64)
            self._file("train").add(epoch, event_file.histogram(f"{variable.path}/histogram", weight))
            if self.write_images and np.squeeze(weight).ndim == 2:
                self._file("train").add(epoch, event_file.image(f"{variable.path}/image", np.squeeze(weight)))
