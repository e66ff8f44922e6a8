"""Arrays of old files: what each becomes, and that it can be undone."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest

import zoo.io
from tests.corpus import CORPUS, require_corpus
from tests.io.layouts.samples import layer, nested, sequential
from zoo.io.document import Convention, ModelRecord, WeightGroup, WeightTree
from zoo.io.layouts import bind_weights, encode_weights
from zoo.io.layouts.arrangement import decoded, encoded, steps_of
from zoo.io.tensors import TensorRecord

FIRST, LAST = {"data_format": "channels_first"}, {"data_format": "channels_last"}


def array(*shape: int) -> np.ndarray:
    return np.arange(np.prod(shape), dtype=np.float32).reshape(shape)


@pytest.mark.parametrize(("class_name", "config", "dialect", "backend", "shape", "expected"), [
    ("Conv2D", LAST, "keras2", "theano", (2, 3, 4, 5), lambda k: k[::-1, ::-1]),
    ("Conv2D", LAST, "keras2", "tensorflow", (2, 3, 4, 5), lambda k: k),
    ("Conv2D", FIRST, "keras1", "tensorflow", (5, 4, 2, 3), lambda k: k.transpose(2, 3, 1, 0)),
    ("Conv2D", FIRST, "keras1", "theano", (5, 4, 2, 3), lambda k: k.transpose(2, 3, 1, 0)[::-1, ::-1]),
    ("Conv2D", LAST, "keras1", "theano", (2, 3, 4, 5), lambda k: k[::-1, ::-1]),
    ("Conv3D", FIRST, "keras0", "theano", (5, 4, 1, 2, 3), lambda k: k.transpose(2, 3, 4, 1, 0)[::-1, ::-1, ::-1]),
    ("Conv2DTranspose", FIRST, "keras1", "tensorflow", (5, 4, 2, 3), lambda k: k.transpose(2, 3, 0, 1)),
    ("Conv2DTranspose", LAST, "keras1", "tensorflow", (2, 3, 4, 5), lambda k: k.transpose(0, 1, 3, 2)),
    ("Conv2DTranspose", LAST, "keras2", "theano", (2, 3, 4, 5), lambda k: k[::-1, ::-1]),
    ("Conv1D", {"kernel_size": [3], "filters": 5}, "keras1", "theano", (3, 1, 4, 5), lambda k: k[::-1, 0]),
    ("Conv1D", {"kernel_size": [3], "filters": 5}, "keras1", "theano", (5, 4, 3, 1),
     lambda k: k.transpose(2, 3, 1, 0)[::-1, 0]),
    ("DepthwiseConv2D", LAST, "keras2", "theano", (2, 3, 4, 1), lambda k: k),
    ("LocallyConnected2D", FIRST, "keras1", "theano", (6, 12, 5), lambda k: k),
    ("Dense", {}, "keras0", "theano", (3, 4), lambda k: k)])
def test_kernels(class_name, config, dialect, backend, shape, expected) -> None:
    steps = steps_of(class_name, "kernel", config, Convention(dialect, backend), shape)
    stored = array(*shape)
    record = TensorRecord("k", shape, "float32", lambda: stored, blocks=lambda: iter([stored]))
    canonical = decoded(record, steps)
    assert np.array_equal(np.concatenate([*canonical.pieces()]), canonical.read())
    assert canonical.shape == expected(stored).shape == canonical.read().shape
    assert np.array_equal(canonical.read(), expected(stored))
    assert np.array_equal(encoded(canonical, steps).read(), stored)


def test_arrays_are_read_when_they_are_asked_for() -> None:
    def load() -> np.ndarray:
        raise AssertionError("read")
    steps = steps_of("Conv2D", "kernel", FIRST, Convention("keras1", "theano"))
    assert decoded(TensorRecord("k", (5, 4, 2, 3), "float32", load), steps).shape == (2, 3, 4, 5)


def tree(*shapes: tuple[int, ...], names: str = "", dialect: str = "keras1", layout: str = "by_layer") -> WeightTree:
    """One layer's arrays, each full of its number."""
    tensors = [TensorRecord.of(name, np.full(shape, i, np.float32))
               for i, (shape, name) in enumerate(zip(shapes, names.split() or [f"param_{i}" for i in range(99)]))]
    return WeightTree(layout, [WeightGroup("a", tensors)], convention=Convention(dialect))


def one(class_name: str, **config: object) -> ModelRecord:
    return sequential(layer(class_name, "a", **config))


LSTM = [(3, 2), (2, 2), (2,)] * 4
IN_ORDER = {"cell/kernel": [0, 6, 3, 9], "cell/recurrent_kernel": [1, 7, 4, 10], "cell/bias": [2, 8, 5, 11]}


def test_gates_of_an_old_lstm() -> None:
    model = one("LSTM", units=2)
    bound, report = bind_weights(model, tree(*LSTM))
    assert not report.missing + report.unexpected + report.mismatched
    for role, order in IN_ORDER.items():
        assert bound[("a",), role].read()[..., ::2].reshape(-1, 4)[0].tolist() == order
    assert [(found.name, found.block) for found in report.arrays[:4]] == [
        ("param_0", 0), ("param_1", 0), ("param_2", 0), ("param_3", 2)]
    again = encode_weights(bound, model, "by_layer", "keras1")
    assert [int(tensor.read().flat[0]) for _, tensor in again] == list(range(12))
    assert [tensor.name for _, tensor in again][:4] == ["a_W_i:0", "a_U_i:0", "a_b_i:0", "a_W_c:0"]


@pytest.mark.parametrize("implementation", [0, 2])
def test_gates_in_one_array_are_told_by_their_number(implementation: int) -> None:
    bound, report = bind_weights(one("GRU", units=2, implementation=implementation), tree((3, 6), (2, 6), (6,)))
    assert bound[("a",), "cell/kernel"].shape == (3, 6) and not report.missing + report.unexpected


def test_gates_are_passed_on_in_pieces_as_they_are_read() -> None:
    stored = tree(*LSTM)
    for _, tensor in stored:
        tensor.blocks = lambda tensor=tensor: iter([tensor.read()])
    model = one("LSTM", units=2)
    bound, _ = bind_weights(model, stored)
    again = encode_weights(bound, model, "by_layer", "keras1")
    for tensor in (*bound.values(), *(tensor for _, tensor in again)):
        assert np.array_equal(np.concatenate([*tensor.pieces()]), tensor.read())


def test_gates_of_different_shapes_are_refused() -> None:
    shapes = [(3, 2), (2, 2), (2,)] * 3 + [(4, 2), (2, 2), (2,)]
    _, report = bind_weights(one("LSTM", units=2), tree(*shapes))
    assert "gates of one shape" in report.mismatched[0]


def test_kernels_with_other_axes_are_refused() -> None:
    model = one("Conv2D", filters=5, kernel_size=[2, 3], data_format="channels_first")
    _, report = bind_weights(model, tree((5, 4), (5,)))
    assert "axes" in report.mismatched[0] and "a/kernel" in report.mismatched[0]


def test_layers_by_number() -> None:
    model = sequential(layer("Dense", "a"), layer("Dropout", "b"), layer("Highway", "c"))
    shapes = [(4, 4), (4,)], [], [(4, 4), (4,), (4, 4), (4,)]
    groups = [WeightGroup(f"layer_{k}", [TensorRecord.of(f"param_{i}", np.full(shape, i)) for i, shape in enumerate(own)])
              for k, own in enumerate(shapes)]
    stored = WeightTree("by_number", groups, convention=Convention("keras0", "theano"))
    bound, report = bind_weights(model, stored)
    assert not report.missing + report.unexpected and bound[("a",), "bias"].shape == (4,)
    assert [int(bound[("c",), role].read().flat[0]) for role in ("W", "b", "W_carry", "b_carry")] == [0, 1, 2, 3]
    again = encode_weights(bound, model, "by_number", "keras0", "theano")
    assert [(group.path, [tensor.name for tensor in group.tensors]) for group in again.groups] == [
        (group.path, [tensor.name for tensor in group.tensors]) for group in groups]


@require_corpus
def test_theano_and_tensorflow_versions_of_a_network_are_the_same() -> None:
    """Weights of one network that its authors published for both backends, in files that name neither."""
    assert CORPUS is not None
    folder: pathlib.Path = CORPUS / "wild" / "music-tagging" / "compact_cnn"
    stack = [layer(name, f"{name}{i}", data_format="channels_first", axis=1)
             for i in range(5) for name in ("Conv2D", "BatchNormalization")]
    model = sequential(nested(sequential(*stack, name="ConvBNEluDr")))
    theano, tensorflow = (zoo.io.read(folder / f"weights_{name}.hdf5") for name in ("theano", "tensorflow"))
    assert theano.weights is not None and tensorflow.weights is not None
    assert (theano.weights.convention, tensorflow.weights.convention) == (
        Convention("keras1", "theano"), Convention("keras1", "tensorflow"))
    first, second = (bind_weights(model, document.weights, by_name=True)[0] for document in (theano, tensorflow))
    assert len(first) == 30 and set(first) == set(second)
    for key in first:
        assert np.array_equal(first[key].read(), second[key].read()), key
