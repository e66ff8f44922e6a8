"""``zoo diff``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Outcome
from tests.report import documents
from zoo import io


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path, Path]:
    """A file, the same model in another format, and one that differs."""
    io.write(documents.document(), tmp_path / "a.keras")
    io.write(documents.document(documents.by_layer()), tmp_path / "same.h5")
    other = documents.document()
    other.model.layers[1].config["padding"] = "same"
    other.weights.groups[1].tensors[1] = documents.tensor("1", 2, start=1.0)
    io.write(other, tmp_path / "b.keras")
    return tmp_path / "a.keras", tmp_path / "same.h5", tmp_path / "b.keras"


def test_the_same(zoo: Callable[..., Outcome], files: tuple[Path, Path, Path]) -> None:
    outcome = zoo("diff", files[0], files[1])
    assert (outcome.code, outcome.out) == (0, "the same; compared: 7 layers, 6 weights\n")


def test_different(zoo: Callable[..., Outcome], files: tuple[Path, Path, Path]) -> None:
    outcome = zoo("diff", files[0], files[2])
    assert outcome.code == 1
    lines = [line.split() for line in outcome.out.splitlines()]
    assert ["edges.padding", "valid", "same"] in lines
    assert ["out/bias", "float32", "(2)", "float32", "(2)", "2", "of", "2", "6", "1.2"] in lines
    assert zoo("diff", files[0], files[2], "--part", "training").code == 0
    assert zoo("diff", files[0], files[2], "--part", "weights", "--atol", "6").code == 0


def test_json(zoo: Callable[..., Outcome], files: tuple[Path, Path, Path]) -> None:
    found = json.loads(zoo("diff", "--json", files[0], files[2]).out)
    assert found["schema"] == "zoo-diff/1" and found["same"] is False
    assert found["compared"] == {"layers": 7, "weights": 6} and found["notes"] == []
    assert found["changes"][0] == {"part": "architecture", "where": "edges.padding", "first": "valid", "second": "same",
                                   "distance": None}
    assert found["changes"][1]["distance"] == {"differing": 2, "size": 2, "absolute": 6.0, "relative": 1.2}


def test_what_cannot_be_read(zoo: Callable[..., Outcome], files: tuple[Path, Path, Path], tmp_path: Path) -> None:
    (tmp_path / "text.h5").write_text("hello")
    outcome = zoo("diff", files[0], tmp_path / "text.h5")
    assert outcome.code == 2 and "text.h5" in outcome.err
