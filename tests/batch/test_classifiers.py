"""From a name or a file to a classifier: sizes, preprocessing, labels, and what is assumed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.batch.pictures import BLUE, GREEN, RED, flat
from zoo import Input, Model, Sequential, io, layers
from zoo.applications import get_model
from zoo.batch.classifiers import PREPROCESS_NAMES, application_of, choose, read_labels
from zoo.batch.pipeline import classify
from zoo.batch.sources import find_images
from zoo.errors import ConfigError, CorruptFile, NotInManifest, ShapeError
from zoo.io import extras
from zoo.io.edits.annotations import with_labels, with_preprocess

COLOURS = ["red", "green", "blue"]


def colour_model(shape: tuple[int | None, ...] = (6, 4, 3), name: str = "colours") -> Model:
    """Tells which colour is the strongest: the mean of each channel."""
    data_format = "channels_last" if shape[-1] in (1, 3) else "channels_first"
    model = Sequential([Input(shape), layers.GlobalAveragePooling2D(data_format=data_format),
                        layers.Dense(3, use_bias=False)], name=name)
    channels = shape[-1] if data_format == "channels_last" else shape[0]
    model.layers[-1].set_weights([np.eye(channels, 3, dtype=np.float32)])
    return model


def saved(model: Model, path: Path) -> str:
    model.save(path)
    return str(path)


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_model_file_with_labels(tmp_path: Path, suffix: str) -> None:
    for name, colour in zip(COLOURS, (RED, GREEN, BLUE)):
        flat(tmp_path / "photos" / f"{name}.png", colour, (31, 17))
    choice = choose(saved(colour_model(), tmp_path / f"m{suffix}"), preprocess="none", labels=COLOURS, top_k=1)
    assert choice.assumptions == ()
    rows = list(classify(find_images([tmp_path / "photos"]), choice.classifier))
    assert {Path(row.path).stem: row.predictions[0].label for row in rows} == {name: name for name in COLOURS}
    assert {round(row.predictions[0].score) for row in rows} == {255}


def test_what_is_assumed_of_a_model_file_is_told(tmp_path: Path) -> None:
    choice = choose(saved(colour_model((None, None, 3)), tmp_path / "m.keras"))
    assert choice.classifier.item_shape == (224, 224, 3)
    assert choice.classifier.labels == ["class_0", "class_1", "class_2"]
    told = " ".join(choice.assumptions)
    assert "any size" in told and "from 0 to 255" in told and "names of the 3 classes" in told


@pytest.mark.parametrize("preprocess, red", [("none", [255, 0, 0]), ("tf", [1, -1, -1]), ("lite", [1, -0.992, -0.992]),
                                             ("caffe", [-103.939, -116.779, 131.32]),
                                             ("torch", [2.2489, -2.0357, -1.8044])])
def test_preprocessing(tmp_path: Path, preprocess: str, red: list[float]) -> None:
    path = flat(tmp_path / "red.png", RED)
    item = choose(saved(colour_model(), tmp_path / "m.keras"), preprocess=preprocess).classifier.read(str(path))
    assert item.shape == (6, 4, 3) and item.dtype == np.float32
    np.testing.assert_allclose(item[3, 2], red, rtol=1e-3)


def test_very_long_images(tmp_path: Path) -> None:
    path = flat(tmp_path / "green.png", GREEN, (1, 60_000))
    item = choose(saved(colour_model((64, 64, 3)), tmp_path / "m.keras"), preprocess="none").classifier.read(str(path))
    assert np.array_equal(np.unique(item.reshape(-1, 3), axis=0), [GREEN])


def test_grey_model(tmp_path: Path) -> None:
    path = flat(tmp_path / "red.png", RED)
    classifier = choose(saved(colour_model((5, 5, 1)), tmp_path / "m.keras")).classifier
    assert classifier.read(str(path)).shape == (5, 5, 1)
    assert classifier.read(str(path))[0, 0, 0] == pytest.approx(76, abs=1)          # the luminance of red


def test_model_with_channels_first(tmp_path: Path) -> None:
    path = flat(tmp_path / "green.png", GREEN)
    classifier = choose(saved(colour_model((3, 6, 4)), tmp_path / "m.keras")).classifier
    item = classifier.read(str(path))
    assert item.shape == classifier.item_shape == (3, 6, 4)
    assert item[:, 0, 0].tolist() == [0, 255, 0]


def test_a_model_file_of_an_application_gets_its_preprocessing(tmp_path: Path) -> None:
    path = flat(tmp_path / "red.png", RED)
    choice = choose(saved(colour_model(name="vgg16"), tmp_path / "m.keras"))
    assert "is a VGG16 by its name" in choice.assumptions[0]
    np.testing.assert_allclose(choice.classifier.read(str(path))[0, 0], [-103.939, -116.779, 131.32], rtol=1e-3)
    assert choice.classifier.labels[0] == "class_0"


@pytest.mark.parametrize("name, application", [("vgg16", "VGG16"), ("vgg16_2", "VGG16"), ("VGG19", "VGG19"),
                                               ("mobilenet_0.50_160", "MobileNet"), ("mobilenetv2_1.00_224", "MobileNetV2"),
                                               ("efficientnetlite0", "EfficientNetLite0"), ("my_vgg16", None)])
def test_application_of(name: str, application: str | None) -> None:
    found = application_of(name)
    assert (None if found is None else found.name) == application


def test_published_weights_file_by_its_name(tmp_path: Path) -> None:
    model = get_model("MobileNet", weights=None, alpha=0.25, input_shape=(128, 128, 3))
    path = tmp_path / "mobilenet_2_5_128_tf.h5"
    model.save_weights(path)
    choice = choose(str(path))
    assert "by its file name" in choice.assumptions[0]
    assert choice.classifier.item_shape == (128, 128, 3) and choice.classifier.labels[282] == "tiger_cat"


def test_architecture_with_weights(tmp_path: Path) -> None:
    model = colour_model()
    (tmp_path / "m.json").write_text(model.to_json())
    model.save_weights(tmp_path / "m.weights.h5")
    path = flat(tmp_path / "blue.png", BLUE)
    classifier = choose(str(tmp_path / "m.json"), weights=tmp_path / "m.weights.h5").classifier
    item = classifier.read(str(path))
    assert classifier.scores(item[None]).argmax() == 2


def test_weights_alone_are_refused_with_advice(tmp_path: Path) -> None:
    colour_model().save_weights(tmp_path / "m.weights.h5")
    with pytest.raises(ConfigError, match="weights alone.*--model NAME --weights"):
        choose(str(tmp_path / "m.weights.h5"))


def test_labels_of_another_model(tmp_path: Path) -> None:
    with pytest.raises(ShapeError, match="as many labels as the model has classes, 3; received 2"):
        choose(saved(colour_model(), tmp_path / "m.keras"), labels=["a", "b"])


def test_models_that_are_no_classifiers(tmp_path: Path) -> None:
    vectors = Sequential([Input((5,)), layers.Dense(3)])
    with pytest.raises(ShapeError, match="takes no images"):
        choose(saved(vectors, tmp_path / "vectors.keras"))
    maps = Sequential([Input((5, 5, 3)), layers.Conv2D(2, 1)])
    with pytest.raises(ShapeError, match="is no classifier"):
        choose(saved(maps, tmp_path / "maps.keras"))


def test_wrong_preprocessing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="caffe, tf, torch, lite, none, received 'keras'"):
        choose(saved(colour_model(), tmp_path / "m.keras"), preprocess="keras")


def test_weights_that_nobody_published() -> None:
    with pytest.raises((ConfigError, NotInManifest)):
        choose("MobileNet", variant={"alpha": 0.33})


@pytest.mark.parametrize("content, labels", [
    ("cat\n dog \n\n", ["cat", "dog"]),
    ("\ufeffch\u00e2t\nchien", ["ch\u00e2t", "chien"]),
    (json.dumps(["a", "b"]), ["a", "b"]),
    (json.dumps({"1": ["n02", "b"], "0": ["n01", "a"]}), ["a", "b"]),
    (json.dumps({"0": "a", "1": "b"}), ["a", "b"]),
])
def test_labels(tmp_path: Path, content: str, labels: list[str]) -> None:
    (tmp_path / "labels").write_text(content, encoding="utf-8")
    assert read_labels(tmp_path / "labels") == labels


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"[1, 2]", b"{\"a\": \"b\"}", b"[\"a\"", b"[[]]"])
def test_labels_that_are_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "labels").write_bytes(content)
    with pytest.raises(CorruptFile, match="expected labels"):
        read_labels(tmp_path / "labels")


@pytest.mark.parametrize("suffix", [".keras", ".h5", ".safetensors"])
def test_labels_and_preprocessing_that_the_file_holds(tmp_path: Path, suffix: str) -> None:
    document = io.read(saved(colour_model(), tmp_path / "bare.keras"))
    path = str(tmp_path / f"m{suffix}")
    io.write(with_preprocess(with_labels(document, COLOURS), "tf"), path)
    choice = choose(path, top_k=1)
    assert choice.assumptions == () and choice.classifier.labels == COLOURS
    [row] = classify(find_images([flat(tmp_path / "red.png", RED)]), choice.classifier)
    assert (row.predictions[0].label, round(row.predictions[0].score, 3)) == ("red", 1.0)
    said = choose(path, preprocess="none", labels=["r", "g", "b"], top_k=1)
    [row] = classify(find_images([tmp_path / "red.png"]), said.classifier)
    assert (row.predictions[0].label, round(row.predictions[0].score)) == ("r", 255)


def test_a_preprocessing_in_a_file_that_zoo_does_not_know(tmp_path: Path) -> None:
    io.write(with_preprocess(io.read(saved(colour_model(), tmp_path / "bare.keras")), "secret"), tmp_path / "m.keras")
    with pytest.raises(ConfigError, match="Expected a preprocessing among .* received 'secret'"):
        choose(str(tmp_path / "m.keras"))


def test_the_words_that_files_can_hold_are_those_that_zoo_knows() -> None:
    assert set(extras.PREPROCESS_MODES) == set(PREPROCESS_NAMES)
