"""Inception V3: blocks of parallel branches of convolutions of several sizes.

Source: Szegedy et al., Rethinking the Inception Architecture for Computer Vision, arXiv:1512.00567. Layers have the
names that Keras makes up for unnamed ones (``conv2d_7``), in the order in which they are made here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

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

Step = tuple[Any, ...]                                      # filters, kernel, and "/2" for stride 2, unpadded

_POOLED = "pooled"


def _inception_v3(given: Arguments) -> Model:
    checked = arguments.check("InceptionV3", given, sizes=(299,), min_size=75)
    images = arguments.image_input(checked)
    x = _convolve(images, 32, 3, stride=2, padding="valid")
    x = _convolve(x, 32, 3, padding="valid")
    x = layers.MaxPooling2D(3, strides=2)(_convolve(x, 64, 3))
    x = _convolve(x, 80, 1, padding="valid")
    x = layers.MaxPooling2D(3, strides=2)(_convolve(x, 192, 3, padding="valid"))
    for i, pooled in enumerate((32, 64, 64)):
        x = _mixed(x, i, [(64, 1)], [(48, 1), (64, 5)], [(64, 1), (96, 3), (96, 3)], [_POOLED, (pooled, 1)])
    x = _reduced(x, 3, [(384, 3, "/2")], [(64, 1), (96, 3), (96, 3, "/2")])
    for i, width in enumerate((128, 160, 160, 192), 4):
        x = _mixed(x, i, [(192, 1)], [(width, 1), (width, (1, 7)), (192, (7, 1))],
                   [(width, 1), (width, (7, 1)), (width, (1, 7)), (width, (7, 1)), (192, (1, 7))], [_POOLED, (192, 1)])
    x = _reduced(x, 8, [(192, 1), (320, 3, "/2")], [(192, 1), (192, (1, 7)), (192, (7, 1)), (192, 3, "/2")])
    for i in (9, 10):
        x = _widest(x, i)
    return finish(x, images, checked, "InceptionV3")


def _branch(x: KerasTensor, steps: Iterable[Step | str]) -> KerasTensor:
    for step in steps:
        if step == _POOLED:
            x = layers.AveragePooling2D(3, strides=1, padding="same")(x)
        else:
            filters, kernel, *halved = step
            x = _convolve(x, filters, kernel, 2, "valid") if halved else _convolve(x, filters, kernel)
    return x


def _mixed(x: KerasTensor, number: int, *branches: list[Any]) -> KerasTensor:
    return _joined([_branch(x, steps) for steps in branches], f"mixed{number}")


def _reduced(x: KerasTensor, number: int, *branches: list[Any]) -> KerasTensor:
    """A block that halves rows and columns, in one branch by pooling."""
    ends = [_branch(x, steps) for steps in branches]
    return _joined([*ends, layers.MaxPooling2D(3, strides=2)(x)], f"mixed{number}")


def _widest(x: KerasTensor, number: int) -> KerasTensor:
    """A block two of whose branches fork once more."""
    straight = _convolve(x, 320, 1)
    short = _convolve(x, 384, 1)
    short = _joined([_convolve(short, 384, (1, 3)), _convolve(short, 384, (3, 1))], f"mixed9_{number - 9}")
    long = _branch(x, [(448, 1), (384, 3)])
    long = _joined([_convolve(long, 384, (1, 3)), _convolve(long, 384, (3, 1))])
    return _joined([straight, short, long, _branch(x, [_POOLED, (192, 1)])], f"mixed{number}")


def _joined(branches: list[KerasTensor], name: str | None = None) -> KerasTensor:
    return layers.Concatenate(axis=arguments.channel_axis(), name=name)(branches)


def _convolve(x: KerasTensor, filters: int, kernel: Any, stride: int = 1, padding: str = "same") -> KerasTensor:
    """A convolution, batch normalisation without scale, and ReLU."""
    x = layers.Conv2D(filters, kernel, strides=stride, padding=padding, use_bias=False)(x)
    x = layers.BatchNormalization(axis=arguments.channel_axis(), scale=False)(x)
    return layers.Activation("relu")(x)


InceptionV3 = constructor("InceptionV3", _inception_v3, "Inception V3, for images of 299x299 pixels.", "inception_v3")
