from __future__ import annotations

import os
import pathlib

import pytest

from zoo.io.atomic import replacing


def test_replaces_in_one_step(tmp_path: pathlib.Path) -> None:
    target = tmp_path / "model"
    target.write_text("old")
    with replacing(target) as temporary:
        temporary.write_text("new")
        assert target.read_text() == "old" and temporary.parent == tmp_path
    assert target.read_text() == "new" and os.listdir(tmp_path) == ["model"]


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path: pathlib.Path) -> None:
    target = tmp_path / "model"
    target.write_text("old")
    with pytest.raises(ZeroDivisionError), replacing(target) as temporary:
        temporary.write_text("half")
        raise ZeroDivisionError
    assert target.read_text() == "old" and os.listdir(tmp_path) == ["model"]


def test_overwrite_is_asked_before_and_after(tmp_path: pathlib.Path) -> None:
    target = tmp_path / "model"
    with pytest.raises(FileExistsError, match="overwrite=True"), replacing(target, overwrite=False) as temporary:
        temporary.write_text("new")
        target.write_text("somebody else's")
    with pytest.raises(FileExistsError), replacing(target, overwrite=False):
        raise AssertionError("must not get here")
    assert target.read_text() == "somebody else's"


def test_links_are_followed(tmp_path: pathlib.Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    with replacing(tmp_path / "link") as temporary:
        temporary.write_text("new")
    assert (tmp_path / "real").read_text() == "new" and (tmp_path / "link").is_symlink()


def test_permissions_are_those_of_a_plain_new_file(tmp_path: pathlib.Path) -> None:
    (tmp_path / "plain").touch()
    with replacing(tmp_path / "model") as temporary:
        temporary.touch()
    assert (tmp_path / "model").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_folders(tmp_path: pathlib.Path) -> None:
    with pytest.raises(IsADirectoryError), replacing(tmp_path):
        raise AssertionError("must not get here")
    with pytest.raises(FileNotFoundError, match="create it first"), replacing(tmp_path / "no" / "model"):
        raise AssertionError("must not get here")
