"""What differs between two documents."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from tests.conformance.outcome import tally
from tests.corpus import CORPUS, require_corpus
from tests.report import documents
from zoo import io
from zoo.io import TensorRecord
from zoo.report.difference import ABSENT, Tolerance, difference
from zoo.report.statistics import distance

#: Cases whose two files differ, with the reason.
NAMED = {
    "spectral_normalization_conv": "Keras 3 stores the kernel of the layer inside twice in .keras files",
    "text_vectorization_tf_idf": "the weights of the table inside belong to another object in each form",
    "time_distributed_model": "a model inside a wrapper's config is compared as it is written",
    "optimizer_legacy_adam": "tf.keras stores no state of its older optimizers in .keras files",
    "optimizer_legacy_sgd": "tf.keras stores no state of its older optimizers in .keras files",
}


def changes(first: io.ModelDocument, second: io.ModelDocument, **options: object) -> dict[str, tuple[object, object]]:
    return {change.where: (change.first, change.second) for change in difference(first, second, **options).changes}


def test_layouts_do_not_differ_in_content() -> None:
    found = difference(documents.document(), documents.document(documents.by_layer()))
    assert found.same and found.compared == {"layers": 7, "weights": 6}


def test_arguments_classes_and_layers() -> None:
    one, other = documents.document(), documents.document()
    edges, flat, head = other.model.layers[1:4]
    edges.config |= {"filters": 8, "groups": 2}
    head.model.layers[1].config["activation"] = "tanh"
    flat.class_name = "GlobalMaxPooling2D"
    other.model.layers.append(documents.layer("Dropout", "extra", "out", rate=0.5))
    assert changes(one, other, parts=("architecture",)) == {
        "edges.filters": (4, 8), "edges.groups": (ABSENT, 2), "head/hidden.activation": ("relu", "tanh"),
        "flat.class_name": ("Flatten", "GlobalMaxPooling2D"), "extra": (ABSENT, "Dropout")}
    assert ("extra", ("Dropout", ABSENT)) in changes(other, one).items()


def test_wiring() -> None:
    one, other = documents.document(), documents.document()
    other.model.layers[2].calls = [io.CallRecord((io.TensorRef("picture", 0, 0),))]
    other.model.outputs = io.TensorRef("head", 0, 0)
    assert set(changes(one, other, parts=("architecture",))) == {"flat.calls", "model.outputs"}


def test_what_a_dialect_lacks_and_says_nothing_is_the_same() -> None:
    one, other = documents.document(), documents.document()
    other.producer = dataclasses.replace(other.producer, dialect="keras2")
    one.model.layers[1].config["groups"] = 1
    assert difference(one, other).same
    one.model.layers[1].config["groups"] = 2
    assert changes(one, other) == {"edges.groups": (2, ABSENT)}


def test_other_names_for_the_same_layers() -> None:
    one, other = documents.document(), documents.document(documents.by_layer())
    names = {"picture": "a", "edges": "b", "flat": "c", "head": "d", "out": "e"}
    for layer in other.model.layers:
        layer.name = names[layer.name]
        layer.calls = [io.CallRecord(tuple(dataclasses.replace(ref, layer=names[ref.layer]) for ref in call.args))
                       for call in layer.calls]
    other.model.inputs, other.model.outputs = io.TensorRef("a", 0, 0), io.TensorRef("e", 0, 0)
    for group in other.weights.groups:
        group.path = names[group.path]
    found = difference(one, other)
    assert {change.where for change in found.changes} == {f"{name}.name" for name in names}
    assert found.compared["weights"] == 6 and "matched by order" in found.notes[0]


def test_weights() -> None:
    one, other = documents.document(), documents.document()
    kernel = one.weights.groups[0].tensors[0].read().copy()
    kernel[0, 0, 0, 1] += 7
    other.weights.groups[0].tensors = [TensorRecord.of("0", kernel), documents.tensor("1", 4)]
    [change] = difference(one, other).changes
    assert change.where == "edges/kernel" and (change.distance.differing, change.distance.size) == (1, 36)
    assert change.distance.absolute == 7 and change.distance.relative == pytest.approx(7 / 35)
    assert difference(one, other, tolerance=Tolerance(absolute=7.0)).same
    assert not difference(one, other, tolerance=Tolerance(relative=0.5)).same
    other.weights.groups[0].tensors[0] = TensorRecord.of("0", kernel.astype("float16"))
    assert ("float32 (3, 3, 1, 4)", "float16 (3, 3, 1, 4)") in changes(one, other).values()


def test_files_of_weights_alone() -> None:
    one, other = documents.document(), documents.document(documents.by_layer())
    one.model = other.model = None
    found = difference(one, other)
    assert found.compared["weights"] == 0 and len(found.changes) == 12         # other names, other order: nothing guessed
    other = documents.document()
    other.model = None
    other.weights.groups[0].tensors.pop()
    assert changes(one, other) == {"layers/conv2d/1": ("float32 (4)", ABSENT)}


def test_training_state() -> None:
    one, other = documents.document(with_training=True), documents.document()
    assert changes(one, other) == {"training": ("(present)", ABSENT)}
    other = documents.document(with_training=True)
    other.training.config["loss"] = "mae"
    other.training.optimizer.tensors = [documents.tensor("momentum", 4, 2, start=1.0)]
    assert set(changes(one, other)) == {"compile.loss", "optimizer/0"}


def test_times_of_saving_are_no_difference() -> None:
    one, other = documents.document(), documents.document()
    other.metadata = {"date_saved": "2025-01-01", "licence": "MIT"}
    assert changes(one, other) == {"licence": (ABSENT, "MIT")}


def test_distances() -> None:
    nan, inf = math.nan, math.inf
    same = np.array([nan, inf, -inf, 1.0])
    assert distance(same, same.copy()).differing == 0
    apart = distance(np.array([nan, inf, 1.0, 2.0]), np.array([0.0, -inf, 1.5, 2.0]))
    assert (apart.differing, apart.size, apart.absolute, apart.relative) == (3, 4, 0.5, 0.25)
    assert distance(np.array([1.0]), np.array([inf]), relative=0.1).differing == 1
    large = np.zeros(3_000_000, "float32")
    other = large.copy()
    other[-1] = 1e-3
    assert distance(large, other).differing == 1 and distance(large, other, absolute=0.01).differing == 0
    assert distance(np.array([b"a", b"b"]), np.array([b"a", b"c"])).differing == 1


@require_corpus
@pytest.mark.parametrize("producer", ["keras3", "tfkeras2", "tfkeras-2.15"])
def test_the_two_files_of_a_model_are_the_same(producer: str) -> None:
    row = tally(f"diff: {producer} model.h5, model.keras")
    for path in sorted((CORPUS / producer).glob("*/model.h5"))[::6]:
        name, other = path.parent.name, path.with_suffix(".keras")
        if not other.exists():
            continue
        if name in NAMED:
            row.not_yet[name] = NAMED[name]
            continue
        found = difference(io.read(path), io.read(other))
        if found.same:
            row.passed.append(name)
        else:
            row.failed[name] = f"{found.changes[0]}"
    assert row.passed and not row.failed, "\n".join(row.lines())
