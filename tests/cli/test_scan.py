"""``zoo scan`` and ``zoo inspect --lambda``."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Callable

import pytest

from tests.cli.conftest import Outcome
from tests.security.files import dense_model, keras_archive, layer, modern_lambda, sequential
from zoo.io import hdf5

Zoo = Callable[..., Outcome]


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    keras_archive(tmp_path / "bad.keras", sequential(modern_lambda()))
    keras_archive(tmp_path / "good.keras", dense_model())
    return tmp_path


def test_text(zoo: Zoo, folder: pathlib.Path) -> None:
    outcome = zoo("scan", folder)
    assert outcome.code == 1 and "lambda-code" in outcome.out and "CVE-2024-3660" in outcome.out
    assert "2 findings in 2 files" in outcome.err and "LOAD_" not in outcome.out
    assert "LOAD_" in zoo("scan", "--detail", folder).out


def test_clean(zoo: Zoo, folder: pathlib.Path) -> None:
    outcome = zoo("scan", folder / "good.keras")
    assert (outcome.code, outcome.out) == (0, "") and "0 findings in 1 files" in outcome.err


def test_severity(zoo: Zoo, tmp_path: pathlib.Path) -> None:
    path = keras_archive(tmp_path / "m.keras", sequential(layer("Mine", module="mine")))
    assert zoo("scan", path).code == 1
    assert zoo("scan", "--severity", "medium", path).code == 0


def test_what_cannot_be_read(zoo: Zoo, folder: pathlib.Path) -> None:
    (folder / "broken.h5").write_bytes(hdf5.SIGNATURE)
    assert zoo("scan", folder).code == 1
    outcome = zoo("scan", folder / "broken.h5", folder / "good.keras", "--severity", "critical")
    assert outcome.code == 2 and "unreadable" in outcome.out and "1 could not be read" in outcome.err
    missing = zoo("scan", folder / "missing.h5")
    assert missing.code == 2 and "missing.h5" in missing.err


def test_keys_of_the_json_are_stable(zoo: Zoo, folder: pathlib.Path) -> None:
    """Whoever changes these breaks scripts: new keys may be added here, none may go."""
    outcome = zoo("scan", "--json", folder)
    value = json.loads(outcome.out)
    assert value["schema"] == "zoo-scan/1" and (value["files"], value["examined"]) == (2, 2)
    assert set(value["findings"][0]) >= {"rule", "severity", "file", "location", "message", "advisories", "detail"}


def test_sarif(zoo: Zoo, folder: pathlib.Path) -> None:
    outcome = zoo("scan", "--sarif", folder)
    assert outcome.code == 1 and len(json.loads(outcome.out)["runs"][0]["results"]) == 2


def test_lambdas_as_text(zoo: Zoo, folder: pathlib.Path) -> None:
    outcome = zoo("inspect", "--lambda", folder / "bad.keras")
    assert outcome.code == 0 and "model/attack.function.code" in outcome.out and "LOAD_" in outcome.out
    assert "('true')" in outcome.out and "1 functions of code" in outcome.err
    value = json.loads(zoo("inspect", "--lambda", "--json", folder / "bad.keras").out)
    assert value["schema"] == "zoo-lambdas/1" and value["lambdas"][0]["lines"]
    assert zoo("inspect", "--lambda", folder / "good.keras").out == ""
