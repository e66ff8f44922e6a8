"""Files to models and models to files, as one call each."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from zoo import io
from zoo.models import capture, restore, training_state
from zoo.models.load_report import LoadReport
from zoo.models.model import Model

Path = str | os.PathLike[str]


def load_model(path: Path, custom_objects: Mapping[str, Any] | None = None, compile: bool = True,  # noqa: A002
               safe_mode: bool = True, *, weights: Path | None = None, assume: str | None = None,
               data_format: str | None = None, replace: restore.Replacements | None = None) -> Model:
    """The model in a file of any known format; the content decides, not the suffix. Nothing in the file is executed.

    Args:
        path: ``.keras``, ``.h5`` of any Keras, or an architecture JSON.
        custom_objects: what the user's own class and function names mean.
        compile: whether to compile the model as it was when it was saved, with the state of its optimizer. What cannot
            be made is named in a warning, and the model is left uncompiled.
        safe_mode: accepted for Keras's sake: nothing in a file is executed in any case.
        weights: a weights file to go with an architecture.
        assume: the backend that wrote an old file, ``theano`` or ``tensorflow``; see `zoo.io.read`.
        data_format: ``channels_first`` or ``channels_last``, of layers whose old file does not tell; see `zoo.io.read`.
        replace: layers, or functions of their inputs, in place of those of the file, by the layers' names:
            ``{"lambda_1": lambda x: x / 255}``.

    Returns:
        The model; ``model.load_report`` tells what was loaded.

    Raises:
        FileError: the file is damaged, unsafe, or of a format that zoo does not read.
        UnknownClass: it holds classes that neither zoo nor `custom_objects` knows.
        WeightsMismatch: its weights do not fit its architecture.
        ConfigError: `weights` is given for a file that has some, or no such backend or data format
            can be assumed.
    """
    document = io.read(path, weights=weights, assume=assume, data_format=data_format)
    restored = restore.model(document, custom_objects=custom_objects, replace=replace)
    if compile:
        training_state.restore(restored, document, custom_objects)
    return restored


def save_model(model: Model, path: Path, overwrite: bool = True, include_optimizer: bool = True) -> None:
    """Writes a model; see `Model.save`."""
    model.save(path, overwrite, include_optimizer=include_optimizer)


def model_from_json(text: str, custom_objects: Mapping[str, Any] | None = None) -> Model:
    """A model with initial weights from the JSON text of an architecture, of any dialect."""
    return restore.model(io.read_architecture_text(text), custom_objects=custom_objects)


def model_from_yaml(text: str, custom_objects: Mapping[str, Any] | None = None) -> Model:
    """A model with initial weights from the YAML text of an architecture, as Keras 0 to 2 wrote it; no tag of it is
    followed."""
    return restore.model(io.read_architecture_yaml_text(text), custom_objects=custom_objects)


def model_from_config(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Model:
    """A model with initial weights from an architecture as plain data, ``{"class_name", "config"}``, of any dialect."""
    return model_from_json(json.dumps(config), custom_objects)


def clone_model(model: Model) -> Model:
    """A new model of the same architecture with newly initialised weights."""
    return restore.from_record(capture.architecture(model))


def save_weights(model: Model, filepath: Path, overwrite: bool = True) -> None:
    """Writes the weights of a model alone; see `Model.save_weights`."""
    model.save_weights(filepath, overwrite)


def load_weights(model: Model, filepath: Path, skip_mismatch: bool = False, **options: Any) -> LoadReport:
    """Reads weights into a model; see `Model.load_weights`."""
    return model.load_weights(filepath, skip_mismatch=skip_mismatch, **options)
