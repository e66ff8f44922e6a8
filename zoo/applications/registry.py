"""The applications by name: how to build each one, and what it expects of its images."""

from __future__ import annotations

import difflib
import functools
import importlib.resources
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from zoo.applications import (
    convnext,
    densenet,
    efficientnet,
    efficientnet_lite,
    efficientnet_v2,
    inception_resnet_v2,
    inception_v3,
    mobilenet,
    mobilenet_v2,
    mobilenet_v3,
    nasnet,
    resnet,
    resnet_v2,
    resnext,
    vgg,
    xception,
)
from zoo.applications.labels import ClassLabel, imagenet_classes
from zoo.errors import ConfigError
from zoo.models import Model


@dataclass(frozen=True)
class Application:
    """One architecture with published weights.

    Args:
        name: as in Keras; also its name in the weights manifest.
        build: makes the model.
        mode: how pixels are normalised, a name in `zoo.applications.preprocess.MODES`; None if the model does it.
        interpolation: with which images were resized for its published accuracy.
        size: rows and columns of its images unless told otherwise.
        min_size: the fewest rows and columns without top.
        crop: the part of the shorter side of a photo that the centre crop keeps.
        classes: names of what the published classifier tells apart.
    """

    name: str
    build: Callable[..., Model]
    mode: str | None
    interpolation: str = "bilinear"
    size: int = 224
    min_size: int = 32
    crop: float = 224 / 256
    classes: Callable[[], tuple[ClassLabel, ...]] = imagenet_classes

    @property
    def parameters(self) -> int:
        """How many the network has with its published classifier, from a table: building it would take longer."""
        return _parameters()[self.name]


@functools.cache
def _parameters() -> dict[str, int]:
    text = importlib.resources.files("zoo.applications").joinpath("data/parameters.tsv").read_text("utf-8")
    return {name: int(count) for name, count in map(str.split, text.splitlines())}


def _family(module: ModuleType, mode: str | None, sizes: str, **more: Any) -> list[Application]:
    """The applications of a module; `sizes` is a row of names, each with its rows and columns after a colon."""
    rows = (word.partition(":") for word in sizes.split())
    return [Application(name, getattr(module, name), mode, size=int(size or 224), **more) for name, _, size in rows]


APPLICATIONS = {application.name: application for application in (
    *_family(vgg, "caffe", "VGG16 VGG19"),
    *_family(resnet, "caffe", "ResNet50 ResNet101 ResNet152"),
    *_family(resnet_v2, "tf", "ResNet50V2 ResNet101V2 ResNet152V2"),
    *_family(resnext, "torch", "ResNeXt50 ResNeXt101"),
    *_family(inception_v3, "tf", "InceptionV3:299", min_size=75),
    *_family(inception_resnet_v2, "tf", "InceptionResNetV2:299", min_size=75),
    *_family(xception, "tf", "Xception:299", min_size=71),
    *_family(densenet, "torch", "DenseNet121 DenseNet169 DenseNet201"),
    *_family(mobilenet, "tf", "MobileNet"),
    *_family(mobilenet_v2, "tf", "MobileNetV2"),
    *_family(mobilenet_v3, None, "MobileNetV3Small MobileNetV3Large"),
    *_family(nasnet, "tf", "NASNetMobile NASNetLarge:331"),
    *_family(efficientnet_lite, "lite", "EfficientNetLite0 EfficientNetLite1:240 EfficientNetLite2:260",
             interpolation="bicubic"),
    *_family(efficientnet, None, "EfficientNetB0 EfficientNetB1:240 EfficientNetB2:260 EfficientNetB3:300 "
             "EfficientNetB4:380 EfficientNetB5:456 EfficientNetB6:528 EfficientNetB7:600", interpolation="bicubic"),
    *_family(efficientnet_v2, None, "EfficientNetV2B0 EfficientNetV2B1:240 EfficientNetV2B2:260 EfficientNetV2B3:300 "
             "EfficientNetV2S:384 EfficientNetV2M:480 EfficientNetV2L:480", interpolation="bicubic"),
    *_family(convnext, None, "ConvNeXtTiny ConvNeXtSmall ConvNeXtBase ConvNeXtLarge ConvNeXtXLarge",
             interpolation="bicubic"),
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
