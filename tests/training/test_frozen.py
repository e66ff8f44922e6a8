"""The frozen prefix: found by what layers do, equal in results, kept where samples return."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import zoo
from zoo import callbacks, layers, ops
from zoo.config import config
from zoo.engine import rng

X = np.random.default_rng(0).normal(size=(30, 6, 6, 2)).astype("float32")
Y = np.arange(30) % 3


def backbone(*extra: layers.Layer) -> zoo.Model:
    """Some convolutions, frozen."""
    x = zoo.Input((6, 6, 2))
    h = layers.Conv2D(4, 3, activation="relu", name="first")(x)
    h = layers.BatchNormalization(name="norm")(h)
    h = layers.Conv2D(4, 3, activation="relu", name="second")(h)
    for layer in extra:
        h = layer(h)
    base = zoo.Model(x, layers.GlobalAveragePooling2D()(h), name="base")
    base.trainable = False
    return base


def headed(base: zoo.Model, *head: layers.Layer, **call: Any) -> zoo.Model:
    """With a head to train."""
    x = zoo.Input((6, 6, 2))
    h = base(layers.Rescaling(0.5)(x), **call)
    for layer in head or (layers.Dense(5, kernel_regularizer="l2"),):
        h = layer(h)
    model = zoo.Model(x, layers.Dense(3, activation="softmax", name="classes")(h), name="headed")
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def partly_frozen() -> zoo.Model:
    base = backbone()
    base.trainable = True
    for name in ("first", "norm"):
        base.get_layer(name).trainable = False
    return headed(base)


def two_inputs() -> zoo.Model:
    base = backbone()
    a, b = zoo.Input((6, 6, 2), name="a"), zoo.Input((3,), name="b")
    joined = layers.Concatenate()([base(a), layers.Dense(2)(b)])
    model = zoo.Model({"a": a, "b": b}, layers.Dense(3, activation="softmax")(joined))
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


def stacked() -> zoo.Sequential:
    base = backbone()
    model = zoo.Sequential([zoo.Input((6, 6, 2)), base, layers.Dropout(0.3), layers.Dense(3, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def shared_layer() -> zoo.Model:
    frozen = layers.Dense(4, trainable=False, name="shared")
    x = zoo.Input((6, 6, 2))
    h = frozen(layers.Flatten()(x))
    h = frozen(layers.Dense(72)(h))                         # used again behind a trained layer
    model = zoo.Model(x, [layers.Dense(3, activation="softmax", name="p")(h), frozen(layers.Flatten()(x))])
    model.compile("sgd", ["sparse_categorical_crossentropy", None])
    return model


#: What to build, how many layers with weights are frozen before the others.
MODELS = {
    "whole base": (lambda: headed(backbone()), 3),
    "base in inference": (lambda: headed(backbone(), training=False), 3),
    "dropout in the base": (lambda: headed(backbone(layers.Dropout(0.2))), 3),
    "dropout that does nothing": (lambda: headed(backbone(layers.Dropout(0.0))), 3),
    "part of the base": (partly_frozen, 2),
    "two inputs": (two_inputs, 3),
    "sequential": (stacked, 3),
    "shared layer": (shared_layer, 1),
}


def trained(build: Any, x: Any = X, epochs: int = 3, **options: Any) -> tuple[Any, dict[str, list[float]]]:
    rng.set_random_seed(3)
    model = build()
    history = model.fit(x, Y, epochs=epochs, batch_size=8, **{"verbose": 0, **options})
    return model, history.history


def data_for(name: str) -> Any:
    return {"a": X, "b": X[:, 0, :1, :].reshape(30, 2) @ np.ones((2, 3), "float32")} if name == "two inputs" else X


@pytest.mark.parametrize("name", MODELS)
def test_results_are_equal(name: str) -> None:
    build, frozen_layers = MODELS[name]
    split = build().split_frozen()
    assert split.frozen_layers == frozen_layers
    runs = [trained(build, data_for(name), cache_frozen=flag, validation_split=0.2) for flag in (True, False)]
    (one, history), (two, expected) = runs
    assert history.keys() == expected.keys()
    for key, values in expected.items():
        assert np.allclose(history[key], values, rtol=1e-5, atol=1e-6), key
    for a, b in zip(one.get_weights(), two.get_weights(), strict=True):
        assert np.allclose(a, b, rtol=1e-4, atol=1e-6)
    for a, b in zip(one.optimizer.variables, two.optimizer.variables, strict=True):
        assert np.allclose(a.numpy(), b.numpy(), rtol=1e-3, atol=1e-6), a.path


def nothing_frozen() -> zoo.Model:
    base = backbone()
    base.trainable = True
    return headed(base)


def trained_statistics() -> zoo.Model:
    """Batch normalisation without trainable weights still follows its batches."""
    x = zoo.Input((6, 6, 2))
    h = layers.BatchNormalization(center=False, scale=False)(x)
    model = zoo.Model(x, layers.Dense(3, activation="softmax")(layers.Flatten()(h)))
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


def penalised() -> zoo.Model:
    x = zoo.Input((6, 6, 2))
    h = layers.Dense(4, trainable=False, activity_regularizer="l2")(layers.Flatten()(x))
    model = zoo.Model(x, layers.Dense(3, activation="softmax")(h))
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


def own_call() -> zoo.Model:
    class Twice(zoo.models.functional.Functional):
        def call(self, inputs: Any) -> Any:
            return ops.multiply(super().call(inputs), 2)
    base = backbone()
    model = Twice(base.input, layers.Dense(3)(base.output))
    model.compile("sgd", "mse")
    return model


@pytest.mark.parametrize("build", [nothing_frozen, trained_statistics, penalised, own_call],
                         ids=["trainable", "statistics", "penalty", "own call"])
def test_what_is_no_frozen_prefix(build: Any) -> None:
    assert build().split_frozen() is None


def count_runs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Sizes of the batches that frozen parts compute from here on."""
    sizes: list[int] = []
    run = zoo.Model.predict_on_batch

    def counted(self: Any, x: Any) -> Any:
        if self.name.endswith("_frozen"):
            sizes.append(len(x["a"] if isinstance(x, dict) else x))
        return run(self, x)

    monkeypatch.setattr(zoo.Model, "predict_on_batch", counted)
    return sizes


def test_every_sample_is_computed_once(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    sizes = count_runs(monkeypatch)
    trained(MODELS["whole base"][0], epochs=5, verbose=2)
    assert sizes == [8, 8, 8, 8, 8, 6]                      # two to see whether samples stand for themselves
    said = [line for line in capsys.readouterr().out.splitlines() if "rozen" in line]
    assert said == ["Frozen prefix: 3 layers with weights run ahead of training; their outputs are kept in memory "
                    "(480 bytes)."]


@pytest.mark.parametrize(("budget", "place", "runs"), [
    ({"frozen_cache_memory": 100}, "kept in a temporary file (480 bytes", 6),
    ({"frozen_cache_memory": 100, "frozen_cache_disk": 100}, "not kept, since 480 bytes are more", 10)])
def test_budgets(budget: dict[str, int], place: str, runs: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Any,
                 capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("ZOO_HOME", str(tmp_path))
    _, expected = trained(MODELS["whole base"][0], cache_frozen=False, epochs=2)
    sizes = count_runs(monkeypatch)
    with config.using(**budget):
        _, history = trained(MODELS["whole base"][0], epochs=2, verbose=2)
    assert place in capsys.readouterr().out and len(sizes) == runs
    assert np.allclose(history["loss"], expected["loss"], rtol=1e-5)
    assert not list(tmp_path.glob("*"))                     # the file had no name


def test_a_single_epoch_keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = count_runs(monkeypatch)
    trained(MODELS["whole base"][0], epochs=1)
    assert sizes == [8, 8, 8, 6]


def test_generators_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def batches() -> Iterator[Any]:
        while True:
            yield X[:8], Y[:8]
    sizes = count_runs(monkeypatch)
    rng.set_random_seed(3)
    model = MODELS["whole base"][0]()
    model.fit(batches(), epochs=2, steps_per_epoch=3, verbose=0)
    assert sizes == [8] * 6


def test_layers_that_mix_samples_are_not_kept(capsys: pytest.CaptureFixture[str]) -> None:
    class Centred(layers.Layer):
        def call(self, x: Any) -> Any:
            return ops.subtract(x, ops.mean(x, axis=0, keepdims=True))
    build = lambda: headed(backbone(Centred()))             # noqa: E731
    (_, history), (_, expected) = (trained(build, cache_frozen=flag, verbose=2) for flag in (True, False))
    assert "not kept, since they depend on more than one sample" in capsys.readouterr().out
    assert np.allclose(history["loss"], expected["loss"], rtol=1e-5)


@pytest.mark.parametrize("change", ["thaw", "assign"])
def test_callbacks_may_change_the_prefix(change: str) -> None:
    def run(flag: bool) -> dict[str, list[float]]:
        rng.set_random_seed(3)
        model = headed(backbone())
        first = model.get_layer("base").get_layer("first")
        actions = {"thaw": lambda: setattr(first, "trainable", True),
                   "assign": lambda: first.set_weights([w * 2 for w in first.get_weights()])}
        model.compile(zoo.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
        if change == "thaw":
            model.get_layer("base").trainable = True
            model.optimizer.build(model.trainable_weights)
            model.get_layer("base").trainable = False
            model.get_layer("base")._trainable = True
        watcher = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: actions[change]() if epoch == 1 else None)
        return model.fit(X, Y, epochs=4, batch_size=8, verbose=0, cache_frozen=flag, callbacks=[watcher]).history
    with_cache, without = run(True), run(False)
    assert np.allclose(with_cache["loss"], without["loss"], rtol=1e-4)


def test_nothing_of_it_is_left_in_the_model(tmp_path: Any) -> None:
    model, _ = trained(MODELS["part of the base"][0])
    model.save(tmp_path / "m.keras")
    loaded = zoo.load_model(tmp_path / "m.keras")
    assert [layer.name for layer in loaded.layers] == [layer.name for layer in model.layers]
    assert np.allclose(loaded.predict(X, verbose=0), model.predict(X, verbose=0), atol=1e-6)
