"""DenseNet: each block appends its features to all those before it.

Source: Huang et al., Densely Connected Convolutional Networks, arXiv:1608.06993.
"""

from __future__ import annotations

from collections.abc import Sequence

from zoo import layers
from zoo.applications import arguments
from zoo.applications.arguments import Arguments
from zoo.applications.constructor import Constructor, constructor
from zoo.applications.finish import finish
from zoo.applications.labels import decode_predictions as decode_predictions
from zoo.applications.preprocess import for_mode
from zoo.applications.resnet import normalize
from zoo.engine.symbolic import KerasTensor
from zoo.models import Model

preprocess_input = for_mode("torch")

GROWTH = 32                                                 # channels that a block appends
REDUCTION = 0.5                                             # of the channels, between stages


def _block(x: KerasTensor, name: str) -> KerasTensor:
    y = normalize(x, f"{name}_0")
    y = layers.Conv2D(4 * GROWTH, 1, use_bias=False, name=f"{name}_1_conv")(y)
    y = normalize(y, f"{name}_1")
    y = layers.Conv2D(GROWTH, 3, padding="same", use_bias=False, name=f"{name}_2_conv")(y)
    return layers.Concatenate(axis=arguments.channel_axis(), name=f"{name}_concat")([x, y])


def _transition(x: KerasTensor, name: str) -> KerasTensor:
    x = normalize(x, name)
    filters = int(x.shape[arguments.channel_axis()] * REDUCTION)
    x = layers.Conv2D(filters, 1, use_bias=False, name=f"{name}_conv")(x)
    return layers.AveragePooling2D(2, strides=2, name=f"{name}_pool")(x)


def _densenet(application: str, depths: Sequence[int]) -> Constructor:
    def build(given: Arguments) -> Model:
        checked = arguments.check(application, given)
        images = arguments.image_input(checked)
        x = layers.ZeroPadding2D(3)(images)
        x = layers.Conv2D(64, 7, strides=2, use_bias=False, name="conv1_conv")(x)
        x = layers.ZeroPadding2D(1)(normalize(x, "conv1"))
        x = layers.MaxPooling2D(3, strides=2, name="pool1")(x)
        for stage, depth in enumerate(depths, 2):
            for i in range(1, depth + 1):
                x = _block(x, f"conv{stage}_block{i}")
            if stage <= len(depths):
                x = _transition(x, f"pool{stage}")
        x = layers.BatchNormalization(axis=arguments.channel_axis(), epsilon=1.001e-5, name="bn")(x)
        return finish(layers.Activation("relu", name="relu")(x), images, checked, application, pooling_is_named=True)

    return constructor(application, build, f"{application}, with {'-'.join(map(str, depths))} blocks.")


DenseNet121 = _densenet("DenseNet121", (6, 12, 24, 16))
DenseNet169 = _densenet("DenseNet169", (6, 12, 32, 32))
DenseNet201 = _densenet("DenseNet201", (6, 12, 48, 32))
