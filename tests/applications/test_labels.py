"""The classes of ImageNet, and predictions in words."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest

from tests.corpus import CORPUS, require_corpus
from zoo.applications import vgg16
from zoo.applications.labels import decode_predictions, imagenet_classes
from zoo.errors import ConfigError, ShapeError

KERAS_CLASS_INDEX_MD5 = "c2c37ea517e94d9795004a39431a14cb"  # of imagenet_class_index.json, as Keras promises it


def test_classes_are_exactly_those_of_keras() -> None:
    """Written as Keras's file is, our table has that file's hash."""
    index = json.dumps({str(i): list(label) for i, label in enumerate(imagenet_classes())})
    assert hashlib.md5(index.encode(), usedforsecurity=False).hexdigest() == KERAS_CLASS_INDEX_MD5


def test_classes_go_by_wordnet_id() -> None:
    classes = imagenet_classes()
    ids = [label.wnid for label in classes]
    assert ids == sorted(set(ids)) and len(ids) == 1000
    assert classes[282] == ("n02123159", "tiger_cat")
    assert [classes[i].name for i in (263, 264, 474)] == ["Pembroke", "Cardigan", "cardigan"]
    assert classes[134].name == classes[517].name == "crane"
    assert classes[638].name == classes[639].name == "maillot"


@require_corpus
def test_decoding_is_that_of_keras() -> None:
    """The corpus used made-up names, ``n%08d`` of the class's number."""
    folder = CORPUS / "applications" / "_preprocess_input"
    expected = json.loads((folder / "meta.json").read_text())["decode_predictions"]
    with np.load(folder / "io.npz", allow_pickle=False) as file:
        decoded = decode_predictions(file["predictions"], top=expected["top"])
    classes = imagenet_classes()
    assert decoded == [[(*classes[int(made_up[1:])], score) for made_up, _, score in row]
                       for row in expected["result"]]


def test_top_scores_come_first() -> None:
    scores = np.zeros((2, 1000), "float32")
    scores[0, [1, 5, 9]] = 0.1, 0.7, 0.2
    scores[1, 999] = 1
    first, second = vgg16.decode_predictions(scores, top=3)
    assert [name for _, name, _ in first] == ["electric_ray", "ostrich", "goldfish"]
    assert second[0] == ("n15075141", "toilet_tissue", 1.0)
    assert len(decode_predictions(scores)[0]) == 5


@pytest.mark.parametrize("shape", [(1000,), (1, 10), (1, 1, 1000)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match=r"\(batch, 1000\)"):
        decode_predictions(np.zeros(shape))


@pytest.mark.parametrize("top", [0, -1, 2.5])
def test_top_is_a_positive_integer(top: object) -> None:
    with pytest.raises(ConfigError, match="positive integer"):
        decode_predictions(np.zeros((1, 1000)), top=top)
