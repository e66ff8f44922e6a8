"""Training state that keeps other tools from loading a model, or gets lost without a word."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import zoo
from tests.failure_modes.files import X, dense, edited, legacy, same

Y = np.random.default_rng(9).normal(size=(4, 2)).astype("float32")


def compiled(**options: Any) -> zoo.Sequential:
    model = dense()
    model.compile(**{"optimizer": "adam", "loss": "mse", **options})
    model.train_on_batch(X, Y)
    return model


def test_fm38_short_names(tmp_path: Path) -> None:
    path = edited(legacy(compiled(), tmp_path / "m.h5"), lambda c: c.update(loss="mse", metrics=[
        "mae", {"class_name": "MeanMetricWrapper", "config": {"name": "mse", "dtype": "float32", "fn": "mse"}}]),
                  "training_config")
    loaded = zoo.load_model(path)
    assert set(loaded.test_on_batch(X, Y, return_dict=True)) == {"loss", "mae", "mse"}


def test_fm39_losses_of_somebodys_own(tmp_path: Path) -> None:
    model = compiled()
    path = edited(legacy(model, tmp_path / "m.h5"), lambda c: c.update(loss="my_loss"), "training_config")
    with pytest.warns(UserWarning, match="my_loss"):
        loaded = same(model, path, X)
    assert not loaded.compiled
    loaded = same(model, path, X, custom_objects={"my_loss": zoo.losses.mean_squared_error})
    assert loaded.compiled


def test_fm40_old_arguments_of_optimizers(tmp_path: Path) -> None:
    config = {"class_name": "Adam", "config": {"lr": 0.25, "decay": 0.5, "beta_1": 0.9, "beta_2": 0.999,
                                               "epsilon": None, "amsgrad": False}}
    path = edited(legacy(dense_compiled(), tmp_path / "m.h5"), lambda c: c.update(optimizer_config=config),
                  "training_config")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        loaded = zoo.load_model(path)
    optimizer = loaded.optimizer
    for steps, rate in ((0, 0.25), (2, 0.125)):
        optimizer.iterations.assign(np.asarray(steps, optimizer.iterations.dtype))
        assert float(np.asarray(optimizer.learning_rate)) == pytest.approx(rate)
    assert optimizer.epsilon == 1e-7


def dense_compiled() -> zoo.Sequential:
    model = dense()
    model.compile("adam", "mse")
    return model


def test_fm41_metrics_with_arguments_of_losses(tmp_path: Path) -> None:
    metric = {"class_name": "MeanSquaredError", "config": {"name": "mean_squared_error", "reduction": "auto"}}
    model = compiled()
    path = edited(legacy(model, tmp_path / "m.h5"), lambda c: c.update(metrics=[metric]), "training_config")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        same(model, path, X)
    assert all("reduction" in str(warning.message) or "MeanSquaredError" in str(warning.message) for warning in caught)


@pytest.mark.parametrize("name", ["m.keras", "m.h5"])
@pytest.mark.parametrize("optimizer", ["adam", "sgd", "rmsprop", "nadam", "adamax"])
def test_fm42_training_goes_on_as_it_would_have(optimizer: str, name: str, tmp_path: Path) -> None:
    model = compiled(optimizer=optimizer)
    model.save(tmp_path / name)
    loaded = zoo.load_model(tmp_path / name)
    assert loaded.load_report.optimizer.startswith("restored")
    for each in (model, loaded):
        each.train_on_batch(X, Y)
    assert all(np.array_equal(a, b) for a, b in zip(model.get_weights(), loaded.get_weights()))
