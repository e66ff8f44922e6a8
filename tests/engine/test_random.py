"""Random numbers: the generator's published answers, moments, independence of shape, streams of states."""

from __future__ import annotations

import random

import numpy as np
import pytest

from zoo.engine import rng
from zoo.engine.function import Function
from zoo.engine.kernels.reference.random import random_words
from zoo.engine.primitives import random_normal_op, random_uniform_op
from zoo.errors import ConfigError


def state(seed: int, count: int = 0) -> np.ndarray:
    return np.array([seed, count], "uint32")


def test_words_are_those_of_philox() -> None:
    """The known answer of Random123 for counter 0 and key 0."""
    words = random_words(np, state(0), 4)
    assert [hex(word) for word in words.tolist()] == ["0x6627e8d5", "0xe169c58d", "0xbc57ac4c", "0x9b00dbd8"]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_uniform_numbers(dtype: str) -> None:
    x = random_uniform_op(state(1), shape=(200_000,), dtype=dtype).astype("float64")
    assert 0 <= x.min() < 1e-3 and 1 - 1e-3 < x.max() < 1
    assert abs(x.mean() - 1 / 2) < 0.003 and abs(x.var() - 1 / 12) < 0.001
    assert abs(np.corrcoef(x[:-1], x[1:])[0, 1]) < 0.01
    counts, _ = np.histogram(x, 20, (0, 1))
    assert np.abs(counts / x.size - 1 / 20).max() < 0.003


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_normal_numbers(dtype: str) -> None:
    x = random_normal_op(state(2), shape=(200_001,), dtype=dtype).astype("float64")
    moments = [x.mean(), x.var(), (x ** 3).mean(), (x ** 4).mean()]
    np.testing.assert_allclose(moments, [0, 1, 0, 3], atol=0.06)
    assert abs(np.corrcoef(x[:-1:2], x[1::2])[0, 1]) < 0.01
    assert np.isfinite(x).all()


def test_the_same_state_gives_the_same_numbers() -> None:
    long = random_uniform_op(state(3), shape=(10, 7), dtype="float32")
    short = random_uniform_op(state(3), shape=(13,), dtype="float32")
    np.testing.assert_array_equal(long.ravel()[:13], short)
    for other in (state(4), state(3, 1)):
        assert not np.isin(random_uniform_op(other, shape=(50,), dtype="float32"), long).any()


def test_a_stream_moves_on() -> None:
    source = rng.SeedGenerator(9)
    assert source.next().tolist() == [9, 0]
    assert source.next().tolist() == [9, 1]
    assert source.state.value.tolist() == [9, 2]
    assert not source.state.trainable
    assert source.get_config() == {"seed": 9}


def test_a_stream_moves_on_when_a_program_ends() -> None:
    source = rng.SeedGenerator(9)
    draw = Function(lambda: [random_uniform_op(source.next(), shape=(3,), dtype="float32") for _ in range(2)])
    first, second = draw()
    assert source.state.value.tolist() == [9, 2]
    third, _ = draw()
    expected = [random_uniform_op(state(9, i), shape=(3,), dtype="float32") for i in range(3)]
    np.testing.assert_array_equal([first, second, third], expected)


def test_seeds_repeat_after_set_random_seed() -> None:
    rng.set_random_seed(5)
    first = [rng.draw_seed(), rng.draw_seed(), np.random.rand(), random.random(), rng.SeedGenerator().state.value[0]]
    rng.set_random_seed(5)
    assert first == [rng.draw_seed(), rng.draw_seed(), np.random.rand(), random.random(),
                     rng.SeedGenerator().state.value[0]]
    assert first[0] != first[1]


@pytest.mark.parametrize("seed", [-1, 2 ** 32, 1.5, "1", True])
def test_wrong_seeds_are_refused(seed) -> None:
    with pytest.raises(ConfigError, match="seed"):
        rng.set_random_seed(seed)


def test_seeded_fills_a_missing_seed_only() -> None:
    class Draws:
        seed = None
    given = Draws()
    given.seed = 3
    assert rng.seeded(given, 8) is given
    assert rng.seeded(Draws(), 8).seed == 8
    assert rng.seeded(len, 8) is len
