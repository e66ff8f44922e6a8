"""Losses, metrics and whole sessions of training as Keras 0 to 2 computed them, on models from their files."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import zoo
from tests.conformance.outcome import tally
from tests.conformance.test_resume import multi_backend_resume_differs, with_state
from tests.corpus import CORPUS, require_corpus
from zoo import conventions
from zoo.errors import CannotExpress

pytestmark = require_corpus
PRODUCERS = ("keras-1.2.2", "keras-2.0.9", "keras-2.2.4", "keras-2.3.1")


def case(producer: str, name: str) -> tuple[pathlib.Path, dict[str, Any], dict[str, np.ndarray]]:
    """Folder, ``meta.json`` and ``io.npz`` of a case."""
    folder = CORPUS / producer / name
    with np.load(folder / "io.npz") as arrays:
        return folder, json.loads((folder / "meta.json").read_text()), dict(arrays)


# ---- losses and metrics

def evaluated(model: Any, kind: str, name: str, arrays: dict[str, np.ndarray]) -> list[float]:
    """What a case has for the loss or metric of that name, computed here."""
    x, y = arrays["ev_X"], arrays["ev_Yint" if name.startswith("sparse") else "ev_Y"]
    if kind == "metric":
        model.compile("sgd", "mse", metrics=[name])
        return model.evaluate(x, y, batch_size=4, verbose=0)
    model.compile("sgd", name)
    return [model.evaluate(x, y, batch_size=4, verbose=0, sample_weight=weight) for weight in (None, arrays["ev_sw"])]


@pytest.mark.parametrize("producer", PRODUCERS)
def test_losses_and_metrics_of_models_from_older_files(producer: str) -> None:
    folder, meta, arrays = case(producer, "losses_and_metrics")
    model, row = zoo.load_model(folder / "model.h5"), tally(f"losses and metrics: {producer}")
    for key, want in arrays.items():
        kind, _, name = key.partition("_")
        if kind not in ("loss", "metric"):
            continue
        got = evaluated(model, kind, name, arrays)
        fits = np.allclose(got, want, rtol=meta["rtol"], atol=meta["atol"])
        row.passed.append(key) if fits else row.failed.update({key: f"{got}, expected {want}"})
    assert row.passed and not row.failed, "\n".join(row.lines())


def test_todays_losses_are_those_of_keras_3_whatever_was_trained_before() -> None:
    folder, _, arrays = case("keras-2.2.4", "losses_and_metrics")
    model = zoo.load_model(folder / "model.h5")
    old = evaluated(model, "loss", "hinge", arrays)
    model.conventions = conventions.TODAY
    signs, scores = 2 * arrays["ev_Y"] - 1, model.predict(arrays["ev_X"], verbose=0)
    today = evaluated(model, "loss", "hinge", arrays)
    assert today[0] == pytest.approx(np.maximum(1 - signs * scores, 0).mean(), rel=1e-5)
    assert abs(today[0] - old[0]) > 1e-3


# ---- a session

def session(model: Any, arrays: dict[str, np.ndarray]) -> Iterator[tuple[str, Any]]:
    """The steps of ``quickstart_sequential`` in turn: the key of what is expected, and what came out."""
    x, y = arrays["fit_X"], arrays["fit_Y"]
    history = model.fit(x, y, epochs=3, batch_size=4, shuffle=False, verbose=0).history
    yield "history_loss", history["loss"]
    yield accuracy_key("history_", arrays), history["accuracy"]
    yield from ((f"get_weights_after_{i}", weight) for i, weight in enumerate(model.get_weights()))
    yield "evaluate", model.evaluate(x, y, batch_size=5, verbose=0)
    model.reset_metrics()
    yield "train_on_batch", model.train_on_batch(x[:4], y[:4])
    model.reset_metrics()
    yield "test_on_batch", model.test_on_batch(x[:4], y[:4])
    history = model.fit(x, y, epochs=2, batch_size=4, validation_split=0.25, shuffle=False, verbose=0,
                        class_weight={0: 1.0, 1: 2.0, 2: 0.5}).history
    for name in ("loss", "val_loss"):
        yield f"history2_{name}", history[name]
    for prefix in ("history2_", "history2_val_"):
        yield accuracy_key(prefix, arrays), history[f"{prefix.removeprefix('history2_')}accuracy"]
    yield from ((f"get_weights_final_{i}", weight) for i, weight in enumerate(model.get_weights()))
    yield "y0", model.predict(arrays["x0"], verbose=0)


def accuracy_key(prefix: str, arrays: dict[str, np.ndarray]) -> str:
    """The key of accuracies, which were called ``acc`` before Keras 2.3."""
    return next((f"{prefix}{name}" for name in ("accuracy", "acc") if f"{prefix}{name}" in arrays), "")


@pytest.mark.parametrize("producer", ["keras-0.3.3", *PRODUCERS])
def test_a_session_of_training(producer: str) -> None:
    folder, meta, arrays = case(producer, "quickstart_sequential")
    model = zoo.load_model(folder / ("model.json" if producer == "keras-0.3.3" else "model.h5"))
    if producer == "keras-0.3.3":                           # where accuracies were an argument of `fit`
        model.compile(model.optimizer, "categorical_crossentropy", metrics=["accuracy"])
    model.set_weights([arrays[f"get_weights_before_{i}"] for i in range(4)])
    seen = 0
    for key, got in session(model, arrays):
        if key in arrays and not (key == "y0" and producer == "keras-0.3.3"):
            np.testing.assert_allclose(got, arrays[key], rtol=meta["rtol"], atol=meta["atol"], err_msg=key)
            seen += 1
    assert seen >= (4 if producer == "keras-0.3.3" else 18)


# ---- files that were written from older files

def trained(producer: str) -> list[pathlib.Path]:
    """The folders of a producer's ``train_`` cases."""
    return sorted((CORPUS / producer).glob("train_*"))


@pytest.mark.parametrize("producer", PRODUCERS)
def test_training_state_is_written_back_as_it_was(producer: str, tmp_path: pathlib.Path) -> None:
    for folder in trained(producer):
        before = zoo.io.read(folder / "model.h5")
        zoo.io.write(before, tmp_path / "again.h5", dialect=before.producer.dialect)
        after = zoo.io.read(tmp_path / "again.h5")
        assert after.training.config == before.training.config, folder.name
        assert after.model == before.model and after.producer == before.producer, folder.name
        for old, new in zip(before.training.optimizer.tensors, after.training.optimizer.tensors, strict=True):
            assert (old.name, old.dtype) == (new.name, new.dtype)
            np.testing.assert_array_equal(old.read(), new.read(), strict=True, err_msg=f"{folder.name}: {old.name}")


@pytest.mark.parametrize("dialect, suffix", [("keras3", ".keras"), ("keras3", ".h5"), ("tfkeras", ".h5")])
@pytest.mark.parametrize("producer", ["keras-1.2.2", "keras-2.2.4"])
def test_training_goes_on_from_a_converted_file(producer: str, dialect: str, suffix: str,
                                                tmp_path: pathlib.Path) -> None:
    row = tally(f"resume: {producer} as {dialect} {suffix}")
    for folder in trained(producer):
        path, converted = folder / "model.h5", tmp_path / f"{folder.name}{suffix}"
        try:
            notes = zoo.io.write(zoo.io.read(path), converted, dialect=dialect)
        except CannotExpress as error:                      # of the model: its training says all that it has to
            assert "of this model" in str(error)
            row.not_yet[folder.name] = " ".join(str(error).split())
            continue
        if notes:                                           # predictions stay, training does not
            row.not_yet[folder.name] = notes[0]
            continue
        problem = multi_backend_resume_differs(path, json.loads((folder / "meta.json").read_text()),
                                               with_state(converted))
        row.passed.append(folder.name) if problem is None else row.failed.update({folder.name: problem})
    assert row.passed and not row.failed, "\n".join(row.lines())


def test_keras3_has_no_optimizers_of_older_keras_but_reads_the_file(tmp_path: pathlib.Path) -> None:
    zoo.io.write(zoo.io.read(CORPUS / "keras-2.2.4" / "train_nadam" / "model.h5"), tmp_path / "model.keras",
                 dialect="keras3")
    document = zoo.io.read(tmp_path / "model.keras")
    entry = document.training.config["optimizer"]
    assert (entry["module"], entry["class_name"], entry["registered_name"]) == ("keras.optimizers", "Nadam", None)
    assert "schedule_decay" not in entry["config"] and entry["older"] == {"schedule_decay": 0.004}
    model = zoo.load_model(tmp_path / "model.keras")
    assert type(model.optimizer).__module__ == "zoo.optimizers.legacy" and model.conventions.name == "keras-2.1.3"
