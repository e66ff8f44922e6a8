"""From the name of a network, or from a model file, to a `Classifier` with the preprocessing and labels it needs.

A model file says what its classes are called only if zoo wrote that into it (`zoo convert --labels`, `zoo finetune`);
otherwise they are those of the application that the model is by its name, or numbers.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zoo.applications.registry import Application
from zoo.batch import image_models
from zoo.batch.image_models import PREPROCESS_NAMES as PREPROCESS_NAMES
from zoo.batch.image_models import application_of as application_of
from zoo.batch.worker import Classifier
from zoo.errors import ShapeError
from zoo.io import extras
from zoo.io.labels import read_labels as read_labels
from zoo.models import Model


@dataclass(frozen=True)
class Choice:
    """A classifier, and what had to be assumed to make it, as sentences."""

    classifier: Classifier
    assumptions: tuple[str, ...] = ()


def choose(model: str, *, variant: Mapping[str, Any] | None = None, weights: str | os.PathLike[str] | None = None,
           preprocess: str | None = None, labels: Sequence[str] | None = None, top_k: int = 5,
           assume: str | None = None, reduced_jpeg: bool = False) -> Choice:
    """A classifier.

    Args:
        model, variant, weights, preprocess, assume: as of `zoo.batch.image_models.load`.
        labels: names of the classes; None for those in the file or of the application.
        top_k: how many classes to name.
        reduced_jpeg: whether large JPEG photos may be decoded at a fraction of their size: faster, and scores differ in
            the second digit or so.

    Raises:
        ConfigError: neither an application nor a file, or arguments that do not fit it.
        ShapeError: the model is no classifier of images, or `labels` are not as many as its classes.
        ZooError: the weights cannot be had, or the file cannot be read.
    """
    if weights is not None and labels is not None:
        variant = {**(variant or {}), "classes": len(labels)}
    found = image_models.load(model, variant=variant, weights=weights, preprocess=preprocess, assume=assume)
    assumptions = list(found.assumptions)
    labels = found.kept.get(extras.LABELS) if labels is None else labels
    names = _labels(labels, found.application, _classes_of(found.model), assumptions)
    classifier = Classifier(found.model, found.item, found.item_shape, names, mode=found.mode, top_k=top_k,
                            at_least=found.enough if reduced_jpeg else None)
    return Choice(classifier, tuple(assumptions))


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
