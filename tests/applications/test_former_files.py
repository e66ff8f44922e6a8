"""Weights files that Keras 2 wrote, by the tables of their layers: into today's applications."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from tests.corpus import CORPUS, require_corpus
from tests.keras1_weights import randomize
from tests.keras1_weights import write as write_keras1
from zoo.applications import VGG16, InceptionV3, ResNet50, get_model, vgg
from zoo.applications.resnet import FORMER_LAYERS
from zoo.errors import WeightsMismatch
from zoo.io import read
from zoo.models import Model, model_from_json

Arrays = dict[str, list[np.ndarray]]


def layout_of(name: str) -> dict[str, Any]:
    assert CORPUS is not None
    return json.loads((CORPUS / "keras-2.2.4-applications" / f"{name}.layout.json").read_text())


def write(layout: dict[str, Any], path: Path) -> Arrays:
    """A file as Keras 2.2.4 wrote it, with random arrays; gives these by the names of their layers."""
    random, written = np.random.default_rng(0), {}
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = np.array([row["name"].encode() for row in layout["layers"]])
        file.attrs["keras_version"], file.attrs["backend"] = b"2.2.4", b"tensorflow"
        for row in layout["layers"]:
            group = file.create_group(row["name"])
            group.attrs["weight_names"] = np.array([f"{name}:0".encode() for name, _ in row["weights"]], "S")
            arrays = []
            for name, shape in row["weights"]:
                noise = random.standard_normal(shape, "float32")
                arrays.append(noise / np.sqrt(np.prod(shape[:-1]), dtype="float32") if len(shape) > 1 else
                              np.abs(noise) / 10 + np.float32(0.01))
                group[f"{name}:0"] = arrays[-1]
            if arrays:
                written[row["name"]] = arrays
    return written


def former_model(name: str) -> Model:
    """The architecture as Keras 2.2.4 had it with TensorFlow (the record was made with Theano)."""
    assert CORPUS is not None
    record = json.loads((CORPUS / "keras-2.2.4-applications" / f"{name}.model.json").read_text())
    return model_from_json(json.dumps(record | {"backend": "tensorflow"}))


@require_corpus
@pytest.mark.parametrize("name", ["ResNet50", "ResNet50_notop"])
def test_resnet50_with_the_names_of_caffe(name: str, tmp_path: Path) -> None:
    """Shortcuts came after the last convolution of a block, and one pair of them has equal shapes."""
    written = write(layout_of(name), tmp_path / "old.h5")
    model = ResNet50(weights=tmp_path / "old.h5", include_top="notop" not in name)
    names = {"conv1": "conv1_conv", "res2a_branch2c": "conv2_block1_3_conv", "bn2a_branch1": "conv2_block1_0_bn",
             "res2a_branch1": "conv2_block1_0_conv", "bn4f_branch2b": "conv4_block6_2_bn"}
    for then, now in names.items():
        for weight, array in zip(model.get_layer(now).weights, written[then], strict=True):
            np.testing.assert_array_equal(weight.numpy(), array, err_msg=weight.path)
    assert model.load_report.is_complete and "Keras 2.2.4" in model.load_report.notes[-1]


@require_corpus
@pytest.mark.parametrize("name", ["ResNet50", "DenseNet121", "InceptionV3", "MobileNetV2", "Xception",
                                  pytest.param("NASNetMobile", marks=pytest.mark.slow)])
def test_today_s_application_computes_what_the_former_one_did(name: str, tmp_path: Path) -> None:
    """So that layers of equal shapes cannot have changed places, nor options of layers."""
    layout = layout_of(name)
    write(layout, tmp_path / "old.h5")
    former = former_model(name)
    former.load_weights(tmp_path / "old.h5")
    size = layout["input_size"]
    images = np.random.default_rng(0).standard_normal((1, size, size, 3), "float32")
    expected = np.log(former.predict(images) + 1e-20)
    assert np.ptp(expected) > 0.5                           # not all classes alike
    actual = np.log(get_model(name, weights=tmp_path / "old.h5").predict(images) + 1e-20)
    np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-3 * np.ptp(expected))


@require_corpus
def test_a_former_file_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    layout = layout_of("ResNet50")
    layout["layers"] = [row for row in layout["layers"] if row["name"] != "res5a_branch1"]
    write(layout, tmp_path / "old.h5")
    with pytest.raises(WeightsMismatch, match="old.h5"):
        ResNet50(weights=tmp_path / "old.h5")


OTHERS = ("DenseNet121_notop", "InceptionV3_notop", "MobileNet", "MobileNetV2_notop", "NASNetMobile",
          "Xception_notop", pytest.param("InceptionResNetV2_notop", marks=pytest.mark.slow))


@require_corpus
@pytest.mark.parametrize("name", OTHERS)
def test_the_others_load_in_order(name: str, tmp_path: Path) -> None:
    layout = layout_of(name)
    written = list(write(layout, tmp_path / "old.h5").values())
    size = layout["input_size"]
    model = get_model(layout["application"], weights=tmp_path / "old.h5", include_top=layout["include_top"],
                      input_shape=(size, size, 3))
    assert model.load_report.is_complete
    layers = [layer for layer in model.layers if layer.weights]
    for layer, arrays in zip(layers, written, strict=True):
        for weight, array in zip(layer.weights, arrays, strict=True):
            np.testing.assert_array_equal(weight.numpy(), array, err_msg=weight.path)


# ---- files of Keras 1, kernels in the order of Theano's images


def dense_of_16(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vgg, "DENSE_UNITS", 16)             # of 4096: the mechanism is the same


#: Name of the file, whether weights have TensorFlow's names. Published names say who rotated the kernels.
ORDERINGS = [("vgg16_weights_th_dim_ordering_th_kernels.h5", "th", "th", ""),
             ("vgg16_weights_th_dim_ordering_th_kernels_again.h5", "th", "th", ":0"),
             ("vgg16_weights_th_dim_ordering_tf_kernels.h5", "th", "tf", ""),
             ("vgg16_weights_tf_dim_ordering_th_kernels.h5", "tf", "th", ":0"),
             ("mine.h5", "th", "th", "")]


@pytest.mark.parametrize(("name", "ordering", "kernels", "suffix"), ORDERINGS)
def test_vgg16_in_the_order_of_theano(name: str, ordering: str, kernels: str, suffix: str, tmp_path: Path,
                                      monkeypatch: pytest.MonkeyPatch) -> None:
    dense_of_16(monkeypatch)
    options: dict[str, Any] = {"input_shape": (32, 64, 3), "classes": 5, "classifier_activation": None}
    source = VGG16(weights=None, **options)
    randomize(source)
    path = write_keras1(source, tmp_path / name, ordering, kernels, suffix=suffix)
    model = VGG16(weights=path, **options)
    assert model.load_report.is_complete
    for mine, theirs in zip(model.weights, source.weights, strict=True):
        np.testing.assert_array_equal(mine.numpy(), theirs.numpy(), err_msg=mine.path)


def test_vgg16_with_the_backend_assumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dense_of_16(monkeypatch)
    options: dict[str, Any] = {"input_shape": (32, 64, 3), "classes": 5}
    source = VGG16(weights=None, **options)
    randomize(source)
    path = write_keras1(source, tmp_path / "renamed.h5", suffix=":0")       # it looks like one of TensorFlow
    model = VGG16(weights=read(path, assume="theano"), **options)
    np.testing.assert_array_equal(model.get_layer("fc1").weights[0].numpy(), source.get_layer("fc1").weights[0].numpy())


def test_resnet50_of_keras_1(tmp_path: Path) -> None:
    """The names of Caffe, channels first, and rotated kernels."""
    source = ResNet50(weights=None, include_top=False, input_shape=(64, 64, 3))
    randomize(source)
    former = {now: then for then, now in FORMER_LAYERS.items()}
    path = write_keras1(source, tmp_path / "resnet50_weights_th_dim_ordering_th_kernels_notop.h5", names=former)
    model = ResNet50(weights=path, include_top=False)
    assert model.load_report.is_complete
    for mine, theirs in zip(model.weights, source.weights, strict=True):
        np.testing.assert_array_equal(mine.numpy(), theirs.numpy(), err_msg=mine.path)
    assert {layer.epsilon for layer in model.layers if hasattr(layer, "epsilon")} == {1e-3}


@pytest.mark.slow
def test_inception_v3_of_keras_1_is_another_network(tmp_path: Path) -> None:
    """It had biases in convolutions and scales in normalisations: refused with its layers named."""
    source = InceptionV3(weights=None, include_top=False, input_shape=(75, 75, 3))
    path = write_keras1(source, tmp_path / "inception_v3_weights_th_dim_ordering_th_kernels_notop.h5")
    model = InceptionV3(weights=path, include_top=False)
    assert model.load_report.is_complete
    with h5py.File(path, "r+") as file:
        for name in file.attrs["layer_names"]:
            group = file[name]
            names = list(group.attrs["weight_names"])
            if name.startswith(b"conv2d"):
                group["b"] = np.zeros(group[names[0]].shape[0], "float32")
                group.attrs["weight_names"] = np.array([*names, b"b"], "S")
    with pytest.raises(WeightsMismatch, match="conv2d"):
        InceptionV3(weights=path, include_top=False)
