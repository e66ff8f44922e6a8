"""Conventions of releases: which hold when, and what each of them changes."""

from __future__ import annotations

import dataclasses
import pathlib

import numpy as np
import pytest

import zoo
from zoo import conventions, layers, losses, metrics, ops
from zoo.conventions import TODAY, using
from zoo.errors import ConfigError
from zoo.io.dialects.training import decode_optimizer, decode_training, encode_training
from zoo.scores.weighting import mean_of_weighted

KERAS1, KERAS22, KERAS23 = (conventions.of(dialect, version) for dialect, version in (
    ("keras1", "1.2.2"), ("keras2", "2.2.4"), ("keras2", "2.3.1")))


@pytest.mark.parametrize("dialect, version, backend, name", [
    ("keras0", None, None, "keras-0"), ("keras1", "1.0.8", "theano", "keras-1"), ("keras2", "2.0.9", None, "keras-2.0"),
    ("keras2", "2.1.2", "theano", "keras-2.1"), ("keras2", "2.1.3", "theano", "keras-2.1.3"),
    ("keras2", "2.2.4", "tensorflow", "keras-2.1.3/tensorflow"), ("keras2", None, "theano", "keras-2.3"),
    ("tfkeras", "2.15.0", "tensorflow", "tf.keras"), ("keras3", "3.15.1", None, "keras-3"), ("live", None, None, "keras-3"),
    ("keras3", "3.3.3", None, "keras-3.0"), ("keras3", "3.6.0", None, "keras-3.4"),
])
def test_conventions_of_a_release(dialect: str, version: str | None, backend: str | None, name: str) -> None:
    found = conventions.of(dialect, version, backend)
    assert found.name == name and conventions.named(name) == found


def test_unknown_conventions_are_refused_with_those_that_there_are() -> None:
    with pytest.raises(ConfigError, match=r"keras-2\.3.*received 'keras-4'"):
        conventions.named("keras-4")


# ---- means

@pytest.mark.parametrize("weight, mask, want", [
    ([1.0, 0.0, 3.0], None, (1 * 2 + 3 * 4) / 3 / (2 / 3)),
    (None, [True, False, True], (2 + 4) / 3 / (2 / 3)),
    ([0.5, 2.0, 0.0], [True, True, False], (0.5 * 2 + 2 * 3) / 3 / (2 / 3) / (2 / 3)),
])
def test_means_over_what_has_a_weight(weight: list[float] | None, mask: list[bool] | None, want: float) -> None:
    values = ops.convert_to_tensor([2.0, 3.0, 4.0])
    weight, mask = (None if x is None else ops.convert_to_tensor(x) for x in (weight, mask))
    assert float(mean_of_weighted(values, weight, mask, "float32")) == pytest.approx(want)
    with using(KERAS22):
        assert float(losses.MeanSquaredError().reduce(values, weight, mask)) == pytest.approx(want)


def test_masked_positions_counted_as_zero_in_keras_2_3() -> None:
    values, mask = ops.convert_to_tensor([2.0, 3.0, 4.0]), ops.convert_to_tensor([True, False, True])
    loss = losses.MeanSquaredError()
    assert float(loss.reduce(values, None, mask)) == pytest.approx(3.0)
    with using(KERAS23):
        assert float(loss.reduce(values, None, mask)) == pytest.approx(2.0)


def test_metrics_are_means_of_batches_until_keras_2_2() -> None:
    y, scores = np.array([[1.0], [0.0], [1.0], [1.0]], "float32"), np.array([[1.0], [1.0], [1.0], [0.0]], "float32")
    weights = [np.array([1.0, 1.0, 0.0, 0.0], "float32"), np.array([0.0, 0.0, 0.0, 1.0], "float32")]
    for held, want in ((TODAY, 1 / 3), (KERAS22, (0.5 + 0.0) / 2)):
        with using(held):
            metric = metrics.BinaryAccuracy()
            for weight in weights:
                metric.update_state(y, scores, sample_weight=weight)
            assert float(metric.result()) == pytest.approx(want), held.name


# ---- names

@pytest.mark.parametrize("name, keras1, keras22", [("hinge", 0.5, 0.5), ("cosine_proximity", -0.5, -1.0)])
def test_names_mean_what_they_meant(name: str, keras1: float, keras22: float) -> None:
    y, scores = np.array([[0.0, 1.0]], "float32"), np.array([[0.0, 1.0]], "float32")
    for held, want in ((KERAS1, keras1), (KERAS22, keras22)):
        with using(held):
            assert float(losses.for_output(name, y, scores)(y, scores)) == pytest.approx(want), held.name


def test_precision_was_of_batches_and_is_of_everything() -> None:
    y, scores = np.array([[1.0, 0.0]], "float32"), np.array([[1.0, 1.0]], "float32")
    with using(KERAS1):
        metric = metrics.for_output("precision", y, scores)
        metric.update_state(y, scores)
        metric.update_state(y, y)
    assert metric.name == "precision" and float(metric.result()) == pytest.approx(0.75)
    assert isinstance(metrics.for_output("precision", y, scores), metrics.Precision)


@pytest.mark.parametrize("held, want", [(TODAY, 0.5), (KERAS23, 0.75)])
def test_accuracy_of_several_answers_is_chosen_by_the_loss_until_keras_2_3(held: object, want: float) -> None:
    model = zoo.Sequential([zoo.Input((2,)), layers.Activation("linear")])
    model.conventions = held
    model.compile("sgd", "binary_crossentropy", metrics=["accuracy"])
    scores, y = np.array([[0.9, 0.8], [0.1, 0.9]], "float32"), np.array([[0.0, 1.0], [0.0, 1.0]], "float32")
    assert model.evaluate(scores, y, verbose=0)[1] == pytest.approx(want)


# ---- layers

@pytest.mark.parametrize("held, moves, by_batch", [(KERAS1, True, True), (KERAS22, False, True), (TODAY, False, False)])
def test_frozen_batch_normalization(held: object, moves: bool, by_batch: bool) -> None:
    model = zoo.Sequential([zoo.Input((3,)), layers.BatchNormalization(name="norm"), layers.Dense(1)])
    model.get_layer("norm").trainable = False
    model.conventions = held
    model.compile("sgd", "mse")
    x, y = np.random.default_rng(0).normal(3, 2, (8, 3)).astype("float32"), np.zeros((8, 1), "float32")
    kernel, bias = (weight.numpy() for weight in model.layers[-1].weights)
    moving = model.get_layer("norm").moving_mean.numpy().copy()
    loss = float(model.fit(x, y, batch_size=8, epochs=1, verbose=0).history["loss"][0])
    normal = (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-3) if by_batch else x / np.sqrt(1 + 1e-3)
    assert loss == pytest.approx(np.square(normal @ kernel + bias).mean(), rel=1e-4)
    assert np.array_equal(model.get_layer("norm").moving_mean.numpy(), moving) is not moves


@pytest.mark.parametrize("dialect, version, backend, factor, added", [
    ("keras1", "1.2.2", "theano", 1, 1e-3), ("keras2", "2.2.4", "theano", 8 / (7 - 1e-3), 1e-3),
    ("keras2", "2.2.4", "tensorflow", 8 / (7 - 1e-3), 0), ("keras2", "2.0.9", "tensorflow", 1, 0),
    ("keras3", "3.15.1", "tensorflow", 1, 0)])
def test_what_the_moving_variance_follows(dialect: str, version: str, backend: str, factor: float, added: float) -> None:
    model = zoo.Sequential([zoo.Input((3,)), layers.BatchNormalization(momentum=0.5, name="norm")])
    model.conventions = conventions.of(dialect, version, backend)
    model.compile("sgd", "mse")
    x = np.random.default_rng(0).normal(0, 0.01, (8, 3)).astype("float32")
    model.train_on_batch(x, x)
    want = 0.5 + 0.5 * (x.var(0) + added) * factor
    np.testing.assert_allclose(model.get_layer("norm").moving_variance.numpy(), want, rtol=2e-6)


@pytest.mark.parametrize("held, share", [(KERAS23, 1), (TODAY, 4)])
def test_penalties_on_activities(held: object, share: int) -> None:
    model = zoo.Sequential([zoo.Input((3,)), layers.Dense(2, activity_regularizer="l2")])
    model.conventions = held
    model.compile("sgd", "mse")
    x = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
    y = model.predict(x, verbose=0)
    assert model.evaluate(x, y, verbose=0) == pytest.approx(0.01 * np.square(y).sum() / share, rel=1e-4)


# ---- optimizers

def test_optimizers_of_keras_0_have_epsilon_under_the_root() -> None:
    entry = {"name": "RMSprop", "lr": 0.5, "rho": 0.9, "epsilon": 1e-6}
    assert decode_optimizer(entry, "keras0")["registered_name"] is None
    assert decode_optimizer({"class_name": "RMSprop", "config": {"lr": 0.5}}, "keras1")["registered_name"] \
        == "legacy>RMSprop"
    adagrad = decode_optimizer({"class_name": "Adagrad", "config": {"lr": 0.5, "epsilon": None}}, "keras2")
    assert adagrad["config"] == {"learning_rate": 0.5, "initial_accumulator_value": 0.0}


@pytest.mark.parametrize("class_name, pace", [("RMSprop", {}), ("Adagrad", {}), ("Nadam", {"schedule_decay": 0.004})])
def test_optimizers_that_keras_3_lacks_come_back_from_its_words(class_name: str, pace: dict[str, float]) -> None:
    entry = decode_optimizer({"class_name": class_name, "config": {"lr": 0.5, "epsilon": 1e-7, **pace}}, "keras2")
    written = encode_training({"optimizer": entry}, "keras3")["optimizer"]
    assert written["registered_name"] is None and not pace.keys() & written["config"].keys()
    assert decode_optimizer(written, "keras3") == entry


@pytest.mark.parametrize("dialect", ["keras1", "keras2"])
def test_words_that_every_release_of_multi_backend_keras_reads(dialect: str) -> None:
    entry = {"class_name": "SGD", "config": {"lr": 0.5, "momentum": 0.9, "decay": 0.1, "nesterov": False, "clipnorm": 2.0}}
    config = {"optimizer_config": entry, "loss": "mse", "metrics": [], "sample_weight_mode": "temporal"}
    written = encode_training(decode_training(config, "keras2"), dialect)
    assert written == {"optimizer": entry, "loss": "mse", "metrics": [], "weighted_metrics": None, "loss_weights": None,
                       "sample_weight_mode": "temporal"}
    assert "sample_weight_mode" not in encode_training(decode_training(config, "keras2"), "keras3")


def test_conventions_are_kept_in_files_of_our_own(tmp_path: pathlib.Path) -> None:
    model = zoo.Sequential([zoo.Input((3,)), layers.Dense(2)])
    model.conventions = KERAS22
    model.compile("adam", "mse")
    for name in ("model.keras", "model.h5"):
        model.save(tmp_path / name)
        assert zoo.load_model(tmp_path / name).conventions == KERAS22


def test_other_conventions_may_be_made() -> None:
    own = dataclasses.replace(TODAY, name="mine", activity_penalty="sum")
    with using(own):
        assert conventions.current() is own
    assert conventions.current() is TODAY
