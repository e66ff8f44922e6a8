"""ResNet: blocks that add to their input, first version.

Source: He et al., Deep Residual Learning for Image Recognition, arXiv:1512.03385. As in Keras, the first 1x1
convolution of a block has the stride, not the 3x3 one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from zoo import layers
from zoo.applications import arguments
from zoo.applications.arguments import Arguments
from zoo.applications.constructor import Constructor, constructor
from zoo.applications.finish import finish
from zoo.applications.labels import decode_predictions as decode_predictions
from zoo.applications.preprocess import for_mode
from zoo.applications.weights import FormerVersion
from zoo.engine.symbolic import KerasTensor
from zoo.models import Model

preprocess_input = for_mode("caffe")

STAGE_FILTERS = (64, 128, 256, 512)
EPSILON = 1.001e-5

#: (input, filters, stride, whether a convolution shapes the shortcut, name) -> output
Block = Callable[[KerasTensor, int, int, bool, str], KerasTensor]


def stem(images: KerasTensor, use_bias: bool = True, normalized: bool = True) -> KerasTensor:
    """A 7x7 convolution and a pooling, each of stride 2, padded evenly on all sides."""
    x = layers.ZeroPadding2D(3, name="conv1_pad")(images)
    x = layers.Conv2D(64, 7, strides=2, use_bias=use_bias, name="conv1_conv")(x)
    if normalized:
        x = normalize(x, "conv1")
    x = layers.ZeroPadding2D(1, name="pool1_pad")(x)
    return layers.MaxPooling2D(3, strides=2, name="pool1_pool")(x)


def normalize(x: KerasTensor, name: str, relu: bool = True) -> KerasTensor:
    """Batch normalisation ``<name>_bn`` and, unless told otherwise, ReLU ``<name>_relu``."""
    x = layers.BatchNormalization(axis=arguments.channel_axis(), epsilon=EPSILON, name=f"{name}_bn")(x)
    return layers.Activation("relu", name=f"{name}_relu")(x) if relu else x


def residual_block(x: KerasTensor, filters: int, stride: int, convolved: bool, name: str) -> KerasTensor:
    """1x1, 3x3 and 1x1 convolutions; the last one has four times the filters."""
    shortcut = convolve(x, 4 * filters, 1, stride, f"{name}_0", relu=False) if convolved else x
    x = convolve(x, filters, 1, stride, f"{name}_1")
    x = convolve(x, filters, 3, 1, f"{name}_2")
    x = convolve(x, 4 * filters, 1, 1, f"{name}_3", relu=False)
    return joined(shortcut, x, name)


def convolve(x: KerasTensor, filters: int, kernel: int, stride: int, name: str, relu: bool = True,
             use_bias: bool = True) -> KerasTensor:
    """Convolution ``<name>_conv``, normalised."""
    x = layers.Conv2D(filters, kernel, strides=stride, padding="same" if kernel > 1 else "valid", use_bias=use_bias,
                      name=f"{name}_conv")(x)
    return normalize(x, name, relu)


def joined(shortcut: KerasTensor, x: KerasTensor, name: str) -> KerasTensor:
    """The sum, and ReLU."""
    x = layers.Add(name=f"{name}_add")([shortcut, x])
    return layers.Activation("relu", name=f"{name}_out")(x)


def resnet(application: str, depths: Sequence[int], block: Block = residual_block,
           filters: Sequence[int] = STAGE_FILTERS, former: FormerVersion | None = None) -> Constructor:
    """The function of a network with so many blocks, and filters, in each stage."""
    def build(given: Arguments) -> Model:
        checked = arguments.check(application, given)
        images = arguments.image_input(checked)
        x = stem(images, use_bias=block is residual_block)
        for stage, (depth, width) in enumerate(zip(depths, filters), 2):
            for i in range(1, depth + 1):
                stride = 2 if i == 1 and stage > 2 else 1
                x = block(x, width, stride, i == 1, f"conv{stage}_block{i}")
        return finish(x, images, checked, application, pooling_is_named=True, former=former)

    return constructor(application, build, f"{application}, with {'-'.join(map(str, depths))} blocks.")


def _former_layers(depths: Sequence[int]) -> dict[str, str]:
    """Names of layers by the Caffe network: block "2a" is today's conv2_block1, branch "2c" its third convolution."""
    names = {"conv1": "conv1_conv", "bn_conv1": "conv1_bn", "fc1000": "predictions"}
    for stage, depth in enumerate(depths, 2):
        for i, letter in enumerate("abcdef"[:depth], 1):
            for branch, number in (("1", 0), ("2a", 1), ("2b", 2), ("2c", 3)):
                for then, now in (("res", "conv"), ("bn", "bn")):
                    names[f"{then}{stage}{letter}_branch{branch}"] = f"conv{stage}_block{i}_{number}_{now}"
    return names


FORMER_LAYERS = _former_layers((3, 4, 6, 3))
ResNet50 = resnet("ResNet50", (3, 4, 6, 3), former=FormerVersion(FORMER_LAYERS, epsilon=1e-3, until="Keras 2.2.4"))
ResNet101 = resnet("ResNet101", (3, 4, 23, 3))
ResNet152 = resnet("ResNet152", (3, 8, 36, 3))
