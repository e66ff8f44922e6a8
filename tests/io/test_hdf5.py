from __future__ import annotations

import os
import pathlib

import h5py
import numpy as np
import pytest

from tests.io.hdf5_files import legacy_weights, make, read
from zoo.errors import CannotExpress, CorruptFile
from zoo.io import hdf5, hdf5_writer
from zoo.io.source import FileRange, Memory
from zoo.io.tensors import TensorRecord

UTF8 = h5py.string_dtype()


def dataset(group: hdf5.Group, path: str) -> hdf5.Dataset:
    found = group.at(path)
    assert isinstance(found, hdf5.Dataset)
    return found


RAW = "größe".encode()


@pytest.mark.parametrize("value", ["größe", RAW, np.bytes_(RAW), np.array("größe", UTF8), np.array(RAW),
                                   np.array(["größe"], UTF8)], ids=repr)
@pytest.mark.parametrize("libver", ["earliest", "latest"])
def test_text_attributes_in_every_encoding(tmp_path: pathlib.Path, value: object, libver: str) -> None:
    path = make(tmp_path / "f", lambda file: file.attrs.__setitem__("version", value), libver=libver)
    assert read(path).text("version") == "größe" and read(path).text("absent") is None


@pytest.mark.parametrize("names, dtype", [(["a", "b/c:0", "ö"], UTF8), (["a", "b/c:0", "ö"], "S9"), ([], None)])
@pytest.mark.parametrize("libver", ["earliest", "latest"])
def test_lists_of_names(tmp_path: pathlib.Path, names: list[str], dtype: object, libver: str) -> None:
    raw = np.array([name.encode() for name in names], dtype=dtype)
    path = make(tmp_path / "f", lambda file: file.attrs.create("names", raw), libver=libver)
    assert read(path).texts("names") == names


def test_empty_attribute_and_numbers(tmp_path: pathlib.Path) -> None:
    def fill(file: h5py.File) -> None:
        file.attrs["empty"] = h5py.Empty("S10")
        file.attrs["count"] = 3
        file.attrs["reference"] = file.ref                          # says nothing about weights: not read
    root = read(make(tmp_path / "f", fill))
    assert root.text("empty") is None and root.texts("empty") == [] and root.attributes["count"] == 3
    assert "reference" not in root.attributes
    with pytest.raises(CorruptFile, match="expected text in the attribute 'count'"):
        root.text("count")
    with pytest.raises(CorruptFile, match="expected the attribute 'layer_names'"):
        root.texts("layer_names")


def test_split_lists_of_names(tmp_path: pathlib.Path) -> None:
    names = [f"layer_{i:04}_" + "x" * 90 for i in range(2000)]
    path = make(tmp_path / "f", lambda file: hdf5_writer.write_texts(file, "layer_names", names))
    root = read(path)
    assert "layer_names" not in root.attributes and "layer_names3" in root.attributes
    assert root.has_texts("layer_names") and root.texts("layer_names") == names
    with pytest.raises(CannotExpress, match="70000 bytes"):
        make(tmp_path / "g", lambda file: hdf5_writer.write_texts(file, "layer_names", ["x" * 70_000]))


def test_many_attributes_reach_into_continuation_blocks(tmp_path: pathlib.Path) -> None:
    path = make(tmp_path / "f", lambda file: [file.attrs.create(f"a{i}", f"value {i}", dtype=UTF8) for i in range(50)])
    assert [read(path).text(f"a{i}") for i in range(50)] == [f"value {i}" for i in range(50)]


ARRAYS = {
    "float32": np.linspace(-1, 1, 6, dtype=np.float32).reshape(2, 3),
    "float16": np.linspace(-1, 1, 6, dtype=np.float16),
    "float64": np.float64(2.5),
    "big_endian": np.arange(4, dtype=">f4"),
    "int64": np.arange(-3, 3),
    "int8": np.arange(-3, 3, dtype=np.int8),
    "uint8": np.arange(6, dtype=np.uint8),
    "bool": np.array([[True, False], [False, True]]),
    "empty": np.zeros((0, 4), np.float32),
}


@pytest.mark.parametrize("options", [{}, {"compression": "gzip"}, {"compression": "lzf", "shuffle": True},
                                     {"chunks": True, "fletcher32": True}], ids=repr)
@pytest.mark.parametrize("name", ARRAYS)
def test_arrays(tmp_path: pathlib.Path, name: str, options: dict[str, object]) -> None:
    array = ARRAYS[name]
    options = options if np.ndim(array) else {}
    found = dataset(read(make(tmp_path / "f", lambda file: file.create_dataset("w", data=array, **options))), "w")
    record = found.record("kernel")
    value = record.read()
    assert record.shape == array.shape == value.shape and record.dtype == array.dtype.name == value.dtype.name
    assert np.array_equal(value, array) and value.dtype.isnative


def test_contiguous_arrays_are_mapped(tmp_path: pathlib.Path) -> None:
    path = make(tmp_path / "f", lambda file: file.create_dataset("w", data=ARRAYS["float32"]))
    assert isinstance(dataset(read(path), "w").load().base, np.memmap)
    inside = hdf5.read(Memory(path.read_bytes(), "memory"))
    assert np.array_equal(dataset(inside, "w").load(), ARRAYS["float32"])


def test_texts_as_arrays(tmp_path: pathlib.Path) -> None:
    words = np.array([["a", "größe"], ["", "x" * 5000]], dtype=object)

    def fill(file: h5py.File) -> None:
        file.create_dataset("variable", data=words, dtype=UTF8)
        file.create_dataset("fixed", data=np.array([b"ab", b"c"]))
    root = read(make(tmp_path / "f", fill))
    assert np.array_equal(dataset(root, "variable").load(), words)
    assert dataset(root, "fixed").dtype == "S2" and dataset(root, "fixed").load().tolist() == [b"ab", b"c"]


def test_bfloat16_as_keras_stores_it(tmp_path: pathlib.Path) -> None:
    values = np.array([1.0, -2.5, 3.140625, np.inf], np.float32)
    record = TensorRecord("0", (4,), "bfloat16", lambda: values)
    path = make(tmp_path / "f", lambda file: hdf5_writer.write_tensor(file, "w", record))
    with h5py.File(path) as file:
        assert file["w"].dtype == np.dtype("V2") and file["w"].attrs["dtype"] == "bfloat16"
        assert file["w"][()].tobytes() == (values.view(np.uint32) >> 16).astype("<u2").tobytes()
    found = dataset(read(path), "w")
    assert found.dtype == "bfloat16" and found.record("w").nbytes == 8
    assert found.load().dtype == np.float32 and np.array_equal(found.load(), values)


def test_nothing_stays_open(tmp_path: pathlib.Path) -> None:
    path = make(tmp_path / "f", lambda file: file.create_dataset("w", data=np.zeros((50, 50)), compression="gzip"))
    before = set(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else set()
    record = dataset(read(path), "w").record("w")
    assert record.read().sum() == 0
    after = set(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else set()
    assert before == after
    path.unlink()                                                   # on Windows only possible when nothing is open
    with pytest.raises(FileNotFoundError):
        record.read()


def test_reading_later_from_another_file_is_an_error(tmp_path: pathlib.Path) -> None:
    path = make(tmp_path / "f", legacy_weights)
    record = dataset(read(path), "dense/dense/kernel:0").record("kernel")
    assert record.read().shape == (2, 3)
    other = make(tmp_path / "g", legacy_weights)
    os.replace(other, path)
    with pytest.raises(CorruptFile, match="replaced or changed"):
        record.read()


def test_truncated_files_say_what_is_missing(tmp_path: pathlib.Path) -> None:
    path = make(tmp_path / "f", legacy_weights)
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    with pytest.raises(CorruptFile, match=f"should have {len(whole)} bytes and has {len(whole) - 100}"):
        read(path)
    path.write_bytes(b"<html>" + whole)
    with pytest.raises(CorruptFile, match="not an HDF5 file"):
        read(path)


@pytest.mark.parametrize("key", ["", "/a", "a//b", "a/../b", ".", "nul\0"])
def test_names_that_hdf5_cannot_store(tmp_path: pathlib.Path, key: str) -> None:
    record = TensorRecord.of("w", np.zeros(2))
    with pytest.raises(CannotExpress, match="cannot store"):
        make(tmp_path / "f", lambda file: hdf5_writer.write_tensor(file, key, record))


def test_name_needed_as_group_and_array(tmp_path: pathlib.Path) -> None:
    def fill(file: h5py.File) -> None:
        hdf5_writer.write_tensor(file, "a", TensorRecord.of("a", np.zeros(2)))
        with pytest.raises(CannotExpress):
            hdf5_writer.write_tensor(file, "a", TensorRecord.of("a", np.zeros(2)))
        with pytest.raises(CannotExpress):
            hdf5_writer.write_tensor(file, "a/b", TensorRecord.of("b", np.zeros(2)))
        with pytest.raises(CannotExpress):
            hdf5_writer.subgroup(file, "a")
    make(tmp_path / "f", fill)


def test_written_arrays_are_aligned(tmp_path: pathlib.Path) -> None:
    def fill(file: h5py.File) -> None:
        for i in range(5):
            hdf5_writer.write_tensor(file, f"w{i}", TensorRecord.of("w", np.zeros(67 + i, np.float32)))
    with hdf5_writer.create(tmp_path / "f") as file:
        fill(file)
    with h5py.File(tmp_path / "f") as file:
        assert all(file[f"w{i}"].id.get_offset() % 64 == 0 for i in range(5))
    assert FileRange.whole(tmp_path / "f").size < 20_000
