"""Running commands in this process, and a stand-in for the model of `zoo classify`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from zoo.batch.classifiers import Choice
from zoo.batch.worker import Classifier
from zoo.cli import classify
from zoo.cli.main import main


@dataclass
class Outcome:
    """What a command left behind."""

    code: int
    out: str
    err: str


@pytest.fixture
def zoo(capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Runs ``zoo`` with the given words."""
    def run(*words: object) -> Outcome:
        try:
            code = main([str(word) for word in words])
        except SystemExit as stop:                              # argparse ends this way
            code = stop.code
        return Outcome(code, *capsys.readouterr())
    return run


class MeanModel:
    """Scores the mean of each colour."""

    def predict_on_batch(self, x: np.ndarray) -> np.ndarray:
        return x.mean(axis=(1, 2)) / np.float32(255)


@pytest.fixture
def colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes ``zoo classify`` tell red, green and blue apart, whatever model is asked for."""
    def choose(model: str, *, top_k: int = 5, **options: object) -> Choice:
        return Choice(Classifier(MeanModel(), lambda image: np.asarray(image.resize((4, 4)), np.float32), (4, 4, 3),
                                 ("red", "green", "blue"), top_k=top_k), ("colours are all there is",))
    monkeypatch.setattr(classify, "choose", choose)
