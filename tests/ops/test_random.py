"""Distributions of `zoo.random`: moments, ranges, seeds, and the same in compiled functions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from zoo import ops, random
from zoo.engine.function import Function

COUNT = 50_000


@pytest.mark.parametrize(("trials", "chance"), [(10, 0.5), (100, 0.3), (1000, 0.01), (100_000, 0.9), (7, 0.125)])
def test_binomial_moments(trials: int, chance: float) -> None:
    x = random.binomial((COUNT,), trials, chance, seed=3).astype("float64")
    mean, variance = trials * chance, trials * chance * (1 - chance)
    assert abs(x.mean() - mean) < 5 * math.sqrt(variance / COUNT)
    assert x.var() == pytest.approx(variance, rel=0.04)
    assert ((x - x.mean()) ** 3).mean() == pytest.approx(variance * (1 - 2 * chance), abs=0.1 * variance ** 1.5)
    assert x.min() >= 0 and x.max() <= trials and np.array_equal(x, np.floor(x))


def test_binomial_probabilities_and_parameters_that_broadcast() -> None:
    x = random.binomial((COUNT,), 4, 0.25, seed=1)
    expected = [math.comb(4, k) * 0.25 ** k * 0.75 ** (4 - k) for k in range(5)]
    np.testing.assert_allclose(np.bincount(x.astype(int), minlength=5) / COUNT, expected, atol=0.01)
    sure = random.binomial((3, 2), np.array([[5], [300], [0]]), np.array([0.0, 1.0]), dtype="int32", seed=2)
    assert sure.tolist() == [[0, 5], [0, 300], [0, 0]] and sure.dtype == "int32"


def test_categorical_frequencies() -> None:
    weights = np.array([[1.0, 2.0, 7.0], [5.0, 5.0, 0.0]])
    with np.errstate(divide="ignore"):
        drawn = random.categorical(np.log(weights).astype("float32"), COUNT, seed=5)
    assert drawn.shape == (2, COUNT) and drawn.dtype == "int32"
    for line, wanted in zip(drawn, weights / 10):
        np.testing.assert_allclose(np.bincount(line, minlength=3) / COUNT, wanted, atol=0.01)
    assert 2 not in drawn[1]


def test_truncated_normal_is_cut_off_at_two_deviations() -> None:
    x = random.truncated_normal((COUNT,), mean=2.0, stddev=3.0, seed=1)
    assert x.dtype == "float32" and -4 <= x.min() < -3.98 and 7.98 < x.max() <= 8
    assert abs(x.mean() - 2) < 0.05 and x.std() == pytest.approx(3 * 0.8796256610342398, rel=0.01)
    inner = ((x > -1) & (x < 5)).mean()                     # within one deviation, of what lies within two
    assert inner == pytest.approx(math.erf(1 / math.sqrt(2)) / math.erf(math.sqrt(2)), abs=0.01)


@pytest.mark.parametrize("draw", [
    lambda seed: random.truncated_normal((20,), seed=seed), lambda seed: random.binomial((20,), 500, 0.5, seed=seed),
    lambda seed: random.categorical(np.zeros((2, 9), "float32"), 10, seed=seed),
    lambda seed: random.randint((20,), 0, 1000, seed=seed)])
def test_seeds(draw: Any) -> None:
    np.testing.assert_array_equal(draw(4), draw(4))
    assert not np.array_equal(draw(4), draw(5))
    source = random.SeedGenerator(4)
    compiled = Function(lambda x: ops.add(ops.cast(draw(source), "float32"), x))
    first, second = compiled(np.zeros((), "float32")), compiled(np.zeros((), "float32"))
    assert not np.array_equal(first, second)
    again = random.SeedGenerator(4)
    np.testing.assert_array_equal(first, draw(again))
