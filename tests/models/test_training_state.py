"""Compiled models through files: what is said when something is missing, and what `convert` keeps."""

from __future__ import annotations

import pathlib
from typing import Any

import numpy as np
import pytest

import zoo
from zoo import io, layers, ops, optimizers

X = np.random.default_rng(0).normal(size=(12, 4)).astype("float32")
Y = np.random.default_rng(1).normal(size=(12, 2)).astype("float32")


def trained(optimizer: Any, loss: Any = "mse", **options: Any) -> zoo.Sequential:
    model = zoo.Sequential([zoo.Input((4,)), layers.Dense(3, activation="tanh"), layers.Dense(2)])
    model.compile(optimizer, loss, **options)
    for _ in range(2):
        model.train_on_batch(X, Y)
    return model


def same_next_step(model: Any, other: Any) -> bool:
    for each in (model, other):
        each.train_on_batch(X, Y)
    return all(np.array_equal(ours, theirs) for ours, theirs in zip(model.get_weights(), other.get_weights()))


def test_own_losses_that_nobody_knows_do_not_prevent_loading(tmp_path: pathlib.Path) -> None:
    def squares(y_true: Any, y_pred: Any) -> Any:
        return ops.mean(ops.square(y_pred - y_true), axis=-1)
    model = trained("adam", squares)
    model.save(tmp_path / "m.keras")
    with pytest.warns(UserWarning, match="not compiled.*'squares'"):
        loaded = zoo.load_model(tmp_path / "m.keras")
    assert loaded.optimizer is None and "squares" in loaded.load_report.optimizer
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))
    assert same_next_step(model, zoo.load_model(tmp_path / "m.keras", {"squares": squares}))


def test_without_compiling(tmp_path: pathlib.Path) -> None:
    model = trained("adam")
    model.save(tmp_path / "m.keras")
    assert zoo.load_model(tmp_path / "m.keras", compile=False).optimizer is None
    model.save(tmp_path / "n.h5", include_optimizer=False)
    assert io.read(tmp_path / "n.h5").training is None


@pytest.mark.parametrize("name, options", [("RMSprop", {}), ("Nadam", {"schedule_decay": 0.1}), ("Adagrad", {})])
@pytest.mark.parametrize("suffix", ["keras", "h5"])
def test_older_optimizers_stay_what_they_are(name: str, options: Any, suffix: str, tmp_path: pathlib.Path) -> None:
    optimizer = getattr(optimizers.legacy, name)(0.01, **options)
    model = trained(optimizer)
    model.save(tmp_path / f"m.{suffix}")
    loaded = zoo.load_model(tmp_path / f"m.{suffix}")
    assert type(loaded.optimizer) is type(optimizer) and same_next_step(model, loaded)


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "adadelta", "adamax"])
@pytest.mark.parametrize("dialect", ["keras3", "tfkeras", "keras2"])
def test_conversion_keeps_the_state(optimizer: str, dialect: str, tmp_path: pathlib.Path) -> None:
    model = trained(optimizer, metrics=["mae"])
    model.save(tmp_path / "a.keras")
    io.write(io.read(tmp_path / "a.keras"), tmp_path / "b.h5", dialect=dialect)
    io.write(io.read(tmp_path / "b.h5"), tmp_path / "c.keras", dialect="keras3")
    for name in ("b.h5", "c.keras"):
        loaded = zoo.load_model(tmp_path / name)
        assert loaded.load_report.optimizer.startswith("restored")
        assert all(np.array_equal(a.numpy(), b.numpy()) for a, b in zip(model.optimizer.variables[2:],
                                                                        loaded.optimizer.variables[2:], strict=True))


def test_state_of_layers_that_were_frozen_later(tmp_path: pathlib.Path) -> None:
    model = trained("adam")
    model.layers[0].trainable = False
    model.save(tmp_path / "m.keras")
    loaded = zoo.load_model(tmp_path / "m.keras")
    assert loaded.load_report.optimizer == "restored: 6 arrays"


def test_state_that_does_not_fit_is_said(tmp_path: pathlib.Path) -> None:
    model = trained("adam")
    document = io.read(_saved(model, tmp_path / "m.keras"))
    document.training.optimizer.tensors.pop()               # type: ignore[union-attr]
    io.write(document, tmp_path / "n.keras")
    with pytest.warns(UserWarning, match="starts anew.*expected 10"):
        assert zoo.load_model(tmp_path / "n.keras").load_report.optimizer.startswith("not restored")


def _saved(model: Any, path: pathlib.Path) -> pathlib.Path:
    model.save(path)
    return path
