"""Image files, downloads, sequences, objects by their records."""

from __future__ import annotations

import hashlib
import io
import pathlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

import zoo
from tests.hub.conftest import server as server
from tests.hub.webserver import WebServer
from zoo import layers, losses, optimizers, spelling, utils
from zoo.config import config
from zoo.errors import (ConfigError, CorruptFile, HashMismatch, Offline, ShapeError, UnknownClass, UnknownFormat,
                        Unsupported)


@pytest.fixture
def picture(tmp_path: pathlib.Path) -> pathlib.Path:
    pixels = np.zeros((4, 8, 3), np.uint8)
    pixels[:, 2:6, 0] = 200
    Image.fromarray(pixels).save(tmp_path / "p.png")
    return tmp_path / "p.png"


def test_load_img(picture: pathlib.Path) -> None:
    image = utils.load_img(picture)
    assert image.size == (8, 4) and utils.img_to_array(image).shape == (4, 8, 3)
    assert utils.img_to_array(image, "channels_first").shape == (3, 4, 8)
    grey = utils.img_to_array(utils.load_img(str(picture), color_mode="grayscale", target_size=(2, 2)))
    assert grey.shape == (2, 2, 1) and grey.dtype == np.float32
    middle = utils.img_to_array(utils.load_img(picture, target_size=(4, 4), keep_aspect_ratio=True))
    assert (middle[..., 0] == 200).all()
    assert utils.load_img(io.BytesIO(picture.read_bytes()), color_mode="rgba").mode == "RGBA"
    spelling.forget()
    with pytest.warns(zoo.errors.OldSpelling, match="grayscale"):
        assert utils.load_img(picture, grayscale=True).mode == "L"


def test_what_load_img_refuses(picture: pathlib.Path, tmp_path: pathlib.Path) -> None:
    with pytest.raises(ConfigError, match="color_mode"):
        utils.load_img(picture, color_mode="cmyk")
    (tmp_path / "a.png").write_text("no picture")
    with pytest.raises(UnknownFormat, match="a.png"):
        utils.load_img(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(picture.read_bytes()[:60])
    with pytest.raises(CorruptFile, match="b.png"):
        utils.load_img(tmp_path / "b.png")
    with pytest.raises(FileNotFoundError):
        utils.load_img(tmp_path / "c.png")


def test_arrays_become_images_and_files(tmp_path: pathlib.Path) -> None:
    x = np.linspace(0, 1, 4 * 5 * 3).reshape(4, 5, 3)
    image = utils.array_to_img(x)
    assert image.mode == "RGB" and np.asarray(image).max() == 255 and np.asarray(image).min() == 0
    assert utils.array_to_img(np.full((2, 2, 1), 300.0), scale=False).mode == "I"
    utils.save_img(tmp_path / "a.png", x.transpose(2, 0, 1) * 255, data_format="channels_first", scale=False)
    assert np.array_equal(utils.img_to_array(utils.load_img(tmp_path / "a.png")), np.floor(x * 255))
    with pytest.warns(UserWarning, match="no transparency"):
        utils.save_img(tmp_path / "a.jpg", np.zeros((2, 2, 4)))
    assert utils.load_img(tmp_path / "a.jpg").size == (2, 2)
    for wrong in (np.zeros((2, 2)), np.zeros((2, 2, 5))):
        with pytest.raises(ShapeError):
            utils.array_to_img(wrong)


def test_smart_resize() -> None:
    x = np.zeros((1, 4, 8, 1), "float32")
    x[:, :, 2:6] = 1
    assert np.asarray(zoo.preprocessing.image.smart_resize(x, (2, 2))).min() == 1
    first = zoo.preprocessing.image.smart_resize(x[0].transpose(2, 0, 1), (2, 2), data_format="channels_first")
    assert first.shape == (1, 2, 2) and np.asarray(first).min() == 1
    with pytest.raises(ShapeError, match="rank 2"):
        zoo.preprocessing.image.smart_resize(x[0, :, :, 0], (2, 2))


PADDED = [({}, [[0, 0, 1], [2, 3, 4], [0, 0, 0]]), ({"maxlen": 2}, [[0, 1], [3, 4], [0, 0]]),
          ({"maxlen": 2, "truncating": "post"}, [[0, 1], [2, 3], [0, 0]]),
          ({"padding": "post", "value": -1}, [[1, -1, -1], [2, 3, 4], [-1, -1, -1]]),
          ({"maxlen": 4, "dtype": "float32", "value": 0.5}, [[0.5, 0.5, 0.5, 1], [0.5, 2, 3, 4], [0.5] * 4])]


@pytest.mark.parametrize(("options", "expected"), PADDED)
def test_pad_sequences(options: dict[str, Any], expected: list[list[float]]) -> None:
    padded = utils.pad_sequences([[1], [2, 3, 4], []], **options)
    assert padded.tolist() == expected and padded.dtype == options.get("dtype", "int32")


def test_pad_sequences_of_vectors_and_texts() -> None:
    assert utils.pad_sequences([np.ones((1, 2)), np.ones((3, 2))]).shape == (2, 3, 2)
    assert utils.pad_sequences([["a"], ["b", "c"]], dtype=object, value="").tolist() == [["", "a"], ["b", "c"]]
    with pytest.raises(ConfigError, match="dtype=object"):
        utils.pad_sequences([["a"]], value="x")
    with pytest.raises(ShapeError, match="elements of shape"):
        utils.pad_sequences([np.ones((1, 2)), np.ones((3, 3))])
    with pytest.raises(ShapeError, match="list of sequences"):
        utils.pad_sequences([1, 2])
    with pytest.raises(ConfigError, match="'pre' or 'post'"):
        utils.pad_sequences([[1]], padding="both")


# ---- get_file

CONTENT = b"some data"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def test_get_file_downloads_what_has_the_hash(server: WebServer, tmp_path: pathlib.Path,
                                              monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ZOO_OFFLINE", raising=False)
    server.body = CONTENT
    path = utils.get_file("data.txt", server.url, file_hash=SHA256, cache_dir=tmp_path)
    assert path == str(tmp_path / "datasets" / "data.txt") and pathlib.Path(path).read_bytes() == CONTENT
    md5 = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
    assert utils.get_file("data.txt", server.url, md5_hash=md5, cache_dir=tmp_path) == path
    assert len(server.requests) == 1
    with pytest.raises(HashMismatch, match="expected sha256"):
        utils.get_file("other.txt", server.url, file_hash="0" * 64, cache_dir=tmp_path)
    assert not (tmp_path / "datasets" / "other.txt").exists()


def test_what_get_file_refuses(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("ZOO_OFFLINE", "1")
    with pytest.raises(Unsupported, match="archives are not unpacked"):
        utils.get_file("a.tar.gz", "http://x/a.tar.gz", untar=True)
    with pytest.raises(ConfigError, match="not downloaded without an address and a hash.*http://x/a"):
        utils.get_file("a", "http://x/a")
    with pytest.raises(ConfigError, match="hex digits"):
        utils.get_file("a", "http://x/a", file_hash="abc")
    with pytest.raises(ConfigError, match="name of a file"):
        utils.get_file("../a", "http://x/a", file_hash=SHA256)
    with pytest.raises(Offline, match="ZOO_OFFLINE"):
        utils.get_file("a", "http://x/a", file_hash=SHA256)
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "a").write_bytes(CONTENT)
    assert utils.get_file("a", "http://x/a") == str(tmp_path / "datasets" / "a")


# ---- objects

@pytest.mark.parametrize("thing", [layers.Dense(3, activation="relu"), losses.Huber(0.5), optimizers.Adam(0.1),
                                   optimizers.schedules.CosineDecay(0.1, 10), zoo.initializers.HeNormal(seed=1),
                                   zoo.regularizers.L2(0.1), zoo.constraints.MaxNorm(2)],
                         ids=lambda thing: type(thing).__name__)
def test_objects_from_their_records(thing: Any) -> None:
    record = utils.serialize_keras_object(thing)
    again = utils.deserialize_keras_object(record)
    assert type(again) is type(thing) and utils.serialize_keras_object(again) == record


def test_own_classes_by_record() -> None:
    class Own(layers.Layer):
        pass
    record = utils.serialize_keras_object(Own(name="mine"))
    with pytest.raises(UnknownClass, match="'Own'"):
        utils.deserialize_keras_object(record)
    assert utils.deserialize_keras_object([record], {"Own": Own})[0].name == "mine"
    with utils.CustomObjectScope({"Own": Own}):
        assert isinstance(utils.deserialize_keras_object(record), Own)
    utils.get_custom_objects()["Own"] = Own
    try:
        assert isinstance(utils.deserialize_keras_object(record), Own) and utils.get_registered_object("Own") is Own
    finally:
        del utils.get_custom_objects()["Own"]


def test_symbolic_tensors() -> None:
    a, b = zoo.Input((2,)), zoo.Input((2,))
    c = layers.Add()([a, b])
    assert utils.is_keras_tensor(c) and not utils.is_keras_tensor(np.zeros(2))
    assert set(utils.get_source_inputs(c)) == {a, b}


def test_settings_and_refusals() -> None:
    assert utils.standardize_dtype(None) == config.floatx and utils.standardize_dtype(np.float64) == "float64"
    utils.disable_interactive_logging()
    try:
        assert not utils.is_interactive_logging_enabled()
    finally:
        utils.enable_interactive_logging()
    with pytest.raises(Unsupported, match="summary"):
        utils.plot_model(None)
