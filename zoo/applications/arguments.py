"""The arguments that all applications share: what they mean, and one place that checks them."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo import activations, layers
from zoo.config import config as settings
from zoo.engine.symbolic import KerasTensor
from zoo.errors import ConfigError
from zoo.io.document import ModelDocument
from zoo.models import Model
from zoo.models.topology import walk

IMAGENET = "imagenet"
IMAGENET_CLASSES = 1000
POOLING = {"avg": layers.GlobalAveragePooling2D, "max": layers.GlobalMaxPooling2D}

Weights = str | os.PathLike[str] | ModelDocument | None
ImageShape = tuple[int | None, ...]


@dataclass(frozen=True)
class Arguments:
    """What every application takes.

    Args:
        include_top: whether the classifier is part of the model.
        weights: None for random ones, ``"imagenet"`` for the published ones, or a weights file: its path, or what
            `zoo.io.read` made of it (with ``assume=`` for old files that do not say who wrote them).
        input_tensor: symbolic tensor to build on; a new input if None.
        input_shape: shape of one image in the order of `zoo.config.image_data_format`, sizes may be None without top.
        pooling: without top: ``"avg"`` or ``"max"`` over all positions, or None to keep the map of features.
        classes: number of classes of the classifier.
        classifier_activation: activation of the classifier; None for logits.
        name: of the model.
    """

    include_top: bool
    weights: Weights
    input_tensor: KerasTensor | None
    input_shape: ImageShape | None
    pooling: str | None
    classes: int
    classifier_activation: Any
    name: str | None

    @property
    def pretrained(self) -> bool:
        """Whether the published weights are wanted."""
        return isinstance(self.weights, str) and self.weights == IMAGENET


def channel_axis() -> int:
    """The axis of channels in a batch of images."""
    return 1 if settings.image_data_format == "channels_first" else -1


def image_sizes(shape: ImageShape) -> ImageShape:
    """(rows, columns) of the shape of one image."""
    return tuple(shape[1:] if channel_axis() == 1 else shape[:2])


def check(application: str, given: Arguments, *, sizes: Sequence[int] = (224,), min_size: int = 32,
          any_size: bool = False) -> Arguments:
    """Returns the arguments with `input_shape` filled in.

    Args:
        application: its name, for messages.
        given: as the caller gave them.
        sizes: rows (and columns) of the images that published classifiers take, the usual one first.
        min_size: the fewest rows and columns that leave something to pool.
        any_size: whether images of any size may go into the classifier, too.

    Raises:
        ConfigError: arguments that are wrong or do not fit together; all of them are listed.
    """
    shape = given.input_shape
    if shape is None:
        shape = _image_shape(sizes[0] if given.include_top and not any_size else None)
    problems = [*_argument_problems(given), *_tensor_problems(given),
                *_shape_problems(given, shape, None if any_size else sizes, min_size)]
    if problems:
        separator = "\n  " if len(problems) > 1 else " "
        raise ConfigError(separator.join([f"{application}:", *problems]))
    return dataclasses.replace(given, input_shape=tuple(shape))


def _image_shape(size: int | None) -> ImageShape:
    return (3, size, size) if channel_axis() == 1 else (size, size, 3)


def check_alpha(application: str, alpha: Any) -> None:
    """Refuses what cannot scale a number of filters.

    Raises:
        ConfigError: `alpha` is not a positive number.
    """
    if isinstance(alpha, bool) or not isinstance(alpha, (int, float)) or not alpha > 0:
        raise ConfigError(f"{application}: `alpha` should be a positive number, which scales the filters of every "
                          f"layer. Received: alpha={alpha!r}")


def _argument_problems(given: Arguments) -> Iterator[str]:
    weights = given.weights
    is_file = isinstance(weights, (str, os.PathLike)) and os.path.exists(weights)
    if not (weights is None or given.pretrained or is_file or isinstance(weights, ModelDocument)):
        yield (f"`weights` should be None (random), 'imagenet' (published), or the path of an existing weights file. "
               f"Received: weights={weights!r}")
    if given.name is not None and (not isinstance(given.name, str) or "/" in given.name):
        yield f"`name` should be a string without '/', or None. Received: name={given.name!r}"
    if given.pooling not in (None, *POOLING):
        yield f"`pooling` should be None, 'avg' or 'max'. Received: pooling={given.pooling!r}"
    if not given.include_top:
        return
    if isinstance(given.classes, bool) or not isinstance(given.classes, (int, np.integer)) or given.classes < 1:
        yield f"`classes` should be a positive integer. Received: classes={given.classes!r}"
    if given.pretrained and given.classes != IMAGENET_CLASSES:
        yield (f"with weights='imagenet' and include_top=True, `classes` should be {IMAGENET_CLASSES}. Received: "
               f"classes={given.classes}. For other classes, use include_top=False and add a classifier of your own.")
    trained = [activations.get(name) for name in (None, "softmax")]
    if weights is not None and activations.get(given.classifier_activation) not in trained:
        yield (f"with weights that are loaded, `classifier_activation` should be 'softmax' or None (logits). "
               f"Received: classifier_activation={given.classifier_activation!r}")


def _tensor_problems(given: Arguments) -> Iterator[str]:
    tensor = given.input_tensor
    if tensor is None:
        return
    if not isinstance(tensor, KerasTensor):
        yield f"`input_tensor` should be a symbolic tensor, as layers.Input makes it. Received: {type(tensor).__name__}"
    elif tensor.ndim != 4:
        yield f"`input_tensor` should be a batch of images with 4 axes. Received: shape {tensor.shape}"
    elif given.pretrained and tensor.shape[channel_axis()] != 3:
        yield (f"with weights='imagenet', `input_tensor` should have 3 channels ({settings.image_data_format}). "
               f"Received: shape {tensor.shape}")
    elif given.input_shape is not None and tensor.shape[1:] != tuple(given.input_shape):
        yield (f"`input_shape` should be that of `input_tensor`, {tensor.shape[1:]}, or be left out. "
               f"Received: input_shape={given.input_shape}")


def _shape_problems(given: Arguments, shape: ImageShape, sizes: Sequence[int] | None, min_size: int) -> Iterator[str]:
    received = f"Received: input_shape={shape}"
    order = "(channels, rows, columns)" if channel_axis() == 1 else "(rows, columns, channels)"
    published = None if sizes is None else [_image_shape(size) for size in sizes]
    channels = 0 if channel_axis() == 1 else 2
    if not isinstance(shape, (tuple, list)) or len(shape) != 3 or not all(map(_is_size, shape)):
        yield (f"`input_shape` should be three sizes, {order}: positive integers, None for unknown rows and columns. "
               f"{received}")
    elif given.pretrained and given.include_top and published is not None and tuple(shape) not in published:
        yield (f"with weights='imagenet' and include_top=True, `input_shape` should be "
               f"{' or '.join(map(str, published))}. {received}. For other sizes, use include_top=False.")
    elif shape[channels] is None:
        yield f"the number of channels in `input_shape` should be known, {order}. {received}"
    elif given.pretrained and shape[channels] != 3:
        yield f"with weights='imagenet', `input_shape` should have 3 channels, {order}. {received}"
    elif any(size is not None and size < min_size for size in image_sizes(shape)):
        yield f"images should have at least {min_size}x{min_size} pixels. {received}"
    elif given.include_top and None in shape and published is not None:
        yield f"with include_top=True, every size in `input_shape` should be known. {received}"


def _is_size(size: Any) -> bool:
    return size is None or isinstance(size, (int, np.integer)) and not isinstance(size, bool) and size > 0


def image_input(arguments: Arguments) -> KerasTensor:
    """The tensor of images, (batch, rows, columns, channels) or channels first, that the model starts from."""
    return layers.Input(arguments.input_shape) if arguments.input_tensor is None else arguments.input_tensor


def pool(features: KerasTensor, pooling: str | None, name: str | None = None) -> KerasTensor:
    """The head of a model without top: (batch, channels), or the features themselves if `pooling` is None."""
    return features if pooling is None else POOLING[pooling](name=name)(features)


def connect(images: KerasTensor, outputs: KerasTensor, name: str | None) -> Model:
    """The model to `outputs` from whatever `images` is computed from, so that layers before it belong to the model."""
    calls, _ = walk([], [images])
    sources = [call.outputs[0] for call in calls if not call.inputs]
    return Model(sources[0] if len(sources) == 1 else sources, outputs, name=name)
