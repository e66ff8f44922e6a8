from __future__ import annotations

import os
import pathlib

import numpy as np
import pytest

from zoo.errors import CorruptFile
from zoo.io.source import FileRange, Memory


@pytest.fixture
def path(tmp_path: pathlib.Path) -> pathlib.Path:
    file = tmp_path / "numbers"
    file.write_bytes(np.arange(10, dtype="<f4").tobytes())
    return file


def test_array_is_mapped_and_read_only(path: pathlib.Path) -> None:
    array = FileRange.whole(path).array(8, (2, 3), "<f4")
    assert array.tolist() == [[2, 3, 4], [5, 6, 7]]
    assert isinstance(array.base, np.memmap) and not array.flags.writeable


@pytest.mark.parametrize("start", [0, 1, 2, 3])
def test_unaligned_and_foreign_bytes_become_native(path: pathlib.Path, start: int) -> None:
    raw = path.read_bytes()
    path.write_bytes(b"x" * start + np.frombuffer(raw, "<f4").astype(">f4").tobytes())
    for source in (FileRange.whole(path), Memory(path.read_bytes(), "memory")):
        array = source.array(start, (10,), ">f4")
        assert array.dtype == np.float32 and array.dtype.isnative and array.flags.aligned
        assert array.tolist() == list(range(10))


@pytest.mark.parametrize("change", [lambda path: path.write_bytes(bytes(41)),
                                    lambda path: os.utime(path, ns=(1, 1)),
                                    lambda path: os.replace(path.with_name("other"), path)])
def test_a_changed_file_is_not_read_as_the_old_one(path: pathlib.Path, change: object) -> None:
    path.with_name("other").write_bytes(bytes(40))
    source = FileRange.whole(path)
    assert source.read(0, 4) == bytes(4)
    change(path)                                                                     # type: ignore[operator]
    for use in (lambda: source.read(0, 4), lambda: source.array(0, (1,), "<f4"), source.open):
        with pytest.raises(CorruptFile, match="replaced or changed"):
            use()


@pytest.mark.parametrize("start, shape", [(0, (11,)), (4, (10,)), (-4, (1,)), (0, (1 << 60, 1 << 60))])
def test_arrays_beyond_the_end_are_refused(path: pathlib.Path, start: int, shape: tuple[int, ...]) -> None:
    for source in (FileRange.whole(path), Memory(path.read_bytes(), "memory")):
        with pytest.raises(CorruptFile, match="needs .* bytes"):
            source.array(start, shape, "<f4")


def test_part_is_a_window(path: pathlib.Path) -> None:
    for whole in (FileRange.whole(path), Memory(path.read_bytes(), "memory")):
        part = whole.part(8, 12, "member")
        assert part.size == 12 and part.where.endswith("!member")
        assert part.read() == np.arange(2, 5, dtype="<f4").tobytes() == part.read(0, None)
        assert part.array(4, (2,), "<f4").tolist() == [3, 4]
        with pytest.raises(CorruptFile):
            part.array(0, (4,), "<f4")
        with part.open() as stream:
            stream.seek(-4, 2)
            assert np.frombuffer(stream.read(100), "<f4").tolist() == [4] and stream.read(1) == b""


def test_scalars_and_empty_arrays(path: pathlib.Path) -> None:
    source = FileRange.whole(path)
    assert source.array(4, (), "<f4").shape == () and source.array(4, (), "<f4") == 1
    assert source.array(40, (0, 3), "<f4").shape == (0, 3)


def test_pipes_are_not_waited_for(tmp_path: pathlib.Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="not a regular file"):
        FileRange.whole(tmp_path / "pipe")
