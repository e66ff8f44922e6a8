"""Large arrays pass through in pieces."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from tests.io.contents import CONTENTS
from zoo import io
from zoo.io import tensors
from zoo.io.edits.stored_dtype import with_dtype
from zoo.io.formats import CONTAINERS
from zoo.io.read import read_content

ARRAY = np.arange(60, dtype="f4").reshape(10, 3, 2)


def never() -> np.ndarray:
    raise AssertionError("the whole array was asked for")


def pieces() -> Iterator[np.ndarray]:
    yield from (ARRAY[:4], ARRAY[4:5], ARRAY[5:])


@pytest.mark.parametrize("name", [name for name, content in CONTENTS.items() if content.weights is not None])
def test_writers_ask_for_pieces(tmp_path: pathlib.Path, name: str) -> None:
    content = CONTENTS[name]
    layout = content.weights.layout
    record = io.TensorRecord("a" if layout != "by_path" else "0", ARRAY.shape, "float32", never, blocks=pieces)
    written = io.WeightTree(layout, [io.WeightGroup("layers/dense" if layout == "by_path" else "", [record])])
    if layout == "by_layer":
        written.groups[0].path = "dense"
    CONTAINERS[name].write(type(content)(content.architecture, written), tmp_path / "m")
    [found] = [tensor for _, tensor in read_content(tmp_path / "m")[1].weights]
    assert np.array_equal(found.read(), ARRAY)


def test_pieces_are_blocks_of_the_first_axis(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tensors, "_PIECE_BYTES", 100)
    for array in (ARRAY, ARRAY.T, np.zeros((0, 3), "f4"), np.arange(200.0), np.array([[1.0] * 99])):
        found = list(io.TensorRecord.of("a", array).pieces())
        assert all(piece.flags.c_contiguous for piece in found)
        assert all(len(piece) == 1 or piece.nbytes <= 100 for piece in found)
        assert np.array_equal(np.concatenate(found) if found else array, array)
    assert [piece.tolist() for piece in io.TensorRecord.of("a", np.array(3)).pieces()] == [3]


def test_converted_arrays_are_converted_in_pieces() -> None:
    record = io.TensorRecord("a", ARRAY.shape, "float32", never, blocks=pieces)
    document = io.ModelDocument("npz", io.Producer("keras3"),
                                weights=io.WeightTree("by_name", [io.WeightGroup("", [record])]))
    [(_, converted)] = with_dtype(document, "float16").weights
    assert [len(piece) for piece in converted.pieces()] == [4, 1, 5]
    assert converted.dtype == "float16"


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [["c.keras"], ["c.h5"], ["c.safetensors"], ["c.npz"], ["c", "--to", "tfjs"],
                                       ["c.safetensors", "--dtype", "bfloat16"], ["c.keras", "--dtype", "float16"]])
@pytest.mark.skipif(not hasattr(os, "wait4"), reason="needs the peak memory of a process")
def test_peak_memory_of_zoo_convert(tmp_path: pathlib.Path, arguments: list[str]) -> None:
    """Under 1.3 times the largest array and 150 MB."""
    rows, columns = 12_500, 4000
    config = {"name": "s", "layers": [{"class_name": "Dense", "config": {
        "name": "dense", "trainable": True, "dtype": "float32", "units": columns, "use_bias": False,
        "batch_input_shape": [None, rows], "activation": "linear"}}]}
    zeros = io.TensorRecord("dense/kernel:0", (rows, columns), "float32", never,
                            blocks=lambda: (np.ones((100, columns), "f4") for _ in range(rows // 100)))
    content = type(CONTENTS["keras_h5"])({"class_name": "Sequential", "config": config}, io.WeightTree(
        "by_layer", [io.WeightGroup("dense", [zeros])], "tensorflow", "2.15.0"), None, "2.15.0", "tensorflow")
    CONTAINERS["keras_h5"].write(content, tmp_path / "m.h5")
    process = subprocess.Popen([sys.executable, "-m", "zoo", "convert", "m.h5", *arguments], cwd=tmp_path,
                               env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    assert usage.ru_maxrss * 1024 < 1.3 * 4 * rows * columns + 150e6
