"""Changes of documents: what they change, and that all else stays."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest

import zoo
from zoo import io, layers
from zoo.errors import CannotExpress, ConfigError
from zoo.io.edits.annotations import with_labels, with_preprocess, without_training
from zoo.io.edits.headless import without_top
from zoo.io.edits.renaming import with_layer_renamed
from zoo.io.edits.stored_dtype import with_dtype
from zoo.models import capture, restore

FORMATS = {"keras_zip": "m.keras", "keras_h5": "m.h5", "safetensors": "m.safetensors", "tfjs_layers": "m"}
IMAGES = np.random.default_rng(0).normal(size=(2, 6, 6, 3)).astype("f4")


def classifier(*, nested: bool = False) -> zoo.Model:
    """Convolution, pooling, and a head of two layers; the convolution in a model of its own if `nested`."""
    x = layers.Input((6, 6, 3), name="picture")
    body = zoo.Sequential([layers.Input((6, 6, 3)), layers.Conv2D(4, 3, name="conv")], name="body")
    y = body(x) if nested else layers.Conv2D(4, 3, name="conv")(x)
    y = layers.BatchNormalization(name="norm")(y)
    y = layers.GlobalAveragePooling2D(name="pool")(y)
    y = layers.Dense(5, "relu", name="hidden")(y)
    model = zoo.Model(x, layers.Dense(3, "softmax", name="classes")(layers.Dropout(0.5)(y)))
    model.compile("adam", {"classes": "categorical_crossentropy"})
    return model


def document_of(model: zoo.Model, folder: pathlib.Path, format: str) -> io.ModelDocument:
    """What a file of the model says, with its training state where the format has that."""
    path = folder / FORMATS[format]
    if format in ("keras_zip", "keras_h5"):
        model.save(path)
    else:
        io.write(capture.document(model), path, format=format)
    return io.read(path)


def predictions(document: io.ModelDocument, images: np.ndarray = IMAGES) -> np.ndarray:
    return restore.model(document).predict(images, verbose=0)


def written(document: io.ModelDocument, path: pathlib.Path, **options: str) -> io.ModelDocument:
    io.write(document, path, **options)
    return io.read(path)


@pytest.mark.parametrize("format", FORMATS)
def test_without_top(tmp_path: pathlib.Path, format: str) -> None:
    model = classifier()
    expected = zoo.Model(model.inputs, model.get_layer("pool").output).predict(IMAGES, verbose=0)
    cut = without_top(with_labels(with_preprocess(document_of(model, tmp_path, format), "tf"), ["a", "b", "c"]))
    assert [layer.name for layer in cut.model.layers] == ["picture", "conv", "norm", "pool"]
    assert cut.training is None and cut.metadata["zoo"] == {"preprocess": "tf"}
    np.testing.assert_allclose(predictions(cut), expected, rtol=1e-6)
    again = written(cut, tmp_path / "cut", format=format)
    np.testing.assert_array_equal(predictions(again), predictions(cut))
    assert again.weights.count == 6


def test_without_top_of_sequential_and_nested_models() -> None:
    body = zoo.Sequential([layers.Input((6, 6, 3)), layers.Conv2D(4, 3), layers.GlobalMaxPooling2D()], name="body")
    model = zoo.Sequential([layers.Input((6, 6, 3)), body, layers.Dense(3), layers.Activation("softmax")])
    cut = without_top(capture.document(model))
    assert [layer.name for layer in cut.model.layers][-1] == "body"
    np.testing.assert_allclose(predictions(cut), body.predict(IMAGES, verbose=0), rtol=1e-6)


def test_numbers_of_paths_follow_the_layers_that_are_left(tmp_path: pathlib.Path) -> None:
    """Keras 3 stores layers under numbered class names; those of the head must not shift the others."""
    x = layers.Input((6, 6, 3))
    y = layers.Dense(2, name="first")(x)
    y = layers.Flatten()(layers.Dense(4, name="second")(y))
    model = zoo.Model(x, layers.Dense(3, name="classes")(y))
    cut = written(without_top(document_of(model, tmp_path, "keras_zip")), tmp_path / "cut.keras")
    expected = zoo.Model(model.inputs, model.layers[-2].output).predict(IMAGES, verbose=0)
    np.testing.assert_allclose(predictions(cut), expected, rtol=1e-6)
    assert [group.path for group in cut.weights.groups if group.tensors] == ["layers/dense", "layers/dense_1"]


def two_outputs() -> zoo.Model:
    x = layers.Input((6, 6, 3))
    y = layers.Flatten()(x)
    return zoo.Model(x, [layers.Dense(2)(y), layers.Dense(3)(y)])


def joined() -> zoo.Model:
    x = layers.Input((6, 6, 3))
    y = layers.Flatten()(x)
    return zoo.Model(x, layers.Add()([layers.Dense(2)(y), layers.Dense(2)(y)]))


def wrapped() -> zoo.Model:
    x = layers.Input((6, 6, 3))
    return zoo.Model(x, classifier()(x))


UNCLEAR = {
    "with 2 outputs, expected one": two_outputs,
    "\\(Add\\) comes before any pooling or Flatten layer": joined,
    "it has no pooling or Flatten layer": lambda: zoo.Sequential([layers.Input((3,)), layers.Dense(2)]),
    "the nested model .* does not end in a pooling": wrapped,
    "\\(Conv2D\\) comes before": lambda: zoo.Sequential([layers.Input((6, 6, 3)), layers.Flatten(), layers.Dense(9),
                                                          layers.Reshape((3, 3, 1)), layers.Conv2D(1, 2)]),
    "MaxPooling2D\\) comes before": lambda: zoo.Sequential([layers.Input((6, 6, 3)), layers.MaxPooling2D()]),
}


@pytest.mark.parametrize("reason", UNCLEAR)
def test_unclear_heads(reason: str) -> None:
    with pytest.raises(CannotExpress, match=f"not clear where the head of model .* begins: .*{reason}"):
        without_top(capture.document(UNCLEAR[reason]()))


@pytest.mark.parametrize("format", FORMATS)
def test_renaming(tmp_path: pathlib.Path, format: str) -> None:
    model = classifier()
    document = document_of(model, tmp_path, format)
    for old, new in (("conv", "edges"), ("picture", "image"), ("classes", "kinds")):
        document = with_layer_renamed(document, old, new)
    again = written(document, tmp_path / "renamed", format=format)
    assert [layer.name for layer in again.model.layers] == [
        {"conv": "edges", "picture": "image", "classes": "kinds"}.get(layer.name, layer.name) for layer in model.layers]
    np.testing.assert_array_equal(predictions(again), model.predict(IMAGES, verbose=0))
    if again.training is not None:
        assert set(again.training.config["loss"]) == {"kinds"}
    if again.weights.layout == "by_layer":
        assert "edges" in [group.path for group in again.weights.groups]


def test_renaming_in_nested_models(tmp_path: pathlib.Path) -> None:
    model = classifier(nested=True)
    document = with_layer_renamed(document_of(model, tmp_path, "keras_zip"), "body/conv", "edges")
    document = with_layer_renamed(document, "body", "trunk")
    again = written(document, tmp_path / "renamed.h5", dialect="tfkeras")
    assert "trunk/edges" in ["/".join(path) for path, _ in again.model.walk()]
    np.testing.assert_array_equal(predictions(again), model.predict(IMAGES, verbose=0))


def test_renaming_that_cannot_be() -> None:
    document = capture.document(classifier(nested=True))
    with pytest.raises(ConfigError, match="layer 'nothing': expected one layer of that path, found 0; there are .*conv"):
        with_layer_renamed(document, "nothing", "a")
    with pytest.raises(ConfigError, match="expected one that no layer of its model has, received 'norm'"):
        with_layer_renamed(document, "pool", "norm")
    document.model = None
    for edit in (lambda: with_layer_renamed(document, "pool", "a"), lambda: without_top(document)):
        with pytest.raises(ConfigError, match="received weights alone"):
            edit()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
@pytest.mark.parametrize("format", FORMATS)
def test_dtypes(tmp_path: pathlib.Path, format: str, dtype: str) -> None:
    model = classifier()
    document = with_dtype(document_of(model, tmp_path, format), dtype)
    lacking = {"keras_h5": ("bfloat16",), "tfjs_layers": ("bfloat16", "float64")}.get(format, ())
    if dtype in lacking:
        with pytest.raises(CannotExpress, match=dtype):
            io.write(document, tmp_path / "new", format=format)
        return
    again = written(document, tmp_path / "new", format=format)
    assert {tensor.dtype for _, tensor in again.weights} == {dtype}
    np.testing.assert_allclose(predictions(again), model.predict(IMAGES, verbose=0), atol=0.02)
    if again.training is not None:
        assert "float16" not in {tensor.dtype for tensor in again.training.optimizer.tensors}


def test_dtypes_that_cannot_hold_a_value(tmp_path: pathlib.Path) -> None:
    tree = io.WeightTree("by_name", [io.WeightGroup("", [
        io.TensorRecord.of("w", np.array([1.0, 70000.0], "f4")), io.TensorRecord.of("i", np.array([70000]))])])
    document = io.ModelDocument("npz", io.Producer("keras3"), weights=tree)
    with pytest.raises(CannotExpress, match="w: float16 cannot hold its values, the largest of which is 7e\\+04"):
        io.write(with_dtype(document, "float16"), tmp_path / "w.npz")
    assert not list(tmp_path.iterdir())
    io.write(with_dtype(document, "bfloat16"), tmp_path / "w.safetensors")
    found = {tensor.name: tensor for _, tensor in io.read(tmp_path / "w.safetensors").weights}
    assert found["w"].dtype == "bfloat16" and found["w"].read().tolist() == [1.0, 70144.0]
    assert found["i"].dtype == "int64"
    with pytest.raises(ConfigError, match="expected one of float16"):
        with_dtype(document, "int8")


@pytest.mark.parametrize("format", FORMATS)
def test_labels_and_preprocessing_are_kept(tmp_path: pathlib.Path, format: str) -> None:
    document = document_of(classifier(), tmp_path, format)
    again = written(with_preprocess(with_labels(document, ["cat", "Größe", "c"]), "caffe"), tmp_path / "new",
                    format=format)
    assert again.metadata["zoo"].items() >= {"labels": ["cat", "Größe", "c"], "preprocess": "caffe"}.items()
    assert written(again, tmp_path / "copy", format=format).metadata == again.metadata
    with pytest.raises(ConfigError, match="expected a list of names"):
        with_labels(document, "cat")


def test_without_training(tmp_path: pathlib.Path) -> None:
    document = document_of(classifier(), tmp_path, "keras_zip")
    assert document.training is not None
    assert written(without_training(document), tmp_path / "bare.keras").training is None


def test_pointwise_convolutions_belong_to_heads() -> None:
    """As in MobileNet: the classes are given by a convolution of a single position."""
    model = zoo.Sequential([layers.Input((6, 6, 3)), layers.GlobalAveragePooling2D(), layers.Reshape((1, 1, 3)),
                            layers.Dropout(0.1), layers.Conv2D(4, 1), layers.Reshape((4,)), layers.Softmax()])
    assert [layer.class_name for layer in without_top(capture.document(model)).model.layers][-1] == \
        "GlobalAveragePooling2D"
