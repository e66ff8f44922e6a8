"""From the name of a network, or from a model file, to a model of images with the preprocessing that it needs.

A model file says how its images are prepared only if zoo wrote that into it (`zoo convert --preprocess`, `zoo
finetune`). What neither it nor the caller says is taken from the application that the model is by its name, or else
assumed; each assumption is told.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from zoo import hub, io
from zoo.applications.images import ImagePreprocess, preprocessing_of
from zoo.applications.labels import imagenet_classes
from zoo.applications.preprocess import MODES
from zoo.applications.registry import APPLICATIONS, Application, get_application, get_model
from zoo.batch import images
from zoo.errors import ConfigError, ShapeError
from zoo.io import extras
from zoo.models import Model, restore

NO_PREPROCESSING = "none"
FROM_FILE, IMAGENET_LABELS = "file", "imagenet"              # words of the weights manifest
PREPROCESS_NAMES = (*MODES, NO_PREPROCESSING)

_FREE_SIZE = 224                        # rows and columns of images for models that take any
_FILE_SUFFIXES = (".keras", ".h5", ".hdf5", ".json")


@dataclass(frozen=True)
class ImageModel:
    """A model, and how images become its input.

    Args:
        model: takes one batch of images.
        preprocess: from an upright image to pixels as the model expects them, (rows, columns, 3).
        channels: 3, or 1 for grey; then all channels of `preprocess` are the same.
        channels_first: whether an item is (channels, rows, columns) rather than (rows, columns, channels).
        application: the network that it is by its name; None if it is of none.
        kept: what zoo wrote into the model's file; see `zoo.io.extras`.
        assumptions: what had to be assumed, as sentences.
    """

    model: Model
    preprocess: ImagePreprocess
    channels: int = 3
    channels_first: bool = False
    application: Application | None = None
    kept: Mapping[str, Any] = field(default_factory=dict)
    assumptions: tuple[str, ...] = ()

    @property
    def mode(self) -> str:
        """Of the images that `item` takes: ``RGB`` or ``L`` (grey)."""
        return "L" if self.channels == 1 else "RGB"

    @property
    def item_shape(self) -> tuple[int, ...]:
        """Shape of one item of a batch."""
        size = self.preprocess.size
        return (self.channels, *size) if self.channels_first else (*size, self.channels)

    @property
    def enough(self) -> tuple[int, int]:
        """Width and height from which on a photo hardly changes if it is larger: twice what it is resized to."""
        rows, columns = (math.ceil(2 * side / self.preprocess.crop) for side in self.preprocess.size)
        return columns, rows

    def item(self, image: Image.Image) -> np.ndarray:
        """The item of a batch that an upright image becomes, float32."""
        pixels = self.preprocess.apply(image)[..., :self.channels]
        return pixels.transpose(2, 0, 1) if self.channels_first else pixels

    def read(self, path: str) -> np.ndarray:
        """The item of a batch that the image at `path` becomes.

        Raises:
            FileError: it cannot be read as an image.
        """
        return self.item(images.middle(images.decode(path, mode=self.mode)))


def load(model: str, *, variant: Mapping[str, Any] | None = None, weights: str | os.PathLike[str] | None = None,
         preprocess: str | None = None, assume: str | None = None) -> ImageModel:
    """A model of images.

    Args:
        model: name of an application or of a registered model (see `zoo.hub.register`), or path of a model file.
        variant: further arguments of the application, as ``{"alpha": 0.5}``; ``size`` is that of its images.
        weights: a weights file; None for the published ones, or for those in the model file.
        preprocess: a name in `PREPROCESS_NAMES`; None for what the file or the application says.
        assume: the backend that wrote an old model file; see `zoo.io.read`.

    Raises:
        ConfigError: neither an application nor a file, or arguments that do not fit it.
        ShapeError: the model does not take one batch of images.
        ZooError: the weights cannot be had, or the file cannot be read.
    """
    assumptions: list[str] = []
    kept: Mapping[str, Any] = {}
    if os.path.exists(model):
        built, kept = _from_file(Path(model), weights, assume, assumptions)
        application = application_of(built.name)
        if application is not None:
            assumptions.append(f"{model} is a {application.name} by its name")
    elif (entry := hub.own_model(model, **(variant or {}))) is not None:
        application = None
        built, kept = _from_file(hub.fetch(entry), weights, assume, assumptions)
        kept = {**kept, **_said_by(entry)}
    else:
        application = _known_application(model)
        built = _from_name(application, variant or {}, weights)
    preprocess = kept.get(extras.PREPROCESS) if preprocess is None else preprocess
    if preprocess is not None and preprocess not in PREPROCESS_NAMES:
        raise ConfigError(f"Expected a preprocessing among {', '.join(PREPROCESS_NAMES)}, received {preprocess!r}")
    rows, columns, channels, channels_first = _input_of(built)
    prepared = _preprocessing(application, preprocess, (rows, columns), assumptions)
    return ImageModel(built, prepared, channels, channels_first, application, kept, tuple(assumptions))


def application_of(name: str) -> Application | None:
    """The application whose models have this name, as ``vgg16`` or ``mobilenet_0.50_160``; None if there is none."""
    key = re.sub(r"(_[\d.]+)?_\d+$", "", name)
    return next((found for found in APPLICATIONS.values() if key in (found.name.lower(), found.name)), None)


def _known_application(name: str) -> Application:
    if os.sep in name or "/" in name or Path(name).suffix in _FILE_SUFFIXES:
        raise ConfigError(f"There is no model file {name!r}")
    return get_application(name)


def _said_by(entry: hub.WeightsEntry) -> Mapping[str, Any]:
    """What the manifest says in place of the file of a registered model, under the keys of `zoo.io.extras`."""
    said: dict[str, Any] = {}
    if entry.preprocess != FROM_FILE:
        said[extras.PREPROCESS] = entry.preprocess
    if entry.labels != FROM_FILE:
        said[extras.LABELS] = [label.name for label in imagenet_classes()] if entry.labels == IMAGENET_LABELS \
            else list(entry.labels)
    return said


def _from_name(application: Application, variant: Mapping[str, Any],
               weights: str | os.PathLike[str] | None) -> Model:
    arguments = {key: value for key, value in variant.items() if key != "size"}
    if "size" in variant:
        arguments["input_shape"] = (variant["size"], variant["size"], 3)
    return get_model(application.name, weights="imagenet" if weights is None else weights, **arguments)


def _from_file(path: Path, weights: str | os.PathLike[str] | None, assume: str | None,
               assumptions: list[str]) -> tuple[Model, Mapping[str, Any]]:
    """The model in a file, and what zoo keeps there; for a published weights file, the application that it is of."""
    entry = next((entry for entry in hub.weights_manifest().entries
                  if entry.file == path.name and not entry.is_whole_model), None)
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
    return _from_name(get_application(entry.model), entry.variant, path), {}


def _preprocessing(application: Application | None, preprocess: str | None, given: tuple[int | None, int | None],
                   assumptions: list[str]) -> ImagePreprocess:
    """What was asked for, what the application knows, and what has to be assumed, put together."""
    size = (given[0] or _FREE_SIZE, given[1] or _FREE_SIZE)
    if None in given:
        assumptions.append(f"the model takes images of any size; they get {size[0]}x{size[1]} pixels")
    if application is not None:
        prepared = preprocessing_of(application.name, size)
    else:
        prepared = ImagePreprocess(size, crop=1.0, interpolation="bilinear", mode=None)
        if preprocess is None:
            assumptions.append("pixels go in as they are, from 0 to 255; --preprocess tells otherwise")
    if preprocess is not None:
        prepared = replace(prepared, mode=None if preprocess == NO_PREPROCESSING else preprocess)
    return prepared


def _input_of(model: Model) -> tuple[int | None, int | None, int, bool]:
    """Rows, columns and channels of the images that the model takes, and whether channels come first."""
    shapes = [tensor.shape for tensor in model.inputs]
    if len(shapes) == 1 and len(shapes[0]) == 4:
        shape = shapes[0]
        if shape[3] in (1, 3):
            return shape[1], shape[2], shape[3], False
        if shape[1] in (1, 3):
            return shape[2], shape[3], shape[1], True
    raise ShapeError(f"Model {model.name!r} takes no images: expected one input (batch, rows, columns, channels) or "
                     f"(batch, channels, rows, columns) with 1 or 3 channels, received {shapes}")
