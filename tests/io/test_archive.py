from __future__ import annotations

import io
import pathlib
import struct
import zipfile
from collections.abc import Callable

import numpy as np
import pytest

from zoo.errors import CorruptFile, UnsafeFile, UnsupportedFile
from zoo.io import archive
from zoo.io.limits import Limits
from zoo.io.source import FileRange, Memory


def make(path: pathlib.Path, fill: Callable[[zipfile.ZipFile], object]) -> FileRange:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("config.json", "{}")
        fill(file)
    return FileRange.whole(path)


def test_members_stored_and_compressed(tmp_path: pathlib.Path) -> None:
    numbers = np.arange(1000, dtype="<f4")

    def fill(file: zipfile.ZipFile) -> None:
        file.writestr("stored", numbers.tobytes())
        file.writestr("deflated", numbers.tobytes(), zipfile.ZIP_DEFLATED)
        file.writestr("folder/", "")
    source = make(tmp_path / "a.zip", fill)
    for members in (archive.read_zip(source), archive.read_zip(Memory(source.read(), "memory"))):
        assert sorted(members.members) == ["config.json", "deflated", "stored"]
        assert members.read("config.json") == b"{}"
        for name in ("stored", "deflated"):
            assert members.size(name) == 4000
            assert np.array_equal(members.member(name).array(0, (1000,), "<f4"), numbers)
        assert members.size("absent") == -1
        with pytest.raises(CorruptFile, match="expected a member 'absent'"):
            members.member("absent")
    on_disk = archive.read_zip(source).member("stored")
    assert isinstance(on_disk, FileRange) and on_disk.path == source.path


def twice(file: zipfile.ZipFile) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        file.writestr("config.json", "{}")


def parent(file: zipfile.ZipFile) -> None:
    file.writestr("assets/../../outside", "x")


def absolute(file: zipfile.ZipFile) -> None:
    file.writestr("/etc/passwd", "x")


def backslash(file: zipfile.ZipFile) -> None:
    file.writestr("..\\outside", "x")


def drive(file: zipfile.ZipFile) -> None:
    file.writestr("C:/outside", "x")


def link(file: zipfile.ZipFile) -> None:
    entry = zipfile.ZipInfo("assets/link")
    entry.external_attr = 0o120777 << 16
    file.writestr(entry, "/etc/passwd")


REFUSED = {twice: "there twice: \\['config.json'\\]", parent: "points outside", absolute: "points outside",
           backslash: "points outside", drive: "points outside", link: "refused a link"}


@pytest.mark.parametrize("attack", REFUSED, ids=lambda attack: attack.__name__)
def test_refused(tmp_path: pathlib.Path, attack: Callable[[zipfile.ZipFile], None]) -> None:
    with pytest.raises(UnsafeFile, match=REFUSED[attack]):
        archive.read_zip(make(tmp_path / "a.zip", attack))


def changed(source: FileRange, field: int, layout: str, value: int) -> Memory:
    """The archive with one field of the last entry of its directory changed."""
    data = bytearray(source.read())
    struct.pack_into(layout, data, data.rindex(b"PK\x01\x02") + field, value)
    return Memory(bytes(data), "changed.zip")


@pytest.mark.parametrize("field, layout, value, error, message", [
    (8, "<H", 1, UnsafeFile, "encrypted"),
    (10, "<H", 12, UnsupportedFile, "compression 12"),
    (24, "<I", 1 << 31, UnsafeFile, "decompression bomb"),
    (20, "<I", 1 << 20, UnsafeFile, "overlap"),
    (42, "<I", 5, CorruptFile, "no member begins|damaged"),
])
def test_entries_that_contradict_the_data(tmp_path: pathlib.Path, field: int, layout: str, value: int,
                                          error: type[Exception], message: str) -> None:
    source = make(tmp_path / "a.zip", lambda file: file.writestr("x", b"abc" * 99, zipfile.ZIP_DEFLATED))
    with pytest.raises(error, match=message):
        archive.read_zip(changed(source, field, layout, value)).read("x")


def test_stored_members_declare_one_size(tmp_path: pathlib.Path) -> None:
    source = make(tmp_path / "a.zip", lambda file: file.writestr("x", bytes(100)))
    with pytest.raises(UnsafeFile, match="stored as it is, but declares"):
        archive.read_zip(changed(source, 24, "<I", 50))


def test_sizes_are_limited(tmp_path: pathlib.Path) -> None:
    source = make(tmp_path / "a.zip", lambda file: file.writestr("x", bytes(1 << 20), zipfile.ZIP_DEFLATED))
    assert archive.read_zip(source).read("x") == bytes(1 << 20)      # 1029 : 1, the most that DEFLATE can do
    for limits, message in ((Limits(ratio=1000), "1000 : 1"), (Limits(expanded_bytes=1 << 19), "would expand"),
                            (Limits(members=1), "2 members")):
        with pytest.raises(UnsafeFile, match=message):
            archive.read_zip(source, limits)
    with pytest.raises(UnsafeFile, match="would expand to 1048576"):
        archive.read_zip(source, Limits(member_bytes=1 << 19)).read("x")


def test_damage_is_found_when_members_are_read(tmp_path: pathlib.Path) -> None:
    source = make(tmp_path / "a.zip", lambda file: file.writestr("x", b"abc" * 99, zipfile.ZIP_DEFLATED))
    data = source.read()
    at = data.index(b"PK\x01\x02") - 5
    flipped = Memory(data[:at] + bytes([data[at] ^ 255]) + data[at + 1:], "flipped.zip")
    with pytest.raises(CorruptFile, match="flipped.zip: damaged zip archive"):
        archive.read_zip(flipped).read("x")
    for size in (0, 10, 100, len(data) - 1):
        with pytest.raises(CorruptFile, match="truncated"):
            archive.read_zip(Memory(data[:size], "short.zip"))


def test_folders(tmp_path: pathlib.Path) -> None:
    (tmp_path / "assets" / "layers").mkdir(parents=True)
    (tmp_path / "variables").mkdir()
    (tmp_path / "variables" / "link").symlink_to("/etc/passwd")     # no member: not looked at
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "assets" / "layers" / "vocabulary.txt").write_text("a\nb")
    members = archive.read_folder(tmp_path)
    assert sorted(members.members) == ["assets/layers/vocabulary.txt", "config.json"]
    assert members.read("assets/layers/vocabulary.txt") == b"a\nb"
    (tmp_path / "assets" / "link").symlink_to("/etc/passwd")
    with pytest.raises(UnsafeFile, match="refused a link"):
        archive.read_folder(tmp_path)


def test_written_members_are_stored_and_aligned(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "a.zip"
    with archive.ZipWriter(path) as writer:
        writer.add("größe", b"x" * 10)
        writer.copy("weights", io.BytesIO(bytes(5000)), 5000)
        writer.add("last", b"y")
    with zipfile.ZipFile(path) as file:
        assert file.testzip() is None and [entry.compress_type for entry in file.infolist()] == [0, 0, 0]
        assert file.read("größe") == b"x" * 10 and len(file.read("weights")) == 5000
    members = archive.read_zip(FileRange.whole(path)).members
    assert [member.offset % 64 for member in members.values()] == [0, 0, 0]          # type: ignore[union-attr]
