"""From names to images: folders, patterns, order, duplicates, names that lead nowhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from zoo.batch.sources import find_images, natural_key
from zoo.errors import ConfigError


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("img10.jpg", "img2.JPG", "IMG1.png", "notes.txt", ".hidden.jpg", "b/z.webp", "b/c/y.gif",
                 "a/x.tif", ".git/w.jpg", "empty/readme.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def paths(*names: str) -> list[str]:
    return [source.path.replace(os.sep, "/") for source in find_images(names) if source.problem is None]


def test_folder_in_natural_order(photos: Path) -> None:
    assert paths(".") == ["./IMG1.png", "./img2.JPG", "./img10.jpg", "./a/x.tif", "./b/z.webp", "./b/c/y.gif"]


def test_named_files_are_taken_whatever_their_suffix(photos: Path) -> None:
    assert paths("notes.txt", ".hidden.jpg") == ["notes.txt", ".hidden.jpg"]


def test_order_of_names_is_kept_and_duplicates_are_dropped(photos: Path) -> None:
    assert paths("img10.jpg", str(photos / "img2.JPG"), "img*.*", "./img10.jpg") == ["img10.jpg",
                                                                                    f"{photos}/img2.JPG"]


def test_patterns(photos: Path) -> None:
    assert paths("*.[jp][pn]g") == ["IMG1.png", "img10.jpg"]
    assert paths("**/*.gif") == ["b/c/y.gif"]
    assert paths("?") == ["a/x.tif", "b/z.webp", "b/c/y.gif"]           # folders are searched


def test_a_name_with_brackets_is_a_name_first(photos: Path) -> None:
    (photos / "pic[1].jpg").write_bytes(b"")
    assert paths("pic[1].jpg") == ["pic[1].jpg"]


def test_home_is_expanded(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(photos))
    monkeypatch.setenv("USERPROFILE", str(photos))
    assert paths("~/a/*.tif") == [f"{photos}/a/x.tif"]


def test_names_that_lead_nowhere_are_kept_with_their_problem(photos: Path) -> None:
    found = {source.path: source.problem for source in find_images(["a", "gone.jpg", "*.bmp"])}
    assert found["gone.jpg"] == "there is no such file or folder"
    assert found["*.bmp"] == "no file or folder matches this pattern"


@pytest.mark.parametrize("names", [["empty"], ["gone.jpg"], ["*.bmp", "empty"], []])
def test_nothing_found(photos: Path, names: list[str]) -> None:
    with pytest.raises(ConfigError, match="Expected images, found none"):
        find_images(names)


def test_folder_that_cannot_be_listed(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scandir = os.scandir

    def guarded(path: str) -> object:
        if path.endswith("b"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    problems = [(source.path, source.problem) for source in find_images(["."]) if source.problem]
    assert problems == [(os.path.join(".", "b"), "this folder cannot be listed: Permission denied")]


@pytest.mark.skipif(os.name == "nt", reason="links need privileges")
def test_links(photos: Path) -> None:
    (photos / "a" / "loop").symlink_to(photos)
    (photos / "a" / "broken.jpg").symlink_to(photos / "gone")
    os.mkfifo(photos / "a" / "pipe.jpg")
    assert paths("a") == ["a/broken.jpg", "a/x.tif"]


@pytest.mark.parametrize("names", [["a2", "A10", "a10b"], ["1", "2", "x"], ["img", "img01", "img2", "img010"]])
def test_natural_key_sorts_numbers_by_value(names: list[str]) -> None:
    assert sorted(reversed(names), key=natural_key) == names
