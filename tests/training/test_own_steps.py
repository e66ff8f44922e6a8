"""Models that write their own steps, losses and metrics."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import zoo
from zoo import layers, losses, metrics, ops, optimizers, random
from zoo.errors import ConfigError

RNG = np.random.default_rng(3)
X, Y = RNG.normal(size=(24, 5)).astype("float32"), RNG.integers(0, 3, (24,)).astype("int32")
WEIGHTS = [RNG.normal(size=shape).astype("float32") for shape in ((5, 4), (4,), (4, 3), (3,))]


def classifier(of: type[zoo.Model], **options: Any) -> zoo.Model:
    inputs = zoo.Input((5,))
    hidden = layers.Dense(4, activation="tanh", **options)(inputs)
    model = of(inputs, layers.Dense(3)(hidden))
    model.set_weights(WEIGHTS)
    model.compile(optimizers.Adam(0.05), losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    return model


class OwnTrainStep(zoo.models.Functional):
    """The step of `fit` in the user's words, as Keras's guides write it."""

    def train_step(self, data: Any) -> dict[str, Any]:
        x, y = data
        with zoo.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(y=y, y_pred=y_pred)
        variables = self.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss)
            else:
                metric.update_state(y, y_pred)
        return {metric.name: metric.result() for metric in self.metrics}


@pytest.mark.parametrize("eager", [False, True])
@pytest.mark.parametrize("options", [{}, {"kernel_regularizer": "l2", "activity_regularizer": "l1"}])
def test_the_same_step_in_the_users_words(options: dict[str, Any], eager: bool) -> None:
    plain, own = classifier(zoo.Model, **options), classifier(OwnTrainStep, **options)
    own.run_eagerly = eager
    histories = [model.fit(X, Y, epochs=3, batch_size=8, shuffle=False, verbose=0).history for model in (plain, own)]
    for name, figures in histories[0].items():
        np.testing.assert_allclose(histories[1][name], figures, rtol=1e-5)
    for a, b in zip(plain.get_weights(), own.get_weights()):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(own.evaluate(X, Y, verbose=0), plain.evaluate(X, Y, verbose=0), rtol=1e-5)


class KLDivergenceLayer(layers.Layer):
    """Samples from a normal distribution, and adds its divergence from the standard one to the loss."""

    def call(self, inputs: Any) -> Any:
        mean, log_variance = inputs
        self.add_loss(-0.5 * ops.mean(1 + log_variance - ops.square(mean) - ops.exp(log_variance)))
        return mean + 0 * log_variance


def test_losses_that_layers_add_are_minimised_and_are_not_part_of_predictions() -> None:
    inputs = zoo.Input((5,))
    mean, log_variance = layers.Dense(2, name="mean")(inputs), layers.Dense(2, name="spread")(inputs)
    model = zoo.Model(inputs, KLDivergenceLayer()([mean, log_variance]))
    model.compile(optimizers.SGD(0.1))                      # no loss but that of the layer
    m, v = (X @ layer.kernel.numpy() + layer.bias.numpy() for layer in (model.get_layer("mean"), model.get_layer("spread")))
    divergence = -0.5 * np.mean(1 + v - m ** 2 - np.exp(v))
    np.testing.assert_allclose(model.evaluate(X, verbose=0), divergence, rtol=1e-5)
    assert model.losses == []                               # nothing of a finished step is left over
    model.predict(X, verbose=0)
    assert model.losses == []
    model(X)
    np.testing.assert_allclose(model.losses, [divergence], rtol=1e-5)
    history = model.fit(X, epochs=30, batch_size=24, verbose=0).history["loss"]
    assert history[-1] < 0.2 * history[0]


def test_losses_under_a_tape_are_differentiable() -> None:
    layer = layers.Dense(3, kernel_regularizer="l2", activity_regularizer="l2")
    layer.build((None, 5))
    with zoo.GradientTape() as tape:
        layer(X)
        loss = sum(layer.losses)
    kernel = layer.kernel.numpy()
    np.testing.assert_allclose(tape.gradient(loss, layer.kernel),
                               0.02 * kernel + 0.02 * X.T @ (X @ kernel) / len(X), rtol=1e-4, atol=1e-5)


def test_a_loss_of_the_subclass_is_what_fit_minimises() -> None:
    class Own(zoo.models.Functional):
        def compute_loss(self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None,
                         training: bool = True) -> Any:
            return 3 * super().compute_loss(x, y, y_pred, sample_weight, training) + ops.mean(ops.square(y_pred))

    plain, own = classifier(zoo.Model), classifier(Own)
    expected = 3 * plain.evaluate(X, Y, verbose=0)[0] + np.mean(plain.predict(X, verbose=0) ** 2)
    assert own.evaluate(X, Y, batch_size=24, verbose=0)[0] == pytest.approx(expected, rel=1e-5)
    own.train_on_batch(X, Y)
    assert not np.allclose(own.get_weights()[0], WEIGHTS[0])


class GAN(zoo.Model):
    """Two networks, two optimizers, trackers of its own, no `call`."""

    def __init__(self) -> None:
        super().__init__()
        self.generator = zoo.Sequential([zoo.Input((2,)), layers.Dense(8, activation="relu"), layers.Dense(5)])
        self.discriminator = zoo.Sequential([zoo.Input((5,)), layers.Dense(8, activation="relu"), layers.Dense(1)])
        self.seeds = random.SeedGenerator(4)
        self.d_loss, self.g_loss = metrics.Mean(name="d_loss"), metrics.Mean(name="g_loss")

    def compile(self, d_optimizer: Any, g_optimizer: Any) -> None:
        super().compile()
        self.d_optimizer, self.g_optimizer = d_optimizer, g_optimizer
        self.loss_of = losses.BinaryCrossentropy(from_logits=True)

    def train_step(self, data: Any) -> dict[str, Any]:
        noise = random.normal((data.shape[0], 2), seed=self.seeds)
        with zoo.GradientTape() as tape:
            scores = self.discriminator(ops.concatenate([data, self.generator(noise)], axis=0))
            real = ops.concatenate([ops.ones((data.shape[0], 1)), ops.zeros((data.shape[0], 1))], axis=0)
            d_loss = self.loss_of(real, scores)
        weights = self.discriminator.trainable_weights
        self.d_optimizer.apply_gradients(zip(tape.gradient(d_loss, weights), weights))
        with zoo.GradientTape() as tape:
            fooled = self.discriminator(self.generator(noise))
            g_loss = self.loss_of(ops.ones((data.shape[0], 1)), fooled)
        weights = self.generator.trainable_weights
        self.g_optimizer.apply_gradients(zip(tape.gradient(g_loss, weights), weights))
        self.d_loss.update_state(d_loss)
        self.g_loss.update_state(g_loss)
        return {"d_loss": self.d_loss.result(), "g_loss": self.g_loss.result()}


def test_two_networks_against_each_other() -> None:
    runs = []
    for eager in (False, True):
        zoo.utils.set_random_seed(7)
        gan = GAN()
        gan.compile(optimizers.Adam(0.01), optimizers.Adam(0.02))
        gan.run_eagerly = eager
        before = [w.copy() for w in gan.get_weights()]
        history = gan.fit(X, epochs=3, batch_size=8, shuffle=False, verbose=0).history
        assert set(history) == {"d_loss", "g_loss"} and len(history["d_loss"]) == 3
        assert all(not np.array_equal(a, b) for a, b in zip(before, gan.get_weights()) if a.size > 1)
        runs.append([*history["d_loss"], *history["g_loss"]])
    np.testing.assert_allclose(runs[0], runs[1], rtol=1e-4)


def test_gradients_of_gradients_in_nested_tapes() -> None:
    x = np.array([0.5, -1.0], "float32")
    with zoo.GradientTape() as outer:
        values = outer.watch(x)
        with zoo.GradientTape() as inner:
            cubes = ops.sum(values ** 3)
        slopes = inner.gradient(cubes, values)
        total = ops.sum(slopes ** 2)
    np.testing.assert_allclose(outer.gradient(total, values), 36 * x ** 3, rtol=1e-5)


def test_own_steps_of_evaluation_and_prediction() -> None:
    class Own(zoo.models.Functional):
        def test_step(self, data: Any) -> dict[str, Any]:
            x, y = data
            return {"largest": ops.max(self(x, training=False)), "seen": 1.5}

        def predict_step(self, data: Any) -> Any:
            return ops.argmax(self(data, training=False), axis=-1)

    model = classifier(Own)
    scores = model(X)
    np.testing.assert_array_equal(model.predict(X, verbose=0), scores.argmax(-1))
    found = model.evaluate(X, Y, batch_size=24, verbose=0, return_dict=True)
    assert found == {"largest": pytest.approx(float(scores.max())), "seen": 1.5}


def test_steps_and_losses_that_make_no_sense_are_refused() -> None:
    class Own(zoo.models.Functional):
        def train_step(self, data: Any) -> Any:
            return 1.0

    with pytest.raises(ConfigError, match="train_step returned float; expected a dict"):
        classifier(Own).train_on_batch(X, Y)
    inputs = zoo.Input((5,))
    model = zoo.Model(inputs, layers.Dense(2)(inputs))
    with pytest.raises(ConfigError, match="add_loss received a symbolic tensor.*self.add_loss"):
        model.add_loss(ops.sum(model.output))
    model.compile("sgd")
    with pytest.raises(ConfigError, match="nothing to minimise"):
        model.fit(X, verbose=0)


def test_figures_of_a_batch_are_of_that_batch_alone() -> None:
    model = classifier(zoo.Model)
    model.optimizer.learning_rate = 0.0
    first, second = model.test_on_batch(X[:8], Y[:8]), model.test_on_batch(X[8:], Y[8:])
    assert first != second
    np.testing.assert_allclose(model.train_on_batch(X[:8], Y[:8]), first, rtol=1e-6)
    np.testing.assert_allclose(model.train_on_batch(X[8:], Y[8:]), second, rtol=1e-6)


def test_what_is_assigned_under_a_tape_changes_when_it_ends() -> None:
    norm, dropout = layers.BatchNormalization(momentum=0.5), layers.Dropout(0.5, seed=1)
    norm.build((None, 5))
    dropped = []
    for _ in range(2):
        with zoo.GradientTape() as tape:
            loss = ops.sum(dropout(norm(X, training=True), training=True))
        dropped.append(tape.gradient(loss, norm.beta))
    np.testing.assert_allclose(norm.moving_mean.numpy(), 0.75 * X.mean(axis=0), rtol=1e-5)
    assert not np.array_equal(*dropped)                     # other random numbers each time
    with pytest.raises(ZeroDivisionError), zoo.GradientTape():
        norm(X, training=True)
        raise ZeroDivisionError
    np.testing.assert_allclose(norm.moving_mean.numpy(), 0.75 * X.mean(axis=0), rtol=1e-5)
