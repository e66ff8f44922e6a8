"""Training under the spellings of Keras 1 and 2."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
import pytest

from zoo import Sequential, layers, spelling
from zoo.errors import OldSpelling

X = np.random.default_rng(0).normal(size=(40, 4)).astype("float32")
Y = np.eye(3, dtype="float32")[np.arange(40) % 3]

pytestmark = pytest.mark.filterwarnings("ignore::zoo.errors.OldSpelling")


@pytest.fixture
def model() -> Sequential:
    spelling.forget()
    made = Sequential([layers.Dense(3, input_shape=(4,), activation="softmax")])
    made.compile("sgd", "categorical_crossentropy", metrics=["accuracy"])
    return made


def batches(size: int = 8) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    while True:
        for start in range(0, 40, size):
            yield X[start:start + size], Y[start:start + size]


@pytest.mark.parametrize("arguments", [{"nb_epoch": 2}, {"epochs": 2}, {"nb_epoch": 2, "show_accuracy": True}])
def test_epochs(model: Sequential, arguments: dict[str, int]) -> None:
    assert len(model.fit(X, Y, verbose=0, **arguments).history["loss"]) == 2


def test_each_spelling_is_mentioned_once(model: Sequential) -> None:
    with pytest.warns(OldSpelling, match="fit: nb_epoch of older Keras: say epochs today"):
        model.fit(X, Y, nb_epoch=1, verbose=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(X, Y, nb_epoch=1, verbose=0)


def test_generators_count_samples_as_well_as_steps(model: Sequential) -> None:
    weights = model.get_weights()
    model.fit_generator(batches(), samples_per_epoch=40, nb_epoch=2, verbose=0)
    by_samples = model.get_weights()
    model.set_weights(weights)
    model.fit_generator(batches(), steps_per_epoch=5, epochs=2, verbose=0)
    for one, other in zip(by_samples, model.get_weights()):
        np.testing.assert_array_equal(one, other)


def test_validation_by_samples(model: Sequential) -> None:
    history = model.fit_generator(batches(), samples_per_epoch=16, nb_epoch=1, verbose=0, validation_data=batches(10),
                                  nb_val_samples=40)
    assert history.history["val_loss"][0] == pytest.approx(model.evaluate(X, Y, verbose=0)[0], rel=1e-5)


def test_evaluating_and_predicting_generators(model: Sequential) -> None:
    np.testing.assert_allclose(model.evaluate_generator(batches(), val_samples=40), model.evaluate(X, Y, verbose=0),
                               rtol=1e-5)
    np.testing.assert_allclose(model.predict_generator(batches(), steps=5), model.predict(X, verbose=0), rtol=1e-6)


def test_classes(model: Sequential) -> None:
    scores = model.predict_proba(X)
    np.testing.assert_array_equal(model.predict_classes(X), scores.argmax(-1))
    binary = Sequential([layers.Dense(1, input_shape=(4,), activation="sigmoid")])
    np.testing.assert_array_equal(binary.predict_classes(X), binary.predict(X, verbose=0) > 0.5)
