"""VGG: blocks of 3x3 convolutions, each followed by a pooling that halves the map, and three dense layers.

Source: Simonyan & Zisserman, Very Deep Convolutional Networks for Large-Scale Image Recognition, arXiv:1409.1556.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zoo import layers
from zoo.applications import arguments
from zoo.applications.arguments import Arguments, ImageShape, Weights
from zoo.applications.weights import load_weights
from zoo.engine.symbolic import KerasTensor
from zoo.models import Model

# Filters of the convolutions of each block.
VGG16_BLOCKS = ((64,) * 2, (128,) * 2, (256,) * 3, (512,) * 3, (512,) * 3)
VGG19_BLOCKS = ((64,) * 2, (128,) * 2, (256,) * 4, (512,) * 4, (512,) * 4)
DENSE_UNITS = 4096


def VGG16(include_top: bool = True, weights: Weights = "imagenet", input_tensor: KerasTensor | None = None,
          input_shape: ImageShape | None = None, pooling: str | None = None, classes: int = 1000,
          classifier_activation: Any = "softmax", name: str | None = "vgg16") -> Model:
    """VGG with 13 convolutions and 3 dense layers, as in Keras.

    Args:
        include_top: see `zoo.applications.arguments.Arguments`, as all others.

    Raises:
        ConfigError: arguments that are wrong or do not fit together.

    Example:
        >>> VGG16(weights=None, include_top=False, pooling="avg").output_shape
        (None, 512)
    """
    return _vgg("VGG16", VGG16_BLOCKS, Arguments(include_top, weights, input_tensor, input_shape, pooling, classes,
                                                 classifier_activation, name))


def VGG19(include_top: bool = True, weights: Weights = "imagenet", input_tensor: KerasTensor | None = None,
          input_shape: ImageShape | None = None, pooling: str | None = None, classes: int = 1000,
          classifier_activation: Any = "softmax", name: str | None = "vgg19") -> Model:
    """VGG with 16 convolutions and 3 dense layers, as in Keras; arguments as for `VGG16`."""
    return _vgg("VGG19", VGG19_BLOCKS, Arguments(include_top, weights, input_tensor, input_shape, pooling, classes,
                                                 classifier_activation, name))


def _vgg(application: str, blocks: Sequence[Sequence[int]], given: Arguments) -> Model:
    checked = arguments.check(application, given)
    x = images = arguments.image_input(checked)
    for block, convolutions in enumerate(blocks, 1):
        for i, filters in enumerate(convolutions, 1):
            x = layers.Conv2D(filters, 3, padding="same", activation="relu", name=f"block{block}_conv{i}")(x)
        x = layers.MaxPooling2D(2, strides=2, name=f"block{block}_pool")(x)
    if checked.include_top:
        x = layers.Flatten(name="flatten")(x)
        x = layers.Dense(DENSE_UNITS, activation="relu", name="fc1")(x)
        x = layers.Dense(DENSE_UNITS, activation="relu", name="fc2")(x)
        x = layers.Dense(checked.classes, activation=checked.classifier_activation, name="predictions")(x)
    else:
        x = arguments.pool(x, checked.pooling)
    model = arguments.connect(images, x, checked.name)
    load_weights(model, checked.weights, application, {"include_top": checked.include_top})
    return model
