"""Inception-ResNet V2: branches of convolutions whose outputs are added, scaled down, to the block's input.

Source: Szegedy et al., Inception-v4, Inception-ResNet and the Impact of Residual Connections on Learning,
arXiv:1602.07261.
"""

from __future__ import annotations

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

Branches = list[list[tuple[int, Any]]]                      # filters and kernel of each convolution of each branch

BLOCKS: dict[str, Branches] = {
    "block35": [[(32, 1)], [(32, 1), (32, 3)], [(32, 1), (48, 3), (64, 3)]],
    "block17": [[(192, 1)], [(128, 1), (160, (1, 7)), (192, (7, 1))]],
    "block8": [[(192, 1)], [(192, 1), (224, (1, 3)), (256, (3, 1))]],
}


def _inception_resnet_v2(given: Arguments) -> Model:
    checked = arguments.check("InceptionResNetV2", given, sizes=(299,), min_size=75)
    images = arguments.image_input(checked)
    x = _convolve(images, 32, 3, stride=2)
    x = _convolve(x, 32, 3, padding="valid")
    x = layers.MaxPooling2D(3, strides=2)(_convolve(x, 64, 3))
    x = _convolve(x, 80, 1, padding="valid")
    x = layers.MaxPooling2D(3, strides=2)(_convolve(x, 192, 3, padding="valid"))
    ends = [_branch(x, steps) for steps in ([(96, 1)], [(48, 1), (64, 5)], [(64, 1), (96, 3), (96, 3)])]
    pooled = layers.AveragePooling2D(3, strides=1, padding="same")(x)
    x = _joined([*ends, _convolve(pooled, 64, 1)], "mixed_5b")
    for i in range(1, 11):
        x = _residual(x, "block35", i, 0.17)
    x = _reduced(x, [[(384, 3)], [(256, 1), (256, 3), (384, 3)]], "mixed_6a")
    for i in range(1, 21):
        x = _residual(x, "block17", i, 0.1)
    x = _reduced(x, [[(256, 1), (384, 3)], [(256, 1), (288, 3)], [(256, 1), (288, 3), (320, 3)]], "mixed_7a")
    for i in range(1, 10):
        x = _residual(x, "block8", i, 0.2)
    x = _residual(x, "block8", 10, 1.0, activated=False)
    x = _convolve(x, 1536, 1, name="conv_7b")
    return finish(x, images, checked, "InceptionResNetV2")


def _residual(x: KerasTensor, kind: str, number: int, scale: float, activated: bool = True) -> KerasTensor:
    name = f"{kind}_{number}"
    mixed = _joined([_branch(x, steps) for steps in BLOCKS[kind]], f"{name}_mixed")
    change = layers.Conv2D(x.shape[arguments.channel_axis()], 1, padding="same", name=f"{name}_conv")(mixed)
    x = layers.CustomScaleLayer(scale)([x, change])
    return layers.Activation("relu", name=f"{name}_ac")(x) if activated else x


def _reduced(x: KerasTensor, branches: Branches, name: str) -> KerasTensor:
    """A block that halves rows and columns in the last convolution of each branch, and by pooling."""
    ends = [_convolve(_branch(x, steps), filters, kernel, stride=2) for *steps, (filters, kernel) in branches]
    return _joined([*ends, layers.MaxPooling2D(3, strides=2)(x)], name)


def _branch(x: KerasTensor, steps: list[tuple[int, Any]]) -> KerasTensor:
    for filters, kernel in steps:
        x = _convolve(x, filters, kernel)
    return x


def _joined(branches: list[KerasTensor], name: str) -> KerasTensor:
    return layers.Concatenate(axis=arguments.channel_axis(), name=name)(branches)


def _convolve(x: KerasTensor, filters: int, kernel: Any, stride: int = 1, padding: str | None = None,
              name: str | None = None) -> KerasTensor:
    """A convolution (unpadded if it has a stride), batch normalisation without scale, and ReLU."""
    padding = padding or ("same" if stride == 1 else "valid")
    x = layers.Conv2D(filters, kernel, strides=stride, padding=padding, use_bias=False, name=name)(x)
    x = layers.BatchNormalization(axis=arguments.channel_axis(), scale=False, name=name and f"{name}_bn")(x)
    return layers.Activation("relu", name=name and f"{name}_ac")(x)


InceptionResNetV2 = constructor("InceptionResNetV2", _inception_resnet_v2,
                                "Inception-ResNet V2, for images of 299x299 pixels.", "inception_resnet_v2")
