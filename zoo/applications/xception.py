"""Xception: Inception taken to its extreme, depthwise separable convolutions with residual connections.

Source: Chollet, Xception: Deep Learning with Depthwise Separable Convolutions, arXiv:1610.02357.
"""

from __future__ import annotations

from zoo import layers
from zoo.applications import arguments
from zoo.applications.arguments import Arguments
from zoo.applications.constructor import constructor
from zoo.applications.finish import finish
from zoo.applications.labels import decode_predictions as decode_predictions
from zoo.applications.preprocess import for_mode
from zoo.engine.symbolic import KerasTensor
from zoo.models import Model

preprocess_input = for_mode("tf")

MIDDLE_FILTERS, MIDDLE_BLOCKS = 728, 8


def _xception(given: Arguments) -> Model:
    checked = arguments.check("Xception", given, sizes=(299,), min_size=71)
    images = arguments.image_input(checked)
    x = images
    for i, (filters, stride) in enumerate(((32, 2), (64, 1)), 1):
        x = layers.Conv2D(filters, 3, strides=stride, use_bias=False, name=f"block1_conv{i}")(x)
        x = layers.Activation("relu", name=f"block1_conv{i}_act")(_normalize(x, f"block1_conv{i}_bn"))
    x = _halving(x, 2, (128, 128), activated_first=False)
    x = _halving(x, 3, (256, 256))
    x = _halving(x, 4, (MIDDLE_FILTERS,) * 2)
    for block in range(5, 5 + MIDDLE_BLOCKS):
        y = x
        for i in range(1, 4):
            y = _separable(y, MIDDLE_FILTERS, f"block{block}_sepconv{i}")
        x = layers.Add()([y, x])
    x = _halving(x, 13, (MIDDLE_FILTERS, 1024))
    for i, filters in enumerate((1536, 2048), 1):
        x = _separable(x, filters, f"block14_sepconv{i}", activated_first=False)
        x = layers.Activation("relu", name=f"block14_sepconv{i}_act")(x)
    return finish(x, images, checked, "Xception")


def _halving(x: KerasTensor, block: int, filters: tuple[int, int], activated_first: bool = True) -> KerasTensor:
    """Two separable convolutions and a pooling, added to a 1x1 convolution of stride 2."""
    shortcut = _normalize(layers.Conv2D(filters[1], 1, strides=2, padding="same", use_bias=False)(x))
    for i, width in enumerate(filters, 1):
        x = _separable(x, width, f"block{block}_sepconv{i}", activated_first or i > 1)
    x = layers.MaxPooling2D(3, strides=2, padding="same", name=f"block{block}_pool")(x)
    return layers.Add()([x, shortcut])


def _separable(x: KerasTensor, filters: int, name: str, activated_first: bool = True) -> KerasTensor:
    if activated_first:
        x = layers.Activation("relu", name=f"{name}_act")(x)
    x = layers.SeparableConv2D(filters, 3, padding="same", use_bias=False, name=name)(x)
    return _normalize(x, f"{name}_bn")


def _normalize(x: KerasTensor, name: str | None = None) -> KerasTensor:
    return layers.BatchNormalization(axis=arguments.channel_axis(), name=name)(x)


Xception = constructor("Xception", _xception, "Xception, for images of 299x299 pixels.")
