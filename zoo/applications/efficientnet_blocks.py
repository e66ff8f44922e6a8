"""What all EfficientNets are made of: inverted residuals, with one name scheme.

Sources: Tan & Le, EfficientNet, arXiv:1905.11946, and EfficientNetV2, arXiv:2104.00298.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from zoo import layers
from zoo.applications import arguments
from zoo.applications.arguments import Arguments
from zoo.applications.scaling import correct_padding
from zoo.engine.symbolic import KerasTensor

# Variance scaling by the number of outputs, as EfficientNet was trained.
CONVOLUTION_INITIALIZER = {"class_name": "VarianceScaling",
                           "config": {"scale": 2.0, "mode": "fan_out", "distribution": "truncated_normal"}}
CLASSIFIER_INITIALIZER = {"class_name": "VarianceScaling",
                          "config": {"scale": 1.0 / 3.0, "mode": "fan_out", "distribution": "uniform"}}
DROP_CONNECT = 0.2                                          # of the last block; it grows linearly with depth


class Stage(NamedTuple):
    """Blocks in a row; only the first one has the stride.

    Args:
        squeeze: channels in squeeze-and-excitation, as a part of those of the block's input; 0: there is none.
        fused: whether one convolution expands and convolves.
    """

    blocks: int
    kernel: int
    stride: int
    expansion: int
    filters: int
    squeeze: float = 0.0
    fused: bool = False


class Block(NamedTuple):
    """One block, with the name that its layers begin with."""

    name: str
    stage: Stage
    stride: int


@dataclass(frozen=True)
class Style:
    """In what the families differ.

    Args:
        activation: a new layer, by its name.
        momentum: of batch normalisation.
        padded: whether convolutions of stride 2 are padded by a layer of their own.
        depthwise: what the depthwise convolution of a block is called.
        drop_by_scaled_depth: whether the rate of skipped blocks grows by the number of blocks that there are, or that
            there would be in the unscaled network.
    """

    activation: Callable[[str], layers.Layer]
    momentum: float = 0.99
    padded: bool = False
    depthwise: str = "dwconv"
    drop_by_scaled_depth: bool = True


def silu(name: str) -> layers.Layer:
    """The activation of EfficientNet and EfficientNetV2."""
    return layers.Activation("silu", name=name)


def blocks_of(stages: Sequence[Stage], depth: float = 1.0) -> Iterator[Block]:
    """The blocks in order, named ``block1a``, ``block2a``, ``block2b``, ...; `depth` multiplies their number."""
    for number, stage in enumerate(stages, 1):
        for i in range(math.ceil(depth * stage.blocks)):
            yield Block(f"block{number}{chr(ord('a') + i)}", stage, stage.stride if i == 0 else 1)


def stem(x: KerasTensor, filters: int, style: Style) -> KerasTensor:
    """A 3x3 convolution of stride 2."""
    return activate(convolve(x, "stem_", filters, style, kernel=3, stride=2), "stem_activation", style)


def body(x: KerasTensor, stages: Sequence[Stage], depth: float, scaled: Callable[[int], int],
         style: Style) -> KerasTensor:
    """All blocks; `scaled` says how many filters a stage gets for those in its row."""
    blocks = list(blocks_of(stages, depth))
    count = len(blocks) if style.drop_by_scaled_depth else sum(stage.blocks for stage in stages)
    for i, block in enumerate(blocks):
        build = _fused_residual if block.stage.fused else _inverted_residual
        x = build(x, block, scaled(block.stage.filters), DROP_CONNECT * i / count, style)
    return x


def head(x: KerasTensor, filters: int, checked: Arguments, dropout: float, style: Style) -> KerasTensor:
    """The last convolution, and the classifier or the pooling."""
    x = activate(convolve(x, "top_", filters, style), "top_activation", style)
    if not checked.include_top:
        return arguments.pool(x, checked.pooling, name=f"{checked.pooling}_pool")
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    x = layers.Dropout(dropout, name="top_dropout")(x)
    return layers.Dense(checked.classes, activation=checked.classifier_activation,
                        kernel_initializer=CLASSIFIER_INITIALIZER, name="predictions")(x)


def convolve(x: KerasTensor, prefix: str, filters: int, style: Style, kernel: int = 1, stride: int = 1) -> KerasTensor:
    """A convolution and batch normalisation, named ``<prefix>conv`` and ``<prefix>bn``."""
    x, padding = _padded(x, f"{prefix}conv_pad", kernel, stride, style)
    x = layers.Conv2D(filters, kernel, strides=stride, padding=padding, use_bias=False,
                      kernel_initializer=CONVOLUTION_INITIALIZER, name=f"{prefix}conv")(x)
    return normalize(x, f"{prefix}bn", style)


def normalize(x: KerasTensor, name: str, style: Style) -> KerasTensor:
    """Batch normalisation."""
    return layers.BatchNormalization(axis=arguments.channel_axis(), momentum=style.momentum, name=name)(x)


def activate(x: KerasTensor, name: str, style: Style) -> KerasTensor:
    """The activation of the family."""
    return style.activation(name)(x)


def _padded(x: KerasTensor, name: str, kernel: int, stride: int, style: Style) -> tuple[KerasTensor, str]:
    if stride == 1 or not style.padded:
        return x, "same"
    return layers.ZeroPadding2D(correct_padding(x, kernel), name=name)(x), "valid"


def _inverted_residual(inputs: KerasTensor, block: Block, filters: int, drop: float, style: Style) -> KerasTensor:
    """Expand, convolve depthwise, squeeze and excite, project."""
    name, stage, x = block.name, block.stage, inputs
    channels = inputs.shape[arguments.channel_axis()]
    if stage.expansion != 1:
        x = convolve(x, f"{name}_expand_", channels * stage.expansion, style)
        x = activate(x, f"{name}_expand_activation", style)
    x, padding = _padded(x, f"{name}_dwconv_pad", stage.kernel, block.stride, style)
    x = layers.DepthwiseConv2D(stage.kernel, strides=block.stride, padding=padding, use_bias=False,
                               depthwise_initializer=CONVOLUTION_INITIALIZER, name=f"{name}_{style.depthwise}")(x)
    x = activate(normalize(x, f"{name}_bn", style), f"{name}_activation", style)
    if stage.squeeze:
        x = _excited(x, max(1, int(channels * stage.squeeze)), name)
    return _added(inputs, convolve(x, f"{name}_project_", filters, style), block, drop)


def _fused_residual(inputs: KerasTensor, block: Block, filters: int, drop: float, style: Style) -> KerasTensor:
    """Expand and convolve at once, project; without expansion, one convolution."""
    name, stage, x = block.name, block.stage, inputs
    if stage.expansion == 1:
        x = convolve(x, f"{name}_project_", filters, style, stage.kernel, block.stride)
        return _added(inputs, activate(x, f"{name}_project_activation", style), block, drop)
    channels = inputs.shape[arguments.channel_axis()]
    x = convolve(x, f"{name}_expand_", channels * stage.expansion, style, stage.kernel, block.stride)
    x = activate(x, f"{name}_expand_activation", style)
    return _added(inputs, convolve(x, f"{name}_project_", filters, style), block, drop)


def _excited(inputs: KerasTensor, squeezed: int, name: str) -> KerasTensor:
    """Squeeze and excitation (arXiv:1709.01507): each channel is scaled by what all channels say on average."""
    axis = arguments.channel_axis()
    channels = inputs.shape[axis]
    x = layers.GlobalAveragePooling2D(name=f"{name}_se_squeeze")(inputs)
    x = layers.Reshape((channels, 1, 1) if axis == 1 else (1, 1, channels), name=f"{name}_se_reshape")(x)
    for filters, activation, step in ((squeezed, "silu", "reduce"), (channels, "sigmoid", "expand")):
        x = layers.Conv2D(filters, 1, padding="same", activation=activation,
                          kernel_initializer=CONVOLUTION_INITIALIZER, name=f"{name}_se_{step}")(x)
    return layers.Multiply(name=f"{name}_se_excite")([inputs, x])


def _added(inputs: KerasTensor, x: KerasTensor, block: Block, drop: float) -> KerasTensor:
    axis = arguments.channel_axis()
    if block.stride != 1 or inputs.shape[axis] != x.shape[axis]:
        return x
    if drop > 0:                                            # arXiv:1603.09382: in training, whole images skip the block
        x = layers.Dropout(drop, noise_shape=(None, 1, 1, 1), name=f"{block.name}_drop")(x)
    return layers.Add(name=f"{block.name}_add")([x, inputs])


def pixels_to_imagenet(x: KerasTensor, **statistics: Any) -> KerasTensor:
    """From pixels of 0..255 to numbers with the statistics of ImageNet; they are weights where none are given."""
    return layers.Normalization(axis=arguments.channel_axis(), **statistics)(layers.Rescaling(1 / 255)(x))
