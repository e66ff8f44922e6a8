"""Learning rate schedules against the corpus's table and their own words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests import training_cases
from tests.conformance.outcome import tally
from tests.corpus import require_corpus
from zoo.engine.function import Function
from zoo.errors import ConfigError, UnknownClass
from zoo.optimizers import SGD, schedules


@require_corpus
@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
def test_rates_equal_those_of_keras(compiled: bool) -> None:
    meta, arrays = training_cases.meta("table_schedules"), training_cases.arrays("table_schedules")
    row = tally(f"table_schedules {'compiled' if compiled else 'eager'}")
    for name, record in meta["configs"].items():
        schedule = schedules.deserialize(record)
        rate = Function(schedule) if compiled else schedule
        received = np.array([rate(np.asarray(step)) for step in arrays["steps"]])
        same = np.allclose(received, arrays[name], **meta["tolerance"]) and received.dtype == np.float32
        if same and schedule.get_config() == record["config"]:
            row.passed.append(name)
        else:
            row.failed[name] = f"{received} instead of {arrays[name]}"
    assert row.passed and not row.failed, "\n".join(row.lines())


@pytest.mark.parametrize("step", [0, 3, np.int64(7)])
def test_steps_may_be_numbers(step: Any) -> None:
    np.testing.assert_allclose(schedules.ExponentialDecay(0.1, 2, 0.5)(step), 0.1 * 0.5 ** (step / 2), rtol=1e-6)


def test_boundaries_belong_to_the_rate_before_them() -> None:
    schedule = schedules.PiecewiseConstantDecay([2, 4], [1.0, 0.5, 0.25])
    assert [float(schedule(step)) for step in (0, 2, 3, 4, 5)] == [1, 1, 0.5, 0.5, 0.25]


def test_own_schedule() -> None:
    class Square(schedules.LearningRateSchedule):
        def __init__(self, scale: float):
            self.scale = scale

        def __call__(self, step: Any) -> Any:
            return self.scale * step * step

    copy = schedules.deserialize(schedules.serialize(Square(0.5)), {"Square": Square})
    assert copy(4) == 8
    optimizer = SGD.from_config(SGD(schedules.CosineDecay(0.1, 5)).get_config())
    assert optimizer.learning_rate == pytest.approx(0.1) and len(optimizer.variables) == 1


def test_arguments_that_make_no_sense() -> None:
    with pytest.raises(ConfigError, match="greater than 0"):
        schedules.CosineDecay(0.1, 0)
    with pytest.raises(ConfigError, match="one more"):
        schedules.PiecewiseConstantDecay([1], [0.1])
    with pytest.raises(UnknownClass, match="CosineDecay"):
        schedules.get("CosinDecay")
