"""``zoo embed``: rows that belong to their images, in every kind of file; what is refused."""

from __future__ import annotations

import csv
import importlib.util
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.batch.pictures import BLUE, GREEN, RED, flat, truncated
from tests.cli.conftest import Outcome
from zoo import Input, Model, Sequential, layers, load_model
from zoo.applications import get_model
from zoo.batch import features
from zoo.batch.sources import find_images

COLOURS = {"red.png": RED, "green.png": GREEN, "blue.png": BLUE}
ORDER = ["blue.png", "green.png", "red.png"]
MEANS = np.float32([[0, 0, 255], [0, 255, 0], [255, 0, 0]])


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for name, colour in COLOURS.items():
        flat(tmp_path / "photos" / name, colour)
    return tmp_path / "photos"


@pytest.fixture
def network(tmp_path: Path) -> Path:
    """A classifier whose pooled features are the mean of each colour."""
    model = Sequential([Input((6, 4, 3)), layers.ReLU(name="maps"), layers.GlobalAveragePooling2D(),
                        layers.Dense(5, activation="softmax", name="classes")], name="means")
    model.save(tmp_path / "means.keras")
    return tmp_path / "means.keras"


@pytest.fixture
def embed(zoo: Callable[..., Outcome], photos: Path, network: Path) -> Callable[..., Outcome]:
    def run(output: Path, *words: object) -> Outcome:
        return zoo("embed", photos, "--model", network, "--preprocess", "none", "--output", output, *words)
    return run


def test_npy_and_the_paths_beside(embed: Callable[..., Outcome], tmp_path: Path) -> None:
    outcome = embed(tmp_path / "f.npy", "--batch-size", 2)
    assert (outcome.code, outcome.err) == (0, "") and "3 rows of 3" in outcome.out
    np.testing.assert_array_equal(np.load(tmp_path / "f.npy", mmap_mode="r"), MEANS)
    with open(tmp_path / "f.csv", newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["row"], Path(row["path"]).name) for row in rows] == list(zip("012", ORDER))


def test_npz(embed: Callable[..., Outcome], tmp_path: Path) -> None:
    assert embed(tmp_path / "f.npz").code == 0
    with np.load(tmp_path / "f.npz", allow_pickle=False) as found:
        np.testing.assert_array_equal(found["features"], MEANS)
        assert [Path(path).name for path in found["paths"]] == ORDER
    assert sorted(path.name for path in tmp_path.iterdir()) == ["f.npz", "means.keras", "photos"]


def test_csv_gives_the_same_numbers_again(embed: Callable[..., Outcome], tmp_path: Path) -> None:
    assert embed(tmp_path / "f.csv", "--preprocess", "torch").code == 0
    with open(tmp_path / "f.csv", newline="", encoding="utf-8") as stream:
        head, *rows = csv.reader(stream)
    assert head == ["path", "feature_0", "feature_1", "feature_2"]
    assert embed(tmp_path / "g.npz", "--preprocess", "torch").code == 0
    with np.load(tmp_path / "g.npz") as found:
        np.testing.assert_array_equal(np.float32([row[1:] for row in rows]), found["features"])


def test_parquet(embed: Callable[..., Outcome], tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    assert embed(tmp_path / "f.parquet").code == 0
    table = parquet.read_table(tmp_path / "f.parquet")
    np.testing.assert_array_equal(np.float32(table["features"].to_pylist()), MEANS)
    assert [Path(path).name for path in table["path"].to_pylist()] == ORDER


def test_parquet_without_pyarrow_is_refused_by_name(embed: Callable[..., Outcome], tmp_path: Path,
                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    outcome = embed(tmp_path / "f.parquet")
    assert outcome.code == 2 and "'pyarrow'" in outcome.err and "zoo[parquet]" in outcome.err


def test_a_layer_in_its_shape(embed: Callable[..., Outcome], tmp_path: Path) -> None:
    assert "3 rows of 6x4x3" in embed(tmp_path / "maps.npy", "--layer", "maps").out
    maps = np.load(tmp_path / "maps.npy")
    np.testing.assert_array_equal(maps, np.broadcast_to(MEANS[:, None, None], (3, 6, 4, 3)))
    assert "3 rows of 5" in embed(tmp_path / "classes.npy", "--layer", "classes").out
    outcome = embed(tmp_path / "x.npy", "--layer", "absent")
    assert outcome.code == 2 and "no layer named 'absent'" in outcome.err


def test_unreadable_images_have_no_row(embed: Callable[..., Outcome], photos: Path, tmp_path: Path) -> None:
    truncated(photos / "c.jpg")
    outcome = embed(tmp_path / "f.npz", "--batch-size", 1)
    assert outcome.code == 3 and "c.jpg: damaged JPEG file" in outcome.err and "1 of 4 inputs" in outcome.err
    with np.load(tmp_path / "f.npz") as found:
        np.testing.assert_array_equal(found["features"], MEANS)
        assert [Path(path).name for path in found["paths"]] == ORDER


def test_what_is_refused_leaves_nothing(embed: Callable[..., Outcome], photos: Path, tmp_path: Path) -> None:
    assert "ends in .npy" in embed(tmp_path / "f.txt").err
    (tmp_path / "f.csv").write_text("mine")
    outcome = embed(tmp_path / "f.npy")
    assert outcome.code == 2 and (tmp_path / "f.csv").read_text() == "mine" and not (tmp_path / "f.npy").exists()
    assert embed(tmp_path / "f.npy", "--overwrite").code == 0
    for path in photos.iterdir():
        path.write_bytes(b"")
    outcome = embed(tmp_path / "g.npy")
    assert outcome.code == 2 and "None of the images" in outcome.err
    assert not list(tmp_path.glob("*g.*"))


def test_a_named_network_gives_its_pooled_features(photos: Path, tmp_path: Path) -> None:
    """By name, the same as the application without top; from a file of it, the same again."""
    model = get_model("mobilenet", weights=None, alpha=0.25, input_shape=(32, 32, 3), include_top=False)
    model.save_weights(tmp_path / "w.weights.h5")
    named = features.choose("mobilenet", variant={"alpha": 0.25, "size": 32}, weights=tmp_path / "w.weights.h5")
    assert named.shape == (256,) and named.source.item_shape == (32, 32, 3)
    found = np.stack([row for _, row in features.extracted(find_images([photos]), named)])
    images = np.stack([named.source.read(str(photos / name)) for name in ORDER])
    np.testing.assert_allclose(found, model.predict(images, verbose=0).mean(axis=(1, 2)), rtol=1e-4, atol=1e-5)
    maps = Model(model.inputs, model.outputs[0], name="mobilenet_0.25_32")
    maps.save(tmp_path / "maps.keras")
    again = features.choose(str(tmp_path / "maps.keras"))
    np.testing.assert_allclose(again.compute(images), found, rtol=1e-4, atol=1e-5)
    assert load_model(tmp_path / "maps.keras").outputs[0].shape[1:] == (1, 1, 256)
