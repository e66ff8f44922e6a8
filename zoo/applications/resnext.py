"""ResNeXt: a ResNet whose 3x3 convolutions work in groups of channels.

Source: Xie et al., Aggregated Residual Transformations for Deep Neural Networks, arXiv:1611.05431.
"""

from __future__ import annotations

from zoo import layers, ops
from zoo.applications import arguments
from zoo.applications.labels import decode_predictions as decode_predictions
from zoo.applications.preprocess import for_mode
from zoo.applications.resnet import convolve, joined, normalize, resnet
from zoo.engine.symbolic import KerasTensor

preprocess_input = for_mode("torch")

STAGE_FILTERS = (128, 256, 512, 1024)
GROUPS = 32


def grouped_block(x: KerasTensor, filters: int, stride: int, convolved: bool, name: str) -> KerasTensor:
    """ResNeXt's block: the 3x3 convolution is `GROUPS` small ones, as a depthwise one whose outputs are summed.

    That is how its published weights are laid out: kernel (3, 3, filters, filters / groups).
    """
    width = 64 // GROUPS * filters
    shortcut = convolve(x, width, 1, stride, f"{name}_0", relu=False, use_bias=False) if convolved else x
    x = convolve(x, filters, 1, 1, f"{name}_1", use_bias=False)
    x = layers.ZeroPadding2D(1, name=f"{name}_2_pad")(x)
    x = layers.DepthwiseConv2D(3, strides=stride, depth_multiplier=filters // GROUPS, use_bias=False,
                               name=f"{name}_2_conv")(x)
    x = _summed_in_groups(x, filters // GROUPS)
    x = normalize(x, f"{name}_2")
    x = convolve(x, width, 1, 1, f"{name}_3", relu=False, use_bias=False)
    return joined(shortcut, x, name)


def _summed_in_groups(x: KerasTensor, size: int) -> KerasTensor:
    """(..., groups * size inputs * size outputs) -> (..., groups * size outputs)."""
    last = arguments.channel_axis() == -1
    x = x if last else ops.transpose(x, (0, 2, 3, 1))
    rows, columns, channels = x.shape[1:]
    x = ops.sum(ops.reshape(x, (-1, rows, columns, GROUPS, size, size)), axis=4)
    x = ops.reshape(x, (-1, rows, columns, channels // size))
    return x if last else ops.transpose(x, (0, 3, 1, 2))


ResNeXt50 = resnet("ResNeXt50", (3, 4, 6, 3), grouped_block, STAGE_FILTERS)
ResNeXt101 = resnet("ResNeXt101", (3, 4, 23, 3), grouped_block, STAGE_FILTERS)
