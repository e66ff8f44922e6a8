"""Training that goes on: after a crash, after Ctrl-C, with averaged weights."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys
import threading
from typing import Any

import numpy as np
import pytest

from tests.callbacks.small_models import X, Y, model
from zoo import callbacks, optimizers
from zoo.errors import ConfigError, CorruptFile

EPOCHS, BATCH = 4, 4                                        # 6 steps an epoch

SCRIPT = """
import os, signal, sys
from tests.callbacks.small_models import X, Y, model
from zoo import callbacks

done = 0
def step(batch, logs):
    global done
    done += 1
    if done == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)

freq = sys.argv[3] if sys.argv[3] == "epoch" else int(sys.argv[3])
backup = callbacks.BackupAndRestore(sys.argv[1], save_freq=freq)
model("adam", dropout=0.3).fit(X, Y, epochs=4, batch_size=4, verbose=0,
                               callbacks=[backup, callbacks.LambdaCallback(on_train_batch_end=step)])
"""


def train(*watchers: callbacks.Callback, **options: Any) -> Any:
    """Shuffled, with dropout and Adam: every sort of state matters."""
    trained = model("adam", dropout=0.3)
    trained.fit(X, Y, epochs=EPOCHS, batch_size=BATCH, verbose=0, callbacks=list(watchers), **options)
    return trained


def same(first: Any, second: Any) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(first.get_weights(), second.get_weights(), strict=True))


class Crash(callbacks.Callback):
    """Ends training in its midst.

    Args:
        after: so many steps.
        error: by raising this.
    """

    def __init__(self, after: int, error: type[BaseException] = RuntimeError):
        self.left, self.error = after, error

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.left -= 1
        if not self.left:
            raise self.error("crash")


@pytest.mark.parametrize(("after", "freq", "epochs"), [(15, "epoch", [2, 3]), (15, 4, [1, 2, 3])])
def test_a_killed_process_is_resumed_exactly(after: int, freq: str | int, epochs: list[int],
                                             tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "backup"
    root = pathlib.Path(__file__).parents[2]
    run = subprocess.run([sys.executable, "-c", SCRIPT, str(folder), str(after), str(freq)], cwd=root,
                         env={**os.environ, "PYTHONPATH": str(root)}, capture_output=True, text=True)
    assert run.returncode == -signal.SIGKILL, run.stderr
    assert [path.name for path in folder.iterdir()] == ["training_state.npz"]
    resumed = train(callbacks.BackupAndRestore(folder, save_freq=freq))
    assert resumed.history.epoch == epochs
    whole = train()
    assert same(resumed, whole)
    assert np.allclose(resumed.history.history["loss"], whole.history.history["loss"][epochs[0]:], rtol=1e-6)
    assert not folder.exists()


@pytest.mark.parametrize("after", range(1, 14))
def test_any_step_may_be_the_last(after: int, tmp_path: pathlib.Path) -> None:
    with pytest.raises(RuntimeError, match="crash"):
        train(callbacks.BackupAndRestore(tmp_path / "b", save_freq=3), Crash(after))
    assert same(train(callbacks.BackupAndRestore(tmp_path / "b", save_freq=3)), train())


def test_a_damaged_backup_gives_way_to_the_one_before(tmp_path: pathlib.Path) -> None:
    with pytest.raises(RuntimeError):
        train(callbacks.BackupAndRestore(tmp_path, double_checkpoint=True), Crash(20))
    (tmp_path / "training_state.npz").write_bytes(b"PK damaged")
    resumed = train(callbacks.BackupAndRestore(tmp_path, double_checkpoint=True, delete_checkpoint=False))
    assert resumed.history.epoch == [2, 3] and same(resumed, train())
    for path in tmp_path.iterdir():
        path.write_bytes(b"")
    with pytest.raises(CorruptFile, match="Delete it to train from the start"):
        train(callbacks.BackupAndRestore(tmp_path))


def test_a_backup_of_another_model_is_refused(tmp_path: pathlib.Path) -> None:
    with pytest.raises(RuntimeError):
        train(callbacks.BackupAndRestore(tmp_path), Crash(8))
    with pytest.raises(ConfigError, match="optimizer.*differ"):
        model("sgd").fit(X, Y, verbose=0, callbacks=[callbacks.BackupAndRestore(tmp_path)])


def test_arguments_of_backup() -> None:
    with pytest.raises(ConfigError, match="backup_dir"):
        callbacks.BackupAndRestore("")
    with pytest.raises(ConfigError, match="save_freq"):
        callbacks.BackupAndRestore("x", save_freq="step")


# ---- Ctrl-C

def test_an_interrupt_leaves_a_usable_model() -> None:
    ended: list[bool] = []
    trained = model("adam")
    watcher = callbacks.LambdaCallback(on_train_end=lambda logs: ended.append(trained.training_interrupted))
    with pytest.raises(KeyboardInterrupt):
        trained.fit(X, Y, epochs=9, batch_size=BATCH, verbose=0, callbacks=[Crash(8, KeyboardInterrupt), watcher])
    assert ended == [True] and trained.history.epoch == [0]
    assert int(np.asarray(trained.optimizer.iterations)) == 8
    trained.fit(X, Y, verbose=0)
    assert not trained.training_interrupted


@pytest.mark.skipif(threading.current_thread() is not threading.main_thread(), reason="signals arrive there")
def test_an_interrupt_inside_a_step_waits_for_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    trained = model("adam")
    trained.fit(X, Y, verbose=0)
    before = [variable.version for variable in trained.trainable_weights]
    assign = type(before and trained.trainable_weights[0]).assign

    def interrupted(variable: Any, value: Any) -> Any:
        if variable is trained.trainable_weights[1]:
            signal.raise_signal(signal.SIGINT)              # in the midst of the assignments of a step
        return assign(variable, value)

    monkeypatch.setattr(type(trained.trainable_weights[0]), "assign", interrupted)
    with pytest.raises(KeyboardInterrupt):
        trained.fit(X, Y, epochs=3, batch_size=BATCH, verbose=0)
    assert [variable.version for variable in trained.trainable_weights] == [version + 1 for version in before]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


# ---- averaged weights

def test_swapped_averages_are_evaluated_and_kept_at_the_end(tmp_path: pathlib.Path) -> None:
    seen: dict[str, list[np.ndarray]] = {}
    trained = model(optimizers.SGD(0.1, use_ema=True, ema_momentum=0.8))
    swap = callbacks.SwapEMAWeights(swap_on_epoch=True)
    notes = callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.update(own=trained.get_weights()),
        on_test_begin=lambda logs: seen.update(test=trained.get_weights()),
        on_epoch_begin=lambda epoch, logs: seen.update(begin=trained.get_weights()),
        on_epoch_end=lambda epoch, logs: seen.update(end=trained.get_weights()))
    trained.fit(X, Y, epochs=2, batch_size=BATCH, verbose=0, validation_data=(X, Y), callbacks=[swap, notes])
    averages = [trained.optimizer.averages[variable].numpy() for variable in trained.trainable_weights]
    for own, test, end, average, now in zip(seen["own"], seen["test"], seen["end"], averages, trained.get_weights()):
        assert not np.allclose(own, average)
        assert np.array_equal(test, average) and np.array_equal(end, average) and np.array_equal(now, average)


def test_swapping_does_not_disturb_training() -> None:
    results = []
    for watchers in ([], [callbacks.SwapEMAWeights()]):
        trained = model(optimizers.SGD(0.1, use_ema=True, ema_momentum=0.8))
        trained.fit(X, Y, epochs=3, verbose=0, validation_data=(X, Y), callbacks=watchers)
        results.append(trained)
    assert same(*results)
    assert results[0].history.history["val_loss"] != results[1].history.history["val_loss"]


def test_swapping_needs_averages() -> None:
    with pytest.raises(ConfigError, match="use_ema=True"):
        model().evaluate(X, Y, verbose=0, callbacks=[callbacks.SwapEMAWeights()])
