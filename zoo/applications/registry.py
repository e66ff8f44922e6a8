"""The applications by name: how to build each one, and what it expects of its images."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from zoo.applications.efficientnet_lite import EfficientNetLite0
from zoo.applications.labels import ClassLabel, imagenet_classes
from zoo.applications.mobilenet import MobileNet
from zoo.applications.vgg import VGG16, VGG19
from zoo.errors import ConfigError
from zoo.models import Model


@dataclass(frozen=True)
class Application:
    """One architecture with published weights.

    Args:
        name: as in Keras; also its name in the weights manifest.
        build: makes the model.
        mode: how pixels are normalised, a name in `zoo.applications.preprocess.MODES`.
        interpolation: with which images were resized for its published accuracy.
        size: rows and columns of its images unless told otherwise.
        min_size: the fewest rows and columns without top.
        crop: the part of the shorter side of a photo that the centre crop keeps.
        classes: names of what the published classifier tells apart.
    """

    name: str
    build: Callable[..., Model]
    mode: str
    interpolation: str = "bilinear"
    size: int = 224
    min_size: int = 32
    crop: float = 224 / 256
    classes: Callable[[], tuple[ClassLabel, ...]] = imagenet_classes


APPLICATIONS = {application.name: application for application in (
    Application("VGG16", VGG16, "caffe"),
    Application("VGG19", VGG19, "caffe"),
    Application("MobileNet", MobileNet, "tf"),
    Application("EfficientNetLite0", EfficientNetLite0, "lite", interpolation="bicubic"),
)}


def list_models() -> list[str]:
    """Names of all applications."""
    return list(APPLICATIONS)


def get_application(name: str) -> Application:
    """The record of one application; capitals, hyphens and underscores do not matter.

    Raises:
        ConfigError: there is no such application.
    """
    known = {_key(known): known for known in APPLICATIONS}
    if _key(name) not in known:
        close = [known[key] for key in difflib.get_close_matches(_key(name), known)]
        hint = f"Did you mean {' or '.join(close)}?" if close else f"Known: {', '.join(APPLICATIONS)}."
        raise ConfigError(f"There is no application {name!r}. {hint}")
    return APPLICATIONS[known[_key(name)]]


def get_model(name: str, **arguments: Any) -> Model:
    """Builds an application by its name.

    Args:
        name: as `list_models` has it; ``"vgg16"`` is ``"VGG16"``.
        **arguments: those of the application, as ``weights="imagenet"`` or ``include_top=False``.

    Example:
        >>> get_model("vgg16", weights=None, include_top=False).name
        'vgg16'
    """
    return get_application(name).build(**arguments)


def _key(name: str) -> str:
    return name.casefold().replace("-", "").replace("_", "")
