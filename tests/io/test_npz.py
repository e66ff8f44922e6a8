"""Arrays in NumPy's archives."""

from __future__ import annotations

import io as streams
import pathlib
import zipfile

import numpy as np
import pytest

from zoo import io
from zoo.errors import CannotExpress, CorruptFile, FileError, UnsafeFile, UnsupportedFile

ARRAYS = {"dense/kernel": np.asfortranarray(np.arange(6.0).reshape(2, 3)), "n": np.array(3, ">i4"),
          "text": np.array(["a", "bc"]), "flags": np.array([True, False]), "none": np.zeros((0, 3), "f2")}


def member(array: np.ndarray, version: tuple[int, int] = (1, 0)) -> bytes:
    stream = streams.BytesIO()
    np.lib.format.write_array(stream, array, version)
    return stream.getvalue()


def archive(path: pathlib.Path, **members: bytes) -> pathlib.Path:
    with zipfile.ZipFile(path, "w") as file:
        for name, data in members.items():
            file.writestr(f"{name}.npy", data)
    return path


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_archives_of_numpy(tmp_path: pathlib.Path, save: object) -> None:
    save(tmp_path / "w.npz", **ARRAYS)
    document = io.read(tmp_path / "w.npz")
    found = {tensor.name: tensor.read() for _, tensor in document.weights}
    assert list(found) == list(ARRAYS)
    assert all(np.array_equal(found[name], array) for name, array in ARRAYS.items())
    io.write(document, tmp_path / "again.npz")
    with np.load(tmp_path / "again.npz") as again:
        assert all(np.array_equal(again[name], array) for name, array in ARRAYS.items())
        assert again["none"].shape == (0, 3) and again["none"].dtype == "f2"


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_versions(tmp_path: pathlib.Path, version: tuple[int, int]) -> None:
    [(_, tensor)] = io.read(archive(tmp_path / "w", a=member(np.arange(3), version))).weights
    assert tensor.read().tolist() == [0, 1, 2]


GOOD = member(np.arange(3))
HOSTILE = {
    "objects": (member(np.array([{}], object)), UnsafeFile, "refused pickled objects"),
    "records": (member(np.zeros(2, [("a", "i4")])), UnsupportedFile, "the header of an array of numbers"),
    "truncated": (GOOD[:-1], CorruptFile, "needs 24 bytes, 23 are there"),
    "longer": (GOOD + b"x", CorruptFile, "25 are there"),
    "no array": (b"hello world", CorruptFile, "an array in NumPy's format"),
    "empty": (b"", CorruptFile, "an array in NumPy's format"),
    "version": (GOOD[:6] + b"\x09" + GOOD[7:], CorruptFile, "an array in NumPy's format"),
    "code": (GOOD.replace(b"'descr'", b"exit(),"), UnsupportedFile, "the header of an array"),
    "negative": (GOOD.replace(b"(3,)", b"(-3,"), UnsupportedFile, "the header of an array"),
    "huge": (GOOD.replace(b"(3,), }         ", b"(3000000000,), }"), CorruptFile, "needs 24000000000 bytes"),
    "dtype": (GOOD.replace(b"<i8", b"<f7"), UnsupportedFile, "a dtype of NumPy, received '<f7'"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_members(tmp_path: pathlib.Path, name: str) -> None:
    data, error, message = HOSTILE[name]
    assert data != GOOD
    with pytest.raises(error, match=f"w!a.npy.*{message}"):
        io.read(archive(tmp_path / "w", b=GOOD, a=data))


def test_a_bomb(tmp_path: pathlib.Path) -> None:
    with zipfile.ZipFile(tmp_path / "w", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a.npy", member(np.zeros(10 ** 6)))
    with pytest.raises(FileError, match="more than|limit"):
        io.read(tmp_path / "w", limits=io.Limits(ratio=10))


def test_what_cannot_be_written(tmp_path: pathlib.Path) -> None:
    for tree in (io.WeightTree("by_name"), io.WeightTree("by_name", [io.WeightGroup("", [
            io.TensorRecord.of("w", np.array(["a"], object))])])):
        with pytest.raises(CannotExpress, match=r"/w\.npz: .*(no weights|has no object)"):
            io.write(io.ModelDocument("npz", io.Producer("keras3"), weights=tree), tmp_path / "w.npz")
