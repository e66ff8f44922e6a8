"""Training as real Keras did it: step by step, and whole runs of `fit`."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import numpy as np
import pytest

import zoo
from tests.conformance.model_cases import unknown_layers
from tests.conformance.outcome import tally
from tests.corpus import CORPUS, require_corpus
from zoo import callbacks, losses, metrics, optimizers
from zoo.errors import UnknownClass, Unsupported, ZooError

pytestmark = require_corpus


#: The corpus names the callbacks but not their arguments; these are what its histories show.
CALLBACKS = {
    "EarlyStopping": lambda rates: callbacks.EarlyStopping(monitor="val_loss", patience=2),
    "LearningRateScheduler": lambda rates: callbacks.LearningRateScheduler(lambda epoch: rates[epoch]),
    "ReduceLROnPlateau": lambda rates: callbacks.ReduceLROnPlateau(monitor="loss", factor=0.3, patience=1, min_delta=0.05),
}


#: Cases whose recorded numbers are not what zoo means to compute, with the reason.
NAMED = {
    "net_embedding_mask": "Keras on TensorFlow squares the parts of an embedding's gradient before it adds those of equal "
                          "indices, so that Adam's velocity differs from that of its other backends, and from ours",
}


def folders(prefixes: tuple[str, ...]) -> list[pathlib.Path]:
    assert CORPUS is not None
    return [path.parent for path in sorted((CORPUS / "training").glob("*/meta.json"))
            if path.parent.name.startswith(prefixes)]


def revive(nest: Any, module: Any) -> Any:
    """Names and configs of losses or metrics as objects; nests stay."""
    if isinstance(nest, dict) and "class_name" not in nest:
        return {key: revive(item, module) for key, item in nest.items()}
    if isinstance(nest, list):
        return [revive(item, module) for item in nest]
    return module.get(nest) if isinstance(nest, dict) else nest


def compiled(folder: pathlib.Path, meta: dict[str, Any]) -> Any:
    model = zoo.load_model(folder / "initial.keras")
    given = meta["compile"]
    model.compile(optimizers.get(meta["optimizer"]), revive(given["loss"], losses), given["loss_weights"],
                  revive(given["metrics"], metrics), revive(given["weighted_metrics"], metrics))
    return model


def group(arrays: Any, prefix: str, part: slice | None = None) -> Any:
    """Arrays ``x0``, ``x1``, ...: one, or a list; ``y_name``, ...: a dict; None if there are none."""
    names = {key[len(prefix) + 1:]: key for key in arrays.files if key.startswith(f"{prefix}_")}
    if names:
        return {name: arrays[key] if part is None else arrays[key][part] for name, key in names.items()}
    keys = sorted(key for key in arrays.files if key.startswith(prefix) and key[len(prefix):].isdigit())
    found = [arrays[key] if part is None else arrays[key][part] for key in keys]
    return None if not found else found[0] if len(found) == 1 else found


def without_gradient(meta: dict[str, Any], arrays: Any) -> set[int]:
    """Weights whose gradient is zero but for rounding (a bias before batch normalisation, that of the keys of an
    attention), where Adam divides noise by noise; and, if there are such, the statistics that see them."""
    slots = [name for name, _ in meta["optimizer_variables"]]
    found = set()
    for i, (path, *_) in enumerate(meta["weights"]):
        slot = f"{meta['optimizer']['config'].get('name')}/{path.replace('/', '_')}_velocity"
        if slot in slots and arrays[f"o8_{slots.index(slot)}"].max() < 1e-13:
            found.add(i)
    return found | {i for i, (_, _, trainable) in enumerate(meta["weights"]) if found and not trainable}


def weights_differ(model: Any, arrays: Any, prefix: str, rtol: float, atol: float,
                   noise: frozenset[int] | set[int] = frozenset()) -> str | None:
    for i, weight in enumerate(model.get_weights()):
        if i in noise:
            continue
        want = arrays[f"{prefix}{i}"]
        if not np.allclose(weight, want, rtol, atol):
            return f"{prefix}{i}: largest difference {np.abs(weight - want).max():.3g}"
    return None


def state_differs(model: Any, arrays: Any, prefix: str, names: list[Any], rtol: float, atol: float) -> str | None:
    variables = model.optimizer.variables
    if [list(v.shape) for v in variables] != [shape for _, shape in names]:
        return f"optimizer variables {[v.path for v in variables]}, expected {[name for name, _ in names]}"
    for i, (variable, (name, _)) in enumerate(zip(variables, names)):
        if not np.allclose(variable.numpy(), arrays[f"{prefix}{i}"], rtol, atol):
            return f"{prefix}{i} ({name}) differs"
    return None


def steps_differ(folder: pathlib.Path, meta: dict[str, Any], eager: bool = False) -> str | None:
    """Why eight steps do not give what Keras got, or None."""
    model, size = compiled(folder, meta), meta["batch_size"]
    model.compiled.run_eagerly = eager
    tolerance = meta["tolerance"]
    with np.load(folder / "io.npz") as arrays:
        for step in range(meta["steps"]):
            part = slice(step * size, (step + 1) * size)
            model.reset_metrics()
            y, weight = (group(arrays, name, part) for name in ("y", "sample_weight"))
            logs = model.train_on_batch(group(arrays, "x", part), y, weight, meta["class_weight"], return_dict=True)
            for name, want in meta["logs"][step].items():
                if name not in logs or not np.allclose(logs[name], want, **tolerance):
                    return f"step {step}: {name} is {logs.get(name)}, expected {want}"
            if step + 1 in (meta["saved_after_step"], meta["steps"]):
                problem = weights_differ(model, arrays, f"w{step + 1}_", **tolerance,
                                         noise=without_gradient(meta, arrays)) or state_differs(
                    model, arrays, f"o{step + 1}_", meta["optimizer_variables"], **tolerance)
                if problem:
                    return problem
    return None


def fit_differs(folder: pathlib.Path, meta: dict[str, Any]) -> str | None:
    """Why `fit` does not give what Keras got, or None."""
    model, options = compiled(folder, meta), dict(meta["fit"])
    with np.load(folder / "io.npz") as arrays:
        if options.pop("validation_data", None):
            options["validation_data"] = group(arrays, "vx"), group(arrays, "vy")
        if options.pop("sample_weight", None):
            options["sample_weight"] = group(arrays, "sample_weight")
        rates = meta["history"].get("learning_rate", [])
        if rates:                                           # the optimizer was noted down after training
            model.optimizer.learning_rate = rates[0]
        watchers = [CALLBACKS[name](rates) for name in meta.get("callbacks", [])]
        history = model.fit(group(arrays, "x"), group(arrays, "y"), shuffle=False, verbose=0, callbacks=watchers,
                            **options).history
        for name, want in meta["history"].items():
            if not np.allclose(history.get(name, np.nan), want, **meta["tolerance"]):
                return f"history of {name}: {history.get(name)}, expected {want}"
        return weights_differ(model, arrays, "w1_", **meta["tolerance"])


def count(title: str, found: list[pathlib.Path], differ: Any) -> None:
    row = tally(title)
    for folder in found:
        meta = json.loads((folder / "meta.json").read_text())
        unknown = unknown_layers(meta.get("layers", []))
        if folder.name in NAMED:
            row.not_yet[folder.name] = NAMED[folder.name]
            continue
        if unknown:
            row.not_yet[folder.name] = f"layers {', '.join(unknown)}"
            continue
        try:
            problem = differ(folder, meta)
        except (UnknownClass, Unsupported) as error:
            row.not_yet[folder.name] = f"{type(error).__name__}: {str(error).splitlines()[0]}"
            continue
        except ZooError as error:
            problem = f"{type(error).__name__}: {str(error).splitlines()[0]}"
        row.passed.append(folder.name) if problem is None else row.failed.update({folder.name: problem})
    assert row.passed and not row.failed, "\n".join(row.lines())


def test_steps_equal_those_of_keras() -> None:
    count("training steps", folders(("optimizer_", "schedule_", "loss_", "net_", "conv_", "rnn_")), steps_differ)


def test_live_steps_equal_compiled_ones() -> None:
    chosen = folders(("optimizer_adam", "net_", "conv_adam"))
    count("training steps, run_eagerly", chosen, lambda folder, meta: steps_differ(folder, meta, eager=True))


def test_fit_equals_that_of_keras() -> None:
    count("fit", folders(("fit_",)), fit_differs)
