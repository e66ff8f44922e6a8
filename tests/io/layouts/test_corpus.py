"""The corpus: the same model in two layouts has the same weights at the same addresses, bit for bit."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

import zoo.io
from tests.conformance.outcome import tally
from tests.corpus import CORPUS, require_corpus
from zoo.io import layouts
from zoo.io.document import ModelDocument, WeightTree
from zoo.io.layouts import BindingReport, BoundWeights

pytestmark = require_corpus

# Here the two files differ: adapters of low rank are added up in one and kept apart in the other, and weights of
# terms are in the config of the one and in both of the other.
DIFFERENT = {"model_lora", "string_lookup_tf_idf", "text_vectorization_tf_idf"}
STEMS = ("model", "initial", "trained")
HISTORICAL = ["keras-0.3.3", "keras-1.2.2", "keras-2.0.9", "keras-2.2.4", "keras-2.3.1"]


def folders(producer: str) -> Iterator[pathlib.Path]:
    assert CORPUS is not None
    return (path for path in sorted((CORPUS / producer).iterdir()) if path.is_dir())


def read(path: pathlib.Path, weights: pathlib.Path | None = None) -> tuple[ModelDocument, BoundWeights, BindingReport]:
    document = zoo.io.read(path, weights=weights)
    assert document.model is not None and document.weights is not None
    return document, *layouts.bind_weights(document.model, document.weights)


def difference(one: BoundWeights, other: BoundWeights) -> str | None:
    """Where two sets of weights differ, or None."""
    if set(one) != set(other):
        return f"other addresses: {sorted(set(one) ^ set(other))[:4]}"
    wrong = [key for key in one if one[key].shape != other[key].shape
             or not np.array_equal(one[key].read(), other[key].read())]
    return f"other values: {wrong[:4]}" if wrong else None


def nameless(tree: WeightTree) -> WeightTree:
    """The tree with names of tensors that tell nothing."""
    return replace(tree, groups=[replace(group, tensors=[replace(tensor, name=f"param_{i}")
                                                         for i, tensor in enumerate(group.tensors)])
                                 for group in tree.groups])


@pytest.mark.parametrize("producer", ["keras3", "keras-3.0.5", "keras-3.6.0", "tfkeras2", "tfkeras-2.15",
                                      "tfkeras-2.12", "training"])
def test_both_files_of_a_model_agree(producer: str) -> None:
    row = tally(f"layouts: {producer} .keras = .h5")
    for folder in folders(producer):
        for stem in STEMS:
            paths = folder / f"{stem}.keras", folder / f"{stem}.h5"
            if not all(path.is_file() for path in paths):
                continue
            (_, one, _), (_, other, _) = map(read, paths)
            problem = difference(one, other)
            name = f"{folder.name}/{stem}"
            if folder.name in DIFFERENT:
                row.not_yet[name] = "the two files hold different weights"
            else:
                row.passed.append(name) if problem is None else row.failed.update({name: problem})
    assert row.passed and not row.failed, "\n".join(row.lines())


@pytest.mark.parametrize("producer", ["keras3", "keras-3.0.5", "tfkeras2", "tfkeras-2.15", "tfkeras-2.12"])
def test_weights_alone_agree_with_the_model(producer: str) -> None:
    row = tally(f"layouts: {producer} weights alone")
    for folder in folders(producer):
        whole = next((folder / name for name in ("model.keras", "model.h5") if (folder / name).is_file()), None)
        for name in ("model.weights.h5", "legacy_weights.h5"):
            if whole is None or not (folder / name).is_file():
                continue
            document, expected, _ = read(whole)
            tree = zoo.io.read(folder / name).weights
            assert document.model is not None and tree is not None
            problem = difference(layouts.bind_weights(document.model, tree)[0], expected)
            row.passed.append(folder.name) if problem is None else row.failed.update({folder.name: problem})
    assert row.passed and not row.failed, "\n".join(row.lines())


# The classes of these models define their layers in code, so that the layout by layer has no layers to group by.
OPAQUE = {"model_custom_model"}


@pytest.mark.parametrize("producer", ["keras3", "tfkeras2", "tfkeras-2.15", "tfkeras-2.12", "keras-2.3.1",
                                      "keras-2.2.4", "keras-2.0.9", "keras-1.2.2"])
def test_every_weight_has_an_owner_whatever_it_is_called(producer: str) -> None:
    row = tally(f"layouts: {producer} .h5 without names")
    for folder in folders(producer):
        if not (folder / "model.h5").is_file():
            continue
        document, bound, report = read(folder / "model.h5")
        assert document.model is not None and document.weights is not None
        by_order, _ = layouts.bind_weights(document.model, nameless(document.weights))
        problem = difference(bound, by_order) or next(iter(report.missing + report.unexpected), None)
        row.passed.append(folder.name) if problem is None else row.failed.update({folder.name: problem})
    assert row.passed and not row.failed, "\n".join(row.lines())


@pytest.mark.parametrize(("layout", "dialect"), [
    ("by_layer", "keras3"), ("by_layer", "tfkeras"), ("by_layer", "keras2"), ("by_path", "keras3")])
@pytest.mark.parametrize("producer", ["keras3", "tfkeras2"])
def test_what_is_laid_out_anew_is_found_again(producer: str, layout: str, dialect: str) -> None:
    row = tally(f"layouts: {producer} to {layout}, {dialect}")
    for folder in folders(producer):
        skipped = DIFFERENT | (OPAQUE if layout == "by_layer" else set())
        if folder.name in skipped or not (folder / "model.keras").is_file():
            continue
        document, bound, _ = read(folder / "model.keras")
        assert document.model is not None
        tree = layouts.encode_weights(bound, document.model, layout, dialect)
        tree.keras_version = {"keras3": "3.15.1", "tfkeras": "2.15.0", "keras2": "2.3.1"}[dialect]
        again, report = layouts.bind_weights(document.model, tree)
        problem = difference(bound, again) or next(iter(report.missing + report.unexpected), None)
        row.passed.append(folder.name) if problem is None else row.failed.update({folder.name: problem})
    assert row.passed and not row.failed, "\n".join(row.lines())


def old_files(producer: str) -> Iterator[tuple[str, pathlib.Path, pathlib.Path | None]]:
    """Names, whole models, and architectures with their weights."""
    for folder in folders(producer):
        if (folder / "model.h5").is_file():
            yield folder.name, folder / "model.h5", None
        if (folder / "model.json").is_file() and (folder / "weights.h5").is_file():
            yield f"{folder.name}/model.json", folder / "model.json", folder / "weights.h5"


def other_arrays(one: WeightTree, other: WeightTree) -> str | None:
    """Where two trees have other arrays, or None. Keras 1 gave no names to models inside of a `Sequential`, and what
    began with branches as layers with numbers is a graph here: groups are not compared."""
    these, those = ([tensor.read() for _, tensor in tree] for tree in (one, other))
    same = len(these) == len(those) and all(map(np.array_equal, these, those))
    return None if same else f"{[a.shape for a in these]}, {[a.shape for a in those]}"


@pytest.mark.parametrize("producer", HISTORICAL)
def test_old_arrays_are_written_as_they_were(producer: str) -> None:
    """To the file's own arrangement, and (of Keras 0 and 1) to that of Keras 3 and back."""
    row = tally(f"layouts: {producer} to its own arrangement")
    for name, path, weights in old_files(producer):
        document, bound, report = read(path, weights)
        assert document.model is not None and document.weights is not None
        tree, convention = document.weights, document.weights.convention
        lost = next(iter(report.missing + report.unexpected + report.mismatched), None)
        again = layouts.encode_weights(bound, document.model, tree.layout, convention.dialect, convention.backend)
        problem = lost or other_arrays(tree, again)
        if convention.dialect != "keras2" and problem is None:
            newer = layouts.encode_weights(bound, document.model, "by_path", "keras3")
            problem = difference(bound, layouts.bind_weights(document.model, newer)[0])
        row.passed.append(name) if problem is None else row.failed.update({name: problem})
    assert row.passed and not row.failed, "\n".join(row.lines())


@pytest.mark.parametrize("producer", ["keras-1.2.2", "keras-2.0.9"])
def test_old_pairs_have_the_weights_of_the_model(producer: str) -> None:
    row = tally(f"layouts: {producer} model.json = model.h5")
    for folder in folders(producer):
        if all((folder / name).is_file() for name in ("model.h5", "model.json", "weights.h5")):
            _, whole, _ = read(folder / "model.h5")
            _, pair, _ = read(folder / "model.json", folder / "weights.h5")
            problem = difference(whole, pair)
            row.passed.append(folder.name) if problem is None else row.failed.update({folder.name: problem})
    assert row.passed and not row.failed, "\n".join(row.lines())
