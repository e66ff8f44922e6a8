"""Damaged files: each loads or is refused by an error of zoo. `tests.fuzz.run` does the same by the thousand."""

from __future__ import annotations

import pathlib
import random

import pytest

from tests.corpus import require_corpus
from tests.fuzz.mutations import MUTATIONS, mutated
from tests.fuzz.outcomes import originals, tried

COUNT = 150


@require_corpus
def test_damaged_files(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    files = originals()
    outcomes = [tried(number, files, 2024, tmp_path) for number in range(COUNT)]
    assert [outcome for outcome in outcomes if not outcome.is_right] == []
    results = {outcome.result for outcome in outcomes}
    assert {"loaded", "CorruptFile", "ConfigError"} <= results and len({outcome.producer for outcome in outcomes}) > 8


@require_corpus
def test_mutations_change_files_in_many_ways() -> None:
    rng, files = random.Random(0), originals()
    made = [(original.data, *mutated(original.data, rng.choice(files).data, rng)) for original in rng.sample(files, 80)]
    assert {name for _, name, _ in made} == set(MUTATIONS)
    assert sum(data != changed for data, _, changed in made) > 70


@require_corpus
def test_the_same_number_gives_the_same_file(tmp_path: pathlib.Path) -> None:
    files = originals()
    first = tried(7, files, 1, tmp_path), (tmp_path / "damaged").read_bytes()
    assert first == (tried(7, files, 1, tmp_path), (tmp_path / "damaged").read_bytes())
