"""ResNet, second version: normalisation and activation come before the convolutions.

Source: He et al., Identity Mappings in Deep Residual Networks, arXiv:1603.05027. As in Keras, the last block of a stage
has the stride.
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
from zoo.applications.resnet import STAGE_FILTERS, normalize, stem
from zoo.engine.symbolic import KerasTensor
from zoo.models import Model

preprocess_input = for_mode("tf")


def _block(x: KerasTensor, filters: int, stride: int, convolved: bool, name: str) -> KerasTensor:
    ready = normalize(x, f"{name}_preact")
    y = layers.Conv2D(filters, 1, use_bias=False, name=f"{name}_1_conv")(ready)
    y = layers.ZeroPadding2D(1, name=f"{name}_2_pad")(normalize(y, f"{name}_1"))
    y = layers.Conv2D(filters, 3, strides=stride, use_bias=False, name=f"{name}_2_conv")(y)
    y = normalize(y, f"{name}_2")
    if convolved:
        shortcut = layers.Conv2D(4 * filters, 1, strides=stride, name=f"{name}_0_conv")(ready)
    else:
        shortcut = layers.MaxPooling2D(1, strides=stride)(x) if stride > 1 else x
    y = layers.Conv2D(4 * filters, 1, name=f"{name}_3_conv")(y)
    return layers.Add(name=f"{name}_out")([shortcut, y])


def _resnet_v2(application: str, depths: Sequence[int]) -> Constructor:
    def build(given: Arguments) -> Model:
        checked = arguments.check(application, given)
        images = arguments.image_input(checked)
        x = stem(images, normalized=False)
        for stage, (depth, filters) in enumerate(zip(depths, STAGE_FILTERS), 2):
            for i in range(1, depth + 1):
                stride = 2 if i == depth and stage < 5 else 1
                x = _block(x, filters, stride, i == 1, f"conv{stage}_block{i}")
        return finish(normalize(x, "post"), images, checked, application, pooling_is_named=True)

    return constructor(application, build, f"{application}, with {'-'.join(map(str, depths))} blocks.")


ResNet50V2 = _resnet_v2("ResNet50V2", (3, 4, 6, 3))
ResNet101V2 = _resnet_v2("ResNet101V2", (3, 4, 23, 3))
ResNet152V2 = _resnet_v2("ResNet152V2", (3, 8, 36, 3))
