"""Training that goes on from a file as it would have gone on without it."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import json
import pathlib
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import zoo
from tests.conformance.model_cases import unknown_layers
from tests.conformance.outcome import tally
from tests.conformance.test_training import (compiled, folders, group, state_differs, weights_differ,
                                             without_gradient)
from tests.corpus import CORPUS, require_corpus
from zoo import ops
from zoo.engine.tape import GradientTape
from zoo.errors import UnknownClass, Unsupported, ZooError
from zoo.models import restore, training_state

pytestmark = require_corpus

STEPPED = ("optimizer_", "schedule_", "loss_", "net_", "conv_", "rnn_")

_TF_NADAM = "tf.keras multiplies Nadam's product once for each weight, does not store it, and resumes otherwise itself"
_OCCURRENCES = ("Keras on TensorFlow squares the gradient of each occurrence of a word alone, on its other backends, "
                "and here, that of all")

#: Cases whose training cannot go on as it did, with the reason.
NAMED = {
    "training/net_embedding_mask": _OCCURRENCES,
    "tfkeras2/optimizer_nadam": _TF_NADAM,
    "tfkeras-2.12/train_nadam": _TF_NADAM,
    "tfkeras-2.15/train_nadam": _TF_NADAM,
    "keras-3.0.5/train_embedding": _OCCURRENCES,
    "keras-3.0.5/train_frozen_layer": "Keras before 3.2 trains layers that are made with trainable=False; here they "
                                      "stay frozen, and the numbers are those of Keras where they are not",
}


def loaded(path: pathlib.Path) -> Any:
    """The model, compiled and with the state of its optimizer; a warning counts as failure."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return zoo.load_model(path)


def steps_on(model: Any, folder: pathlib.Path, meta: dict[str, Any], first: int, last: int) -> Iterator[str]:
    """Does the steps of a case of Keras 3 and tells what differs."""
    size, tolerance = meta["batch_size"], meta["tolerance"]
    with np.load(folder / "io.npz") as arrays:
        for step in range(first, last):
            part = slice(step * size, (step + 1) * size)
            model.reset_metrics()
            y, weight = (group(arrays, name, part) for name in ("y", "sample_weight"))
            logs = model.train_on_batch(group(arrays, "x", part), y, weight, meta["class_weight"], return_dict=True)
            for name, want in meta["logs"][step].items():
                if name not in logs or not np.allclose(logs[name], want, **tolerance):
                    yield f"step {step}: {name} is {logs.get(name)}, expected {want}"
        problem = weights_differ(model, arrays, f"w{last}_", **tolerance, noise=without_gradient(meta, arrays)) \
            or state_differs(model, arrays, f"o{last}_", meta["optimizer_variables"], **tolerance)
        if problem:
            yield problem


def resume_differs(path: pathlib.Path, meta: dict[str, Any]) -> str | None:
    model = loaded(path)
    if not (model.load_report.optimizer or "").startswith("restored"):
        return model.load_report.optimizer
    return next(steps_on(model, path.parent, meta, meta["saved_after_step"], meta["steps"]), None)


def with_state(path: pathlib.Path) -> Any:
    """The model with the state of its optimizer.

    Raises:
        Unsupported: the file has none.
    """
    model = loaded(path)
    if "the file has no state" in model.load_report.optimizer:
        raise Unsupported("tf.keras stores no state of its older optimizers in .keras files")
    return model


def tf_resume_differs(path: pathlib.Path, meta: dict[str, Any]) -> str | None:
    """Three more steps of a case of tf_keras."""
    model = with_state(path)
    with np.load(path.parent / "io.npz") as arrays:
        x, y, size = arrays["tx"], arrays["ty"], meta["batch_size"]
        for step in range(3, 6):
            part = slice(step * size, (step + 1) * size)
            model.reset_metrics()
            loss = model.train_on_batch(x[part], y[part], return_dict=True)["loss"]
            if not np.allclose(loss, arrays["losses"][step], **meta["tolerance"]):
                return f"step {step}: loss {loss}, expected {arrays['losses'][step]}; {model.load_report.optimizer}"
        return weights_differ(model, arrays, "w6_", **meta["tolerance"])


def historical_resume_differs(path: pathlib.Path, meta: dict[str, Any], model: Any = None) -> str | None:
    """Three more steps of a ``train_`` case of an earlier release: as training went on there, or, where the file does
    not hold all that it takes, as that release itself resumed from the file."""
    kind = "rk" if path.suffix == ".keras" else "r"
    tolerance = {"rtol": meta.get("rtol", 1e-4), "atol": meta.get("atol", 1e-5)}
    with np.load(path.parent / "io.npz") as arrays:
        is_resumed = f"{kind}6_0" in arrays.files
        losses, first = (arrays["resume_losses_keras" if kind == "rk" else "resume_losses"], 3) if is_resumed \
            else (arrays["losses"], 0)
        model = model or (loaded if is_resumed else with_state)(path)
        for step in range(3, 6):
            loss = trained_on(model, arrays, step)
            want = figure(losses, step - first, meta)
            if not np.allclose(loss["loss"], want, **tolerance):
                return f"step {step}: loss {loss['loss']}, expected {want}; {model.load_report.optimizer}"
        after = f"{kind}6_" if is_resumed else "w6_"
        trained = sorted((key for key in arrays.files if key.startswith(after)), key=lambda key: int(key[len(after):]))
        ours = [*model.trainable_weights, *model.non_trainable_weights]
        for key, weight in zip(trained, ours, strict=True):
            if not np.allclose(weight.numpy(), arrays[key], **tolerance):
                return f"{key}: largest difference {np.abs(weight.numpy() - arrays[key]).max():.3g}"
    return None


def trained_on(model: Any, arrays: Any, step: int) -> dict[str, float]:
    """Does a step of a ``train_`` case and gives its figures."""
    def batch(prefix: str) -> Any:
        found = [arrays[key] for key in sorted(arrays.files) if key.startswith(prefix)
                 and key.endswith(f"_{step}") and key[len(prefix):].split("_")[0].isdigit()]
        return None if not found else found[0] if len(found) == 1 else found
    model.reset_metrics()
    return model.train_on_batch(batch("bx"), batch("by"), batch("bsw"), return_dict=True)


def multi_backend_resume_differs(path: pathlib.Path, meta: dict[str, Any], model: Any = None) -> str | None:
    """Three more steps of a ``train_`` case of Keras 1 or 2, with what that release gave when it went on from the file:
    all figures, and all weights.

    Args:
        model: from another file, to which that of the case was converted.
    """
    model = model or with_state(path)
    tolerance = {"rtol": meta["rtol"], "atol": meta["atol"]}
    names = [name.removesuffix("acc") + "accuracy" if name.endswith("acc") else name
             for name in meta["training"]["metrics_names"]]
    with np.load(path.parent / "io.npz") as arrays:
        for step in range(3, 6):
            figures, want = trained_on(model, arrays, step), np.ravel(arrays["resume_losses"][step - 3])
            if figures.keys() != set(names) or not np.allclose([figures[name] for name in names], want, **tolerance):
                return f"step {step}: {figures}, expected {dict(zip(names, want))}; {model.load_report.optimizer}"
        after = "r6_" if "r6_0" in arrays.files else "w6_"
        want = {name: arrays[f"{after}{k}"] for k, name in enumerate(meta["training"]["variables"])}
    expected = with_weights(path, want)
    for ours, theirs in zip(model.weights, expected.weights, strict=True):
        if not np.allclose(ours.numpy(), theirs.numpy(), **tolerance):
            return f"{ours.path}: largest difference {np.abs(ours.numpy() - theirs.numpy()).max():.3g}"
    return None


def keras0_run_differs(path: pathlib.Path, meta: dict[str, Any]) -> str | None:
    """All six steps of a case of Keras 0, whose files say how to train but hold no state of the optimizer."""
    model = loaded(path)
    with np.load(path.parent / "io.npz") as arrays:
        def after(steps: int) -> Any:
            document = zoo.io.read(path, weights=path.with_name("weights.h5"))
            number = itertools.count()
            for group in document.weights.groups:
                group.tensors = [dataclasses.replace(tensor, load=functools.partial(
                    arrays.__getitem__, f"w{steps}_{next(number)}")) for tensor in group.tensors]
            return restore.model(document)
        model.set_weights(after(0).get_weights())
        tolerance = {"rtol": meta["rtol"], "atol": meta["atol"]}
        for step in range(6):
            loss = trained_on(model, arrays, step)["loss"]
            if not np.allclose(loss, arrays["losses"][step], **tolerance):
                return f"step {step}: loss {loss}, expected {arrays['losses'][step]}"
            if step in (2, 5) and not all(map(functools.partial(np.allclose, **tolerance), model.get_weights(),
                                              after(step + 1).get_weights())):
                return f"weights after step {step}"
    return None


def with_weights(path: pathlib.Path, arrays: dict[str, np.ndarray]) -> Any:
    """The model of a file with other arrays in place of the file's, by the file's own names for them."""
    document = zoo.io.read(path)
    for group in document.weights.groups:
        group.tensors = [dataclasses.replace(tensor, load=lambda name=tensor.name: arrays[name])
                         for tensor in group.tensors]
    return restore.model(document)


def figure(losses: np.ndarray, step: int, meta: dict[str, Any]) -> float:
    """The loss of a step; Keras 3 gave the mean of all steps so far (the batches are equally large)."""
    column = losses[:, 0] if losses.ndim > 1 else losses
    if meta["keras_version"].startswith("3"):
        return float((step + 1) * column[step] - step * column[step - 1]) if step else float(column[0])
    return float(column[step])


def count(title: str, paths: list[pathlib.Path], differ: Any) -> Any:
    row = tally(title)
    for path in paths:
        meta = json.loads((path.parent / "meta.json").read_text())
        unknown = unknown_layers(meta.get("layers", []))
        named = NAMED.get(f"{path.parent.parent.name}/{path.parent.name}")
        if unknown or named:
            row.not_yet[path.parent.name] = named or f"layers {', '.join(unknown)}"
            continue
        try:
            problem = differ(path, meta)
        except (UnknownClass, Unsupported) as error:
            row.not_yet[path.parent.name] = f"{type(error).__name__}: {str(error).splitlines()[0]}"
            continue
        except (ZooError, Warning) as error:
            problem = f"{type(error).__name__}: {str(error).splitlines()[0]}"
        row.passed.append(path.parent.name) if problem is None else row.failed.update({path.parent.name: problem})
    return row


def judge(title: str, paths: list[pathlib.Path], differ: Any) -> None:
    row = count(title, paths, differ)
    assert row.passed and not row.failed, "\n".join(row.lines())


@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_training_of_keras3_goes_on(name: str) -> None:
    judge(f"resume: training {name}", [folder / name for folder in folders(STEPPED) if (folder / name).exists()],
          resume_differs)


@pytest.mark.parametrize("name", ["trained.keras", "trained.h5"])
def test_training_of_tf_keras_goes_on(name: str) -> None:
    judge(f"resume: tfkeras2 {name}", sorted((CORPUS / "tfkeras2").glob(f"optimizer_*/{name}")), tf_resume_differs)


@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
@pytest.mark.parametrize("producer", ["tfkeras-2.12", "tfkeras-2.15", "keras-3.0.5", "keras-3.6.0"])
def test_training_of_earlier_releases_goes_on(producer: str, name: str) -> None:
    judge(f"resume: {producer} {name}", sorted((CORPUS / producer).glob(f"train_*/{name}")), historical_resume_differs)


def test_keras_before_3_2_trained_what_was_made_frozen() -> None:
    """The reason given for `train_frozen_layer`: with nothing frozen the numbers are those of Keras 3.0.5."""
    folder = CORPUS / "keras-3.0.5" / "train_frozen_layer"
    document = zoo.io.read(folder / "model.keras")
    for layer in document.model.layers:
        layer.config.pop("trainable", None)
    model = restore.model(document)
    training_state.restore(model, document)
    meta = json.loads((folder / "meta.json").read_text())
    assert historical_resume_differs(folder / "model.keras", meta, model) is None


def test_keras_on_tensorflow_squares_each_occurrence_of_a_word() -> None:
    """The reason given for `train_embedding`: with Adagrad's sum of squares made so, the numbers are those of Keras."""
    folder = CORPUS / "keras-3.0.5" / "train_embedding"
    model, meta = loaded(folder / "model.keras"), json.loads((folder / "meta.json").read_text())
    embedding, lstm, dense = model.layers
    table, squares = embedding.weights[0], model.optimizer.variables[2]
    rate = float(model.optimizer.learning_rate.value)
    assert squares.path.endswith("embeddings_accumulator")
    with np.load(folder / "io.npz") as arrays:
        for step in range(3, 6):
            words, y = arrays[f"bx0_{step}"], arrays[f"by0_{step}"]
            with GradientTape() as tape:
                occurrences = tape.watch(np.asarray(embedding(words)))
                loss = ops.mean(ops.square(dense(lstm(occurrences, mask=words != 0)) - y))
            gradient = tape.gradient(loss, occurrences)
            new_table, new_squares = table.numpy().copy(), squares.numpy().copy()
            np.add.at(new_squares, words, gradient ** 2)
            np.subtract.at(new_table, words, rate * gradient / np.sqrt(new_squares[words] + model.optimizer.epsilon))
            want = figure(arrays["losses"], step, meta)
            np.testing.assert_allclose(trained_on(model, arrays, step)["loss"], want, 1e-5)
            table.assign(new_table)
            squares.assign(new_squares)
        assert weights_differ(model, arrays, "w6_", rtol=1e-4, atol=1e-5) is None


def test_penalties_on_activities_were_sums_before_keras_3_14() -> None:
    """Keras 3.0.5 trained `train_regularizers_constraints` with a penalty on activities that its file leaves out."""
    folder = CORPUS / "keras-3.0.5" / "train_regularizers_constraints"
    meta = json.loads((folder / "meta.json").read_text())
    document = zoo.io.read(folder / "model.keras")
    next(layer for layer in document.model.layers if layer.class_name == "Dense").config["activity_regularizer"] = {
        "class_name": "L1L2", "config": {"l1": 0.01, "l2": 0.01}}
    model = restore.model(document)
    training_state.restore(model, document)
    with np.load(folder / "io.npz") as arrays:
        for step in range(3, 6):
            want = figure(arrays["losses"], step, meta)
            np.testing.assert_allclose(trained_on(model, arrays, step)["loss"], want, 1e-5)
        assert weights_differ(model, arrays, "w6_", rtol=1e-4, atol=1e-5) is None


@pytest.mark.parametrize("producer", ["keras-1.2.2", "keras-2.0.9", "keras-2.2.4", "keras-2.3.1"])
def test_training_of_multi_backend_keras_goes_on(producer: str) -> None:
    judge(f"resume: {producer}", sorted((CORPUS / producer).glob("train_*/model.h5")), multi_backend_resume_differs)


def test_keras0_trained_as_its_json_says() -> None:
    judge("training: keras-0.3.3", sorted((CORPUS / "keras-0.3.3").glob("train_*/model.json")), keras0_run_differs)


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_our_own_files_go_on_bit_for_bit(suffix: str, tmp_path: pathlib.Path) -> None:
    row = tally(f"resume: our own {suffix}")
    for folder in folders(("optimizer_", "schedule_", "conv_", "net_two")):
        meta = json.loads((folder / "meta.json").read_text())
        model = compiled(folder, meta)
        list(steps_on(model, folder, {**meta, "logs": [{}] * 8}, 0, 4))
        with warnings.catch_warnings():                     # an .h5 for Keras 3 alone is written with a warning
            warnings.simplefilter("ignore", UserWarning)
            model.save(tmp_path / f"{folder.name}{suffix}")
        again = loaded(tmp_path / f"{folder.name}{suffix}")
        for each in (model, again):
            list(steps_on(each, folder, {**meta, "logs": [{}] * 8}, 4, 8))
        ours, theirs = ([v.numpy() for v in (*m.weights, *m.optimizer.variables)] for m in (model, again))
        differing = [i for i, pair in enumerate(zip(ours, theirs, strict=True)) if not np.array_equal(*pair)]
        if differing:
            row.failed[folder.name] = f"arrays {differing} differ; {again.load_report.optimizer}"
        else:
            row.passed.append(folder.name)
    assert row.passed and not row.failed, "\n".join(row.lines())
