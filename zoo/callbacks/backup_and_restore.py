"""Training that survives the end of its process."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from zoo.callbacks.callback import Callback, Logs
from zoo.callbacks.monitor import frequency
from zoo.engine import rng
from zoo.engine.variable import Variable
from zoo.errors import ConfigError, CorruptFile
from zoo.io.atomic import replacing
from zoo.layers.seeds import seed_generators

STATE, PREVIOUS = "training_state.npz", "training_state.previous.npz"
HEADER = "header"                                           # JSON: epoch, batch, seeds, names of the variables


class BackupAndRestore(Callback):
    """Keeps a backup of training, from which `fit` goes on when it is called again after a crash.

    One file holds everything that the next step depends on: epoch and batch, weights and statistics, the state of the
    optimizer, of random layers and of metrics, and where the source of seeds was, which decides the order of samples.
    It is replaced in one step, so that a process that is killed leaves the old backup or the new one. A run that is
    resumed from it ends where an uninterrupted one would have ended. Data from a generator are not wound forward.

    Args:
        backup_dir: folder for the backup, of this run alone.
        save_freq: ``epoch``, or after how many batches to write it.
        double_checkpoint: whether to keep the backup before the last one too, for disks that lose what they promised.
        delete_checkpoint: whether to remove the backup when training has ended (not when it was interrupted).

    Raises:
        ConfigError: an argument makes no sense; when training begins: the backup is of another model.
    """

    def __init__(self, backup_dir: str | os.PathLike[str], save_freq: str | int = "epoch",
                 double_checkpoint: bool = False, delete_checkpoint: bool = True):
        if not backup_dir:
            raise ConfigError("BackupAndRestore: `backup_dir` is empty.")
        self.backup_dir, self.save_freq = Path(backup_dir), frequency(save_freq, "BackupAndRestore")
        self.double_checkpoint, self.delete_checkpoint = double_checkpoint, delete_checkpoint
        self._epoch = self._batches = 0
        self._seeds: dict[str, Any] = {}

    # ---- moments

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Restores the backup, if there is one."""
        self._batches = 0
        found = self._read()
        if found is not None:
            header, arrays = found
            self.model.build_training()
            self._assign(header, arrays)
            rng.resume_seeds(header["seeds"])
            self.model.resume_at = header["epoch"], header["batch"]

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Notes where the seeds are: the order of the samples is drawn next."""
        self._epoch, self._seeds = epoch, rng.seed_state()

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Writes the backup if so many batches are done."""
        self._batches += 1
        if self.save_freq != "epoch" and self._batches % self.save_freq == 0:
            self._write(self._epoch, batch + 1, self._seeds)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Writes the backup if epochs count."""
        if self.save_freq == "epoch":
            self._write(epoch + 1, 0, rng.seed_state())

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Removes the backup, unless training is not at its end."""
        if self.delete_checkpoint and not self.model.training_interrupted:
            for name in (STATE, PREVIOUS):
                (self.backup_dir / name).unlink(missing_ok=True)
            if self.backup_dir.is_dir() and not any(self.backup_dir.iterdir()):
                self.backup_dir.rmdir()

    # ---- the file

    def _write(self, epoch: int, batch: int, seeds: dict[str, Any]) -> None:
        state = dict(training_state(self.model))
        header = {"epoch": epoch, "batch": batch, "seeds": seeds, "names": list(state)}
        self.backup_dir.mkdir(parents=True, exist_ok=True)
        target = self.backup_dir / STATE
        if self.double_checkpoint and target.exists():
            with replacing(self.backup_dir / PREVIOUS) as temporary:
                shutil.copyfile(target, temporary)
        with replacing(target) as temporary, open(temporary, "wb") as stream:
            np.savez(stream, **{HEADER: np.array(json.dumps(header))},
                     **{f"v{i}": variable.numpy() for i, variable in enumerate(state.values())})

    def _read(self) -> tuple[dict[str, Any], list[np.ndarray]] | None:
        """The newest backup that can be read; None if there is none at all."""
        found = [path for path in (self.backup_dir / STATE, self.backup_dir / PREVIOUS) if path.exists()]
        for i, path in enumerate(found):
            try:
                with np.load(path, allow_pickle=False) as file:
                    header = json.loads(str(file[HEADER]))
                    return header, [file[f"v{i}"] for i in range(len(header["names"]))]
            except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
                if i + 1 == len(found):
                    raise CorruptFile(f"{path}: this backup cannot be read ({error}). Delete it to train from the "
                                      f"start.") from error
        return None

    def _assign(self, header: dict[str, Any], arrays: list[np.ndarray]) -> None:
        state = dict(training_state(self.model))
        saved = {name: array.shape for name, array in zip(header["names"], arrays)}
        wanted = {name: variable.shape for name, variable in state.items()}
        if saved != wanted:
            differing = sorted(name for name in {*saved, *wanted} if saved.get(name) != wanted.get(name))
            raise ConfigError(f"{self.backup_dir}: this backup is of a model, an optimizer or metrics other than those "
                              f"of model {self.model.name!r}: {', '.join(differing[:10])} differ. "
                              f"Choose another folder, or delete this one to train from the start.")
        for variable, array in zip(state.values(), arrays):
            variable.assign(array)


def training_state(model: Any) -> Iterator[tuple[str, Variable]]:
    """Every variable that training reads or changes, by a name that is the same in each process."""
    groups = {"weight": model.weights, "optimizer": model.optimizer.variables,
              "metric": [variable for metric in model.metrics for variable in metric.variables],
              "seed": [generator.state for generator in seed_generators(model)]}
    for group, variables in groups.items():
        yield from ((f"{group} {i}", variable) for i, variable in enumerate(variables))
