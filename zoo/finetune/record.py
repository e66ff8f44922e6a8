"""What happened in each epoch: a table on the disk, from which a run goes on, and the best model as a file."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from zoo.callbacks.callback import Callback, Logs
from zoo.errors import CorruptFile
from zoo.io.atomic import replacing


@dataclass(frozen=True)
class Epoch:
    """The figures of one epoch.

    Args:
        phase: which part of the network was trained.
        epoch: in this phase, from 1.
        loss, accuracy: on the images for training, while they were learnt from.
        val_loss, val_accuracy: on those for validation, after it.
    """

    phase: str
    epoch: int
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float


class Record:
    """The epochs of a run, in all its phases.

    Args:
        path: the CSV file; replaced as a whole after each epoch.
        epochs: those of an earlier run that this one goes on with.
    """

    def __init__(self, path: Path, epochs: list[Epoch] | None = None):
        self.path, self.epochs = path, list(epochs or ())

    @classmethod
    def read(cls, path: Path) -> Record:
        """The record that an earlier run left; an empty one if there is none.

        Raises:
            CorruptFile: the file is no such record.
        """
        if not path.exists():
            return cls(path)
        kinds = [(field.name, {"str": str, "int": int, "float": float}[str(field.type)]) for field in fields(Epoch)]
        try:
            with path.open(newline="", encoding="utf-8") as stream:
                return cls(path, [Epoch(**{name: kind(row[name]) for name, kind in kinds})
                                  for row in csv.DictReader(stream)])
        except (ValueError, KeyError, TypeError, csv.Error) as error:
            raise CorruptFile(f"{path}: expected the epochs of an earlier run, received something else ({error!r}). "
                              "Delete it to train from the start.") from error

    def add(self, epoch: Epoch) -> None:
        """Adds an epoch, in place of one of the same number if that is done once more, and writes the file."""
        self.epochs = [old for old in self.epochs if (old.phase, old.epoch) != (epoch.phase, epoch.epoch)] + [epoch]
        with replacing(self.path) as draft, open(draft, "w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, [field.name for field in fields(Epoch)], lineterminator="\n")
            writer.writeheader()
            writer.writerows(map(asdict, self.epochs))

    def best(self) -> Epoch | None:
        """The first of the epochs with the lowest validation loss; None if none has a finite one."""
        finite = [epoch for epoch in self.epochs if math.isfinite(epoch.val_loss)]
        return min(finite, key=lambda epoch: epoch.val_loss, default=None)

    def is_over(self, phase: str, epochs: int, patience: int) -> bool:
        """Whether a phase is at its end: all epochs are done, or as many as `patience` were no better than before."""
        own = [epoch for epoch in self.epochs if epoch.phase == phase]
        if not own:
            return epochs == 0
        losses = [epoch.val_loss if math.isfinite(epoch.val_loss) else math.inf for epoch in own]
        return len(own) >= epochs or len(own) - 1 - losses.index(min(losses)) >= patience


class KeepBest(Callback):
    """Adds each epoch to a record, saves the model when it is the best so far, stops when it no longer improves.

    Unlike `EarlyStopping` it knows the epochs of the run that it goes on with.

    Args:
        record: of all phases.
        phase: the present one.
        patience: epochs without improvement after which to stop.
        save: writes the model.
        tell: takes a line about each epoch.
    """

    def __init__(self, record: Record, phase: str, patience: int, save: Callable[[], None],
                 tell: Callable[[str], None]):
        self.record, self.phase, self.patience, self.save, self.tell = record, phase, patience, save, tell

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Judges the epoch."""
        figures: dict[str, Any] = {name: float((logs or {})[name])
                                   for name in ("loss", "accuracy", "val_loss", "val_accuracy")}
        done = Epoch(self.phase, epoch + 1, **figures)
        before = [old for old in self.record.epochs if (old.phase, old.epoch) != (done.phase, done.epoch)]
        best = Record(self.record.path, [*before, done]).best()
        if best is done:
            self.save()                         # before the record says so: what it calls the best is in the file
        self.record.add(done)
        epochs = self.params.get("epochs", 0)
        self.tell(f"{self.phase} {done.epoch}/{epochs}: loss {done.loss:.4f}, accuracy {done.accuracy:.1%}; validation "
                  f"loss {done.val_loss:.4f}, accuracy {done.val_accuracy:.1%}{', the best' if best is done else ''}")
        self.model.stop_training = self.record.is_over(self.phase, epochs, self.patience)
