"""VGG: blocks of 3x3 convolutions, each followed by a pooling that halves the map, and three dense layers.

Source: Simonyan & Zisserman, Very Deep Convolutional Networks for Large-Scale Image Recognition, arXiv:1409.1556.
"""

from __future__ import annotations

from collections.abc import Sequence

from zoo import layers
from zoo.applications import arguments
from zoo.applications.arguments import Arguments
from zoo.applications.constructor import Constructor, constructor
from zoo.applications.weights import load_weights
from zoo.engine.symbolic import KerasTensor
from zoo.models import Model

# Filters of the convolutions of each block.
VGG16_BLOCKS = ((64,) * 2, (128,) * 2, (256,) * 3, (512,) * 3, (512,) * 3)
VGG19_BLOCKS = ((64,) * 2, (128,) * 2, (256,) * 4, (512,) * 4, (512,) * 4)
DENSE_UNITS = 4096


def _vgg(application: str, blocks: Sequence[Sequence[int]]) -> Constructor:
    def build(given: Arguments) -> Model:
        checked = arguments.check(application, given)
        x = images = arguments.image_input(checked)
        for block, convolutions in enumerate(blocks, 1):
            for i, filters in enumerate(convolutions, 1):
                x = layers.Conv2D(filters, 3, padding="same", activation="relu", name=f"block{block}_conv{i}")(x)
            x = layers.MaxPooling2D(2, strides=2, name=f"block{block}_pool")(x)
        x = _classify(x, checked) if checked.include_top else arguments.pool(x, checked.pooling)
        model = arguments.connect(images, x, checked.name)
        load_weights(model, checked.weights, application, {"include_top": checked.include_top})
        return model

    return constructor(application, build, f"VGG with {sum(map(len, blocks))} convolutions and 3 dense layers.")


def _classify(x: KerasTensor, checked: Arguments) -> KerasTensor:
    x = layers.Flatten(name="flatten")(x)
    for name in ("fc1", "fc2"):
        x = layers.Dense(DENSE_UNITS, activation="relu", name=name)(x)
    return layers.Dense(checked.classes, activation=checked.classifier_activation, name="predictions")(x)


VGG16 = _vgg("VGG16", VGG16_BLOCKS)
VGG19 = _vgg("VGG19", VGG19_BLOCKS)
