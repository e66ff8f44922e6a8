"""Vocabularies: given, learned, in files. Expected values of `adapt` are those of Keras 3.15."""

from __future__ import annotations

import pathlib
import zipfile

import numpy as np
import pytest

import zoo
from zoo import layers
from zoo.errors import CannotExpress, ConfigError, DtypeError, Unsupported

WORDS = np.array([["a", "b"], ["b", "c"], ["b", "a"], ["z", "é"]])
ASKED = [["a", "b", "q"], ["c", "c", "b"]]
TEXTS = ["The cat sat, the cat ran!", "a dog ran", "Dog. dog? the end", "Été ÉTÉ"]
LEARNED = ["b", "a", "é", "z", "c"]


@pytest.mark.parametrize(("mask", "mode", "vocabulary", "expected"), [
    (None, "int", ["[UNK]", "[UNK]", *LEARNED], [[3, 2, 1], [6, 6, 2]]),
    ("b", "int", ["b", "[UNK]", "[UNK]", *LEARNED[1:]], [[3, 0, 2], [6, 6, 0]]),
    (None, "count", ["[UNK]", "[UNK]", *LEARNED], [[0, 1, 1, 1, 0, 0, 0], [0, 0, 1, 0, 0, 0, 2]]),
    ("b", "multi_hot", ["[UNK]", "[UNK]", *LEARNED[1:]], [[0, 1, 1, 0, 0, 0], [0, 0, 0, 0, 0, 1]]),
    ("b", "tf_idf", ["[UNK]", "[UNK]", *LEARNED[1:]], [[0, 1.0357838, 0.8472978, 0, 0, 0], [0, 0, 0, 0, 0, 2.1972246]])])
def test_adapted_strings(mask, mode, vocabulary, expected) -> None:
    layer = layers.StringLookup(output_mode=mode, num_oov_indices=2, mask_token=mask)
    layer.adapt(WORDS)
    assert layer.get_vocabulary() == vocabulary
    np.testing.assert_allclose(layer(ASKED), expected, rtol=1e-6)


def test_adapted_integers_with_a_limit() -> None:
    layer = layers.IntegerLookup(output_mode="tf_idf", max_tokens=6, pad_to_max_tokens=True)
    layer.adapt(np.array([[1, 2, 2], [2, 3, 9], [9, 9, 1]]))
    assert layer.get_vocabulary() == [-1, 9, 2, 1, 3]
    np.testing.assert_allclose(layer(np.array([[1, 2, 7], [9, 9, 9]])),
                               [[0.74893308, 0, 0.69314718, 0.69314718, 0, 0], [0, 2.07944155, 0, 0, 0, 0]], rtol=1e-6)


def test_adapted_texts() -> None:
    layer = layers.TextVectorization(max_tokens=7)
    layer.adapt(TEXTS)
    assert layer.get_vocabulary() == ["", "[UNK]", "the", "dog", "ran", "cat", "Été"]
    assert layer(["the dog ran and ran", "cat"]).tolist() == [[2, 3, 4, 1, 4], [5, 0, 0, 0, 0]]
    weighted = layers.TextVectorization(max_tokens=7, output_mode="tf_idf")
    weighted.adapt(iter([TEXTS[:2], TEXTS[2:]]))
    np.testing.assert_allclose(weighted(["the dog ran and ran"])[0],
                               [0.97295505, 0.84729785, 0.84729785, 1.6945957, 0, 0, 0], rtol=1e-6)


@pytest.mark.parametrize(("arguments", "data", "expected"), [
    ({"num_bins": 5}, lambda draw: draw(size=(500, 3)), [-0.8307526, -0.2791518, 0.2613499, 0.811254]),
    ({"num_bins": 3, "epsilon": 0.1}, lambda draw: [draw(size=(500, 3)), *(draw(size=40) for _ in range(3))][1:],
     [-0.2552873, 0.4622518])])
def test_adapted_boundaries(arguments, data, expected) -> None:
    layer = layers.Discretization(**arguments)
    layer.adapt(data(np.random.default_rng(0).normal))
    np.testing.assert_allclose(layer.bin_boundaries, expected, rtol=1e-5)


def test_vocabularies_with_special_tokens_and_back() -> None:
    plain = layers.StringLookup(vocabulary=["x", "y"], mask_token="")
    whole = layers.StringLookup(vocabulary=plain.get_vocabulary(), mask_token="")
    asked = [["", "x", "?", "y"]]
    assert plain(asked).tolist() == whole(asked).tolist() == [[0, 2, 1, 3]]
    back = layers.StringLookup(vocabulary=plain.get_vocabulary(), mask_token="", invert=True)
    assert back(np.array([[0, 2, 1, 3, 9, -1]])).tolist() == [["", "x", "[UNK]", "y", "[UNK]", "[UNK]"]]


def model_of(layer: layers.Layer, length: int = 1) -> zoo.Model:
    x = zoo.Input((length,), dtype="string")
    return zoo.Model(x, layer(x))


@pytest.mark.parametrize("mode", ["int", "tf_idf"])
def test_learned_vocabularies_are_assets_of_archives(mode, tmp_path: pathlib.Path) -> None:
    layer = layers.TextVectorization(output_mode=mode, max_tokens=9, pad_to_max_tokens=True, name="words")
    layer.adapt(TEXTS)
    inner = model_of(layer)
    model = zoo.Sequential([zoo.Input((1,), dtype="string"), inner])
    asked = np.array([["the cat"], ["a dog ran"]], object)
    expected = model.predict_on_batch(asked)
    model.save(tmp_path / "model.keras")
    names = zipfile.ZipFile(tmp_path / "model.keras").namelist()
    assert "assets/layers/functional/layers/text_vectorization/_lookup_layer/vocabulary.txt" in names
    np.testing.assert_array_equal(zoo.load_model(tmp_path / "model.keras").predict_on_batch(asked), expected)
    with pytest.raises(CannotExpress, match="no place for files of layers"):
        model.save(tmp_path / "model.h5")


def test_a_model_can_be_made_before_its_vocabulary_is_known() -> None:
    layer = layers.StringLookup()
    model = model_of(layer)
    with pytest.raises(ConfigError, match="has no vocabulary yet"):
        model.predict_on_batch(np.array([["a"]]))
    layer.adapt(WORDS)
    assert model.predict_on_batch(np.array([["a"], ["?"]])).tolist() == [[2], [0]]


def test_no_config_makes_zoo_read_a_file(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "vocabulary.txt"
    path.write_text("x\ny\n")
    layer = layers.StringLookup(vocabulary=str(path))
    assert layer([["y"]]).tolist() == [[2]] and layer.get_config()["vocabulary"] is None
    for cls in (layers.StringLookup, layers.IntegerLookup, layers.TextVectorization):
        with pytest.raises(ConfigError, match="paths are not followed"):
            cls.from_config({"name": "l", "vocabulary": str(path)})


@pytest.mark.parametrize(("make", "error", "message"), [
    (lambda: layers.StringLookup(vocabulary=["a", "a"]), ConfigError, "more than once: .'a'"),
    (lambda: layers.StringLookup(vocabulary=["a", ""], mask_token=""), ConfigError, "is reserved"),
    (lambda: layers.StringLookup(vocabulary=["a", "b"], max_tokens=2), ConfigError, "larger than max_tokens=2"),
    (lambda: layers.StringLookup(vocabulary=["a"], output_mode="tf_idf"), ConfigError, "idf_weights go with"),
    (lambda: layers.StringLookup(vocabulary=["a"], output_mode="tf_idf", idf_weights=[1, 2]), ConfigError, "expected 1"),
    (lambda: layers.StringLookup(vocabulary=["a"], num_oov_indices=0)([["b"]]), ConfigError, "'b' is not in"),
    (lambda: layers.StringLookup(vocabulary=["a"])(np.array([[1]])), DtypeError, "expects string"),
    (lambda: layers.StringLookup(vocabulary=["a"]).adapt(WORDS), ConfigError, "nothing to adapt"),
    (lambda: layers.StringLookup(sparse=True), Unsupported, "dense tensors only"),
    (lambda: layers.StringLookup(output_mode="count")([["a"]]), ConfigError, "needs its vocabulary"),
    (lambda: layers.TextVectorization(standardize="upper"), ConfigError, "`standardize` must be one of"),
    (lambda: layers.TextVectorization(vocabulary=["a"])([["a", "b"]]), Exception, "splits texts of shape"),
    (lambda: layers.Discretization(), ConfigError, "Received neither"),
    (lambda: layers.Discretization(num_bins=2)(np.ones((1, 1))), ConfigError, "has no boundaries yet"),
    (lambda: layers.Hashing(4, salt="a"), ConfigError, "two integers"),
    (lambda: layers.HashedCrossing(4)([np.array([["a"]])]), Exception, "two or more tensors"),
    (lambda: layers.CategoryEncoding(), ConfigError, "num_tokens")])
def test_what_is_wrong_is_said(make, error, message) -> None:
    with pytest.raises(error, match=message):
        make()


def test_weighted_counts() -> None:
    layer = layers.CategoryEncoding(4, output_mode="count")
    counts = layer(np.array([[0, 1, 1, 9]]), count_weights=np.array([[1.0, 0.5, 2.0, 3.0]]))
    np.testing.assert_array_equal(counts, [[1, 2.5, 0, 0]])
