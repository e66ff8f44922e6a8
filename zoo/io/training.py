"""Training state between dialects: `compile` arguments and the optimizer's arrays."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from zoo import conventions, tree
from zoo.conventions import Conventions
from zoo.errors import CannotExpress, WeightsMismatch
from zoo.io import extras
from zoo.io.dialects.training import OLDER, decode_training, encode_training
from zoo.io.document import ModelDocument, ModelRecord, OptimizerRecord, TrainingRecord
from zoo.io.layouts.bound import StoredArray
from zoo.io.layouts.optimizer import KERAS3, Trained, decode_state, encode_state, eras_of
from zoo.io.tensors import TensorRecord

# Dialects whose optimizers may keep their arrays in another arrangement than ours, as the weights are.
MULTI_BACKEND = frozenset({"keras0", "keras1", "keras2"})

_MERGING = frozenset({"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Merge"})

LOSS_SCALE = "LossScaleOptimizer"
_OWN_OF_LOSS_SCALE = 4                                      # of Keras 3: iteration, learning_rate, step_counter, scale

# Arrays of an archive that an inner optimizer keeps; the outer one has them all, too.
_INNER = re.compile(r"optimizer/.+/vars/\d+")


def conventions_of(document: ModelDocument) -> Conventions:
    """By which conventions a model goes on: those of the release that wrote the file, or those that were kept in it.

    A file that does not say how the model was trained has no training that could go on: there they are today's, except
    for what predictions depend on.
    """
    kept = document.metadata.get(extras.KEY, {}).get(extras.CONVENTIONS)
    if kept is not None:
        return conventions.named(kept)
    producer, weights = document.producer, document.weights
    release = conventions.of(producer.dialect, producer.keras_version,
                             producer.backend if weights is None else weights.convention.backend)
    if document.training is not None:
        return release
    return conventions.of_predictions(release) if masks_may_meet(document.model) else conventions.TODAY


def masks_may_meet(model: ModelRecord | None) -> bool:
    """Whether there are layers that make masks, and layers that merge."""
    layers = [] if model is None else [layer for _, layer in model.walk()]
    return (any(layer.class_name == "Masking" or layer.config.get("mask_zero") for layer in layers)
            and any(layer.class_name in _MERGING for layer in layers))


def known_to_zoo_alone(document: ModelDocument) -> list[str]:
    """What a file says of training that Keras does not read, for people who will train on with Keras."""
    notes = []
    kept = document.metadata.get(extras.KEY, {}).get(extras.CONVENTIONS)
    if kept is not None:
        notes.append(f"the model goes on by the conventions of {kept} in zoo; Keras takes its own")
        if conventions.named(kept).merged_masks != conventions.TODAY.merged_masks and masks_may_meet(document.model):
            notes.append("where tensors with masks merge, Keras 3.4 and later leaves out other steps than the Keras "
                         "that wrote the model: if masks meet in it, predictions differ there, not in zoo")
    entry = {} if document.training is None else document.training.config
    entry = entry.get("optimizer_config", entry.get("optimizer"))
    if isinstance(entry, dict) and OLDER in entry:
        notes.append(f"the optimizer is the {entry['class_name']} of older Keras in zoo; Keras 3 has another formula")
    return notes


def output_names(model: ModelRecord | None) -> list[str]:
    """The names by which `compile` knows the outputs of a functional model."""
    return [] if model is None or model.outputs is None else [ref.layer for ref in tree.leaves(model.outputs)]


def in_keras3_order(training: TrainingRecord, dialect: str, trained: Sequence[Trained], outputs: Sequence[str] = (),
                    arrays: Sequence[StoredArray] = ()) -> list[TensorRecord]:
    """The optimizer's arrays as Keras 3 orders them; none if the file has none.

    Args:
        training: in the words and the order of `dialect`.
        trained: the weights that the optimizer changes, in its order; see `layouts.trained_weights`.
        outputs: names of the model's outputs.
        arrays: how a file of Keras 0 to 2 has its weights; see `BindingReport.arrays`.

    Raises:
        WeightsMismatch: the arrays are not those of such an optimizer for such weights.
    """
    optimizer = training.optimizer
    if optimizer is None or not optimizer.tensors:
        return []
    class_name, config = _canonical_optimizer(decode_training(training.config, dialect, outputs))
    inner = optimizer.config.get("inner_optimizer")
    if class_name == LOSS_SCALE and dialect == "tfkeras" and isinstance(inner, dict) \
            and isinstance(inner.get("config"), dict):      # tf.keras keeps its state, and begins with a new scale
        record = TrainingRecord({"optimizer": inner}, OptimizerRecord(None, inner["config"], optimizer.tensors))
        return _new_scale(config) + in_keras3_order(record, dialect, trained)
    if dialect == "keras3":
        own = [tensor for tensor in optimizer.tensors if not _INNER.fullmatch(tensor.name)]
        try:
            state = decode_state(OptimizerRecord(None, {}, own), eras_of(dialect, config), class_name, config, trained)
        except WeightsMismatch:                             # one of optimizers, or somebody's own: whoever has it knows
            return own
    else:
        state = decode_state(optimizer, eras_of(dialect, optimizer.config), class_name, config, trained,
                             arrays if dialect in MULTI_BACKEND else ())
    return encode_state(state, KERAS3, class_name, config, trained)


def translated(training: TrainingRecord, source: str, target: str, trained: Sequence[Trained],
               outputs: Sequence[str] = (), legacy: bool = False, arrays: Sequence[StoredArray] = (),
               target_arrays: Sequence[StoredArray] = ()) -> TrainingRecord:
    """Training state in the words and the order of another dialect, or of another container of the same one.

    Args:
        training, source, trained, outputs, arrays: as of `in_keras3_order`.
        target: the other dialect.
        legacy: whether the container is an HDF5 file.
        target_arrays: how the other file will have the weights.

    Raises:
        CannotExpress: the target lacks something, or the source's order is not known.
    """
    config = decode_training(training.config, source, outputs)
    encoded = encode_training(config, target, legacy)
    if training.optimizer is None:
        return TrainingRecord(encoded)
    entry = encoded.get("optimizer")
    name, own = (entry["class_name"], entry["config"]) if isinstance(entry, dict) else (entry, {})
    parts = training.optimizer.parts if source == target else {}
    try:
        tensors = in_keras3_order(training, source, trained, outputs, arrays)
        if tensors and target != "keras3":
            class_name, canonical = _canonical_optimizer(config)
            state = decode_state(OptimizerRecord(None, {}, tensors), (KERAS3,), class_name, canonical, trained)
            named = {**canonical, "name": own.get("name") or class_name}
            tensors = encode_state(state, eras_of(target, own)[0], class_name, named, trained,
                                   target_arrays if target in MULTI_BACKEND else ())
    except (WeightsMismatch, CannotExpress) as error:
        raise CannotExpress(f"the state of the optimizer cannot be written for {target}: {error}", target) from error
    if name == LOSS_SCALE and target == "keras3" and tensors:
        parts = {"inner_optimizer": list(range(_OWN_OF_LOSS_SCALE, len(tensors)))}
    return TrainingRecord(encoded, OptimizerRecord(name, own, tensors, parts))


def _new_scale(config: dict[str, Any]) -> list[TensorRecord]:
    """What a `LossScaleOptimizer` of Keras 3 keeps itself, at the start."""
    start = np.array(config.get("initial_scale", 2.0 ** 15), "float32")
    own = {"iteration": np.array(0, "int64"), "learning_rate": np.array(0, "float32"),
           "step_counter": np.array(0, "int64"), "dynamic_scale": start}
    return [TensorRecord.of(f"loss_scale_optimizer/{name}", value) for name, value in own.items()]


def _canonical_optimizer(config: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    entry = config.get("optimizer")
    return (entry["class_name"], entry["config"]) if isinstance(entry, dict) else (str(entry), {})
