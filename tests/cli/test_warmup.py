"""``zoo warmup``, and compiled kernels in ``zoo cache``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Outcome
from zoo import layers, models
from zoo.engine.machine_code import store, unit
from zoo.errors import ConfigError
from zoo.models.warmup import Warmed, warmup

pytest.importorskip("numba")


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A cache of its own, and no functions in memory."""
    monkeypatch.setenv("ZOO_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(unit, "_functions", {})
    return tmp_path / "home"


def small() -> models.Model:
    """A model with one kernel to compile, of any size."""
    return models.Sequential([layers.Input((None, None, 8)), layers.Activation("sigmoid")])


def test_kernels_are_compiled_once(zoo: Callable[..., Outcome], home: Path, tmp_path: Path) -> None:
    small().save(tmp_path / "small.keras")
    for words in ("1 kernels to compile, 0 were there; 1 in all", "0 kernels to compile, 1 were there; 1 in all"):
        outcome = zoo("warmup", tmp_path / "small.keras", "--batch-size", 1, 2, "--image-size", 64)
        assert (outcome.code, outcome.err) == (0, "") and words in outcome.out
    assert warmup(small(), [1], size=64) == Warmed(compiled=0, cached=1)


def test_what_is_no_model_is_told(zoo: Callable[..., Outcome], home: Path, tmp_path: Path) -> None:
    outcome = zoo("warmup", "nonsense")
    assert outcome.code == 2 and "nonsense" in outcome.err
    assert zoo("warmup").code == 2
    with pytest.raises(ConfigError, match="writes its own call"):
        warmup(type("Own", (models.Model,), {})())


def test_the_cache_lists_and_prunes_kernels(zoo: Callable[..., Outcome], home: Path) -> None:
    for name in (store.environment(), "1-numba0.1"):
        (home / "jit" / name).mkdir(parents=True)
        (home / "jit" / name / "f-0.code").write_bytes(b"12345")
    (home / "jit" / "rows_0.py").write_text("")
    listed = zoo("cache", "list").out
    assert "for another version or processor: 5 B" in listed and "5 B, in use" in listed
    told = {Path(row["path"]).name: row for row in json.loads(zoo("cache", "list", "--json").out)["kernels"]}
    assert told[store.environment()] == {"path": str(home / "jit" / store.environment()), "functions": 1, "bytes": 5,
                                         "current": True}
    assert "2 files, 5 B, would be removed" in zoo("cache", "prune", "--dry-run").out
    assert "1-numba0.1" in zoo("cache", "prune").out
    assert [path.name for path in (home / "jit").iterdir()] == [store.environment()]
    zoo("cache", "prune", "--all")
    assert not list((home / "jit").iterdir())
