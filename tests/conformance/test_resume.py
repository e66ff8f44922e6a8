"""Training that goes on from a file as it would have gone on without it."""

from __future__ import annotations

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
from zoo.errors import UnknownClass, Unsupported, ZooError

pytestmark = require_corpus

STEPPED = ("optimizer_", "schedule_", "loss_", "net_", "conv_", "rnn_")

#: Cases whose training cannot go on as it did, with the reason.
LOST = {
    "keras_zip": "tf.keras keeps no state of these optimizers in .keras files",
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


def tf_resume_differs(path: pathlib.Path, meta: dict[str, Any]) -> str | None:
    """Three more steps of a case of tf_keras."""
    model = loaded(path)
    with np.load(path.parent / "io.npz") as arrays:
        x, y, size = arrays["tx"], arrays["ty"], meta["batch_size"]
        for step in range(3, 6):
            part = slice(step * size, (step + 1) * size)
            model.reset_metrics()
            loss = model.train_on_batch(x[part], y[part], return_dict=True)["loss"]
            if not np.allclose(loss, arrays["losses"][step], **meta["tolerance"]):
                return f"step {step}: loss {loss}, expected {arrays['losses'][step]}; {model.load_report.optimizer}"
        return weights_differ(model, arrays, "w6_", **meta["tolerance"])


def historical_resume_differs(path: pathlib.Path, meta: dict[str, Any]) -> str | None:
    """Three more steps of a ``train_`` case of an earlier release."""
    model = loaded(path)
    tolerance = {"rtol": meta.get("rtol", 1e-4), "atol": meta.get("atol", 1e-5)}
    with np.load(path.parent / "io.npz") as arrays:
        def batch(prefix: str, step: int) -> Any:
            found = [arrays[key] for key in sorted(arrays.files) if key.startswith(prefix)
                     and key.endswith(f"_{step}") and key[len(prefix):].split("_")[0].isdigit()]
            return None if not found else found[0] if len(found) == 1 else found
        for step in range(3, 6):
            model.reset_metrics()
            loss = model.train_on_batch(batch("bx", step), batch("by", step), batch("bsw", step), return_dict=True)
            want = np.ravel(arrays["losses"][step])[0]
            if not np.allclose(loss["loss"], want, **tolerance):
                return f"step {step}: loss {loss['loss']}, expected {want}; {model.load_report.optimizer}"
        trained = sorted((key for key in arrays.files if key.startswith("w6_")), key=lambda key: int(key[3:]))
        ours = [*model.trainable_weights, *model.non_trainable_weights]
        for key, weight in zip(trained, ours, strict=True):
            if not np.allclose(weight.numpy(), arrays[key], **tolerance):
                return f"{key}: largest difference {np.abs(weight.numpy() - arrays[key]).max():.3g}"
    return None


def count(title: str, paths: list[pathlib.Path], differ: Any) -> Any:
    row = tally(title)
    for path in paths:
        meta = json.loads((path.parent / "meta.json").read_text())
        unknown = unknown_layers(meta.get("layers", []))
        if unknown:
            row.not_yet[path.parent.name] = f"layers {', '.join(unknown)}"
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
