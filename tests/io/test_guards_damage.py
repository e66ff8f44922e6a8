"""Damaged files of every format: read, or refused with an error of zoo; nothing hangs, nothing else is raised."""

from __future__ import annotations

import pathlib
import random

import h5py
import numpy as np
import pytest

from tests.io.contents import CONTENTS
from tests.io.test_torch_checkpoint import DATA, STATE, mapping, streamed, zipped
from zoo.errors import FileError
from zoo.io.formats import CONTAINERS
from zoo.io.read import read_content

VARIANTS = 300
ENDLESS = {"architecture_yaml"}                  # YAML cut between two lines is YAML still


def compressed(path: pathlib.Path) -> pathlib.Path:
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = np.array(["dense"], h5py.string_dtype())
        file.create_group("dense").attrs["weight_names"] = np.array([b"kernel", b"words"])
        file["dense"].create_dataset("kernel", data=np.arange(400.0).reshape(20, 20), compression="gzip", shuffle=True)
        file["dense"].create_dataset("words", data=np.array(["a", "bc"], object), dtype=h5py.string_dtype())
    return path


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """One file of each format."""
    folder = tmp_path_factory.mktemp("originals")
    for name, content in CONTENTS.items():
        write = CONTAINERS[name].write
        if CONTAINERS[name].folder:
            continue                                                # damaged in tests/io/test_tfjs.py
        assert write is not None
        write(content, folder / name)
    compressed(folder / "compressed")
    zipped(folder / "torch_zip", mapping(STATE), DATA)
    streamed(folder / "torch_stream", mapping(STATE), DATA)
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def outcome(path: pathlib.Path, data: bytes) -> str:
    """Reads everything in a file; the name of the error, or ``read``."""
    path.write_bytes(data)
    try:
        _, content = read_content(path)
        for _, tensor in content.weights or ():
            tensor.read()
    except FileError as error:
        assert str(path) in str(error), "the message names the file"
        return type(error).__name__
    return "read"


def damaged(data: bytes, rng: random.Random) -> bytes:
    """Some bytes changed; structures are mostly at the beginning."""
    changed = bytearray(data)
    reach = len(data) if rng.random() < 0.5 else min(len(data), 3000)
    for _ in range(rng.choice((1, 1, 2, 8, 64))):
        changed[rng.randrange(reach)] = rng.choice((0, 255, rng.randrange(256)))
    return bytes(changed)


def test_changed_bytes(originals: dict[str, bytes], tmp_path: pathlib.Path) -> None:
    rng = random.Random(20)
    outcomes: dict[str, int] = {}
    for number in range(VARIANTS):
        name = list(originals)[number % len(originals)]
        result = outcome(tmp_path / name, damaged(originals[name], rng))
        outcomes[result] = outcomes.get(result, 0) + 1
    print(outcomes)
    assert outcomes["read"] < VARIANTS and outcomes["CorruptFile"] > 30 and sum(outcomes.values()) == VARIANTS


def test_truncated_anywhere(originals: dict[str, bytes], tmp_path: pathlib.Path) -> None:
    assert all(outcome(tmp_path / name, data) == "read" for name, data in originals.items())
    for name, data in originals.items() - {(name, originals[name]) for name in ENDLESS}:
        for part in range(16):
            result = outcome(tmp_path / name, data[:len(data) * part // 16])
            assert result in ("CorruptFile", "UnknownFormat"), f"{name} cut at {part}/16: {result}"
        assert outcome(tmp_path / name, data[:-1]) == "CorruptFile", name
