"""``zoo inspect``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.cli.conftest import Outcome
from tests.report import documents
from zoo import io
from zoo.report.description import SCHEMA


def test_text(zoo: Callable[..., Outcome], tmp_path: Path) -> None:
    io.write(documents.document(), tmp_path / "m.keras")
    outcome = zoo("inspect", tmp_path / "m.keras")
    assert outcome.code == 0 and outcome.err == ""
    assert "Keras archive (keras_zip)" in outcome.out and "edges" in outcome.out
    assert "mean" not in outcome.out


def test_weights(zoo: Callable[..., Outcome], tmp_path: Path) -> None:
    io.write(documents.document(), tmp_path / "m.keras")
    assert "(3, 3, 1, 4)  float32    0   35  17.5" in \
        zoo("inspect", "--weights", tmp_path / "m.keras").out


def test_json(zoo: Callable[..., Outcome], tmp_path: Path) -> None:
    io.write(documents.document(), tmp_path / "m.keras")
    plain = json.loads(zoo("inspect", "--json", tmp_path / "m.keras").out)
    assert plain["schema"] == SCHEMA and plain["bytes"] == (tmp_path / "m.keras").stat().st_size
    assert "statistics" not in plain["weights"]["tensors"][0]
    full = json.loads(zoo("inspect", "--json", "--weights", tmp_path / "m.keras").out)
    assert full["weights"]["tensors"][0]["statistics"]["maximum"] == 35.0


def test_keys_of_the_json_are_stable(zoo: Callable[..., Outcome], tmp_path: Path) -> None:
    """Whoever changes these breaks scripts: new keys may be added here, none may go."""
    io.write(documents.document(with_training=True), tmp_path / "m.keras")
    found = json.loads(zoo("inspect", "--json", tmp_path / "m.keras").out)
    assert set(found) >= {"schema", "path", "bytes", "format", "title", "producer", "model", "weights", "training",
                          "metadata", "findings"}
    assert set(found["producer"]) >= {"dialect", "keras_version", "backend", "evidence"}
    assert set(found["model"]) >= {"kind", "class_name", "name", "inputs", "outputs", "config", "layers"}
    assert set(found["model"]["layers"][0]) >= {"name", "class_name", "registered_name", "output_shape", "parameters",
                                                "trainable", "calls", "config", "model"}
    assert set(found["weights"]) >= {"layout", "backend", "keras_version", "count", "parameters", "bytes", "tensors"}
    assert set(found["weights"]["tensors"][0]) >= {"name", "shape", "dtype", "group", "layer"}
    assert set(found["training"]) >= {"config", "optimizer", "metrics"}
    assert set(found["training"]["optimizer"]) >= {"class_name", "config", "tensors"}


def test_the_content_decides_not_the_suffix(zoo: Callable[..., Outcome], tmp_path: Path) -> None:
    io.write(documents.document(), tmp_path / "m.keras")
    (tmp_path / "m.keras").rename(tmp_path / "m.h5")
    assert "keras_zip" in zoo("inspect", tmp_path / "m.h5").out


def test_what_is_no_model(zoo: Callable[..., Outcome], tmp_path: Path) -> None:
    (tmp_path / "m.h5").write_text("hello")
    outcome = zoo("inspect", tmp_path / "m.h5")
    assert outcome.code == 2 and "expected a model file" in outcome.err
