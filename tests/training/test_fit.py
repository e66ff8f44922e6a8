"""What `fit` promises whatever the data come in, however many threads work, and whenever somebody interrupts it."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import zoo
from zoo import callbacks, layers, utils
from zoo.config import config
from zoo.engine import rng, threads
from zoo.io import hdf5_writer

DRAWN = np.random.default_rng(0)
X = DRAWN.normal(size=(40, 6)).astype("float32")
SIDE = DRAWN.normal(size=(40, 2)).astype("float32")
CLASSES = np.arange(40) % 3
WEIGHTS = DRAWN.uniform(0.5, 2, size=40).astype("float32")


def same(first: Any, second: Any) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(first.get_weights(), second.get_weights(), strict=True))


# ---- seeds and threads


def picture_model() -> zoo.Sequential:
    """Convolutions of every sort, statistics, dropout and a recurrent layer."""
    return zoo.Sequential([
        zoo.Input((12, 12, 3)), layers.Conv2D(8, 3, activation="relu"), layers.BatchNormalization(),
        layers.DepthwiseConv2D(3, padding="same"), layers.MaxPooling2D(), layers.Dropout(0.3),
        layers.Conv2DTranspose(8, 2, strides=2), layers.AveragePooling2D(2), layers.Reshape((25, 8)),
        layers.LSTM(6, recurrent_dropout=0.2), layers.Dense(3, activation="softmax")])


def run_with(count: int, seed: int) -> Any:
    with config.using(threads=count):
        rng.set_random_seed(seed)
        model = picture_model()
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        pictures = np.random.default_rng(1).normal(size=(24, 12, 12, 3)).astype("float32")
        model.fit(pictures, np.arange(24) % 3, epochs=2, batch_size=12, verbose=0)
        return model


def test_the_same_seed_is_the_same_run_with_any_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "WAKING", 1e-9)            # so that the least work is shared
    helpers: list[int] = []
    submit = type(threads._pool).submit
    monkeypatch.setattr(type(threads._pool), "submit", lambda pool, job, count: helpers.append(count) or
                        submit(pool, job, count))
    one = run_with(1, seed=5)
    assert not helpers
    for count in (2, 3):
        helpers.clear()
        other = run_with(count, seed=5)
        assert same(one, other) and one.history.history == other.history.history, f"{count} threads"
        assert len(helpers) >= 10 and 1 <= max(helpers) < count         # without compiled kernels less is shared
    assert not same(one, run_with(1, seed=6))


# ---- weights of samples and classes, parts held back


def two_outputs() -> zoo.Model:
    rng.set_random_seed(2)
    a, b = zoo.Input((6,), name="a"), zoo.Input((2,), name="b")
    hidden = layers.Concatenate()([layers.Dense(4, activation="tanh")(a), b])
    model = zoo.Model({"a": a, "b": b}, [layers.Dense(3, activation="softmax", name="kind")(hidden),
                                         layers.Dense(1, name="size")(hidden)])
    model.compile("sgd", {"kind": "sparse_categorical_crossentropy", "size": "mse"}, loss_weights={"size": 0.5},
                  weighted_metrics={"kind": ["accuracy"], "size": ["mae"]})
    return model


INPUTS = {"a": X, "b": SIDE}
BY_NAME = {"kind": CLASSES, "size": SIDE[:, :1]}
WEIGHTS_BY_NAME = {"kind": WEIGHTS, "size": np.ones(40, "float32")}
PLAIN = {"verbose": 0, "shuffle": False, "batch_size": 10, "epochs": 2}


def test_names_and_lists_mean_the_same_outputs() -> None:
    by_name, by_place = two_outputs(), two_outputs()
    by_name.fit(INPUTS, BY_NAME, sample_weight=WEIGHTS_BY_NAME, validation_split=0.25, **PLAIN)
    by_place.fit([X, SIDE], list(BY_NAME.values()), sample_weight=list(WEIGHTS_BY_NAME.values()),
                 validation_split=0.25, **PLAIN)
    assert same(by_name, by_place) and by_name.history.history == by_place.history.history
    assert {"kind_loss", "size_loss", "kind_accuracy", "size_mae", "val_loss"} <= by_name.history.history.keys()


def test_a_part_held_back_is_that_part() -> None:
    split, given = two_outputs(), two_outputs()
    split.fit(INPUTS, BY_NAME, sample_weight=WEIGHTS_BY_NAME, validation_split=0.25, **PLAIN)
    first, last = ([{key: array[part] for key, array in nest.items()} for nest in (INPUTS, BY_NAME, WEIGHTS_BY_NAME)]
                   for part in (slice(30), slice(30, None)))
    given.fit(*first[:2], sample_weight=first[2], validation_data=tuple(last), **PLAIN)
    assert same(split, given) and split.history.history == given.history.history


def test_weights_of_samples_are_factors_of_their_losses() -> None:
    model = two_outputs()
    kind, size = model.predict(INPUTS, verbose=0)
    figures = model.evaluate(INPUTS, BY_NAME, sample_weight=WEIGHTS_BY_NAME, batch_size=40, verbose=0, return_dict=True)
    crossentropy = np.mean(WEIGHTS * -np.log(kind[np.arange(40), CLASSES]))
    squares = np.mean((size - BY_NAME["size"]) ** 2)
    np.testing.assert_allclose(figures["kind_loss"], crossentropy, rtol=1e-5)
    np.testing.assert_allclose(figures["loss"], crossentropy + 0.5 * squares, rtol=1e-5)
    right = kind.argmax(-1) == CLASSES
    np.testing.assert_allclose(figures["kind_accuracy"], WEIGHTS[right].sum() / WEIGHTS.sum(), rtol=1e-5)


def classifier(**options: Any) -> zoo.Sequential:
    rng.set_random_seed(3)
    model = zoo.Sequential([zoo.Input((6,)), layers.Dense(5, activation="relu"), layers.Dense(3, activation="softmax")])
    model.compile("adam", **{"loss": "sparse_categorical_crossentropy", **options})
    return model


@pytest.mark.parametrize("one_hot", [False, True])
def test_weights_of_classes_are_weights_of_their_samples(one_hot: bool) -> None:
    loss = "categorical_crossentropy" if one_hot else "sparse_categorical_crossentropy"
    y = utils.to_categorical(CLASSES, 3) if one_hot else CLASSES
    by_class, by_sample = classifier(loss=loss), classifier(loss=loss)
    factors = {0: 0.5, 2: 3.0}                              # the others count once
    by_class.fit(X, y, class_weight=factors, sample_weight=WEIGHTS, **PLAIN)
    by_sample.fit(X, y, sample_weight=WEIGHTS * np.array([0.5, 1, 3], "float32")[CLASSES], **PLAIN)
    assert same(by_class, by_sample)


# ---- sources of batches


class Numbered(utils.PyDataset):
    """Batches of ten samples by number."""

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> Any:
        part = slice(10 * index, 10 * index + 10)
        return X[part], CLASSES[part], WEIGHTS[part]


def endless() -> Iterator[Any]:
    while True:
        yield from (Numbered()[i] for i in range(4))


@pytest.mark.parametrize("source", [Numbered(), Numbered(workers=3, max_queue_size=2),
                                    Numbered(workers=2, use_multiprocessing=True), endless()],
                         ids=["PyDataset", "with workers", "with processes", "generator"])
def test_every_source_trains_alike(source: Any) -> None:
    arrays, other = classifier(), classifier()
    arrays.fit(X, CLASSES, sample_weight=WEIGHTS, **PLAIN)
    other.fit(source, epochs=2, shuffle=False, verbose=0, steps_per_epoch=4 if isinstance(source, Iterator) else None)
    assert same(arrays, other) and arrays.history.history == other.history.history


def test_epochs_of_a_generator_go_on_where_the_last_one_ended() -> None:
    arrays, other = classifier(), classifier()
    arrays.fit(X, CLASSES, sample_weight=WEIGHTS, **{**PLAIN, "epochs": 3})         # 12 steps
    other.fit(endless(), epochs=2, steps_per_epoch=6, verbose=0, validation_data=endless(), validation_steps=2)
    assert same(arrays, other) and len(other.history.history["val_loss"]) == 2


# ---- interruptions


INTERRUPTED = """
import sys, numpy as np, zoo
model = zoo.Sequential([zoo.Input((6,)), zoo.layers.Dense(3, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
x, y = np.ones((4000, 6), "float32"), np.zeros(4000, int)
def tell(batch, logs):
    if batch == 9:
        print("ready", flush=True)
ready = zoo.callbacks.LambdaCallback(on_train_batch_end=tell)
try:
    model.fit(x, y, epochs=10 ** 6, batch_size=4, verbose=0, callbacks=[ready])
except KeyboardInterrupt:
    print("interrupted", model.training_interrupted, np.isfinite(model.evaluate(x[:4], y[:4], verbose=0)))
    model.save(sys.argv[1])
"""


def test_ctrl_c_leaves_a_model_that_can_be_saved(tmp_path: pathlib.Path) -> None:
    root = pathlib.Path(__file__).parents[2]
    with subprocess.Popen([sys.executable, "-c", INTERRUPTED, str(tmp_path / "m.keras")], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(root)}) as run:
        assert run.stdout.readline() == "ready\n", run.stderr.read()
        run.send_signal(signal.SIGINT)
        said, errors = run.communicate(timeout=60)
    assert run.returncode == 0 and said.splitlines()[-1] == "interrupted True True", errors
    loaded = zoo.load_model(tmp_path / "m.keras")
    assert int(loaded.optimizer.iterations.numpy()) >= 10
    loaded.fit(np.ones((4, 6)), np.zeros(4), verbose=0)


@pytest.mark.parametrize("name", ["m.keras", "m.h5"])
def test_a_checkpoint_that_cannot_be_finished_leaves_the_last_one(name: str, tmp_path: pathlib.Path,
                                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    model, saver = classifier(), callbacks.ModelCheckpoint(tmp_path / name)
    model.fit(X, CLASSES, callbacks=[saver], **PLAIN)
    before, written = (tmp_path / name).read_bytes(), []
    write = hdf5_writer.write_tensor

    def full(*arguments: Any) -> None:
        written.append(arguments)
        if len(written) == 3:                               # some arrays are on the disk already
            raise OSError(28, "No space left on device")
        write(*arguments)
    monkeypatch.setattr(hdf5_writer, "write_tensor", full)
    with pytest.raises(OSError, match="No space left"):
        model.fit(X, CLASSES, callbacks=[saver], **PLAIN)
    assert [path.name for path in tmp_path.iterdir()] == [name] and (tmp_path / name).read_bytes() == before
