"""From the name of a network, or from a model file, to a `Classifier` with the preprocessing and labels it needs.

A model file says how its images are prepared and what its classes are called only if zoo wrote that into it (`zoo
convert --labels --preprocess`). What neither it nor the caller says is taken from the application that the model is by
its name, or else assumed; each assumption is told.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from zoo import hub, io
from zoo.applications.images import ImagePreprocess, preprocessing_of
from zoo.applications.preprocess import MODES
from zoo.applications.registry import APPLICATIONS, Application, get_application, get_model
from zoo.batch.worker import Classifier
from zoo.errors import ConfigError, ShapeError
from zoo.io import extras
from zoo.io.labels import read_labels as read_labels
from zoo.models import Model, restore

NO_PREPROCESSING = "none"
PREPROCESS_NAMES = (*MODES, NO_PREPROCESSING)

_FREE_SIZE = 224                        # rows and columns of images for models that take any


@dataclass(frozen=True)
class Choice:
    """A classifier, and what had to be assumed to make it, as sentences."""

    classifier: Classifier
    assumptions: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Input:
    """How a model takes its images."""

    rows: int | None
    columns: int | None
    channels: int
    channels_first: bool


def choose(model: str, *, variant: dict[str, Any] | None = None, weights: str | os.PathLike[str] | None = None,
           preprocess: str | None = None, labels: Sequence[str] | None = None, top_k: int = 5,
           assume: str | None = None) -> Choice:
    """A classifier.

    Args:
        model: name of an application, or path of a model file.
        variant: further arguments of the application, as ``{"alpha": 0.5}``; ``size`` is that of its images.
        weights: a weights file; None for the published ones, or for those in the model file.
        preprocess: a name in `PREPROCESS_NAMES`; None for what the file or the application says.
        labels: names of the classes; None for those in the file or of the application.
        top_k: how many classes to name.
        assume: the backend that wrote an old model file; see `zoo.io.read`.

    Raises:
        ConfigError: neither an application nor a file, or arguments that do not fit it.
        ShapeError: the model is no classifier of images, or `labels` are not as many as its classes.
        ZooError: the weights cannot be had, or the file cannot be read.
    """
    assumptions: list[str] = []
    if os.path.exists(model):
        built, kept = _from_file(Path(model), weights, assume, assumptions)
        labels = kept.get(extras.LABELS) if labels is None else labels
        preprocess = kept.get(extras.PREPROCESS) if preprocess is None else preprocess
        application = application_of(built.name)
        if application is not None:
            assumptions.append(f"{model} is a {application.name} by its name")
    else:
        application = _known_application(model)
        built = _from_name(application, variant or {}, weights, labels)
    if preprocess is not None and preprocess not in PREPROCESS_NAMES:
        raise ConfigError(f"Expected a preprocessing among {', '.join(PREPROCESS_NAMES)}, received {preprocess!r}")
    return _complete(built, application, preprocess, labels, top_k, assumptions)


def application_of(name: str) -> Application | None:
    """The application whose models have this name, as ``vgg16`` or ``mobilenet_0.50_160``; None if there is none."""
    key = re.sub(r"(_[\d.]+)?_\d+$", "", name)
    return next((found for found in APPLICATIONS.values() if key in (found.name.lower(), found.name)), None)


def _known_application(name: str) -> Application:
    if os.sep in name or "/" in name or Path(name).suffix in (".keras", ".h5", ".hdf5", ".json"):
        raise ConfigError(f"There is no model file {name!r}")
    return get_application(name)


def _from_name(application: Application, variant: dict[str, Any], weights: str | os.PathLike[str] | None,
               labels: Sequence[str] | None) -> Model:
    arguments = {key: value for key, value in variant.items() if key != "size"}
    if "size" in variant:
        arguments["input_shape"] = (variant["size"], variant["size"], 3)
    if weights is not None and labels is not None:
        arguments["classes"] = len(labels)
    return get_model(application.name, weights="imagenet" if weights is None else weights, **arguments)


def _from_file(path: Path, weights: str | os.PathLike[str] | None, assume: str | None,
               assumptions: list[str]) -> tuple[Model, dict[str, Any]]:
    """The model in a file, and what zoo keeps there; for a published weights file, the application that it is of."""
    entry = next((entry for entry in hub.weights_manifest().entries if entry.file == path.name), None)
    if entry is None or weights is not None:
        document = io.read(path, assume=assume)
        if document.model is None:
            raise ConfigError(f"{path} holds weights alone. Name the network that they are for, and give the file as "
                              f"its weights: zoo classify --model NAME --weights {path}")
        restored = restore.model(document)
        if weights is not None:
            restored.load_weights(weights, assume=assume)
        return restored, document.metadata.get(extras.KEY, {})
    assumptions.append(f"{path} holds the weights of {entry} by its file name")
    return _from_name(get_application(entry.model), dict(entry.variant), path, None), {}


def _complete(model: Model, application: Application | None, preprocess: str | None, labels: Sequence[str] | None,
              top_k: int, assumptions: list[str]) -> Choice:
    """Puts together what was given, what the application knows and what has to be assumed."""
    taken, classes = _input_of(model), _classes_of(model)
    size = (taken.rows or _FREE_SIZE, taken.columns or _FREE_SIZE)
    if None in (taken.rows, taken.columns):
        assumptions.append(f"the model takes images of any size; they get {size[0]}x{size[1]} pixels")
    if application is not None:
        prepared = preprocessing_of(application.name, size)
    else:
        prepared = ImagePreprocess(size, crop=1.0, interpolation="bilinear", mode=None)
        if preprocess is None:
            assumptions.append("pixels go in as they are, from 0 to 255; --preprocess tells otherwise")
    if preprocess is not None:
        prepared = replace(prepared, mode=None if preprocess == NO_PREPROCESSING else preprocess)
    names = _labels(labels, application, classes, assumptions)
    shape = (taken.channels, *size) if taken.channels_first else (*size, taken.channels)
    classifier = Classifier(model, _item_maker(prepared, taken), shape, names,
                            mode="L" if taken.channels == 1 else "RGB", top_k=top_k)
    return Choice(classifier, tuple(assumptions))


def _input_of(model: Model) -> _Input:
    shapes = [tensor.shape for tensor in model.inputs]
    if len(shapes) == 1 and len(shapes[0]) == 4:
        shape = shapes[0]
        if shape[3] in (1, 3):
            return _Input(shape[1], shape[2], shape[3], channels_first=False)
        if shape[1] in (1, 3):
            return _Input(shape[2], shape[3], shape[1], channels_first=True)
    raise ShapeError(f"Model {model.name!r} takes no images: expected one input (batch, rows, columns, channels) or "
                     f"(batch, channels, rows, columns) with 1 or 3 channels, received {shapes}")


def _classes_of(model: Model) -> int:
    shapes = [tensor.shape for tensor in model.outputs]
    if len(shapes) != 1 or len(shapes[0]) != 2 or shapes[0][1] is None:
        raise ShapeError(f"Model {model.name!r} is no classifier: expected one output (batch, classes), received "
                         f"{shapes}")
    return shapes[0][1]


def _labels(given: Sequence[str] | None, application: Application | None, classes: int,
            assumptions: list[str]) -> Sequence[str]:
    if given is not None:
        if len(given) != classes:
            raise ShapeError(f"Expected as many labels as the model has classes, {classes}; received {len(given)}")
        return given
    known = application.classes() if application is not None else ()
    if len(known) == classes:
        return [label.name for label in known]
    assumptions.append(f"the names of the {classes} classes are not known; --labels gives them")
    return [f"class_{i}" for i in range(classes)]


def _item_maker(prepared: ImagePreprocess, taken: _Input) -> Callable[[Image.Image], np.ndarray]:
    """From an image to an item of a batch; for grey models, all three channels of `prepared` are the same."""
    def make(image: Image.Image) -> np.ndarray:
        item = prepared.apply(image)[..., :taken.channels]
        return item.transpose(2, 0, 1) if taken.channels_first else item
    return make
