"""Hashes and sizes into a manifest, from a folder and from a local server."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import pathlib
from types import ModuleType

import pytest

from tests.hub.conftest import bare_machine as bare_machine
from tests.hub.conftest import server as server
from tests.hub.webserver import BODY, WebServer, status
from zoo.hub.schema import SCHEMA

TOOL = pathlib.Path(__file__).parents[2] / "tools" / "make_manifest.py"
MD5, SHA256 = hashlib.md5(BODY).hexdigest(), hashlib.sha256(BODY).hexdigest()
pytestmark = pytest.mark.skipif(not TOOL.exists(), reason="not a source checkout")


@pytest.fixture
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_manifest", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def row(model: str, url: str = "https://example.org/a", **more: object) -> dict[str, object]:
    return {"model": model, "variant": {}, "file": f"{model}.h5", "sources": [{"kind": "url", "url": url}], **more,
            "format": "legacy_weights_h5", "preprocess": "tf", "labels": "imagenet", "licence": "MIT",
            "publisher": "https://example.org/"}


def manifest(folder: pathlib.Path, *rows: dict[str, object]) -> pathlib.Path:
    path = folder / "manifest.json"
    path.write_text(json.dumps({"schema": SCHEMA, "weights": rows}, indent=1) + "\n")
    return path


def rows(path: pathlib.Path) -> dict[str, dict[str, object]]:
    return {each["model"]: each for each in json.loads(path.read_text())["weights"]}


def test_a_folder(tool: ModuleType, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = manifest(tmp_path, row("Good", md5=MD5), row("Unhashed"), row("Other", md5="0" * 32), row("Absent"),
                    row("Page"))
    for name in ("Good", "Unhashed", "Other"):
        (tmp_path / f"{name}.h5").write_bytes(BODY)
    (tmp_path / "Page.h5").write_text("<html>")
    before = rows(path)
    assert tool.main(["--from", str(tmp_path), "--manifest", str(path)]) == 1
    after = rows(path)
    assert after["Good"] == before["Good"] | {"sha256": SHA256, "size": len(BODY)}
    assert list(after["Good"])[4:7] == ["md5", "sha256", "size"]
    assert after["Unhashed"] == before["Unhashed"] | {"sha256": SHA256, "size": len(BODY)}
    assert all(after[name] == before[name] for name in ("Other", "Absent", "Page"))
    told = capsys.readouterr()
    assert "Other(): " in told.err and f"expected {'0' * 32}, received {MD5}" in told.err and "HTML page" in told.err
    assert "2 completed; 3 of 5 have no sha256, 3 of 5 have no size" in told.out


def test_the_network(tool: ModuleType, tmp_path: pathlib.Path, server: WebServer) -> None:
    path = manifest(tmp_path, row("Good", server.url, md5=MD5), row("Not", server.url, md5="0" * 32),
                    row("Else", server.url))
    assert tool.main(["--network", "good", "not", "--manifest", str(path)]) == 1
    assert rows(path)["Good"]["sha256"] == SHA256 and "sha256" not in rows(path)["Not"]
    assert "sha256" not in rows(path)["Else"] and not list((tmp_path / "cache").rglob("*.h5"))
    asked = len(server.requests)
    assert tool.main(["--network", "good", "--manifest", str(path)]) == 0 and len(server.requests) == asked


def test_what_cannot_be_had_leaves_the_manifest_alone(tool: ModuleType, tmp_path: pathlib.Path,
                                                      server: WebServer) -> None:
    path = manifest(tmp_path, row("Gone", server.url))
    text = path.read_text()
    server.script.append(status(404))
    assert tool.main(["--network", "--manifest", str(path)]) == 1 and path.read_text() == text


def test_the_shipped_manifest(tool: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert tool.main(["--check"]) == 0 and "of 167 have no size" in capsys.readouterr().out


def test_writing_changes_nothing_else(tool: ModuleType, tmp_path: pathlib.Path) -> None:
    text = tool.MANIFEST.read_text(encoding="utf-8")
    tool.write(json.loads(text), tmp_path / "again.json")
    assert (tmp_path / "again.json").read_text(encoding="utf-8") == text
