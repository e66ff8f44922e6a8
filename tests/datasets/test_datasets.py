"""Data sets from files on this machine: small files of their formats."""

from __future__ import annotations

import gzip
import json
import pathlib
import struct
from typing import Any

import numpy as np
import pytest

from zoo import datasets
from zoo.config import config
from zoo.errors import ConfigError, CorruptFile, FileError, UnsafeFile


@pytest.fixture
def folder(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "datasets").mkdir()
    return tmp_path / "datasets"


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "cifar10", "cifar100", "boston_housing", "imdb", "reuters",
                                  "california_housing"])
def test_what_is_not_there_says_where_to_get_it(folder: pathlib.Path, name: str) -> None:
    with pytest.raises(FileError, match=r"does not exist.*get it from https://"):
        getattr(datasets, name).load_data()


def test_mnist(folder: pathlib.Path) -> None:
    parts = {"x_train": np.zeros((3, 28, 28), np.uint8), "y_train": np.arange(3),
             "x_test": np.ones((2, 28, 28), np.uint8), "y_test": np.arange(2)}
    np.savez(folder / "mnist.npz", **parts)
    (x, y), (vx, vy) = datasets.mnist.load_data()
    assert x.shape == (3, 28, 28) and vx.sum() == 2 * 784 and y.tolist() == [0, 1, 2] and vy.tolist() == [0, 1]
    np.savez(folder / "other.npz", x_train=1)
    with pytest.raises(CorruptFile, match="missing"):
        datasets.mnist.load_data(folder / "other.npz")
    (folder / "none.npz").write_bytes(b"nothing")
    with pytest.raises(FileError, match="none.npz"):
        datasets.mnist.load_data("none.npz")


def write_idx(path: pathlib.Path, array: np.ndarray) -> None:
    head = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    path.write_bytes(gzip.compress(head + array.astype(np.uint8).tobytes()))


def test_fashion_mnist(folder: pathlib.Path) -> None:
    (folder / "fashion-mnist").mkdir()
    for part, count in (("train", 3), ("t10k", 2)):
        write_idx(folder / "fashion-mnist" / f"{part}-images-idx3-ubyte.gz", np.full((count, 4, 4), count))
        write_idx(folder / "fashion-mnist" / f"{part}-labels-idx1-ubyte.gz", np.arange(count))
    (x, y), (vx, vy) = datasets.fashion_mnist.load_data()
    assert x.shape == (3, 4, 4) and (x == 3).all() and vx.shape == (2, 4, 4) and vy.tolist() == [0, 1]
    (folder / "fashion-mnist" / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(b"\0\0\x08\x02short"))
    with pytest.raises(CorruptFile, match="IDX"):
        datasets.fashion_mnist.load_data()


def test_cifar(folder: pathlib.Path) -> None:
    def record(labels: list[int]) -> bytes:
        return bytes(labels) + bytes([1]) * 1024 + bytes([2]) * 1024 + bytes([3]) * 1024
    ten, hundred = folder / "cifar-10-batches-bin", folder / "cifar-100-binary"
    ten.mkdir()
    hundred.mkdir()
    for name in (*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin"):
        (ten / name).write_bytes(record([4]) + record([7]))
    for name in ("train.bin", "test.bin"):
        (hundred / name).write_bytes(record([4, 50]))
    (x, y), (vx, vy) = datasets.cifar10.load_data()
    assert x.shape == (10, 32, 32, 3) and x[0, 0, 0].tolist() == [1, 2, 3] and y[:2].tolist() == [[4], [7]]
    assert vx.shape == (2, 32, 32, 3)
    assert datasets.cifar100.load_data()[0][1].tolist() == [[50]]
    with config.using(image_data_format="channels_first"):
        (x, y), _ = datasets.cifar100.load_data("coarse")
    assert x.shape == (1, 3, 32, 32) and y.tolist() == [[4]]
    with pytest.raises(ConfigError, match="label_mode"):
        datasets.cifar100.load_data("rough")
    (ten / "test_batch.bin").write_bytes(b"short")
    with pytest.raises(CorruptFile, match="records of 3073 bytes"):
        datasets.cifar10.load_data()


@pytest.mark.parametrize("name", ["boston_housing", "california_housing"])
def test_houses(folder: pathlib.Path, name: str) -> None:
    np.savez(folder / f"{name}.npz", x=np.arange(20.0).reshape(10, 2), y=np.arange(10.0))
    (x, y), (vx, vy) = getattr(datasets, name).load_data(test_split=0.3)
    order = np.arange(10)
    np.random.RandomState(113).shuffle(order)                                          # Keras's order
    assert np.array_equal(np.concatenate([y, vy]), order) and len(vy) == 3
    assert np.array_equal(x[:, 0], y * 2)
    with pytest.raises(ConfigError, match="test_split"):
        getattr(datasets, name).load_data(test_split=1.0)


TEXTS = [[1, 2, 3], [4, 5], [6], [1, 9, 1, 9]]


def ragged(**texts: list[list[int]]) -> dict[str, Any]:
    return {key: part for name, rows in texts.items() for key, part in
            ((name, np.concatenate(rows)), (f"{name}_lengths", [len(row) for row in rows]))}


def test_imdb(folder: pathlib.Path) -> None:
    np.savez(folder / "imdb.npz", **ragged(x_train=TEXTS, x_test=TEXTS[:2]), y_train=np.arange(4), y_test=np.arange(2))
    (x, y), (vx, vy) = datasets.imdb.load_data()
    order = np.arange(4)
    np.random.RandomState(113).shuffle(order)
    assert y.tolist() == order.tolist() and x.dtype == object
    # the largest number (12) is not below num_words, which is then the largest number itself
    assert [list(text) for text in x] == [[1] + [n + 3 if n + 3 < 12 else 2 for n in TEXTS[i]] for i in order]
    (x, _), _ = datasets.imdb.load_data(num_words=8, skip_top=5, start_char=None, oov_char=None, index_from=0, maxlen=4)
    assert sorted(map(list, x)) == [[], [5], [6]]
    (folder / "imdb_word_index.json").write_text(json.dumps({"the": 1}))
    assert datasets.imdb.get_word_index() == {"the": 1}


def test_reuters(folder: pathlib.Path) -> None:
    np.savez(folder / "reuters.npz", **ragged(x=TEXTS), y=np.arange(4))
    (x, y), (vx, vy) = datasets.reuters.load_data(test_split=0.25)
    assert len(x) == 3 and len(vx) == 1 and sorted([*y, *vy]) == [0, 1, 2, 3]
    assert len(datasets.reuters.get_label_names()) == 46
    with pytest.raises(ConfigError, match="maxlen=2"):
        datasets.reuters.load_data(maxlen=2)


def test_pickles_are_not_read(folder: pathlib.Path) -> None:
    rows = np.empty(2, object)
    rows[:] = [[1, 2], [3]]
    np.savez(folder / "reuters.npz", x=rows, y=np.arange(2))
    with pytest.raises(UnsafeFile, match="can run code.*np.savez"):
        datasets.reuters.load_data()
