"""Sizes that no model has are refused before memory is taken for them."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest

import zoo
from zoo import layers, models
from zoo.config import config
from zoo.engine import budget
from zoo.errors import ConfigError, TooLarge


def test_variables_are_summed_up() -> None:
    with budget.allowance(100, "So says the test."):
        budget.charge(60, "a")
        with pytest.raises(TooLarge, match=r"b: this variable needs 41 bytes, .* more than 100. So says the test."):
            budget.charge(41, "b")
    budget.charge(10 ** 20, "outside")


def test_a_run_that_needs_too_much_names_the_layer() -> None:
    model = models.Sequential([layers.Input((4, 4, 1)), layers.Rescaling(2.0), layers.UpSampling2D(64, name="giant")])
    with config.using(memory=1 << 16):
        with pytest.raises(TooLarge, match=r"more than 65,536. The largest is .* of layer '.*giant'"):
            model.predict(np.ones((1, 4, 4, 1), "float32"), verbose=0)
    assert model.predict(np.ones((1, 4, 4, 1), "float32"), verbose=0).shape == (1, 256, 256, 1)


@pytest.mark.parametrize(("layer", "shape"), [
    (layers.UpSampling2D(10 ** 9), (4, 4, 1)), (layers.RepeatVector(10 ** 12), (4,)),
    (layers.ZeroPadding2D(10 ** 9), (4, 4, 1)), (layers.ZeroPadding1D(10 ** 15), (4, 1)),
], ids=lambda value: getattr(value, "name", ""))
def test_giants_cost_nothing_until_they_are_run(layer: layers.Layer, shape: tuple[int, ...]) -> None:
    model = models.Sequential([layers.Input(shape), layer])
    with pytest.raises(TooLarge, match=layer.name):
        model.predict(np.ones((1, *shape), "float32"), verbose=0)


def test_the_setting() -> None:
    assert budget.memory() > 1 << 28
    with config.using(memory=5):
        assert budget.memory() == 5
    with pytest.raises(ConfigError, match="memory"):
        config.memory = -1


def test_weights_of_a_file_bound_what_is_made(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file with weights may make a multiple of them; its states, which it does not hold, come on top."""
    model = models.Sequential([layers.Input((4,)), layers.Dense(3)])
    model.save(tmp_path / "m.keras")
    assert zoo.load_model(tmp_path / "m.keras").count_params() == 15
    monkeypatch.setattr("zoo.models.restore.DEFAULT_LIMITS", zoo.io.Limits(backed_ratio=1, slack_bytes=0))
    assert zoo.load_model(tmp_path / "m.keras").count_params() == 15
