"""The two ways in which Keras stores `compile` arguments.

HDF5 models have ``training_config`` with the optimizer under ``optimizer_config``; ``.keras`` archives have
``compile_config`` with it under ``optimizer``, as a complete object. Keras 0's JSON puts the arguments beside the
layers, the optimizer's class as its ``name``.
"""

from __future__ import annotations

from typing import Any

from zoo.errors import CannotExpress
from zoo.io.document import OptimizerRecord, TrainingRecord
from zoo.io.tensors import TensorRecord

# Optimizers whose slots lie in groups of their own: a flat list does not say where each belongs.
_NESTED = {"LossScaleOptimizer", "MultiOptimizer"}


def optimizer_record(config: dict[str, Any], tensors: list[TensorRecord]) -> OptimizerRecord | None:
    """The optimizer that `compile` arguments name, in any of the three forms; None if they name none."""
    entry = config.get("optimizer_config", config.get("optimizer"))
    if isinstance(entry, str):
        return OptimizerRecord(entry, {}, tensors)
    if not isinstance(entry, dict):
        return None
    if "class_name" in entry:
        return OptimizerRecord(entry["class_name"], entry.get("config") or {}, tensors)
    return OptimizerRecord(entry.get("name"), {key: entry[key] for key in entry if key != "name"}, tensors)


def training_config(training: TrainingRecord) -> dict[str, Any]:
    """`compile` arguments as an HDF5 model stores them."""
    config = dict(training.config)
    if "optimizer" in config:
        entry = config.pop("optimizer")
        config["optimizer_config"] = ({key: entry[key] for key in ("class_name", "config", "older") if key in entry}
                                      if isinstance(entry, dict) and "class_name" in entry else entry)
    return config


def compile_config(training: TrainingRecord, where: str) -> dict[str, Any]:
    """`compile` arguments as a ``.keras`` archive stores them.

    Raises:
        CannotExpress: the optimizer's slots are a flat list that an archive would have to divide.
    """
    config = dict(training.config)
    optimizer = training.optimizer
    if optimizer is not None and optimizer.tensors and optimizer.class_name in _NESTED and not optimizer.parts \
            and not optimizer.tensors[0].name.startswith("optimizer/vars/"):
        raise CannotExpress(f"{where}: an HDF5 file does not say which slot belongs to which inner optimizer of "
                            f"{optimizer.class_name}; write the model without training state (training=None)")
    if "optimizer_config" not in config:
        return config
    entry = config.pop("optimizer_config")
    named = isinstance(entry, dict) and "class_name" in entry
    return {"optimizer": {"module": "keras.optimizers", **entry, "registered_name": None} if named else entry,
            **config}
