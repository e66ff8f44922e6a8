"""Models of every producer through the containers that no Keras wrote, and back: nothing is lost on the way.

Each document is written to the container, read, and written and read again: arrays stay equal bit by bit, and what was
read once is read again. Without ``--slow`` a part of the corpus is taken.
"""

from __future__ import annotations

import pathlib

import numpy as np
import pytest

from tests.conformance.outcome import tally
from tests.corpus import CORPUS, require_corpus
from zoo import io
from zoo.errors import CannotExpress, FileError
from zoo.io import layouts

pytestmark = [require_corpus]

PRODUCERS = ("keras3", "keras-3.0.5", "keras-3.6.0", "tfkeras2", "tfkeras-2.15", "tfkeras-2.12", "training",
             "keras-2.3.1", "keras-2.2.4", "keras-2.0.9", "keras-1.2.2")
CONTAINERS = {"safetensors": "m.safetensors", "npz": "m.npz", "tfjs_layers": "m", "architecture_yaml": "m.yaml"}
EVERY = 61


def same_arrays(a: io.TensorRecord, b: io.TensorRecord) -> bool:
    left, right = np.asarray(a.read()), np.asarray(b.read())
    return a.dtype == b.dtype and left.shape == right.shape and (
        left.tolist() == right.tolist() if a.dtype == "object" else left.tobytes() == right.tobytes())


def lost(before: io.ModelDocument, after: io.ModelDocument) -> str | None:
    """What is not the same in the second of two documents, as far as its container holds it."""
    if after.weights is None:
        return None
    bound, _ = layouts.bind_weights(before.model, before.weights)
    again, report = layouts.bind_weights(before.model, after.weights)
    if report.missing or report.unexpected or bound.keys() != again.keys():
        return f"weights: {[*report.missing, *report.unexpected, *(bound.keys() ^ again.keys())][:3]}"
    different = [key for key in bound if not same_arrays(bound[key], again[key])]
    return f"arrays: {different[:3]}" if different else None


def lost_in_copy(first: io.ModelDocument, second: io.ModelDocument) -> str | None:
    """What is not the same in a copy in the same format: nothing may be missing there."""
    for part in ("model", "metadata", "producer", "architecture"):
        if getattr(first, part) != getattr(second, part):
            return f"copy: {part}"
    if (first.training is None) != (second.training is None) or \
            first.training is not None and first.training.config != second.training.config:
        return "copy: training"
    pairs = list(zip(first.weights or (), second.weights or (), strict=True))
    if any(a.name != b.name or not same_arrays(a, b) for (_, a), (_, b) in pairs):
        return "copy: arrays"
    return None


@pytest.mark.parametrize("container", CONTAINERS)
def test_through_and_back(container: str, tmp_path: pathlib.Path, request: pytest.FixtureRequest) -> None:
    assert CORPUS is not None
    counts = tally(f"through {container} and back")
    paths = [path for producer in PRODUCERS for name in ("model.h5", "model.keras")
             for path in sorted((CORPUS / producer).glob(f"*/{name}"))]
    for path in paths if request.config.getoption("--slow") else paths[::EVERY]:
        name = path.relative_to(CORPUS).as_posix()
        try:
            outcome = through_and_back(path, container, tmp_path)
        except (CannotExpress, FileError) as error:
            counts.not_yet[name] = _reason(error)
            continue
        (counts.passed.append(name) if outcome is None else counts.failed.setdefault(name, outcome))
    assert counts.passed and not counts.failed


def through_and_back(path: pathlib.Path, container: str, folder: pathlib.Path) -> str | None:
    document = io.read(path)
    first, second = folder / CONTAINERS[container], folder / f"copy-{CONTAINERS[container]}"
    document.training = document.training if container == "safetensors" else None
    io.write(document, first, format=container)
    once = io.read(first)
    io.write(once, second, format=container)
    return lost(document, once) or lost_in_copy(once, io.read(second))


def _reason(error: Exception) -> str:
    """The last part of the first thing that is refused, without names of layers."""
    lines = str(error).splitlines()
    return lines[min(1, len(lines) - 1)].rpartition(": ")[2][:80]
