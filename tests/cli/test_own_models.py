"""Models of a user's own manifest, on the command line; and folders for machines without a network."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.conftest import Outcome
from zoo import layers
from zoo.hub.schema import SCHEMA
from zoo.models import Sequential

ROW = {"model": "Reds", "variant": {}, "file": "reds.keras", "sources": [{"kind": "file", "path": "reds.keras"}],
       "format": "keras_zip", "preprocess": "none", "labels": ["dark", "bright"], "licence": "MIT",
       "publisher": "https://example.org/"}


@pytest.fixture(autouse=True)
def ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A manifest with one model, which says how much red an image of 4x4 pixels has; and such an image."""
    for variable in ("ZOO_HOME", "KERAS_HOME", "HOME"):
        monkeypatch.setenv(variable, str(tmp_path / "home"))
    monkeypatch.delenv("ZOO_WEIGHTS_PATH", raising=False)
    monkeypatch.setenv("ZOO_OFFLINE", "1")
    monkeypatch.setenv("ZOO_MANIFESTS", str(tmp_path / "manifest.json"))
    model = Sequential([layers.Input((4, 4, 3)), layers.GlobalAveragePooling2D(), layers.Dense(2)])
    model.set_weights([np.float32([[0, 1], [0, 0], [0, 0]]), np.float32([0.5, 0])])
    model.save(tmp_path / "reds.keras")
    Image.new("RGB", (4, 4), (200, 10, 10)).save(tmp_path / "red.png")
    write(tmp_path, ROW)
    return tmp_path


def write(folder: Path, *rows: dict[str, object]) -> None:
    (folder / "manifest.json").write_text(json.dumps({"schema": SCHEMA, "weights": rows}))


def predictions(zoo: Callable[..., Outcome], folder: Path, *words: str) -> list[tuple[str, float]]:
    outcome = zoo("classify", folder / "red.png", "--format", "jsonl", *words)
    assert outcome.code == 0, outcome.err
    return [(each["label"], each["score"]) for each in json.loads(outcome.out)["predictions"]]


def test_classify_by_name_with_its_labels_and_preprocessing(zoo: Callable[..., Outcome], ours: Path) -> None:
    assert predictions(zoo, ours, "--model", "reds") == [("bright", 200.0), ("dark", 0.5)]
    write(ours, ROW | {"preprocess": "tf", "labels": ["d", "b"]})
    assert predictions(zoo, ours, "--model", "Reds") == [("b", pytest.approx(200 / 127.5 - 1)), ("d", 0.5)]
    assert predictions(zoo, ours, "--model", "Reds", "--preprocess", "none")[0] == ("b", 200.0)


def test_what_the_manifest_leaves_to_the_file(zoo: Callable[..., Outcome], ours: Path) -> None:
    write(ours, ROW | {"preprocess": "file", "labels": "file"})
    outcome = zoo("classify", ours / "red.png", "--model", "reds")
    assert "class_1" in outcome.out and "the names of the 2 classes are not known" in outcome.err


def test_labels_that_do_not_fit(zoo: Callable[..., Outcome], ours: Path) -> None:
    write(ours, ROW | {"labels": "imagenet"})
    outcome = zoo("classify", ours / "red.png", "--model", "reds")
    assert outcome.code == 2 and "Expected as many labels as the model has classes, 2; received 1000" in outcome.err


def test_variants_of_a_model(zoo: Callable[..., Outcome], ours: Path) -> None:
    write(ours, ROW | {"variant": {"release": 2}})
    assert predictions(zoo, ours, "--model", "reds:release=2")[0] == ("bright", 200.0)
    outcome = zoo("classify", ours / "red.png", "--model", "reds:release=3")
    assert outcome.code == 2 and "There are: Reds(release=2)" in outcome.err


def test_models_lists_it(zoo: Callable[..., Outcome], ours: Path) -> None:
    last = zoo("models").out.splitlines()[-1].split()
    assert last == ["Reds", "1", "here"]
    told = json.loads(zoo("models", "--json").out)[-1]
    assert told["name"] == "Reds" and told["weights"][0]["path"] == str(ours / "reds.keras")


def test_fetch_to_a_folder_that_serves_as_a_cache(zoo: Callable[..., Outcome], ours: Path,
                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    assert zoo("fetch", "reds").out.strip() == str(ours / "reds.keras")
    outcome = zoo("fetch", "reds", "--to", ours / "usb")
    assert outcome.code == 0 and outcome.out.strip() == str(ours / "usb" / "weights" / "reds.keras")
    (ours / "reds.keras").unlink()
    monkeypatch.setenv("ZOO_HOME", str(ours / "usb"))
    assert predictions(zoo, ours, "--model", "reds")[0] == ("bright", 200.0)


def test_dry_run(zoo: Callable[..., Outcome], ours: Path) -> None:
    outcome = zoo("fetch", "--all", "--dry-run")
    assert outcome.code == 0 and "553.5 MB" in outcome.out and "files of unknown size" in outcome.out
    assert [line for line in outcome.out.splitlines() if line.startswith("Reds") and line.endswith("here")]
    few = zoo("fetch", "mobilenet:alpha=0.5", "--variants", "--dry-run", "--to", ours / "usb").out
    assert few.count("mobilenet_5_0_") == 8 and "8 files to put into" in few
    assert not (ours / "usb").exists()


def test_dry_run_of_what_there_is_not(zoo: Callable[..., Outcome]) -> None:
    assert zoo("fetch", "nosuchnet", "--dry-run").code == 2
    assert zoo("fetch", "nosuchnet", "reds", "--dry-run").code == 3


@pytest.mark.parametrize("change, message", [
    ({"format": "legacy_weights_h5"}, "its file must be a whole model: format keras_zip or keras_h5"),
    ({"colour": "red"}, "weights[0].colour is not a key of schema"),
])
def test_a_manifest_that_is_wrong(zoo: Callable[..., Outcome], ours: Path, change: dict[str, str], message: str) -> None:
    write(ours, ROW | change)
    outcome = zoo("models")
    assert outcome.code == 2 and message in outcome.err
