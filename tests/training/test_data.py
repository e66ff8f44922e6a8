"""Where batches come from: all of them, some of them, and one to see shapes by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import zoo
from zoo.errors import ConfigError
from zoo.training import data
from zoo.utils import PyDataset

X = np.arange(10)


def firsts(source: data.Source, epochs: int = 1) -> list[list[int]]:
    """The numbers in the batches of some epochs."""
    return [[int(n) for x, _, _ in source.epoch() for n in x] for _ in range(epochs)]


class Pairs(PyDataset):
    """Batches of two numbers."""

    def __len__(self) -> int:
        return 5

    def __getitem__(self, index: int) -> np.ndarray:
        return X[2 * index:2 * index + 2]


class Again:
    """Batches of two numbers that can be iterated again."""

    def __iter__(self) -> Iterator[Any]:
        return iter([X[i:i + 2] for i in range(0, 10, 2)])


@pytest.mark.parametrize("given", [X, Pairs(), Again()], ids=["array", "PyDataset", "iterable"])
def test_training_goes_on_where_an_epoch_of_fewer_batches_ended(given: Any) -> None:
    source = data.source(given, batch_size=2, steps=3, continuing=True)
    assert source.steps == 3
    assert firsts(source, 3) == [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 0, 1], [2, 3, 4, 5, 6, 7]]


@pytest.mark.parametrize("given", [X, Pairs(), Again()], ids=["array", "PyDataset", "iterable"])
def test_evaluation_of_fewer_batches_starts_anew(given: Any) -> None:
    assert firsts(data.source(given, batch_size=2, steps=2), 2) == [[0, 1, 2, 3]] * 2


@pytest.mark.parametrize("given", [X, Pairs(), Again(), iter(Again())],
                         ids=["array", "PyDataset", "iterable", "iterator"])
def test_an_example_leaves_the_epochs_as_they_are(given: Any) -> None:
    source = data.source(given, batch_size=2)
    assert source.example()[0].tolist() == [0, 1]
    assert firsts(source) == [list(range(10))]


def test_no_batches_are_an_error_not_an_endless_loop() -> None:
    source = data.source(zoo.utils.Dataset(lambda: iter(()), 0), steps=2)
    with pytest.raises(ConfigError, match="no batches"):
        firsts(source)


def test_models_are_built_before_training_begins() -> None:
    seen: list[bool] = []
    model = zoo.Sequential([zoo.layers.Dense(1)])
    model.compile("sgd", "mse")
    watcher = zoo.callbacks.LambdaCallback(on_train_begin=lambda logs: seen.append(model.built))
    model.fit(np.ones((4, 2)), np.ones((4, 1)), verbose=0, callbacks=[watcher])
    assert seen == [True]
