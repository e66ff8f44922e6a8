"""``zoo cache``, on a small cache."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import filelock
import pytest

from tests.cli.conftest import Outcome
from zoo.hub import cache
from zoo.hub.hashes import hash_file

VGG16 = "vgg16_weights_tf_dim_ordering_tf_kernels.h5"        # its hash is promised
MOBILENET = "mobilenet_1_0_224_tf.h5"                        # its hash is not


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A good file, one with a wrong record, one without a record, a part of one, and a killed writer's draft."""
    monkeypatch.setenv("ZOO_HOME", str(tmp_path))
    monkeypatch.delenv("ZOO_MANIFESTS", raising=False)
    folder = tmp_path / "weights"
    folder.mkdir()
    for name in ("good.h5", MOBILENET, "unknown.h5"):
        (folder / name).write_bytes(name.encode())
        if name != "unknown.h5":
            cache.write_record(folder / name, hash_file(folder / name, ["sha256"]), f"https://example.org/{name}")
    (folder / MOBILENET).write_bytes(b"something else")
    (folder / "vgg.h5.part").write_bytes(b"beginning")
    (folder / "vgg.h5.part.json").write_text("{}")
    (folder / "old.h5.record.json.123").write_text("{")
    return folder


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.endswith(".lock")}


def test_list(zoo: Callable[..., Outcome], weights: Path) -> None:
    outcome = zoo("cache", "list")
    assert outcome.code == 0 and "good.h5" in outcome.out and "https://example.org/good.h5" in outcome.out
    assert f"3 files, 31 B, in {weights}" in outcome.out and "vgg" not in outcome.out


def test_list_as_json(zoo: Callable[..., Outcome], weights: Path) -> None:
    told = json.loads(zoo("cache", "list", "--json").out)
    files = {file["file"]: file for file in told["files"]}
    assert told["schema"] == "zoo-cache/1" and told["folder"] == str(weights)
    assert files["good.h5"]["bytes"] == 7 and files["good.h5"]["origin"] == "https://example.org/good.h5"
    assert files["unknown.h5"]["origin"] is None and files[MOBILENET]["of"].startswith("MobileNet(")


def test_verify(zoo: Callable[..., Outcome], weights: Path) -> None:
    outcome = zoo("cache", "verify", "--json")
    states = {file["file"]: file["state"] for file in json.loads(outcome.out)["files"]}
    assert outcome.code == 1 and states == {"good.h5": "right", MOBILENET: "wrong", "unknown.h5": "unknown"}
    (weights / MOBILENET).unlink()
    outcome = zoo("cache", "verify")
    assert outcome.code == 0 and "2 files, 0 wrong" in outcome.out


def test_verify_goes_by_the_manifest_too(zoo: Callable[..., Outcome], weights: Path) -> None:
    (weights / VGG16).write_bytes(b"not it")
    cache.write_record(weights / VGG16, hash_file(weights / VGG16, ["sha256"]), "found in this place")
    assert "expected md5 64373286793e3c8b2b4e3219cbf3544b" in zoo("cache", "verify").out


def test_a_record_that_is_not_one_is_told(zoo: Callable[..., Outcome], weights: Path) -> None:
    (weights / "good.h5.record.json").write_text("{}")
    outcome = zoo("cache", "verify")
    assert outcome.code == 1 and "is not a record" in outcome.out


def test_prune(zoo: Callable[..., Outcome], weights: Path) -> None:
    outcome = zoo("cache", "prune")
    assert outcome.code == 0 and "unfinished download" in outcome.out and "wrong: expected 23 bytes" in outcome.out
    # The record of the wrong file is the only hash of it that is known.
    assert names(weights) == {"good.h5", "good.h5.record.json", "unknown.h5", f"{MOBILENET}.record.json"}
    assert "0 files" in zoo("cache", "prune").out


def test_prune_of_a_file_whose_hash_is_promised_takes_its_record(zoo: Callable[..., Outcome], weights: Path) -> None:
    (weights / VGG16).write_bytes(b"not it")
    cache.write_record(weights / VGG16, hash_file(weights / VGG16, ["sha256"]), "found in this place")
    zoo("cache", "prune")
    assert not {VGG16, f"{VGG16}.record.json"} & names(weights)


def test_prune_of_what_is_old(zoo: Callable[..., Outcome], weights: Path) -> None:
    long_ago = time.time() - 10 * 86400
    os.utime(weights / "unknown.h5", (long_ago, long_ago))
    assert "older than 9.5 days" in zoo("cache", "prune", "--older-than", "9.5").out
    assert not (weights / "unknown.h5").exists() and (weights / "good.h5").exists()


def test_prune_of_everything(zoo: Callable[..., Outcome], weights: Path) -> None:
    (weights / "gone.h5.record.json").write_text("{}")
    told = json.loads(zoo("cache", "prune", "--all", "--json").out)
    assert not names(weights) and len(told["removed"]) == 6 and told["dry_run"] is False


def test_dry_run(zoo: Callable[..., Outcome], weights: Path) -> None:
    before = names(weights)
    outcome = zoo("cache", "prune", "--all", "--dry-run")
    assert names(weights) == before and "5 files" in outcome.out and "would be removed" in outcome.out


def test_a_download_of_another_process_stays(zoo: Callable[..., Outcome], weights: Path) -> None:
    with filelock.FileLock(weights / "vgg.h5.lock", thread_local=False):
        outcome = zoo("cache", "prune")
    assert (weights / "vgg.h5.part").exists() and "another process is working on it" in outcome.err


@pytest.mark.parametrize("words", [["list", "--all"], ["verify", "--dry-run"], ["prune", "--older-than", "soon"],
                                   ["prune", "--older-than", "-1"], []])
def test_wrong_usage(zoo: Callable[..., Outcome], weights: Path, words: list[str]) -> None:
    assert zoo("cache", *words).code == 2


def test_an_empty_cache(zoo: Callable[..., Outcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOO_HOME", str(tmp_path / "none"))
    assert [zoo("cache", action).code for action in ("list", "verify", "prune")] == [0, 0, 0]
    assert not (tmp_path / "none").exists()
