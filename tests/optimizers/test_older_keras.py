"""Optimizers of older Keras, and every config that the corpus holds."""

from __future__ import annotations

import contextlib
import json
import warnings
import zipfile
from collections.abc import Iterator
from typing import Any

import h5py
import numpy as np
import pytest

from tests import training_cases
from tests.conformance.outcome import tally
from tests.corpus import CORPUS, require_corpus
from zoo import losses, metrics, optimizers
from zoo.errors import ConfigError, ZooError
from zoo.optimizers import SGD, schedules

GETTERS = {"optimizer": optimizers.get, "optimizer_config": optimizers.get, "loss": losses.get, "metrics": metrics.get,
           "weighted_metrics": metrics.get}


def test_lr_and_decay() -> None:
    with pytest.warns(DeprecationWarning, match="'lr', 'decay'"):
        optimizer = SGD(lr=0.5, decay=0.25)
    assert isinstance(optimizer._learning_rate, schedules.InverseTimeDecay)
    np.testing.assert_allclose(optimizer._learning_rate(4), 0.25)
    with pytest.warns(DeprecationWarning, match="'lr'"):
        assert float(optimizers.legacy.SGD(lr=0.5).learning_rate) == 0.5


def test_configs_of_older_keras() -> None:
    keras_1 = optimizers.get({"class_name": "RMSprop", "config": {"lr": 0.25, "decay": 0.0, "epsilon": None}})
    assert float(keras_1.learning_rate.value) == 0.25 and keras_1.epsilon == 1e-7
    keras_2 = optimizers.get({"class_name": "Adam", "config": {"name": "Adam", "jit_compile": False, "beta_1": 0.5,
                                                              "is_legacy_optimizer": False, "learning_rate": 0.5}})
    assert keras_2.beta_1 == 0.5 and keras_2.name == "Adam"
    with pytest.warns(UserWarning, match="fixed pace"):
        optimizers.get({"class_name": "Nadam", "config": {"lr": 0.1, "schedule_decay": 0.004}})
    with pytest.raises(ConfigError, match="loss_scale_factor=8"):
        optimizers.get({"class_name": "LossScaleOptimizer", "config": {
            "inner_optimizer": {"class_name": "SGD", "config": {}}, "dynamic": False, "initial_scale": 8}})


def compiled() -> Iterator[tuple[str, dict[str, Any]]]:
    """Files of the corpus, and how their models were compiled."""
    for path in sorted(CORPUS.rglob("*.h5")):
        with contextlib.suppress(OSError), h5py.File(path) as file:
            if isinstance(file.attrs.get("training_config"), (str, bytes)):
                yield str(path.relative_to(CORPUS)), json.loads(file.attrs["training_config"])
    for path in sorted(CORPUS.rglob("*.keras")):
        with contextlib.suppress(OSError, KeyError, zipfile.BadZipFile), zipfile.ZipFile(path) as file:
            yield str(path.relative_to(CORPUS)), json.loads(file.read("config.json")).get("compile_config") or {}


def flat(nest: Any) -> Iterator[Any]:
    """Names and records in a nest of them."""
    if isinstance(nest, dict) and "class_name" not in nest:
        nest = list(nest.values())
    if isinstance(nest, list):
        for item in nest:
            yield from flat(item)
    elif nest is not None and not (isinstance(nest, str) and nest.lower() in ("accuracy", "acc", "crossentropy", "ce")):
        yield nest


@require_corpus
def test_every_config_of_the_corpus_is_understood() -> None:
    """Each record of an optimizer, a loss or a metric makes an object; a config of Keras 3 comes back as it was."""
    row, seen = tally("configs of optimizers, losses, metrics"), set()
    for path, config in compiled():
        for key in GETTERS.keys() & config.keys():
            for record in flat(config[key]):
                text = json.dumps([key, record], sort_keys=True)
                if text in seen:
                    continue
                seen.add(text)
                reason = misunderstood(key, record)
                row.passed.append(path) if reason is None else row.failed.update({f"{path}: {text}": reason})
    assert row.passed and not row.failed, "\n".join(row.lines())


def misunderstood(key: str, record: Any) -> str | None:
    """None if the record makes an object, of the same config if it is one of Keras 3."""
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Nadam")
            made = GETTERS[key](record)
    except ZooError as error:
        return f"{type(error).__name__}: {error}"
    if not isinstance(record, dict) or "module" not in record or not hasattr(made, "get_config"):
        return None
    expected, received = training_cases.plain(record["config"]), training_cases.plain(made.get_config())
    is_keras_3 = not isinstance(expected, dict) or not {"jit_compile", "decay"} & expected.keys()
    return f"{received} instead of {expected}" if is_keras_3 and received != expected else None
