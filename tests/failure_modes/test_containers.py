"""Files that other tools take for something else, or cannot open at all."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import zoo
from tests.failure_modes.files import X, dense, edited, layer_configs, legacy, same
from zoo import layers
from zoo.cli.main import main
from zoo.errors import CannotExpress, FileError, ZooError


@pytest.mark.parametrize("as_bytes", [True, False], ids=["bytes", "str"])
@pytest.mark.parametrize("form", ["scalar", "array"])
def test_fm01_texts_of_all_sorts(as_bytes: bool, form: str, tmp_path: Path) -> None:
    model = dense()
    path = legacy(model, tmp_path / "m.h5")

    def stored(value: Any) -> Any:
        text = value.decode() if isinstance(value, bytes) else str(value)
        scalar = np.bytes_(text.encode()) if as_bytes else text
        return scalar if form == "scalar" else np.array(scalar, dtype=None if as_bytes else h5py.string_dtype())

    with h5py.File(path, "r+") as file:
        for name in ("model_config", "keras_version", "backend"):
            value = file.attrs[name]
            del file.attrs[name]
            file.attrs[name] = stored(value)
        names = [name.decode() if isinstance(name, bytes) else name
                 for name in file["model_weights/first"].attrs["weight_names"]]
        del file["model_weights/first"].attrs["weight_names"]
        file["model_weights/first"].attrs["weight_names"] = \
            np.array([name.encode() for name in names]) if as_bytes else np.array(names, dtype=h5py.string_dtype())
    loaded = same(model, path, X)
    assert loaded.load_report.loaded


@pytest.mark.parametrize("name", ["m.keras", "m.hd5", "m.model", "m.pkl", "m.hdf", "m"])
def test_fm34_fm36_the_content_decides(name: str, tmp_path: Path) -> None:
    model = dense()
    legacy(model, tmp_path / "m.h5").rename(tmp_path / name)
    same(model, tmp_path / name, X)
    model.save(tmp_path / "archive.keras")
    (tmp_path / "archive.keras").rename(tmp_path / "archive.h5")
    same(model, tmp_path / "archive.h5", X)


def test_fm37_saved_models_are_recognised(tmp_path: Path) -> None:
    folder = tmp_path / "saved"
    (folder / "variables").mkdir(parents=True)
    (folder / "saved_model.pb").write_bytes(b"\x08\x01")
    (folder / "keras_metadata.pb").write_bytes(b"")
    with pytest.raises(FileError, match="SavedModel"):
        zoo.load_model(folder)


def test_fm45_an_architecture_and_its_weights_become_one_file(tmp_path: Path) -> None:
    model = dense()
    (tmp_path / "m.json").write_text(model.to_json())
    model.save_weights(tmp_path / "w.h5")
    same(model, tmp_path / "m.json", X, weights=tmp_path / "w.h5")
    assert main(["convert", str(tmp_path / "m.json"), str(tmp_path / "m.keras"), "--weights",
                 str(tmp_path / "w.h5")]) == 0
    same(model, tmp_path / "m.keras", X)


BROKEN = {"lfs": (b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 553467096\n", "git lfs pull"),
          "html": (b"<!DOCTYPE html>\n<html><head><title>404</title></head></html>", "web page"),
          "gzip": (b"\x1f\x8b\x08\x00\x00\x00\x00\x00", "gzip"), "empty": (b"", "empty"),
          "text": (b"hello", "")}


@pytest.mark.parametrize("kind", BROKEN)
def test_fm48_what_is_no_model(kind: str, tmp_path: Path) -> None:
    content, fragment = BROKEN[kind]
    (tmp_path / "m.h5").write_bytes(content)
    with pytest.raises(FileError, match=f"(?i){fragment}"):
        zoo.load_model(tmp_path / "m.h5")


@pytest.mark.parametrize("name", ["m.h5", "m.keras"])
@pytest.mark.parametrize("part", [0.1, 0.5, 0.99])
def test_fm48_downloads_that_stopped(name: str, part: float, tmp_path: Path) -> None:
    dense().save(tmp_path / name)
    size = (tmp_path / name).stat().st_size
    os.truncate(tmp_path / name, int(size * part))
    with pytest.raises(FileError, match="truncated|damaged|incomplete|short|end"):
        zoo.load_model(tmp_path / name)


def test_fm49_weights_alone_are_no_model(tmp_path: Path) -> None:
    dense().save_weights(tmp_path / "w.h5")
    with pytest.raises(ZooError, match="weights only.*load_weights"):
        zoo.load_model(tmp_path / "w.h5")


def test_fm53_files_for_older_releases(tmp_path: Path) -> None:
    model = dense()
    model.save(tmp_path / "new.keras")
    for dialect in ("keras2", "tfkeras", "keras3"):
        zoo.io.write(zoo.io.read(tmp_path / "new.keras"), tmp_path / f"{dialect}.h5", dialect=dialect)
        assert zoo.io.read(tmp_path / f"{dialect}.h5").producer.dialect == dialect
        same(model, tmp_path / f"{dialect}.h5", X)
    newer = zoo.Sequential([zoo.Input((6,)), layers.RMSNormalization(), layers.Dense(2)])
    newer.save(tmp_path / "newer.keras")
    with pytest.raises(CannotExpress, match="RMSNormalization"):
        zoo.io.write(zoo.io.read(tmp_path / "newer.keras"), tmp_path / "old.h5", dialect="keras2")


def test_fm54_tensorflow_js_gets_the_dialect_it_reads(tmp_path: Path) -> None:
    model = dense()
    model.save(tmp_path / "m.keras")
    assert main(["convert", str(tmp_path / "m.keras"), str(tmp_path / "web"), "--to", "tfjs"]) == 0
    topology = json.loads((tmp_path / "web" / "model.json").read_text())["modelTopology"]
    text = json.dumps(topology)
    assert "batch_input_shape" in text and "keras_history" not in text and "batch_shape\"" not in text
    same(model, tmp_path / "web", X)


def test_fm57_which_keras_wrote_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = legacy(dense(), tmp_path / "m.h5")
    with h5py.File(path, "r+") as file:
        file.attrs["keras_version"] = "2.4.0"
    edited(path, lambda c: layer_configs(c))
    assert main(["inspect", str(path)]) == 0
    out = capsys.readouterr().out
    assert "2.4.0" in out and "tensorflow" in out and "first" in out
