"""Callbacks that act on whether a figure improves."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest

import zoo
from tests.callbacks.small_models import X, Y, Script, follow, model
from zoo import callbacks, metrics, optimizers, spelling
from zoo.callbacks.monitor import goal_of
from zoo.errors import ConfigError, OldSpelling

# figures of the epochs, arguments, at which epoch it stops (None: not before the end)
STOPS = [
    ([3, 2, 1, 1, 1, 1], {"patience": 2}, 4),
    ([3, 2, 1, 1, 1, 1], {"patience": 0}, 3),
    ([3, 2, 1, 0.5, 0.2, 0.1], {"patience": 1}, None),
    ([3, 2.95, 2.9, 2.7, 2.6, 2.5], {"patience": 2, "min_delta": 0.15}, 2),
    ([1, 2, 3, 3, 3, 3], {"patience": 1, "mode": "max"}, 3),
    ([3, 3, 3, 3, 3, 3], {"patience": 1, "start_from_epoch": 3}, 4),
    ([5, 4, 3, 2.5, 2.4, 2.3], {"patience": 2, "baseline": 1.0}, None),
    ([5, 6, 6, 6, 6, 6], {"patience": 2, "baseline": 1.0}, 1),
]


@pytest.mark.parametrize(("figures", "arguments", "last"), STOPS)
def test_early_stopping(figures: list[float], arguments: dict[str, object], last: int | None) -> None:
    history = follow(callbacks.EarlyStopping("loss", **arguments), loss=figures)
    assert history.epoch[-1] == (len(figures) - 1 if last is None else last)


def test_early_stopping_restores_the_best_weights() -> None:
    kept = {}
    recorder = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: kept.update({epoch: trained.get_weights()}))
    stopping = callbacks.EarlyStopping("loss", patience=2, restore_best_weights=True)
    trained = model()
    trained.fit(X, Y, epochs=6, verbose=0, callbacks=[Script(loss=[3, 1, 2, 2, 2, 2]), recorder, stopping])
    assert stopping.stopped_epoch == 3 and stopping.best_epoch == 1
    for now, best, last in zip(trained.get_weights(), kept[1], kept[3]):
        assert np.array_equal(now, best) and not np.array_equal(now, last)


def test_a_figure_that_is_not_there_is_a_warning() -> None:
    with pytest.warns(UserWarning, match="val_loss.*They have: loss, mae"):
        model().fit(X, Y, verbose=0, callbacks=[callbacks.EarlyStopping()])


GOALS = [("val_loss", "min"), ("out_loss", "min"), ("accuracy", "max"), ("val_out_accuracy", "max"), ("mae", "min"),
         ("out_mae", "min"), ("surprise", None), ("learning_rate", None)]


@pytest.mark.parametrize(("monitor", "goal"), GOALS)
def test_the_direction_of_a_figure(monitor: str, goal: str | None) -> None:
    known = [metrics.Mean(name="loss"), metrics.Accuracy(), metrics.MeanAbsoluteError(name="mae"),
             metrics.Mean(name="surprise")]
    assert goal_of(monitor, known) == goal


def test_a_direction_that_nobody_knows_is_asked_for() -> None:
    with pytest.raises(ConfigError, match="surprise.*give mode='max' or mode='min'"):
        follow(callbacks.EarlyStopping("surprise"), surprise=[1, 2])


# figures, arguments, learning rates (of 1.0 at first) that the epochs have
RATES = [
    ([3, 3, 3, 3], {"patience": 1, "factor": 0.5}, [1, 1, 0.5, 0.25]),
    ([3, 3, 3, 3, 3], {"patience": 1, "factor": 0.5, "cooldown": 2}, [1, 1, 0.5, 0.5, 0.25]),
    ([3, 3, 3, 3], {"patience": 1, "factor": 0.1, "min_lr": 0.05}, [1, 1, 0.1, 0.05]),
    ([3, 2.99, 2.98, 1], {"patience": 1, "factor": 0.5, "min_delta": 0.5}, [1, 1, 0.5, 0.25]),
]


@pytest.mark.parametrize(("figures", "arguments", "rates"), RATES)
def test_reduce_lr_on_plateau(figures: list[float], arguments: dict[str, float], rates: list[float]) -> None:
    trained = model(optimizers.SGD(1.0))
    watchers = [Script(loss=figures), callbacks.ReduceLROnPlateau("loss", **arguments)]
    history = trained.fit(X, Y, epochs=len(figures), verbose=0, callbacks=watchers).history
    assert np.allclose(history["learning_rate"], rates)


def test_reduce_lr_on_plateau_takes_the_old_name_and_refuses_growth() -> None:
    spelling.forget()
    with pytest.warns(OldSpelling, match="epsilon.*min_delta"):
        assert callbacks.ReduceLROnPlateau(epsilon=0.5).min_delta == 0.5
    with pytest.raises(ConfigError, match="factor"):
        callbacks.ReduceLROnPlateau(factor=1.5)
    with pytest.raises(TypeError, match="patient"):
        callbacks.ReduceLROnPlateau(patient=1)


def test_checkpoints_after_some_epochs_as_in_older_keras(tmp_path: pathlib.Path) -> None:
    spelling.forget()
    with pytest.warns(OldSpelling, match="period.*save_freq"):
        saver = callbacks.ModelCheckpoint(tmp_path / "{epoch}.keras", period=2)
    follow(saver, loss=[3.0, 2.0, 1.0])
    assert [path.name for path in tmp_path.iterdir()] == ["2.keras"]


@pytest.mark.parametrize("schedule", [lambda epoch: 0.1 / (epoch + 1),
                                      lambda epoch, rate: np.float32(0.1 / (epoch + 1))])
def test_learning_rate_scheduler(schedule: object) -> None:
    history = model().fit(X, Y, epochs=3, verbose=0, callbacks=callbacks.LearningRateScheduler(schedule)).history
    assert np.allclose(history["learning_rate"], [0.1, 0.05, 0.1 / 3])


def test_learning_rates_of_several_optimizers_have_names() -> None:
    by_path = optimizers.OptimizerMap(optimizers.SGD(0.1, name="first"), {".*bias": optimizers.SGD(0.2, name="second")})
    trained = model(optimizers.MultiOptimizer(by_path))
    schedule = callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    history = trained.fit(X, Y, epochs=2, verbose=0, callbacks=[schedule]).history
    assert np.allclose(history["learning_rate_first"], [0.05, 0.025])
    assert np.allclose(history["learning_rate_second"], [0.1, 0.05])


def test_a_schedule_has_to_give_a_number() -> None:
    with pytest.raises(ConfigError, match="has to give a float. Received: None"):
        model().fit(X, Y, verbose=0, callbacks=[callbacks.LearningRateScheduler(lambda epoch: None)])


# ---- ModelCheckpoint

@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_checkpoints_are_models(tmp_path: pathlib.Path, suffix: str) -> None:
    trained = model()
    trained.fit(X, Y, epochs=2, verbose=0, callbacks=[callbacks.ModelCheckpoint(tmp_path / ("m{epoch:02d}" + suffix))])
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"m01{suffix}", f"m02{suffix}"]
    loaded = zoo.load_model(tmp_path / f"m02{suffix}")
    assert np.allclose(loaded.predict(X, verbose=0), trained.predict(X, verbose=0))


@pytest.mark.parametrize("suffix", [".weights.h5", ".h5"])
def test_checkpoints_of_weights_alone(tmp_path: pathlib.Path, suffix: str) -> None:
    trained, path = model(), tmp_path / "deep" / f"w{suffix}"
    trained.fit(X, Y, verbose=0, callbacks=[callbacks.ModelCheckpoint(path, save_weights_only=True)])
    other = model()
    other.load_weights(path)
    assert all(np.array_equal(a, b) for a, b in zip(other.get_weights(), trained.get_weights()))


def test_only_the_best_is_kept(tmp_path: pathlib.Path) -> None:
    saver = callbacks.ModelCheckpoint(tmp_path / "{epoch}-{loss:.1f}.keras", "loss", save_best_only=True)
    follow(saver, loss=[3.0, 4.0, 2.0, 2.0, 1.5])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1-3.0.keras", "3-2.0.keras", "5-1.5.keras"]
    later = callbacks.ModelCheckpoint(tmp_path / "x.keras", "loss", save_best_only=True, initial_value_threshold=1.0)
    follow(later, loss=[1.2, 1.1])
    assert not (tmp_path / "x.keras").exists()


def test_checkpoints_by_batches(tmp_path: pathlib.Path) -> None:
    saver = callbacks.ModelCheckpoint(tmp_path / "{epoch}-{batch}.weights.h5", save_weights_only=True, save_freq=4)
    model().fit(X, Y, epochs=2, batch_size=4, verbose=0, callbacks=[saver])          # 6 batches an epoch
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1-4.weights.h5", "2-2.weights.h5", "2-6.weights.h5"]


def test_what_a_checkpoint_refuses(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ConfigError, match=".weights.h5, .h5, .hdf5"):
        callbacks.ModelCheckpoint(tmp_path / "a.keras", save_weights_only=True)
    with pytest.raises(ConfigError, match="save_freq"):
        callbacks.ModelCheckpoint(tmp_path / "a.keras", save_freq=0)
    with pytest.raises(ConfigError, match="val_loss.*They have: loss"):
        model().fit(X, Y, verbose=0, callbacks=[callbacks.ModelCheckpoint(tmp_path / "{val_loss}.keras")])
    with pytest.warns(UserWarning, match="'val_loss' is not in the logs"):
        model().fit(X, Y, verbose=0, callbacks=[callbacks.ModelCheckpoint(tmp_path / "a.keras", save_best_only=True)])
    assert (tmp_path / "a.keras").exists()
