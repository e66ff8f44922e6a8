"""``zoo finetune``: from folders of photos to a file that ``zoo classify`` understands; resuming; what is refused."""

from __future__ import annotations

import csv
import importlib.util
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.batch.pictures import truncated
from tests.cli.conftest import Outcome
from zoo import Input, Sequential, io, layers, load_model
from zoo.callbacks import Callback
from zoo.engine.rng import set_random_seed
from zoo.finetune import training
from zoo.finetune.photos import find, split
from zoo.finetune.settings import Settings
from zoo.io import extras

COLOURS = {"blue": (30, 30, 200), "green": (30, 200, 30), "red": (200, 30, 30)}
EACH = 8


def photos_of(folder: Path, each: int = EACH) -> Path:
    """Noisy images of one colour, 40 x 40 pixels, a folder for each colour."""
    random = np.random.default_rng(0)
    for name, colour in COLOURS.items():
        (folder / name).mkdir(parents=True)
        for i in range(each):
            pixels = np.clip(random.normal(colour, 40, (40, 40, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{i}.png")
    return folder


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return photos_of(tmp_path / "photos")


@pytest.fixture
def network(tmp_path: Path) -> Path:
    """A small classifier of 5 other classes, with batch normalisation."""
    set_random_seed(0)
    model = Sequential([Input((16, 16, 3)), layers.Conv2D(8, 3, activation="relu"), layers.BatchNormalization(),
                        layers.GlobalAveragePooling2D(), layers.Dense(5, activation="softmax")], name="small")
    model.save(tmp_path / "small.keras")
    return tmp_path / "small.keras"


@pytest.fixture
def words(photos: Path, network: Path, tmp_path: Path) -> list[object]:
    """The usual command."""
    return ["finetune", photos, "--model", network, "--preprocess", "tf", "--learning-rate", 0.1, "--epochs", 12,
            "--patience", 12, "--batch-size", 8, "--output", tmp_path / "my.keras"]


class StopAfter(Callback):
    """Ctrl-C at the end of an epoch."""

    def __init__(self, epoch: int):
        self.last = epoch

    def on_epoch_end(self, epoch: int, logs: object = None) -> None:
        if epoch + 1 == self.last:
            raise KeyboardInterrupt


def interrupted(monkeypatch: pytest.MonkeyPatch, phase: str, epoch: int) -> None:
    """Makes the next run end as with Ctrl-C after an epoch of a phase."""
    make = training.BackupAndRestore

    def backup(folder: Path) -> list[Callback]:
        return [make(folder), StopAfter(epoch)] if folder.name == phase else [make(folder)]
    monkeypatch.setattr(training, "BackupAndRestore", backup)


def test_what_it_writes_is_understood_by_classify(zoo: Callable[..., Outcome], words: list[object], photos: Path,
                                                  tmp_path: Path) -> None:
    outcome = zoo(*words)
    assert outcome.code == 0, outcome.err
    lines = outcome.out.splitlines()
    assert lines[0].split()[:4] == ["class", "training", "validation", "accuracy"]
    assert lines[2].split() == ["blue", "6", "2", "100.0%"] and lines[5].split() == ["all", "18", "6", "100.0%"]
    document = io.read(tmp_path / "my.keras")
    assert document.metadata[extras.KEY][extras.LABELS] == list(COLOURS)
    assert document.metadata[extras.KEY][extras.PREPROCESS] == "tf"
    found = zoo("classify", photos, "--model", tmp_path / "my.keras", "--top-k", 1, "--format", "jsonl")
    rows = [json.loads(line) for line in found.out.splitlines()]
    assert len(rows) == len(COLOURS) * EACH and found.err == ""
    assert all(row["predictions"][0]["label"] == Path(row["path"]).parent.name for row in rows)
    assert not (tmp_path / "my.keras.partial").exists()


def test_json_csv_and_pictures(zoo: Callable[..., Outcome], words: list[object], tmp_path: Path) -> None:
    summary = json.loads(zoo(*words, "--unfreeze-epochs", 1, "--json").out)
    assert summary["schema"] == "zoo-finetune/1" and summary["accuracy"] == 1.0
    assert [(c["label"], c["training"], c["validation"]) for c in summary["classes"]] == [
        (name, 6, 2) for name in COLOURS]
    assert np.array_equal(summary["confusion"], 2 * np.eye(3))
    phases = [epoch["phase"] for epoch in summary["history"]]
    assert phases == ["head"] * 12 + ["whole network"]
    with open(tmp_path / "my.history.csv", newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [float(row["val_loss"]) for row in rows] == [epoch["val_loss"] for epoch in summary["history"]]
    best = min(summary["history"], key=lambda epoch: epoch["val_loss"])
    assert summary["best"] == {"phase": best["phase"], "epoch": best["epoch"]}
    assert (tmp_path / "my.confusion.csv").read_text().splitlines()[:2] == ["class,blue,green,red", "blue,2,0,0"]
    assert all(Path(path).exists() for path in summary["files"])
    if importlib.util.find_spec("matplotlib"):
        for name, least in (("history", 500), ("confusion", 300)):
            with Image.open(tmp_path / f"my.{name}.png") as picture:
                assert picture.format == "PNG" and picture.width > least


def test_absent_matplotlib_is_told(zoo: Callable[..., Outcome], words: list[object], tmp_path: Path,
                                   monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    outcome = zoo(*words)
    assert outcome.code == 0 and "matplotlib" in outcome.err and "zoo[plots]" in outcome.err
    assert not (tmp_path / "my.history.png").exists() and (tmp_path / "my.history.csv").exists()


@pytest.mark.parametrize("phase, epoch, unfreeze", [("head", 5, 0), ("head", 12, 1), ("whole", 1, 2)])
def test_an_interrupted_run_goes_on_as_if_nothing_had_been(
        zoo: Callable[..., Outcome], words: list[object], tmp_path: Path, photos: Path,
        monkeypatch: pytest.MonkeyPatch, phase: str, epoch: int, unfreeze: int) -> None:
    words = [*words, "--unfreeze-epochs", unfreeze]
    whole = zoo(*words)
    expected, weights = (tmp_path / "my.history.csv").read_text(), io.read(tmp_path / "my.keras").weights
    expected_arrays = [tensor.read() for _, tensor in weights]
    with monkeypatch.context() as patch:
        interrupted(patch, phase, epoch)
        stopped = zoo(*words, "--overwrite")
    assert stopped.code == 130 and "the same command goes on from here" in stopped.err
    usable = zoo("classify", photos, "--model", tmp_path / "my.keras", "--top-k", 1, "--format", "jsonl")
    assert usable.code == 0 and '"label": "red"' in usable.out
    resumed = zoo(*words)
    assert resumed.code == 0 and "going on with an interrupted run" in resumed.err
    assert resumed.out.splitlines()[:6] == whole.out.splitlines()[:6]
    assert "head 1/12" not in resumed.err
    assert (tmp_path / "my.history.csv").read_text() == expected
    arrays = [tensor.read() for _, tensor in io.read(tmp_path / "my.keras").weights]
    assert all(np.array_equal(a, b) for a, b in zip(arrays, expected_arrays, strict=True))


def test_other_arguments_do_not_go_on(zoo: Callable[..., Outcome], words: list[object],
                                      monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        interrupted(patch, "head", 2)
        assert zoo(*words).code == 130
    refused = zoo(*words, "--seed", 1)
    assert refused.code == 2 and "exists; --overwrite" in refused.err
    assert "head 1/12" in zoo(*words, "--seed", 1, "--overwrite").err


def test_early_stopping_keeps_the_best_epoch(zoo: Callable[..., Outcome], words: list[object]) -> None:
    words = [*words, "--learning-rate", 30.0, "--epochs", 40, "--patience", 2, "--json"]
    summary = json.loads(zoo(*words).out)
    losses = [epoch["val_loss"] for epoch in summary["history"]]
    assert len(losses) == int(np.argmin(losses)) + 3 and summary["best"]["epoch"] == int(np.argmin(losses)) + 1


def test_the_network_below_the_head_stays_as_it_is(zoo: Callable[..., Outcome], words: list[object], network: Path,
                                                   tmp_path: Path) -> None:
    def weights(path: Path) -> list[list[np.ndarray]]:
        return [layer.get_weights() for layer in load_model(path).layers
                if isinstance(layer, (layers.Conv2D, layers.BatchNormalization))]

    def same(ours: list[np.ndarray], theirs: list[np.ndarray]) -> bool:
        return all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))
    assert zoo(*words).code == 0
    (convolution, normalization), after = weights(network), weights(tmp_path / "my.keras")
    assert same(convolution, after[0]) and same(normalization, after[1])
    assert zoo(*words, "--unfreeze-epochs", 1, "--epochs", 1, "--overwrite").code == 0
    after = weights(tmp_path / "my.keras")
    assert not same(convolution, after[0]) and same(normalization, after[1])


def test_unreadable_images_are_left_out_and_counted(zoo: Callable[..., Outcome], words: list[object],
                                                    photos: Path) -> None:
    (photos / "red" / "empty.png").touch()
    truncated(photos / "red" / "half.jpg")
    (photos / "red" / "notes.txt").write_text("no image by its suffix")
    outcome = zoo(*words)
    assert outcome.code == 3 and "2 images could not be read" in outcome.err
    assert "empty.png: left out: the file is empty" in outcome.err
    assert outcome.out.splitlines()[4].split()[:3] == ["red", "6", "2"]


def test_what_is_refused(zoo: Callable[..., Outcome], words: list[object], photos: Path, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    (tmp_path / "one" / "cat").mkdir(parents=True)
    for directory, reason in ((tmp_path / "none", "at least two; found none"),
                              (tmp_path / "one", "at least two; found one, 'cat'"),
                              (tmp_path / "absent", "No such file")):
        outcome = zoo("finetune", directory, *words[2:])
        assert outcome.code == 2 and reason in outcome.err
    for path in list((photos / "red").iterdir())[1:]:
        path.unlink()
    (photos / "yellow").mkdir()
    outcome = zoo(*words)
    assert outcome.code == 2 and "'red' has 1, 'yellow' has 0" in outcome.err
    assert "ends in .keras" in zoo(*words[:-1], tmp_path / "my.onnx").err
    assert "between 0 and 1" in zoo(*words, "--validation-split", 1.0).err


def test_images_that_cannot_be_read_may_leave_too_few(zoo: Callable[..., Outcome], words: list[object],
                                                      photos: Path) -> None:
    for path in list((photos / "red").iterdir())[1:]:
        path.write_bytes(b"")
    outcome = zoo(*words)
    assert outcome.code == 2 and "that can be read; 'red' has 1" in outcome.err


def test_split_is_by_class_and_repeatable(photos: Path) -> None:
    found = find(photos)
    held_back = split(found, 0.25, seed=3)
    assert found.part(held_back).counts().tolist() == [2, 2, 2]
    assert np.array_equal(held_back, split(found, 0.25, seed=3))
    assert not np.array_equal(held_back, split(found, 0.25, seed=4))
    assert find(photos).part(split(found, 0.001, 0)).counts().tolist() == [1, 1, 1]
    assert find(photos).part(split(found, 0.999, 0)).counts().tolist() == [7, 7, 7]


def test_fingerprint_sees_files_and_arguments(photos: Path, tmp_path: Path) -> None:
    def fingerprint(**changes: object) -> str:
        settings = Settings(str(photos), "vgg16", str(tmp_path / "my.keras"), **changes)
        return settings.fingerprint(find(photos))
    before = fingerprint()
    assert before == fingerprint() and before != fingerprint(seed=1)
    (photos / "red" / "0.png").write_bytes(b"other")
    assert before != fingerprint()
