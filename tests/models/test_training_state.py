"""Compiled models through files: what is said when something is missing, and what `convert` keeps."""

from __future__ import annotations

import json
import pathlib
import shutil
from typing import Any

import h5py
import numpy as np
import pytest

import zoo
from tests.corpus import CORPUS, require_corpus
from zoo import conventions, io, layers, ops, optimizers
from zoo.errors import ConfigError, CorruptFile

X = np.random.default_rng(0).normal(size=(12, 4)).astype("float32")
Y = np.random.default_rng(1).normal(size=(12, 2)).astype("float32")


def trained(optimizer: Any, loss: Any = "mse", **options: Any) -> zoo.Sequential:
    model = zoo.Sequential([zoo.Input((4,)), layers.Dense(3, activation="tanh"), layers.Dense(2)])
    model.compile(optimizer, loss, **options)
    for _ in range(2):
        model.train_on_batch(X, Y)
    return model


def same_next_step(model: Any, other: Any) -> bool:
    for each in (model, other):
        each.train_on_batch(X, Y)
    return all(np.array_equal(ours, theirs) for ours, theirs in zip(model.get_weights(), other.get_weights()))


def test_own_losses_that_nobody_knows_do_not_prevent_loading(tmp_path: pathlib.Path) -> None:
    def squares(y_true: Any, y_pred: Any) -> Any:
        return ops.mean(ops.square(y_pred - y_true), axis=-1)
    model = trained("adam", squares)
    model.save(tmp_path / "m.keras")
    with pytest.warns(UserWarning, match="not compiled.*'squares'"):
        loaded = zoo.load_model(tmp_path / "m.keras")
    assert loaded.optimizer is None and "squares" in loaded.load_report.optimizer
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))
    assert same_next_step(model, zoo.load_model(tmp_path / "m.keras", {"squares": squares}))


def test_without_compiling(tmp_path: pathlib.Path) -> None:
    model = trained("adam")
    model.save(tmp_path / "m.keras")
    assert zoo.load_model(tmp_path / "m.keras", compile=False).optimizer is None
    model.save(tmp_path / "n.h5", include_optimizer=False)
    assert io.read(tmp_path / "n.h5").training is None


@pytest.mark.parametrize("name, options", [("RMSprop", {}), ("Nadam", {"schedule_decay": 0.1}), ("Adagrad", {})])
@pytest.mark.parametrize("suffix", ["keras", "h5"])
def test_older_optimizers_stay_what_they_are(name: str, options: Any, suffix: str, tmp_path: pathlib.Path) -> None:
    optimizer = getattr(optimizers.legacy, name)(0.01, **options)
    model = trained(optimizer)
    model.save(tmp_path / f"m.{suffix}")
    loaded = zoo.load_model(tmp_path / f"m.{suffix}")
    assert type(loaded.optimizer) is type(optimizer) and same_next_step(model, loaded)


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "adadelta", "adamax"])
@pytest.mark.parametrize("dialect", ["keras3", "tfkeras", "keras2"])
def test_conversion_keeps_the_state(optimizer: str, dialect: str, tmp_path: pathlib.Path) -> None:
    model = trained(optimizer, metrics=["mae"])
    model.save(tmp_path / "a.keras")
    io.write(io.read(tmp_path / "a.keras"), tmp_path / "b.h5", dialect=dialect)
    io.write(io.read(tmp_path / "b.h5"), tmp_path / "c.keras", dialect="keras3")
    for name in ("b.h5", "c.keras"):
        loaded = zoo.load_model(tmp_path / name)
        assert loaded.load_report.optimizer.startswith("restored")
        assert all(np.array_equal(a.numpy(), b.numpy()) for a, b in zip(model.optimizer.variables[2:],
                                                                        loaded.optimizer.variables[2:], strict=True))


def test_state_of_layers_that_were_frozen_later(tmp_path: pathlib.Path) -> None:
    model = trained("adam")
    model.layers[0].trainable = False
    model.save(tmp_path / "m.keras")
    loaded = zoo.load_model(tmp_path / "m.keras")
    assert loaded.load_report.optimizer == "restored: 6 arrays"


def test_state_that_does_not_fit_is_said(tmp_path: pathlib.Path) -> None:
    model = trained("adam")
    document = io.read(_saved(model, tmp_path / "m.keras"))
    document.training.optimizer.tensors.pop()               # type: ignore[union-attr]
    io.write(document, tmp_path / "n.keras")
    with pytest.warns(UserWarning, match="starts anew.*expected 10"):
        assert zoo.load_model(tmp_path / "n.keras").load_report.optimizer.startswith("not restored")


def _saved(model: Any, path: pathlib.Path) -> pathlib.Path:
    model.save(path)
    return path


@pytest.mark.parametrize("suffix", ["keras", "h5", "safetensors"])
def test_random_layers_go_on_where_they_were(suffix: str, tmp_path: pathlib.Path) -> None:
    inner = zoo.Sequential([zoo.Input((4, 3)), layers.GaussianNoise(0.1), layers.Dense(3)])
    model = zoo.Sequential([zoo.Input((12,)), layers.Dropout(0.5, seed=3), layers.Reshape((4, 3)), inner,
                            layers.Bidirectional(layers.GRU(2, dropout=0.3, recurrent_dropout=0.2)), layers.Dense(1)])
    model.compile("adam", "mse")
    x, y = np.tile(X, 3), Y[:, :1]
    model.fit(x, y, epochs=2, batch_size=4, shuffle=False, verbose=0)
    model.save(tmp_path / f"m.{suffix}")
    loaded = zoo.load_model(tmp_path / f"m.{suffix}")
    histories = [each.fit(x, y, epochs=2, batch_size=4, shuffle=False, verbose=0).history for each in (model, loaded)]
    assert histories[0] == histories[1]
    assert all(np.array_equal(*pair) for pair in zip(model.get_weights(), loaded.get_weights(), strict=True))


def test_states_of_random_layers_that_do_not_fit(tmp_path: pathlib.Path) -> None:
    model = zoo.Sequential([zoo.Input((4,)), layers.Dropout(0.5), layers.Dense(1)])
    model.save(tmp_path / "m.keras")
    document = io.read(tmp_path / "m.keras")
    document.metadata["zoo"]["seeds"] *= 2
    io.write(document, tmp_path / "two.keras")
    with pytest.raises(CorruptFile, match="states of 1 sources of random numbers, received 2"):
        zoo.load_model(tmp_path / "two.keras")
    document.metadata["zoo"]["seeds"] = [[1, -1]]
    io.write(document, tmp_path / "negative.keras")
    with pytest.raises(CorruptFile, match="pairs of whole numbers in 'seeds'"):
        io.read(tmp_path / "negative.keras")


@pytest.mark.parametrize("suffix", ["keras", "h5"])
def test_conventions_stay_with_a_model(suffix: str, tmp_path: pathlib.Path) -> None:
    model = trained("adam")
    model.conventions = conventions.named("keras-2.3")
    model.save(tmp_path / f"m.{suffix}")
    assert zoo.load_model(tmp_path / f"m.{suffix}").conventions == model.conventions


@pytest.mark.parametrize("masked", [True, False])
def test_masks_of_an_untrained_model_meet_as_where_it_was_written(masked: bool, tmp_path: pathlib.Path) -> None:
    x = inputs = layers.Input((4,), dtype="int32")
    x = layers.Embedding(5, 3, mask_zero=masked)(x)
    model = zoo.Model(inputs, layers.LSTM(2)(layers.Add()([x, layers.Embedding(5, 3)(inputs)])))
    own, read = tmp_path / "own.h5", tmp_path / "theirs.h5"
    model.save(own)                                         # in the words of tf.keras
    tokens = np.array([[1, 2, 3, 0]], "int32")
    np.testing.assert_array_equal(zoo.load_model(own).predict(tokens), model.predict(tokens))
    document = io.read(own)
    document.metadata.pop("zoo", None)                      # as tf.keras writes it
    io.write(document, read)
    found = zoo.load_model(read)
    assert found.conventions.merged_masks == ("all" if masked else "any")
    assert found.conventions.mean == conventions.TODAY.mean
    assert np.array_equal(found.predict(tokens), model.predict(tokens)) is not masked
    found.save(tmp_path / "m.keras")
    np.testing.assert_array_equal(zoo.load_model(tmp_path / "m.keras").predict(tokens), found.predict(tokens))




@pytest.mark.parametrize("dialect", ["tfkeras", "keras3"])
def test_short_names_are_written_out_in_h5(dialect: str, tmp_path: pathlib.Path) -> None:
    """Keras 3.15 does not open HDF5 files, its own included, whose loss is called "mse"."""
    model = trained("adam", metrics=["mae", "accuracy"])
    model.save(tmp_path / "m.h5", dialect=dialect)
    config = io.read(tmp_path / "m.h5").training.config
    assert config["loss"] == "mean_squared_error"
    assert config["metrics"] == [{"class_name": "MeanAbsoluteError", "config": {"name": "mae"}}, "accuracy"]
    figures = [each.evaluate(X, Y, verbose=0, return_dict=True) for each in (model, zoo.load_model(tmp_path / "m.h5"))]
    assert figures[0] == figures[1] and set(figures[0]) == {"loss", "mae", "accuracy"}


@pytest.mark.parametrize("inner", ["adam", optimizers.SGD(0.1, momentum=0.9)])
def test_scaled_losses_through_both_containers(inner: Any, tmp_path: pathlib.Path) -> None:
    model = trained(optimizers.LossScaleOptimizer(inner))
    with pytest.warns(UserWarning, match="LossScaleOptimizer: there is none"):
        model.save(tmp_path / "a.h5")
    io.write(io.read(tmp_path / "a.h5"), tmp_path / "b.keras")
    io.write(io.read(tmp_path / "b.keras"), tmp_path / "c.h5", dialect="keras3")
    for name in ("b.keras", "c.h5"):
        loaded = zoo.load_model(tmp_path / name)
        assert all(np.array_equal(ours.numpy(), theirs.numpy()) for ours, theirs in zip(
            model.optimizer.variables, loaded.optimizer.variables, strict=True))
    paths = {tensor.name for tensor in io.read(tmp_path / "b.keras").training.optimizer.tensors}
    assert "optimizer/inner_optimizer/vars/0" in paths      # where Keras 3 looks for them


@require_corpus
@pytest.mark.parametrize("case, class_name", [("optimizer_adam", "LossScaleOptimizerV3"),
                                              ("optimizer_legacy_rmsprop", "LossScaleOptimizer")])
def test_scaled_losses_of_tf_keras(case: str, class_name: str, tmp_path: pathlib.Path) -> None:
    """tf.keras keeps the state of the optimizer inside alone, as if that were all, and begins with a new scale."""
    source = CORPUS / "tfkeras2" / case / "trained.h5"
    shutil.copyfile(source, tmp_path / "scaled.h5")
    with h5py.File(tmp_path / "scaled.h5", "r+") as file:
        config = json.loads(file.attrs["training_config"])
        config["optimizer_config"] = {"class_name": class_name, "config": {
            "inner_optimizer": {"module": "keras.optimizers", "registered_name": None, **config["optimizer_config"]},
            "dynamic": True, "initial_scale": 64.0, "dynamic_growth_steps": 2}}
        file.attrs["training_config"] = json.dumps(config)
    plain, scaled = zoo.load_model(source), zoo.load_model(tmp_path / "scaled.h5")
    assert scaled.load_report.optimizer.startswith("restored")
    assert type(scaled.optimizer.inner_optimizer) is type(plain.optimizer)
    with np.load(source.parent / "io.npz") as arrays:
        x, y = arrays["tx"], arrays["ty"]
    for each in (plain, scaled):
        each.fit(x, y, epochs=1, batch_size=4, shuffle=False, verbose=0)
    for ours, theirs in zip(plain.get_weights(), scaled.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("suffix", ["keras", "h5"])
def test_names_of_classes_and_preprocessing_stay_with_a_model(suffix: str, tmp_path: pathlib.Path) -> None:
    model = trained("sgd")
    model.metadata = {"labels": ["cat", "dog"], "preprocess": "caffe"}
    model.save(tmp_path / f"m.{suffix}")
    again = zoo.load_model(tmp_path / f"m.{suffix}")
    again.save(tmp_path / f"again.{suffix}")
    assert zoo.load_model(tmp_path / f"again.{suffix}").metadata == again.metadata == model.metadata


@pytest.mark.parametrize("metadata, message", [
    ({"label": ["cat"]}, "expected the keys labels, preprocess, received 'label'"),
    ({"labels": ["cat", 2]}, "expected a list of texts"), ({"preprocess": "vgg"}, "expected one of caffe, tf.*'vgg'")])
def test_metadata_that_no_reader_would_understand(metadata: Any, message: str, tmp_path: pathlib.Path) -> None:
    model = trained("sgd")
    model.metadata = metadata
    with pytest.raises(ConfigError, match=message):
        model.save(tmp_path / "m.keras")
    assert not list(tmp_path.iterdir())
