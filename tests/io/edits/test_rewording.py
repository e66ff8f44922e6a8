"""What a dialect lacks, in other words: predictions stay, and a note says what was changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import zoo
from tests.conformance.model_cases import cases, difference
from tests.conformance.outcome import tally
from tests.corpus import require_corpus
from zoo import layers, tree
from zoo.errors import CannotExpress, ZooError
from zoo.io.edits.hard_sigmoid import has_older_hard_sigmoid

OLD = "keras2>hard_sigmoid"
X = np.random.default_rng(0).normal(size=(3, 5, 4)).astype("float32") * 3


@pytest.mark.parametrize("made", [
    lambda: layers.LSTM(3, recurrent_activation=OLD), lambda: layers.GRU(3, recurrent_activation=OLD, reset_after=False),
    lambda: layers.GRU(3, recurrent_activation=OLD, return_sequences=True), lambda: layers.SimpleRNN(3, activation=OLD),
    lambda: layers.Bidirectional(layers.LSTM(3, recurrent_activation=OLD)), lambda: layers.Dense(3, activation=OLD),
    lambda: layers.RNN(layers.GRUCell(3, recurrent_activation=OLD)), lambda: layers.Conv1D(2, 2, activation=OLD),
    lambda: layers.TimeDistributed(layers.Dense(2, activation=OLD)), lambda: layers.Activation(OLD),
    lambda: layers.SeparableConv1D(2, 2, activation=OLD, use_bias=False)])
def test_the_older_hard_sigmoid(made: Any, tmp_path: Path) -> None:
    model = zoo.Sequential([zoo.Input((5, 4)), made(), layers.Dense(2)])
    model.set_weights([np.random.default_rng(i).normal(size=w.shape).astype("float32")
                       for i, w in enumerate(model.weights)])
    with pytest.warns(UserWarning, match="1.2 times"):
        model.save(tmp_path / "m.keras")
    assert not has_older_hard_sigmoid(zoo.io.read(tmp_path / "m.keras").model)
    loaded = zoo.load_model(tmp_path / "m.keras")
    np.testing.assert_allclose(loaded.predict_on_batch(X), model.predict_on_batch(X), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("made", [
    lambda: layers.LSTM(3, activation=OLD),
    lambda: layers.RNN([layers.LSTMCell(3, recurrent_activation=OLD), layers.GRUCell(2, recurrent_activation=OLD)])])
def test_what_cannot_be_exchanged_is_refused(made: Any, tmp_path: Path) -> None:
    model = zoo.Sequential([zoo.Input((5, 4)), made()])
    with pytest.raises(CannotExpress, match="hard_sigmoid"):
        model.save(tmp_path / "m.keras", dialect="keras3")
    assert not (tmp_path / "m.keras").exists()


@pytest.mark.parametrize("name", ["m.weights.h5", "m.h5", "m.safetensors", "m.npz"])
def test_weights_alone_stay_as_they_are(name: str, tmp_path: Path) -> None:
    model = zoo.Sequential([zoo.Input((5, 4)), layers.LSTM(3, recurrent_activation=OLD)])
    model.save_weights(tmp_path / name)
    before = model.get_weights()
    model.set_weights([0 * array for array in before])
    model.load_weights(tmp_path / name)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_architectures_alone_are_refused(tmp_path: Path) -> None:
    """Their weights, in another file, would not be multiplied."""
    model = zoo.Sequential([zoo.Input((5, 4)), layers.LSTM(3, recurrent_activation=OLD)])
    with pytest.raises(CannotExpress, match="hard_sigmoid"):
        zoo.io.write(zoo.models.capture.document(model), tmp_path / "m.json", dialect="keras3")


def test_dialects_that_have_it_keep_it(tmp_path: Path) -> None:
    model = zoo.Sequential([zoo.Input((5, 4)), layers.LSTM(3, recurrent_activation=OLD)])
    assert zoo.io.write(zoo.models.capture.document(model), tmp_path / "m.h5", dialect="tfkeras") == []
    arrays = [tensor.read() for _, tensor in zoo.io.read(tmp_path / "m.h5").weights]
    assert all(np.array_equal(a, w.numpy()) for a, w in zip(arrays, model.weights, strict=True))


@require_corpus
@pytest.mark.parametrize("producer", ["keras-1.2.2", "keras-2.2.4"])
def test_old_recurrent_models_become_models_of_keras_3(producer: str, tmp_path: Path) -> None:
    row = tally(f"hard sigmoids: {producer} to Keras 3")
    for case in cases(producer):
        path = case.folder / "model.h5"
        if not path.exists() or not any(True for _ in case.calls()):
            continue
        document = zoo.io.read(path, **case.options(path.name))
        if not has_older_hard_sigmoid(document.model):
            continue
        try:
            zoo.io.write(document, tmp_path / "m.keras")
            model = zoo.load_model(tmp_path / "m.keras", case.custom_objects(), compile=False)
        except ZooError as error:
            row.failed[case.name] = str(error).splitlines()[0]
            continue
        inputs, expected = next(iter(case.calls()))
        given = list(inputs.values())
        received = tree.leaves(model.predict_on_batch(given if len(given) > 1 else given[0]))
        problem = difference(received, expected, **case.tolerance)
        row.passed.append(case.name) if problem is None else row.failed.update({case.name: problem})
    assert row.passed and not row.failed, "\n".join(row.lines())
