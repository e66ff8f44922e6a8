"""What was asked for, and whether an interrupted run was asked for the same."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from zoo.errors import ConfigError
from zoo.finetune.photos import Photos
from zoo.io.atomic import replacing

SUFFIXES = (".keras", ".h5", ".hdf5")
THAWED_SLOWDOWN = 100                   # the learning rate of the whole network is that of the head divided by it


@dataclass(frozen=True)
class Settings:
    """The arguments of a run.

    Args:
        directory: with a folder of images for each class.
        model: name of an application, or path of a model file.
        output: the model file to write.
        variant, weights, preprocess: as of `zoo.batch.features.choose`.
        epochs: at most so many of the head alone.
        unfreeze_epochs: at most so many of the whole network after that.
        learning_rate: of the head.
        batch_size: images in a step.
        validation_split: share of the images of each class that is held back.
        patience: epochs without improvement after which a phase ends.
        seed: of the split, of the first weights, of order, dropout and augmentation.
    """

    directory: str
    model: str
    output: str
    variant: dict[str, Any] = field(default_factory=dict)
    weights: str | None = None
    preprocess: str | None = None
    epochs: int = 10
    unfreeze_epochs: int = 0
    learning_rate: float = 0.003
    batch_size: int = 16
    validation_split: float = 0.2
    patience: int = 3
    seed: int = 0

    def __post_init__(self) -> None:
        if Path(self.output).suffix not in SUFFIXES or self.output.endswith(".weights.h5"):
            raise ConfigError(f"Expected an output that ends in {', '.join(SUFFIXES)}, received {self.output!r}")
        if not 0 < self.validation_split < 1:
            raise ConfigError(f"Expected a validation split between 0 and 1, received {self.validation_split}")
        if not 0 < self.learning_rate < float("inf"):
            raise ConfigError(f"Expected a positive learning rate, received {self.learning_rate}")

    def beside(self, ending: str) -> Path:
        """A path beside the output: ``my.keras`` and ``.history.csv`` give ``my.history.csv``."""
        return Path(self.output).with_suffix(ending)

    def fingerprint(self, photos: Photos) -> str:
        """A text that is equal if the same is to be done with the same files."""
        files = [(os.path.abspath(path), *_state(path)) for path in photos.paths]
        sources = [(path, *_state(path)) for path in (self.model, self.weights) if path and os.path.exists(path)]
        content = json.dumps([asdict(self), photos.classes, photos.labels.tolist(), files, sources])
        return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()


class Workplace:
    """A folder beside the output for what an interrupted run needs to go on; gone when a run has ended well.

    Args:
        settings: of the run.
        photos: to learn from.
    """

    def __init__(self, settings: Settings, photos: Photos):
        self.settings, self.fingerprint = settings, settings.fingerprint(photos)
        self.folder = Path(f"{settings.output}.partial")

    @property
    def features(self) -> Path:
        """The features of all images."""
        return self.folder / "features.npz"

    def backup(self, phase: str) -> Path:
        """The folder for the state of a phase."""
        return self.folder / phase

    def is_resumed(self) -> bool:
        """Whether an earlier run was asked for the same and did not come to its end."""
        note = self.folder / "plan.txt"
        return note.exists() and note.read_text(encoding="ascii") == self.fingerprint

    def begin(self) -> None:
        """Makes the folder anew.

        Raises:
            OSError: it cannot be written.
        """
        self.end()
        self.folder.mkdir(parents=True)
        with replacing(self.folder / "plan.txt") as draft:
            draft.write_text(self.fingerprint, encoding="ascii")

    def end(self) -> None:
        """Removes the folder."""
        if self.folder.exists():
            shutil.rmtree(self.folder)


def _state(path: str) -> tuple[int, int]:
    found = os.stat(path)
    return found.st_size, found.st_mtime_ns
