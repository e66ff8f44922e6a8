"""TensorFlow's own files are recognised, and the message says how to get a model out of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from zoo import io
from zoo.errors import UnsupportedFile

SAVED = b"\x08\x01\x12\x0f\x0a\x0d\x12\x05serve"
FROZEN = b"\x0a\x1c\x0a\x05input\x12\x0bPlaceholder*\x06\x0a\x00\x12\x02\x30\x01"


@pytest.mark.parametrize(("files", "message"), [
    ({"saved_model.pb": SAVED, "keras_metadata.pb": b"\x0a\x01"}, "written by Keras.*load_model.FOLDER..save"),
    ({"saved_model.pb": SAVED}, "SavedModel folder, .*no layers"),
])
def test_folders(tmp_path: Path, files: dict[str, bytes], message: str) -> None:
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UnsupportedFile, match=message):
        io.read(tmp_path)


@pytest.mark.parametrize(("content", "message"), [
    (SAVED, "the folder around it is the model.*load_model.FOLDER..save"),
    (FROZEN, "frozen TensorFlow graph.*no layers"),
])
def test_single_files(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "graph.pb").write_bytes(content)
    with pytest.raises(UnsupportedFile, match=message):
        io.read(tmp_path / "graph.pb")
