"""Every attack on the HDF5 reader that is known to have worked somewhere, and that each is refused."""

from __future__ import annotations

import pathlib
import struct
from collections.abc import Callable

import h5py
import numpy as np
import pytest

from tests.io.hdf5_files import legacy_weights, make, read
from zoo import io
from zoo.errors import CorruptFile, UnknownFormat, UnsafeFile, UnsupportedFile
from zoo.io.limits import Limits

ZEROS = np.zeros((64, 64), np.float32)


def soft_link(file: h5py.File) -> None:
    file["model_weights/secret"] = h5py.SoftLink("/elsewhere")


def dangling_soft_link(file: h5py.File) -> None:
    file["secret"] = h5py.SoftLink("/nowhere")


def external_link(file: h5py.File) -> None:
    file["model_weights/dense"] = h5py.ExternalLink("/etc/passwd", "/")


def external_storage(file: h5py.File) -> None:
    file.create_dataset("model_weights/w", (100,), "u1", external=[("/etc/passwd", 0, 100)])


def virtual_dataset(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((10,), "f4")
    layout[:] = h5py.VirtualSource("/other.h5", "w", (10,))
    file.create_virtual_dataset("w", layout)


def committed_type(file: h5py.File) -> None:
    file["type"] = np.dtype("f4")


def committed_type_in_use(file: h5py.File) -> None:
    with h5py.File(file.filename + ".other", "w"):
        file["a/type"] = np.dtype("f4")
    file.create_dataset("a/w", (3,), file["a/type"])


def group_cycle(file: h5py.File) -> None:
    file.create_group("a/b")
    file["a/b/c"] = file["a"]


def alias(file: h5py.File) -> None:
    file["w"] = ZEROS
    file["v"] = file["w"]


def unknown_filter(file: h5py.File) -> None:
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_chunk((4,))
    plist.set_filter(32015, h5py.h5z.FLAG_OPTIONAL, (1,))
    h5py.h5d.create(file.id, b"w", h5py.h5t.IEEE_F32LE, h5py.h5s.create_simple((4,)), plist).write(
        h5py.h5s.ALL, h5py.h5s.ALL, np.zeros(4, np.float32))


def scale_offset_filter(file: h5py.File) -> None:
    file.create_dataset("w", data=np.arange(20), scaleoffset=3)


def unwritten_dataset(file: h5py.File) -> None:
    file.create_dataset("w", (1 << 20, 1 << 20), "f4")


def unwritten_chunks(file: h5py.File) -> None:
    file.create_dataset("w", (1 << 20, 1 << 20), "f4", chunks=(64, 64), compression="gzip")


def few_chunks_written(file: h5py.File) -> None:
    file.create_dataset("w", (1 << 20, 1 << 20), "f4", chunks=(64, 64))[:64, :64] = 1


def nested_filters(file: h5py.File) -> None:
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_chunk((1 << 22,))
    plist.set_deflate(9)
    plist.set_deflate(9)
    h5py.h5d.create(file.id, b"w", h5py.h5t.IEEE_F32LE, h5py.h5s.create_simple((1 << 22,)), plist).write(
        h5py.h5s.ALL, h5py.h5s.ALL, np.zeros(1 << 22, np.float32))


def deep_groups(file: h5py.File) -> None:
    file.create_group("/".join("a" * 200))


REFUSED = {
    soft_link: "/model_weights/secret: refused a soft link",
    dangling_soft_link: "refused a soft link",
    external_link: "/model_weights/dense: refused an external link",
    external_storage: "refused external storage",
    virtual_dataset: "refused a virtual dataset",
    committed_type: "refused a committed datatype",
    committed_type_in_use: "refused a committed datatype",
    group_cycle: "two names",
    alias: "two names",
    unknown_filter: "refused the filter 32015",
    scale_offset_filter: "refused the filter 6",
    unwritten_dataset: "declares .* but stores 0",
    unwritten_chunks: "decompression bomb",
    few_chunks_written: "decompression bomb",
    nested_filters: "decompression bomb",
    deep_groups: "nested deeper than 100",
}


@pytest.mark.parametrize("attack", REFUSED, ids=lambda attack: attack.__name__)
def test_refused(tmp_path: pathlib.Path, attack: Callable[[h5py.File], None]) -> None:
    def fill(file: h5py.File) -> None:
        legacy_weights(file)
        attack(file)
    path = make(tmp_path / "model.h5", fill)
    with pytest.raises(UnsafeFile, match=REFUSED[attack]):
        io.read(path)


def test_honest_compression_is_read(tmp_path: pathlib.Path) -> None:
    """Zeros are what DEFLATE shrinks most."""
    path = make(tmp_path / "f", lambda file: file.create_dataset("w", data=np.zeros((1024, 1024), np.float32),
                                                                 compression="gzip", compression_opts=9))
    assert path.stat().st_size < 20_000
    record = read(path).members["w"].record("w")                                     # type: ignore[union-attr]
    assert record.read().shape == (1024, 1024)


def test_limits_are_the_callers(tmp_path: pathlib.Path) -> None:
    path = make(tmp_path / "f", lambda file: file.create_dataset("w", data=ZEROS, compression="gzip"))
    assert read(path).members
    for limits, message in ((Limits(expanded_bytes=16383), "Limits\\(expanded_bytes"), (Limits(ratio=2), "2 : 1"),
                            (Limits(objects=1), "more than 1 objects")):
        with pytest.raises(UnsafeFile, match=message):
            read(path, limits)


def test_a_chunk_counts_as_a_whole(tmp_path: pathlib.Path) -> None:
    """HDF5 expands the whole chunk to read the one number in it."""
    path = make(tmp_path / "f", lambda file: file.create_dataset(
        "w", data=np.ones((1, 1), np.float32), chunks=(1024, 1024), maxshape=(None, None), compression="gzip"))
    with pytest.raises(UnsafeFile, match="more than 1048576 bytes"):
        read(path, Limits(expanded_bytes=1 << 20))


def test_overlapping_datasets(tmp_path: pathlib.Path) -> None:
    """Two datasets of one file's bytes: the sum of what they claim is more than there is."""
    def fill(file: h5py.File) -> None:
        for name in "ab":
            file[name] = np.zeros(4000, np.float32)
    path = make(tmp_path / "f", fill)
    with h5py.File(path) as file:
        first, second = (file[name].id.get_offset() for name in "ab")
    data = bytearray(path.read_bytes())
    at = data.index(struct.pack("<QQ", second, 16000))
    struct.pack_into("<Q", data, at, first)
    path.write_bytes(data[:second])                                  # and the file is shorter by the second's bytes
    eof = data.index(struct.pack("<Q", len(data)))
    struct.pack_into("<Q", data, eof, second)
    path.write_bytes(data[:second])
    with pytest.raises(UnsafeFile, match="they overlap"):
        read(path)


def test_dataset_outside_of_the_file(tmp_path: pathlib.Path) -> None:
    path = make(tmp_path / "f", lambda file: file.__setitem__("a", np.zeros(1000, np.float32)))
    data = bytearray(path.read_bytes())
    with h5py.File(path) as file:
        offset = file["a"].id.get_offset()
    struct.pack_into("<Q", data, data.index(struct.pack("<QQ", offset, 4000)), len(data) - 8)
    path.write_bytes(data)
    with pytest.raises(CorruptFile, match="end after the file|damaged"):
        read(path)


def with_text(tmp_path: pathlib.Path, change: Callable[[bytearray, int], object]) -> pathlib.Path:
    """A file with two texts of variable length whose global heap `change` damages."""
    def fill(file: h5py.File) -> None:
        file.attrs["model_config"] = "first text"
        file.attrs["other"] = "second text"
    path = make(tmp_path / "f", fill)
    data = bytearray(path.read_bytes())
    change(data, data.index(b"GCOL"))
    path.write_bytes(data)
    return path


def zero_size(data: bytearray, heap: int) -> None:
    struct.pack_into("<Q", data, heap + 16 + 8, 0x30)                # the next object begins inside of the text


def endless(data: bytearray, heap: int) -> None:
    struct.pack_into("<Q", data, heap + 16 + 8, (1 << 64) - 16)


def not_a_heap(data: bytearray, heap: int) -> None:
    data[heap] = 0


def heap_beyond_the_file(data: bytearray, heap: int) -> None:
    struct.pack_into("<Q", data, heap + 8, 1 << 40)


def long_text(data: bytearray, heap: int) -> None:
    struct.pack_into("<I", data, data.index(struct.pack("<IQI", 10, heap, 1)), 0xFF00000A)


def wrong_heap(data: bytearray, heap: int) -> None:
    struct.pack_into("<Q", data, data.index(struct.pack("<IQI", 10, heap, 1)) + 4, 1 << 50)


@pytest.mark.parametrize("change", [zero_size, endless, not_a_heap, heap_beyond_the_file, long_text, wrong_heap])
def test_damaged_texts_end_in_an_error(tmp_path: pathlib.Path, change: Callable[[bytearray, int], None]) -> None:
    """HDF5 itself loops for ever, or allocates gigabytes, on most of these."""
    with pytest.raises(CorruptFile, match="damaged|global heap"):
        read(with_text(tmp_path, change))


def test_one_text_many_times(tmp_path: pathlib.Path) -> None:
    def fill(file: h5py.File) -> None:
        file.attrs["names"] = np.array(["x" * 5000] * 1000, h5py.string_dtype())
    path = make(tmp_path / "f", fill)
    with pytest.raises(UnsafeFile, match="Limits\\(text_bytes"):
        read(path, Limits(text_bytes=4_000_000))
    assert len(read(path).texts("names")) == 1000


@pytest.mark.parametrize("value", [np.zeros(3, "c8"), np.zeros(3, [("a", "f4")]), np.zeros(3, "V7")], ids=str)
def test_types_that_no_weight_has(tmp_path: pathlib.Path, value: np.ndarray) -> None:
    with pytest.raises(UnsupportedFile, match="/w: expected numbers, booleans or text"):
        read(make(tmp_path / "f", lambda file: file.create_dataset("w", data=value)))


def test_names_that_are_not_text(tmp_path: pathlib.Path) -> None:
    def fill(file: h5py.File) -> None:
        file.create_group(b"\xff\xfe")
    with pytest.raises(CorruptFile, match="expected UTF-8 text"):
        read(make(tmp_path / "f", fill))


def test_user_block_is_named(tmp_path: pathlib.Path) -> None:
    path = make(tmp_path / "f", legacy_weights, userblock_size=512)
    with pytest.raises(UnknownFormat, match="block of other data"):
        io.sniff(path)
